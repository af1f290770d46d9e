//! One port or service in detail: who holds it, the verdict and what to do next, then the facts: since when, as what,
//! who can reach it. It reads as one would say it on the phone.

use std::borrow::Cow;
use std::io::{self, Write};
use std::iter;

use owo_colors::Style as Paint;

use self::holder::process_called;
pub(super) use self::holder::script_called;
use super::group::RowGroup;
use super::page::Page;
use super::text::{escape, registered_name};
use super::{Style, list as plain_list};
use crate::model::phrase::{list, named};
use crate::model::quoting::{quoted, quoted_account};
use crate::model::{
    GapKind, License, Manager, Note, NoteKind, Owner, PortClass, Presence, Receiver, Report, Row, RunState,
    Service, Severity, State, Verdict,
};

mod free;
mod holder;
mod reach;
mod socket;

/// More processes than these are counted, not named.
const MOST_RECEIVERS: usize = 3;

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
        Page { style, out }.listener(group, report)?;
    }
    let Some(asked) = report.subject() else { return Ok(()) };
    if groups.is_empty() {
        return Page { style, out }.free(asked);
    }
    for note in asked.notes.iter().filter(|note| note.kind != NoteKind::BesideVerdict) {
        Page { style, out }.note(note)?;
    }
    Ok(())
}

impl Page<'_> {
    fn listener(&mut self, group: &RowGroup<'_>, report: &Report) -> io::Result<()> {
        let row = group.lead_row();
        let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
        let service = registered_name(row, self.style);
        let title = match &row.socket.namespace {
            None => format!("{port}/{protocol}"),
            Some(namespace) => format!("{port}/{protocol} in network namespace {}", namespace.called()),
        };
        self.title(&title, service.as_deref(), row.license.as_ref())?;
        self.prose("Answer", &held(group, report))?;
        self.verdict(row)?;
        writeln!(self.out)?;

        if let Some(lead) = group.lead() {
            self.holder(lead, group, report)?;
        } else if let Some(user) = row.user() {
            self.field("User", &quoted_account(&user))?;
        }
        self.socket(group, report.interfaces.as_deref())?;
        match (&row.service, unusual(group)) {
            (Some(service), Some(who)) => {
                let registered = registered(service, port);
                self.field("Registry", &format!("{registered}; {who} is not known for it"))?;
            }
            (service, _) => self.registry(service.as_ref(), port)?,
        }
        if let Some(license) = &row.license {
            self.license(license)?;
        }
        Ok(())
    }

    /// What a person asks first, right below who holds the port.
    fn verdict(&mut self, row: &Row) -> io::Result<()> {
        if row.license.is_some() || row.next.is_some() {
            writeln!(self.out)?;
        }
        if let Some(license) = &row.license {
            let severity = match license.severity {
                Severity::Info => String::new(),
                severity => format!(" ({})", severity.code()),
            };
            self.field("Verdict", &format!("{}{severity}: {}", license.verdict.code(), license.reason))?;
        }
        match &row.next {
            Some(next) => self.next(next),
            None => Ok(()),
        }
    }

    fn license(&mut self, license: &License) -> io::Result<()> {
        let managers: Vec<String> = license.managers.iter().map(Manager::called).collect();
        let expected = match &license.expected[..] {
            // A script that was recognised by its command line has no executable of its own.
            [] if license.verdict == Verdict::Expected => String::new(),
            [] => "; the expected process on this system is unknown".to_owned(),
            names => format!("; expected process: {}", list(names, "or")),
        };
        self.field("License", &format!("{}{expected}", list(&managers, "or")))?;
        license.managers.iter().try_for_each(|manager| self.field("Note", &manager.note))
    }

    /// A sentence stands apart from what is above it.
    fn note(&mut self, note: &Note) -> io::Result<()> {
        match note.kind.label() {
            Some(label) => self.field(label, &note.text),
            None => {
                writeln!(self.out)?;
                self.prose("Note", &note.text)
            }
        }
    }

    fn registry(&mut self, service: Option<&Service>, port: u16) -> io::Result<()> {
        match service {
            Some(service) => self.field("Registry", &registered(service, port)),
            None => self.field("Registry", unregistered(port)),
        }
    }

    fn title(&mut self, what: &str, service: Option<&str>, license: Option<&License>) -> io::Result<()> {
        let (what, service) = (escape(what), service.map(escape));
        if self.style.plain {
            plain_list::line("Port", &what, self.out)?;
            return service.map_or(Ok(()), |service| plain_list::line("IANA name", &service, self.out));
        }
        let code = license.map(|license| license.verdict.code());
        let columns =
            [Some(&*what), service.as_deref(), code].into_iter().flatten().map(|part| part.len() + 2);
        let between = if self.style.fits(columns.sum::<usize>() - 2) { "  " } else { "\n  " };
        let what = self.style.paint(&what, Paint::new().bold());
        let verdict = license.map(|license| self.style.verdict(license));
        let parts = iter::once(what).chain(service.map(Cow::into_owned)).chain(verdict);
        writeln!(self.out, "{}", parts.collect::<Vec<_>>().join(between))
    }
}

fn held(group: &RowGroup<'_>, report: &Report) -> String {
    let socket = &group.lead_row().socket;
    let (protocol, port) = (socket.protocol.title(), socket.local.port());
    if socket.state == State::Bound {
        return held_without_listening(group, report);
    }
    match (&group.lead_row().owner, group.lead()) {
        // Rights are not the reason: the process table could not be read at all.
        (Owner::Hidden, _) if report.gaps.iter().any(|gap| gap.kind == GapKind::ProcessesUnreadable) => {
            format!("{protocol} port {port} is in use. The program that uses it could not be identified.")
        }
        (Owner::Hidden, _) => match group.lead_row().in_flight_to.as_deref() {
            Some(receivers @ [_, ..]) => format!(
                "{protocol} port {port} is in use, but no process that you may see owns it. {} It may also belong to \
                 a process that you are not allowed to see.",
                on_its_way_to(receivers)
            ),
            _ => format!("{protocol} port {port} is in use. You are not allowed to see by which program."),
        },
        (Owner::Unattributed, _) | (_, None) => format!(
            "{protocol} port {port} is in use, but no visible process owns it. {}",
            unowned(group.lead_row())
        ),
        (Owner::Identified { .. }, Some(lead)) => {
            if matches!(lead.presence, Presence::Ended { .. }) {
                let pid = lead.pid;
                return format!(
                    "The process that opened {protocol} port {port} (PID {pid}) has ended, but the port is still \
                     in use."
                );
            }
            if lead.claims_its_name(report.host.os) {
                let name = said(lead.name.as_deref().unwrap_or_default());
                return format!(
                    "A process that calls itself {name} (PID {}) listens on {protocol} port {port}. Which program \
                     it is could not be found out.",
                    lead.pid
                );
            }
            let exe = lead.name.as_deref().unwrap_or_default();
            let alias = lead.short_name.as_deref().filter(|short| !exe.starts_with(short));
            let alias = alias.map_or(String::new(), |short| format!(", which calls itself {},", said(short)));
            let halted = if lead.state.is_some_and(RunState::is_halted) { ", which is stopped," } else { "" };
            let script = lead.program().and_then(|program| program.claimed_script.as_ref()?.short_name());
            let script = script.map_or(String::new(), |name| format!(" runs {} and", quoted(name)));
            format!("{}{alias}{halted}{script} listens on {protocol} port {port}.", process_called(lead))
        }
    }
}

/// Where a socket may be that no visible process owns.
fn unowned(row: &Row) -> String {
    match row.in_flight_to.as_deref() {
        None => "It may belong to the kernel, to a process in another PID namespace, such as a container's, or be on \
                 its way from one process to another (SCM_RIGHTS)."
            .to_owned(),
        Some([]) => "It may belong to the kernel, or to a process in another PID namespace, such as a container's. It \
                     is not on its way to any visible process (SCM_RIGHTS)."
            .to_owned(),
        Some(receivers) => format!(
            "{} It may also belong to the kernel, or to a process in another PID namespace, such as a container's.",
            on_its_way_to(receivers)
        ),
    }
}

/// Says which processes may be about to receive a socket. There is at least one.
fn on_its_way_to(receivers: &[Receiver]) -> String {
    let names = named(receivers, MOST_RECEIVERS, |receiver| receiver.process.called());
    let waiting = match receivers {
        [Receiver { descriptors: 1, .. }] => "which has 1 descriptor waiting in a unix socket".to_owned(),
        [Receiver { descriptors, .. }] => {
            format!("which has {descriptors} descriptors waiting in unix sockets")
        }
        _ => "which have descriptors waiting in unix sockets".to_owned(),
    };
    format!("It may be on its way to {}, {waiting} (SCM_RIGHTS).", list(&names, "or"))
}

/// What a process says its name is.
fn said(name: &str) -> String {
    match quoted(name) {
        Cow::Borrowed(name) => format!("“{name}”"),
        Cow::Owned(quoted) => quoted,
    }
}

fn held_without_listening(group: &RowGroup<'_>, report: &Report) -> String {
    let port = group.lead_row().socket.local.port();
    let holder = match (&group.lead_row().owner, group.lead()) {
        (_, Some(lead)) => process_called(lead),
        (Owner::Hidden, None) => "A program that could not be identified".to_owned(),
        (_, None) => "A socket that no visible process owns".to_owned(),
    };
    let row = group.lead_row();
    let perhaps = match row.owner {
        Owner::Unattributed => format!(" {}", unowned(row)),
        Owner::Identified { .. } | Owner::Hidden => String::new(),
    };
    let listens = |row: &Row| row.socket.state == State::Listen && row.socket.local.port() == port;
    if report.rows.iter().any(listens) {
        return format!("{holder} holds TCP port {port} too, without listening.{perhaps}");
    }
    format!(
        "{holder} holds TCP port {port} without listening: connections are refused, and usually no other \
         program can use it.{perhaps}"
    )
}

/// The program that is not known for the service of its port, where no verdict says so.
fn unusual<'a>(group: &RowGroup<'a>) -> Option<Cow<'a, str>> {
    let row = group.lead_row();
    let is_unusual = row.known_for_service == Some(false) && row.license.is_none();
    group.lead()?.name.as_deref().filter(|_| is_unusual).map(quoted)
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
        PortClass::System => "no service assigned (system port)",
        PortClass::Registered => "no service assigned (registered port)",
        PortClass::Dynamic => "none: dynamic ports (49152 and up) are never assigned",
    }
}

fn class(port: u16) -> &'static str {
    match PortClass::of(port) {
        PortClass::System => "system port",
        PortClass::Registered => "registered port",
        PortClass::Dynamic => "dynamic port",
    }
}
