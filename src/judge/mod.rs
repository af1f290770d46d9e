//! The rules: is the process on a license port the right one?
//!
//! A process is judged by the file it runs, never by the name it gives itself.

mod finding;
mod inspection;

use std::net::SocketAddr;
use std::sync::Arc;

use self::finding::{Finding, list};
pub use self::inspection::Inspection;

use crate::knowledge::{
    LicenseManager, Licenses, PortClaims, Recognised, RegisteredTo, Registry, Technology, wrapper,
};
use crate::model::{
    Confidence, License, Manager, NotInspected, Os, Owner, PortRange, PortRole, Presence, Process, Protocol,
    Verdict,
};

/// What is judged: a socket's address and who holds it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The system it was seen on: file names compare by its rules.
    pub os: Os,
    /// The socket's protocol.
    pub protocol: Protocol,
    /// Its address.
    pub local: SocketAddr,
    /// Who holds it.
    pub owner: &'a Owner,
    /// The lead's parent.
    pub parent: Option<&'a Process>,
    /// Whether a process that was not seen may hold it too.
    pub more_holders: bool,
}

/// Judges who holds a port; `None` where it is no license manager's, nor held by one.
#[must_use]
pub fn judge(subject: Subject<'_>, licenses: &Licenses, registry: Registry<'_>) -> Option<License> {
    let port = subject.local.port();
    let claims = PortClaims::of(port, Some(subject.protocol), licenses, registry);
    let mut case = Case { subject, licenses, claims: &claims, expected: Vec::new(), called: String::new() };
    let lead = case.serving().first().copied();
    let known = lead.and_then(|lead| licenses.recognise(lead, subject.os));
    let (managers, expected) = if claims.is_license_port() {
        (claims.managers_reported(), claims.expected(licenses, subject.os))
    } else {
        let manager = case.belongs_here(lead?, known?)?;
        let here = claims.managers_reported().into_iter().find(|reported| reported.id == manager.id);
        let elsewhere = || manager.at(PortRange::one(port));
        (vec![here.unwrap_or_else(elsewhere)], licenses.expected(&[manager], subject.os))
    };
    case.called = list(managers.iter().map(Manager::called));
    case.expected = expected;
    let finding = case.finding();
    Some(License {
        managers,
        verdict: finding.verdict,
        severity: finding.severity,
        reason: finding.reason,
        evidence: case.evidence(),
        advice: finding.advice,
        expected: case.expected,
    })
}

struct Case<'a> {
    subject: Subject<'a>,
    licenses: &'a Licenses,
    claims: &'a PortClaims<'a>,
    /// The executables that are right here.
    expected: Vec<String>,
    /// The managers of the port, in words.
    called: String,
}

impl<'a> Case<'a> {
    /// The manager that a recognised process brings to a port that is no license manager's by
    /// itself; `None` where what it is does not show by itself.
    fn belongs_here(&self, process: &Process, known: Recognised<'a>) -> Option<&'a LicenseManager> {
        let licenses = self.licenses;
        match known {
            Recognised::Emulator(emulator) => licenses.manager(&emulator.emulates),
            Recognised::Server(technology) => {
                let here = self.claims.managers.iter().copied();
                let mut here = here.filter(|m| m.technology.as_deref() == Some(&technology.id));
                here.next().or_else(|| licenses.manager_of(technology))
            }
            Recognised::Own(own) if self.claims.managers.iter().any(|manager| manager.id == own.id) => {
                Some(own)
            }
            // A daemon's name is a short word, such as a vendor's own; who started it makes it sure.
            Recognised::Own(own) if licenses.technology_of(own).is_some() => {
                self.starter(process, known).and(Some(own))
            }
            Recognised::Own(own) => (own.confidence > Confidence::RegistryOnly).then_some(own),
            Recognised::Daemon(technology) => {
                self.starter(process, known).and(licenses.manager_of(technology))
            }
        }
    }

    /// The license server that started a vendor's daemon.
    fn starter(&self, process: &Process, known: Recognised<'a>) -> Option<&'a Process> {
        let parent = self.subject.parent.filter(|parent| process.ppid == Some(parent.pid))?;
        let technology: &Technology = self.licenses.is_daemon_of(known)?;
        let exe = parent.exe_name(self.subject.os)?;
        let is_server = technology.has_server(exe, self.subject.os);
        let doubted = || {
            let by_place = finding::doubt(exe, parent, &self.called, self.subject.local.port());
            by_place.or_else(|| self.maker_doubt(exe, parent, Recognised::Server(technology)))
        };
        (is_server && doubted().is_none()).then_some(parent)
    }

    /// The rules, the first that applies.
    fn finding(&self) -> Finding {
        let holders = self.serving();
        let Some(lead) = holders.first() else {
            return match self.subject.owner {
                Owner::Hidden => finding::hidden(&self.called),
                _ => finding::unattributed(&self.called),
            };
        };
        if self.subject.more_holders {
            return finding::more_may_hold_it(lead);
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
            return finding::shared(lead, other);
        }
        if let Some(name) = children.first().and_then(|child| child.name.as_deref()) {
            of_lead.reason += &format!("; {name}, which it started, holds it too");
        }
        of_lead
    }

    /// The holders to judge, the lead first: without systemd, where it opened the socket for another.
    fn serving(&self) -> Vec<&'a Process> {
        let opens_for_others =
            |process: &&Process| process.exe().is_some_and(|exe| exe.path.ends_with("/lib/systemd/systemd"));
        let holders = self.subject.owner.processes();
        let (openers, others): (Vec<_>, Vec<_>) = holders.map(Arc::as_ref).partition(opens_for_others);
        if others.is_empty() { openers } else { others }
    }

    /// What one holder is here.
    fn of(&self, process: &Process) -> Finding {
        let os = self.subject.os;
        match process.presence {
            Presence::Kernel => return finding::kernel(),
            Presence::Ended { .. } => return finding::ended(process),
            Presence::Running(_) | Presence::Vanished => {}
        }
        let Some(exe) = process.exe_name(os) else { return finding::nameless(process) };
        let known = self.licenses.recognise(process, os);
        if let Some(Recognised::Emulator(emulator)) = known {
            let emulated =
                self.licenses.manager(&emulator.emulates).map_or(String::new(), LicenseManager::called);
            return finding::emulator(exe, emulator, &emulated);
        }
        let wrapper = wrapper::advice(exe, os);
        if (wrapper.is_some() || known.is_some())
            && let Some(doubt) = finding::doubt(exe, process, &self.called, self.subject.local.port())
        {
            return doubt;
        }
        if let Some(known) = known
            && let Some(doubt) = self.maker_doubt(exe, process, known)
        {
            return doubt;
        }
        if let Some(known) = known.filter(|_| !self.claims.is_license_port())
            && let Some(first) = self.licenses.renamed_from(process, os)
        {
            return finding::renamed_elsewhere(exe, &first, &known.called());
        }
        match (known, wrapper) {
            (Some(known), _) => self.recognised(exe, process, known),
            (None, Some(advice)) => finding::wrapper(exe, process, advice, self.subject),
            (None, None) if self.expected.is_empty() => {
                finding::nothing_known(exe, &self.called, self.claims.unauthorized_use)
            }
            (None, None) => {
                let sure = |manager: &&LicenseManager| manager.confidence > Confidence::RegistryOnly;
                let theirs = matches!(self.claims.registered, RegisteredTo::License(_));
                let sure = theirs && self.claims.managers.iter().any(sure);
                finding::mismatch(exe, &self.called, sure, self.claims.unauthorized_use)
            }
        }
    }

    /// What speaks against a file by what it says of itself: that others made it than those who make what it
    /// seems to be, or that it was made as something else. A file that says nothing is believed by its name, as on
    /// systems where none says anything; a name that only the file itself says needs a maker that is known.
    fn maker_doubt(&self, exe: &str, process: &Process, known: Recognised<'a>) -> Option<Finding> {
        let makers = self.licenses.makers(known);
        let version = process.exe()?.version.as_ref()?;
        let begins = |company: &str, maker: &str| {
            company.get(..maker.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(maker))
        };
        let company = version.company.as_deref();
        let is_made_by_them = company.map(|company| makers.iter().any(|maker| begins(company, maker)));
        let os = self.subject.os;
        let first = version.program_name();
        let is_other = first.is_some_and(|first| self.licenses.recognise_name(&first, os) != Some(known));
        let is_renamed = self.licenses.renamed_from(process, os).is_some();
        let verdict = match is_made_by_them {
            Some(true) if is_other => Verdict::CannotTell,
            Some(true) => return None,
            Some(false) if !makers.is_empty() && is_other => Verdict::Mismatch,
            Some(false) if !makers.is_empty() || is_renamed || is_other => Verdict::CannotTell,
            None if is_other && !makers.is_empty() => Verdict::Mismatch,
            None if is_renamed || is_other => Verdict::CannotTell,
            Some(false) | None => return None,
        };
        Some(finding::other_maker(exe, version, &known.called(), &makers, verdict))
    }

    /// What a holder is here that belongs to a license manager.
    fn recognised(&self, file: &str, process: &Process, known: Recognised<'a>) -> Finding {
        let (licenses, os) = (self.licenses, self.subject.os);
        let first = licenses.renamed_from(process, os);
        let name = first.as_deref().unwrap_or(file);
        let exe = &match &first {
            None => file.to_owned(),
            Some(first) => format!("{file}, which was made as {first},"),
        };
        let managers = &self.claims.managers;
        let what = known.called();
        let starter = self.starter(process, known);
        let by = starter.map_or(String::new(), |parent| {
            let name = parent.name.as_deref().unwrap_or_default();
            format!(", started by {name} (PID {})", parent.pid)
        });
        let mut right =
            managers.iter().filter(|manager| licenses.is_right_for(known, manager, name, os)).peekable();
        if let Some(manager) = right.peek() {
            let serving = self.serving_whom(manager);
            let theirs = list(right.map(|manager| manager.called()));
            return finding::expected(format!("{exe} is a process known for {theirs}{by}{serving}"));
        }
        let daemon_of = licenses.is_daemon_of(known);
        let taking_any = |manager: &&&LicenseManager| {
            manager.any_vendor && manager.technology.as_deref() == daemon_of.map(|t| t.id.as_str())
        };
        if let Some(manager) = managers.iter().find(taking_any) {
            let called = manager.called();
            return finding::expected(format!(
                "{exe} belongs to {what}, which may use the ports of {called}{by}"
            ));
        }
        match (self.claims.registered, known) {
            (RegisteredTo::License(_), Recognised::Daemon(technology))
                if managers.iter().any(|m| m.technology.as_deref() == Some(&technology.id)) =>
            {
                finding::unknown_daemon(exe, technology, &self.called)
            }
            (RegisteredTo::License(_), _) if self.expected.is_empty() => {
                finding::nothing_known_but(exe, &what, &self.called)
            }
            (RegisteredTo::License(_), _) => {
                finding::other_manager(exe, &format!("{what}{by}"), &self.called)
            }
            (RegisteredTo::Nobody, Recognised::Own(_))
                if daemon_of.is_none() && self.claims.is_license_port() =>
            {
                finding::other_manager(exe, &what, &self.called)
            }
            (_, Recognised::Own(manager)) => {
                let serving = self.serving_whom(manager);
                finding::expected(format!("{exe} belongs to {what}{by}{serving}"))
            }
            (_, Recognised::Daemon(_)) => finding::expected(format!("{exe} belongs to {what}{by}")),
            (_, _) => finding::expected(format!(
                "{exe} is the {what}, which listens wherever its license file or configuration says"
            )),
        }
    }

    /// Present is not serving: what else is to be said of an expected process.
    fn serving_whom(&self, manager: &LicenseManager) -> String {
        let (port, protocol) = (self.subject.local.port(), Some(self.subject.protocol));
        let role = manager.ports.iter().find(|known| known.is_at(port, protocol)).map(|known| known.role);
        if role == Some(PortRole::Helper) {
            return "; it is a helper of the programs that use licenses, and no license server".to_owned();
        }
        match (manager.clients, self.subject.local.ip().to_canonical().is_loopback()) {
            (true, true) => "; bound to loopback, it serves the programs of this machine alone, as it \
                             does wherever licenses are used"
                .to_owned(),
            (true, false) => "; it also runs where licenses are only used, so this need not be a license \
                              server"
                .to_owned(),
            (false, _) => String::new(),
        }
    }

    /// What the verdict rests on.
    fn evidence(&self) -> Vec<String> {
        let holders = self.serving();
        let Some(lead) = holders.first() else { return Vec::new() };
        let mut evidence = Vec::new();
        if let Some(file) = lead.exe() {
            evidence.push(format!("exe {}", file.path));
            evidence
                .extend(file.interpreter.map(|interpreter| format!("the file is {}", interpreter.name())));
            evidence.extend(file.texts.iter().map(|text| format!("the file says “{text}”")));
            if file.deleted == Some(true) {
                evidence.push("the file was deleted or replaced since it started".to_owned());
            }
            evidence.extend(file.not_inspected.map(|why| {
                let why = match why {
                    NotInspected::MayNotAnswer => "it lies on a server that may not answer",
                    NotInspected::AnotherUserNamespace => "it is in another user namespace",
                    NotInspected::Unreadable => "it could not be opened",
                };
                format!("the file was not looked at: {why}")
            }));
            if let Some(version) = &file.version {
                let made =
                    version.company.as_ref().map(|company| format!("the file says that {company} made it"));
                evidence.extend(made);
                let is_its_own = |first: &str| {
                    lead.exe_name(self.subject.os).is_some_and(|exe| exe.eq_ignore_ascii_case(first))
                };
                let other = version.program_name().filter(|first| !is_its_own(first));
                evidence.extend(other.map(|first| format!("the file says that it was made as {first}")));
            }
            if let Some(place) = &file.replaceable_at {
                evidence.push(format!("any user can write to {place}"));
            }
        }
        let services = self.claims.managers.iter().flat_map(|manager| &manager.windows.services);
        let mut services =
            services.filter(|known| lead.services.iter().any(|service| service.name == **known));
        evidence.extend(services.next().map(|service| format!("it runs as the service {service}")));
        if let Some(id) = lead.program().and_then(|program| program.interpreted.as_ref()) {
            evidence.push(format!("its command line names {id}"));
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
