//! One port or service in words: who, since when, from where, how exposed, right or wrong, and
//! what to do next, as one would read it out to a caller.

use std::io::{self, Write};

use jiff::Timestamp;
use owo_colors::Style as Paint;

use self::holder::process_called;
use super::Style;
use super::group::RowGroup;
use super::page::Page;
use super::text::escape;
use crate::model::phrase::list;
use crate::model::{
    License, Manager, Owner, PortClass, Presence, Protocol, Report, Service, Severity, State, Verdict,
};

mod free;
mod holder;
mod socket;

pub(super) fn write(
    report: &Report,
    groups: &[RowGroup<'_>],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        Page { style, out }.listener(group, report.taken_at)?;
    }
    let Some(asked) = &report.asked else { return Ok(()) };
    if groups.is_empty() {
        return Page { style, out }.free(asked, report);
    }
    for manager in &asked.managers {
        let mut licenses = report.rows.iter().filter_map(|row| row.license.as_ref());
        if !licenses.any(|license| license.managers.contains(manager)) {
            writeln!(out)?;
            Page { style, out }.absent(manager)?;
        }
    }
    Ok(())
}

impl Page<'_> {
    fn listener(&mut self, group: &RowGroup<'_>, now: Timestamp) -> io::Result<()> {
        let row = group.lead_row();
        let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
        let service = row.service.as_ref().map(|service| service.name.as_str());
        let place = match &row.socket.namespace {
            None => format!("{port}/{protocol}"),
            Some(namespace) => format!("{port}/{protocol} in network namespace {}", namespace.called()),
        };
        self.title(&place, service, row.license.as_ref())?;
        self.prose(&held(group, port, protocol))?;
        writeln!(self.out)?;

        if let Some(lead) = group.lead() {
            self.holder(lead, group, now)?;
        } else if let Some(user) = row.user() {
            self.field("User", &user)?;
        }
        self.socket(group)?;
        self.registry(row.service.as_ref(), port)?;
        if let Some(license) = &row.license {
            self.license(license)?;
        }
        Ok(())
    }

    fn license(&mut self, license: &License) -> io::Result<()> {
        let managers: Vec<String> = license.managers.iter().map(Manager::called).collect();
        let expected = match &license.expected[..] {
            // A program that its command line tells has no executable of its own.
            [] if license.verdict == Verdict::Expected => String::new(),
            [] => "; which process is right on this system is not known".to_owned(),
            names => format!("; the right process is {}", list(names, "or")),
        };
        self.field("License", &format!("{}{expected}", list(&managers, "or")))?;
        let severity = match license.severity {
            Severity::Critical => " (critical)",
            Severity::Warning => " (warning)",
            Severity::Info => "",
        };
        self.field("Verdict", &format!("{}{severity}: {}", license.verdict.code(), license.reason))?;
        for manager in &license.managers {
            self.field("Note", &manager.note)?;
        }
        match &license.advice {
            Some(advice) => self.field("Next", advice),
            None => Ok(()),
        }
    }

    /// A license manager that has the number under another protocol than those who listen.
    fn absent(&mut self, manager: &Manager) -> io::Result<()> {
        let ports = manager.ports;
        self.prose(&format!("{} is not seen to listen on port {ports} here.", manager.called()))?;
        self.field("Note", &manager.note)
    }

    fn registry(&mut self, service: Option<&Service>, port: u16) -> io::Result<()> {
        match service {
            Some(service) => self.field("Registry", &registered(service, port)),
            None => self.field("Registry", unregistered(port)),
        }
    }

    fn title(&mut self, what: &str, service: Option<&str>, license: Option<&License>) -> io::Result<()> {
        let mut title = self.style.paint(&escape(what), Paint::new().bold());
        if let Some(service) = service {
            title += &format!("  {}", escape(service));
        }
        if let Some(license) = license {
            title += &format!("  {}", self.style.verdict(license));
        }
        writeln!(self.out, "{title}")
    }
}

fn held(group: &RowGroup<'_>, port: u16, protocol: Protocol) -> String {
    let (verb, protocol) = match protocol {
        Protocol::Tcp => ("listens on", "TCP"),
        Protocol::Udp => ("receives on", "UDP"),
    };
    if group.lead_row().socket.state == State::Bound {
        return bound(group, port);
    }
    match (&group.lead_row().owner, group.lead()) {
        (Owner::Hidden, _) => format!(
            "Something {verb} {protocol} port {port}, and who owns it cannot be seen from here. The port is not free."
        ),
        (Owner::Unattributed, _) | (_, None) => format!(
            "{protocol} port {port} is in use, but no process here owns it: it may belong to the kernel \
             itself, or to a process in another PID namespace, such as a container's."
        ),
        (Owner::Identified { .. }, Some(lead)) => {
            if matches!(lead.presence, Presence::Ended { .. }) {
                let pid = lead.pid;
                return format!(
                    "The process that opened {protocol} port {port} (PID {pid}) has ended, and the port is still \
                     held. The port is not free."
                );
            }
            let exe = lead.name.as_deref().unwrap_or_default();
            let alias = lead.short_name.as_deref().filter(|short| !exe.starts_with(short));
            let alias = alias.map_or(String::new(), |short| format!(", which calls itself “{short}”,"));
            format!("{}{alias} {verb} {protocol} port {port}.", process_called(lead))
        }
    }
}

/// What is said of a TCP port that is taken by a socket that does not listen.
fn bound(group: &RowGroup<'_>, port: u16) -> String {
    let who = match (&group.lead_row().owner, group.lead()) {
        (_, Some(lead)) => process_called(lead),
        (Owner::Hidden, None) => "A program that cannot be seen from here".to_owned(),
        (_, None) => "Something that no process here owns".to_owned(),
    };
    format!(
        "{who} has taken TCP port {port} and does not listen on it: who connects is refused, and as a \
         rule no other program can open it. The port is not free."
    )
}

fn registered(Service { name, description }: &Service, port: u16) -> String {
    let class = class(port);
    if description.is_empty() || description.eq_ignore_ascii_case(name) {
        format!("{name} (IANA, {class})")
    } else {
        format!("{name}, {description} (IANA, {class})")
    }
}

fn unregistered(port: u16) -> &'static str {
    match PortClass::of(port) {
        PortClass::System => "no service has this number (system port)",
        PortClass::Registered => "no service has this number (registered port)",
        PortClass::Dynamic => "none: ports from 49152 up are for anyone's use and are never assigned",
    }
}

fn class(port: u16) -> &'static str {
    match PortClass::of(port) {
        PortClass::System => "system port",
        PortClass::Registered => "registered port",
        PortClass::Dynamic => "dynamic port",
    }
}
