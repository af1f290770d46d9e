//! `whatlistens --self-test`: what the interfaces of the system answer, and what a scan makes of it, in counts alone. It is
//! for reports from machines that the makers do not have.

use std::time::Duration;

use super::{Context, Error, Exit};
use crate::model::{Checked, Observation, Owner, Presence, Process, Protocol, State};
use crate::os::{Probe, ScanScope};
use crate::query::UsageError;
use crate::report;

#[derive(Debug, Clone)]
pub struct SelfTest {
    deadline: Duration,
}

impl SelfTest {
    pub(super) fn new(deadline: Duration) -> SelfTest {
        SelfTest { deadline }
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let Some(probes) = context.source.self_test(self.deadline) else {
            let right = "it is about this machine: leave out --from";
            return Err(UsageError::instead("--self-test", right.to_owned()).into());
        };
        let observation = context.source.observe(&ScanScope::of_everything(false, self.deadline))?;
        write!(context.out, "{}", text(&probes, &observation))?;
        Ok(Exit::Matched)
    }
}

fn text(probes: &[Probe], observation: &Observation) -> String {
    let mut lines = vec![
        format!("whatlistens {}, built for {}", env!("CARGO_PKG_VERSION"), env!("TARGET")),
        String::new(),
        "What the system answers".to_owned(),
    ];
    lines.extend(probes.iter().map(|Probe { asked, answer }| match answer {
        Ok(answer) => format!("  {asked}: {answer}"),
        Err(why) => format!("  {asked}: no answer ({why})"),
    }));
    lines.extend([String::new(), "What a scan found".to_owned()]);
    lines.extend(counts(observation).into_iter().map(|(what, count)| format!("  {what}: {count}")));
    lines.extend([String::new(), "What it could not read".to_owned()]);
    let gaps: Vec<String> = observation
        .gaps
        .iter()
        .map(|gap| match gap.count {
            Some(count) => format!("  {}: {count}", gap.kind),
            None => format!("  {}", gap.kind),
        })
        .collect();
    lines.extend(if gaps.is_empty() { vec!["  nothing".to_owned()] } else { gaps });
    lines.extend([
        String::new(),
        "There are no names, addresses, paths or command lines in this report.".to_owned(),
        String::new(),
    ]);
    lines.join("\n")
}

/// What of each kind there is.
fn counts(observation: &Observation) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for protocol in Protocol::ALL {
        for state in State::ALL {
            let is_it = |socket: &&crate::model::Socket| socket.protocol == protocol && socket.state == state;
            let count = observation.sockets.iter().filter(is_it).count();
            if count > 0 {
                counts.push((format!("{protocol} sockets in state {}", state.code()), count));
            }
        }
    }
    let owners: Vec<Owner> =
        report::attribute(observation).into_iter().map(|attributed| attributed.owner).collect();
    let with_owner = |is_it: fn(&&Owner) -> bool| owners.iter().filter(is_it).count();
    counts.push((
        "sockets whose holder is known".to_owned(),
        with_owner(|owner| matches!(owner, Owner::Identified { .. })),
    ));
    counts.push((
        "sockets whose holder is hidden".to_owned(),
        with_owner(|owner| matches!(owner, Owner::Hidden)),
    ));
    let processes = || observation.processes.values();
    let with = |is_it: fn(&Process) -> bool| processes().filter(|process| is_it(process)).count();
    counts.extend([
        ("processes".to_owned(), processes().count()),
        ("processes with a file".to_owned(), with(|process| process.exe().is_some())),
        ("processes with a user".to_owned(), with(|process| process.user.is_some() || process.uid.is_some())),
        ("processes with a start time".to_owned(), with(|process| process.started_at.is_some())),
        ("processes with a service".to_owned(), with(|process| !process.services.is_empty())),
        (
            "processes that ended and left a socket".to_owned(),
            with(|process| matches!(process.presence, Presence::Ended { .. })),
        ),
        (
            "files whose writers are known".to_owned(),
            with(|process| process.exe().is_some_and(|exe| matches!(exe.writers, Checked::Done(_)))),
        ),
    ]);
    counts
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{Gap, GapKind, Host, Os};

    #[test]
    fn a_report_has_counts_and_reasons_and_no_names() {
        let probes = [
            Probe { asked: "process list", answer: Ok("212 processes".to_owned()) },
            Probe { asked: "bound sockets", answer: Err("this Windows does not export it".to_owned()) },
        ];
        let host = Host { name: Some("lic01".to_owned()), os: Os::Windows, id: Some("secret".to_owned()) };
        let mut observation = Observation::new(host, Timestamp::UNIX_EPOCH);
        let process = Process { pid: 9, name: Some("lmgrd.exe".to_owned()), ..Process::default() };
        observation.processes.insert(9, process.into());
        observation.gaps = vec![
            Gap { count: Some(5), ..Gap::new(GapKind::ProcessesProtected, "those of alice") },
            Gap::new(GapKind::PortRulesUnreadable, r"C:\x"),
        ];
        let text = text(&probes, &observation);
        for secret in ["lic01", "secret", "lmgrd", "alice", r"C:\x"] {
            assert!(!text.contains(secret), "{text}");
        }
        let text = text.split_once('\n').unwrap().1;
        insta::assert_snapshot!(text, @"

        What the system answers
          process list: 212 processes
          bound sockets: no answer (this Windows does not export it)

        What a scan found
          sockets whose holder is known: 0
          sockets whose holder is hidden: 0
          processes: 1
          processes with a file: 0
          processes with a user: 0
          processes with a start time: 0
          processes with a service: 0
          processes that ended and left a socket: 0
          files whose writers are known: 0

        What it could not read
          processes-protected: 5
          port-rules-unreadable

        There are no names, addresses, paths or command lines in this report.
        ");
    }
}
