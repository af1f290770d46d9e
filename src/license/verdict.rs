//! The rules: is the process on a license port the right one?
//!
//! A process is judged by the file it runs, never by the name it gives itself.

use super::facts::{Confidence, Facts, KnownManager};
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
    /// Who started the lead.
    pub parent: Option<&'a Process>,
    /// Whether the registry notes that others use the number too.
    pub unauthorized_use: bool,
}

/// Programs that hold a port for another program, which alone could be right or wrong, and how to
/// find out which it is.
const WRAPPERS: &[(&str, &str)] = &[
    ("docker-proxy", "See which container publishes the port: docker ps --filter publish=PORT"),
    ("rootlessport", "See which container publishes the port: podman ps --filter publish=PORT"),
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
        let process = match self.subject.owner {
            Owner::Hidden => return self.hidden(),
            Owner::Unattributed => return self.unattributed(),
            Owner::Identified(_) => match self.serving() {
                Some(process) => process,
                None => return self.unattributed(),
            },
        };
        let Some(exe) = process.exe_name(self.subject.os) else { return self.nameless(process) };
        if let Some((_, advice)) = WRAPPERS.iter().find(|(name, _)| self.same(name, exe)) {
            return self.wrapper(exe, process, advice);
        }
        let right = self.managers.iter().any(|manager| self.facts.is_right(manager, exe, self.subject.os));
        let belongs_to = self.facts.recognise(exe, self.subject.os);
        match belongs_to {
            _ if self.expected.is_empty() => self.nothing_known(exe),
            None => self.mismatch(exe),
            Some(_) if let Some(doubt) = self.doubt(exe, process) => doubt,
            Some(other) if right => self.right(exe, &other),
            Some(other) => self.other_manager(exe, &other),
        }
    }

    /// The holder to judge: the lead, unless the lead is the service manager that opened the
    /// socket for another holder.
    fn serving(&self) -> Option<&Process> {
        let holders = self.subject.owner.processes();
        let opens_for_others = |p: &Process| p.exe_name(self.subject.os) == Some("systemd");
        holders.iter().find(|p| !opens_for_others(p)).or(holders.first())
    }

    fn hidden(&self) -> Finding {
        Finding::cannot_tell(
            format!("the process that holds the port of {} is hidden from this user", self.managers()),
            Some("Run it again with more rights to see which process it is.".to_owned()),
        )
    }

    fn unattributed(&self) -> Finding {
        Finding::cannot_tell(
            format!("no process here owns this port of {}", self.managers()),
            Some(
                "It belongs to the kernel or to a process of another PID namespace: look from the \
                 host, outside any container."
                    .to_owned(),
            ),
        )
    }

    fn nameless(&self, process: &Process) -> Finding {
        let name = process.name.as_deref().map_or(String::new(), |name| format!(" {name}"));
        Finding::cannot_tell(
            format!(
                "the file that process {}{name} runs could not be read, and a name alone proves nothing",
                process.pid
            ),
            Some("Run it again with more rights to see the file.".to_owned()),
        )
    }

    fn wrapper(&self, exe: &str, process: &Process, advice: &str) -> Finding {
        Finding::cannot_tell(
            format!("{exe} holds the port for another program, which cannot be seen from here"),
            Some(
                advice
                    .replace("PORT", &self.subject.port.to_string())
                    .replace("PID_OF_IT", &process.pid.to_string())
                    + ".",
            ),
        )
    }

    /// What speaks against a file that has the name of a license manager's.
    fn doubt(&self, exe: &str, process: &Process) -> Option<Finding> {
        let file = process.exe.as_ref()?;
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

    fn right(&self, exe: &str, belongs_to: &str) -> Finding {
        let listed = self.expected.iter().any(|name| self.same(name, exe));
        let reason = if listed {
            format!("{exe} is a process known for {}", self.managers())
        } else {
            format!("{exe} belongs to {belongs_to}, which may use the port of {}", self.managers())
        };
        Finding::new(Verdict::Expected, Severity::Info, reason, None)
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
                "{exe} belongs to {other}; while it holds this port, {} cannot start here",
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

    fn same(&self, known: &str, exe: &str) -> bool {
        if self.subject.os.ignores_case() { known.eq_ignore_ascii_case(exe) } else { known == exe }
    }

    /// What the verdict rests on.
    fn evidence(&self) -> Vec<String> {
        let Some(process) = self.serving() else { return Vec::new() };
        let mut evidence = Vec::new();
        if let Some(file) = &process.exe {
            evidence.push(format!("exe {}", file.path));
            if file.deleted == Some(true) {
                evidence.push("the file was deleted or replaced since it started".to_owned());
            }
            if let Some(place) = &file.replaceable_at {
                evidence.push(format!("any user can write to {place}"));
            }
        }
        if let (Some(name), Some(short)) = (&process.name, &process.short_name)
            && !name.starts_with(short.as_str())
        {
            evidence.push(format!("calls itself {short}"));
        }
        let lead = self.subject.owner.lead();
        if let Some(parent) = self.subject.parent
            && lead.is_some_and(|lead| lead.pid == process.pid)
            && let Some(name) = &parent.name
        {
            evidence.push(format!("parent {name} (PID {})", parent.pid));
        }
        evidence
    }
}
