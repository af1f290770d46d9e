//! The rules: is the process on a license port the right one?
//!
//! A process is judged by the file it runs, never by the name it gives itself.

use super::facts::{Confidence, Facts, KnownManager, same_name};
use crate::model::{License, Os, Owner, Process, Protocol, Severity, Verdict};

/// What is judged: a port and who holds it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The system it was seen on: file names compare by its rules.
    pub os: Os,
    /// The port's protocol.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// Who holds it.
    pub owner: &'a Owner,
    /// The lead's parent.
    pub parent: Option<&'a Process>,
    /// Whether a process that was not seen may hold it too.
    pub more_holders: bool,
    /// Whether the registry notes that others use the number too.
    pub unauthorized_use: bool,
}

/// Programs that hold a port for another program, which alone could be right or wrong, and how to
/// find out which it is.
const WRAPPERS: &[(&str, &str)] = &[
    ("docker-proxy", "See which container publishes the port: docker ps --filter publish=PORT/PROTOCOL"),
    ("rootlessport", "See which container publishes the port: podman port --all"),
    ("systemd", "See which unit is started when somebody connects: systemctl list-sockets"),
    ("java", "See which program it runs in its command line: whatlistens --args PORT"),
    ("java.exe", "See which program it runs in its command line: whatlistens --args PORT"),
    ("svchost.exe", "See which service it runs: tasklist /svc /fi \"PID eq PID_OF_IT\""),
];

/// Judges who holds a port; `None` where no license manager is known to use it.
#[must_use]
pub fn judge(subject: Subject<'_>, facts: &Facts) -> Option<License> {
    let here: Vec<_> = facts.on_port(subject.port, Some(subject.protocol)).collect();
    if here.is_empty() {
        return None;
    }
    let managers: Vec<&KnownManager> = here.iter().map(|(manager, _)| *manager).collect();
    let expected = facts.expected(&managers, subject.os);
    let case = Case { subject, facts, managers: &managers, expected: &expected };
    let finding = case.finding();
    Some(License {
        managers: here.iter().map(|(manager, known)| manager.on(known)).collect(),
        verdict: finding.verdict,
        severity: finding.severity,
        reason: finding.reason,
        evidence: case.evidence(),
        advice: finding.advice,
        expected,
    })
}

struct Case<'a> {
    subject: Subject<'a>,
    facts: &'a Facts,
    managers: &'a [&'a KnownManager],
    expected: &'a [String],
}

struct Finding {
    verdict: Verdict,
    severity: Severity,
    reason: String,
    advice: Option<String>,
}

impl Finding {
    fn new(verdict: Verdict, severity: Severity, reason: String, advice: Option<String>) -> Finding {
        Finding { verdict, severity, reason, advice }
    }

    fn cannot_tell(reason: String, advice: Option<String>) -> Finding {
        Finding::new(Verdict::CannotTell, Severity::Info, reason, advice)
    }
}

impl Case<'_> {
    /// The rules, the first that applies.
    fn finding(&self) -> Finding {
        let holders = self.serving();
        let Some(lead) = holders.first() else {
            return if *self.subject.owner == Owner::Hidden { self.hidden() } else { self.unattributed() };
        };
        if self.subject.more_holders {
            return self.more_may_hold_it(lead);
        }
        let mut of_lead = self.of(lead);
        if of_lead.verdict != Verdict::Expected {
            return of_lead;
        }
        // The vendor daemons that a server starts may inherit its socket; nobody else comes by it so.
        let descends = |process: &Process| holders.iter().any(|holder| Some(holder.pid) == process.ppid);
        let strangers = holders[1..].iter().filter(|process| self.of(process).verdict != Verdict::Expected);
        let (children, others): (Vec<&Process>, Vec<&Process>) =
            strangers.partition(|process| descends(process));
        if let Some(other) = others.first() {
            return self.shared(lead, other);
        }
        if let Some(name) = children.first().and_then(|child| child.name.as_deref()) {
            of_lead.reason += &format!("; {name}, which it started, holds it too");
        }
        of_lead
    }

    /// The holders to judge, the lead first: without systemd, where it opened the socket for another.
    fn serving(&self) -> Vec<&Process> {
        let opens_for_others = |process: &&Process| {
            process.exe.as_ref().is_some_and(|exe| exe.path.ends_with("/lib/systemd/systemd"))
        };
        let holders = self.subject.owner.processes();
        let (openers, others): (Vec<_>, Vec<_>) = holders.iter().partition(opens_for_others);
        if others.is_empty() { openers } else { others }
    }

    /// What one holder is here.
    fn of(&self, process: &Process) -> Finding {
        let (facts, os) = (self.facts, self.subject.os);
        let Some(exe) = process.exe_name(os) else { return self.nameless(process) };
        let wrapper = WRAPPERS.iter().find(|(name, _)| same_name(name, exe, os));
        let belongs_to = facts.recognise(exe, os);
        if (wrapper.is_some() || belongs_to.is_some())
            && let Some(doubt) = self.doubt(exe, process)
        {
            return doubt;
        }
        if let Some((_, advice)) = wrapper {
            return self.wrapper(exe, process, advice);
        }
        if self.expected.is_empty() {
            return self.nothing_known(exe);
        }
        let Some(belongs_to) = belongs_to else { return self.mismatch(exe) };
        if self.managers.iter().any(|manager| facts.is_known_for(manager, exe, os)) {
            return expected(format!("{exe} is a process known for {}", self.managers()));
        }
        if self.managers.iter().any(|manager| facts.takes_any_vendor(manager, exe, os)) {
            let managers = self.managers();
            return expected(format!("{exe} belongs to {belongs_to}, which may use the ports of {managers}"));
        }
        self.other_manager(exe, &belongs_to)
    }

    fn hidden(&self) -> Finding {
        let reason = format!("the process that holds the port of {} cannot be seen", self.managers());
        Finding::cannot_tell(reason, None)
    }

    fn unattributed(&self) -> Finding {
        let advice = "It may belong to the kernel, or to a process of another PID namespace: look from the \
                      host, outside any container.";
        let reason = format!("no process here owns this port of {}", self.managers());
        Finding::cannot_tell(reason, Some(advice.to_owned()))
    }

    fn nameless(&self, process: &Process) -> Finding {
        let name = process.name.as_deref().map_or(String::new(), |name| format!(" {name}"));
        let reason = format!(
            "the file that process {}{name} runs could not be read, and a name alone proves nothing",
            process.pid
        );
        Finding::cannot_tell(reason, None)
    }

    fn more_may_hold_it(&self, seen: &Process) -> Finding {
        let name = seen.name.as_deref().unwrap_or("a process");
        let reason = format!("{name} is seen to hold it, and a process that cannot be seen may hold it too");
        Finding::cannot_tell(reason, None)
    }

    fn shared(&self, lead: &Process, stranger: &Process) -> Finding {
        let name = |process: &Process| process.name.clone().unwrap_or_else(|| process.pid.to_string());
        Finding::new(
            Verdict::CannotTell,
            Severity::Warning,
            format!("{} holds it, and so does {}, which it did not start", name(lead), name(stranger)),
            Some(format!("Find out why {} (PID {}) has it.", name(stranger), stranger.pid)),
        )
    }

    fn wrapper(&self, exe: &str, process: &Process, advice: &str) -> Finding {
        Finding::cannot_tell(
            format!("{exe} holds the port for another program, which cannot be seen from here"),
            Some(
                advice
                    .replace("PORT", &self.subject.port.to_string())
                    .replace("PROTOCOL", self.subject.protocol.name())
                    .replace("PID_OF_IT", &process.pid.to_string())
                    + ".",
            ),
        )
    }

    /// What speaks against a file that has a name one would trust.
    fn doubt(&self, exe: &str, process: &Process) -> Option<Finding> {
        let file = process.exe.as_ref()?;
        if let Some(interpreter) = file.interpreter {
            return Some(Finding::new(
                Verdict::Mismatch,
                Severity::Warning,
                format!("it is called {exe}, but the file is {interpreter} under another name"),
                Some(format!(
                    "Find out who made it look like a license manager, and what it runs: \
                              whatlistens --args {}.",
                    self.subject.port
                )),
            ));
        }
        if let Some(place) = &file.replaceable_at {
            return Some(Finding::new(
                Verdict::CannotTell,
                Severity::Warning,
                format!("it is called {exe}, but any user of this machine can write to {place}"),
                Some(format!(
                    "Find out who put it there, and install {} where only an administrator can write.",
                    self.managers()
                )),
            ));
        }
        (file.deleted == Some(true)).then(|| {
            Finding::cannot_tell(
                format!("it was started from a file called {exe} that has since been deleted or replaced"),
                Some("Restart it, so that it runs the file that is there now, and look again.".to_owned()),
            )
        })
    }

    fn nothing_known(&self, exe: &str) -> Finding {
        Finding::cannot_tell(
            format!(
                "the port is registered for {}, and nothing is known of its right process, so {exe} \
                 can be neither confirmed nor ruled out",
                self.managers()
            ),
            Some(format!("Ask whoever runs {exe} whether it should be on this port.")),
        )
    }

    fn other_manager(&self, exe: &str, other: &str) -> Finding {
        Finding::new(
            Verdict::OtherLicenseManager,
            Severity::Info,
            format!(
                "{exe} belongs to {other}; while it holds this port, {} may fail to start here",
                self.managers()
            ),
            Some("Give one of the two another port in its license file or configuration.".to_owned()),
        )
    }

    fn mismatch(&self, exe: &str) -> Finding {
        let sure = self.managers.iter().any(|manager| manager.confidence > Confidence::Low);
        let shared = self.subject.unauthorized_use;
        let mut reason = format!("{exe} is not a process known for {}", self.managers());
        if shared {
            reason += "; the registry notes that others use this port number too";
        }
        Finding::new(
            Verdict::Mismatch,
            if sure && !shared { Severity::Warning } else { Severity::Info },
            reason,
            Some(format!(
                "If {} should run here, stop {exe} or move it to another port; if not, ask whoever \
                 runs {exe} why it uses a license manager's port.",
                self.managers()
            )),
        )
    }

    fn managers(&self) -> String {
        let names: Vec<_> = self.managers.iter().map(|manager| manager.called()).collect();
        names.join(" or ")
    }

    /// What the verdict rests on.
    fn evidence(&self) -> Vec<String> {
        let holders = self.serving();
        let Some(lead) = holders.first() else { return Vec::new() };
        let mut evidence = Vec::new();
        if let Some(file) = &lead.exe {
            evidence.push(format!("exe {}", file.path));
            if let Some(interpreter) = file.interpreter {
                evidence.push(format!("the file is {interpreter}"));
            }
            if file.deleted == Some(true) {
                evidence.push("the file was deleted or replaced since it started".to_owned());
            }
            if let Some(place) = &file.replaceable_at {
                evidence.push(format!("any user can write to {place}"));
            }
        }
        if let (Some(exe), Some(short)) = (lead.exe_name(self.subject.os), &lead.short_name)
            && !exe.starts_with(short.as_str())
        {
            evidence.push(format!("calls itself {short}"));
        }
        if let Some(parent) = self.subject.parent
            && lead.ppid == Some(parent.pid)
            && let Some(name) = &parent.name
        {
            evidence.push(format!("parent {name} (PID {})", parent.pid));
        }
        let others = holders[1..].iter().filter_map(|process| Some((process.name.as_ref()?, process.pid)));
        evidence.extend(others.map(|(name, pid)| format!("also held by {name} (PID {pid})")));
        evidence
    }
}

fn expected(reason: String) -> Finding {
    Finding::new(Verdict::Expected, Severity::Info, reason, None)
}
