//! A listener on one line: what `--output jsonl` and `--output csv` write of it.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::list::in_plain_signs;
use super::super::unit::unit_of;
use super::document::{Code, Text, print_line, seconds};
use crate::model::{
    Exposure, Host, Look, Namespace, Process, Protocol, Report, Row, Severity, State, Verdict, Word,
};

/// Printed by a listing with `--output jsonl`, on a line for each listener.
#[derive(Serialize, JsonSchema)]
pub(in crate::render) struct FlatListener<'a> {
    /// the host name. `null`: it has none
    host: Option<&'a str>,
    /// as `host.id` of a listing. `null`: the machine has no machine id
    host_id: Option<&'a str>,
    /// when the machine was scanned: RFC 3339, UTC, whole seconds
    taken_at: Text<strtime::Display<'static>>,
    /// whether everything could be read that this question needs. What could not is on standard error
    complete: bool,
    /// the protocol
    protocol: Code<Protocol>,
    /// the address it is bound to; `0.0.0.0` and `::` are all addresses
    address: Text<IpAddr>,
    /// the port
    port: u16,
    /// the file name of the program that holds it, of several that of the first in `processes` of a listing. Where only
    /// the process itself says what it is called: `(calls itself NAME)`. `null`: it is not known who holds it, or what that
    /// is called
    process: Option<Cow<'a, str>>,
    /// the ID of that process. `null`: it is not known who holds it
    pid: Option<u32>,
    /// the user that it runs as, or else that created the socket; one without a name by number. `null`: unknown
    user: Option<String>,
    /// what the port is registered for, which need not be what runs there. `null`: nothing
    service: Option<&'a str>,
    /// the service, unit, container or application that the process belongs to. `null`: none, or unknown
    unit: Option<String>,
    /// from where it can be reached, before any firewall
    exposure: Code<Exposure>,
    /// whether the process on a license port is the right one. `null`: it is no license port
    verdict: Option<Code<Verdict>>,
    /// how much attention the verdict deserves. `null`: `verdict` is `null`
    severity: Option<Code<Severity>>,
    /// why, as a sentence without its full stop. `null`: `verdict` is `null`
    reason: Option<&'a str>,
    /// whether it can receive
    state: Code<State>,
    /// the network namespace: its name or inode. `null`: your own
    namespace: Option<String>,
}

/// One for each socket of a report, in its order.
pub(in crate::render) fn flat_listeners(report: &Report) -> impl Iterator<Item = FlatListener<'_>> {
    report.rows.iter().map(|row| flat_listener(row, Scene::of_report(report)))
}

/// Where and when a listener was seen.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) host: &'a Host,
    taken_at: Timestamp,
    is_complete: bool,
}

impl<'a> Scene<'a> {
    pub(super) fn of_report(report: &'a Report) -> Scene<'a> {
        Scene { host: &report.host, taken_at: report.taken_at, is_complete: report.gaps.is_empty() }
    }

    pub(super) fn of_look(look: &'a Look) -> Scene<'a> {
        Scene { host: &look.host, taken_at: look.taken_at, is_complete: look.gaps.is_empty() }
    }
}

pub(super) fn flat_listener<'a>(row: &'a Row, scene: Scene<'a>) -> FlatListener<'a> {
    let (socket, lead, license) = (&row.socket, row.owner.lead(), row.license.as_ref());
    FlatListener {
        host: scene.host.name.as_deref(),
        host_id: scene.host.id.as_deref(),
        taken_at: seconds(scene.taken_at),
        complete: scene.is_complete,
        protocol: Code(socket.protocol),
        address: Text(socket.local.ip()),
        port: socket.local.port(),
        process: lead.and_then(|lead| called(lead, scene.host)),
        pid: lead.map(|lead| lead.pid),
        user: row.user(),
        service: row.service.as_ref().map(|service| &*service.name),
        unit: unit_of(socket, lead).map(|unit| in_plain_signs(&unit)),
        exposure: Code(row.exposure),
        verdict: license.map(|license| Code(license.verdict)),
        severity: license.map(|license| Code(license.severity)),
        reason: license.map(|license| &*license.reason),
        state: Code(socket.state),
        namespace: socket.namespace.as_ref().map(Namespace::called),
    }
}

pub(super) fn called<'a>(process: &'a Process, host: &Host) -> Option<Cow<'a, str>> {
    let name = process.name.as_deref()?;
    Some(match process.claims_its_name(host.os) {
        true => format!("(calls itself {name})").into(),
        false => name.into(),
    })
}

impl FlatListener<'_> {
    /// The names of the fields.
    pub(in crate::render) const NAMES: [&'static str; 18] = [
        "host",
        "host_id",
        "taken_at",
        "complete",
        "protocol",
        "address",
        "port",
        "process",
        "pid",
        "user",
        "service",
        "unit",
        "exposure",
        "verdict",
        "severity",
        "reason",
        "state",
        "namespace",
    ];

    /// The values of the fields as texts; empty where they are `null`.
    pub(in crate::render) fn texts(&self) -> [Cow<'_, str>; 18] {
        let or_empty = |text: Option<&'_ str>| text.unwrap_or_default().to_owned().into();
        let code = |word: Option<&'static str>| Cow::Borrowed(word.unwrap_or_default());
        [
            or_empty(self.host),
            or_empty(self.host_id),
            self.taken_at.0.to_string().into(),
            self.complete.to_string().into(),
            self.protocol.0.word().into(),
            self.address.0.to_string().into(),
            self.port.to_string().into(),
            or_empty(self.process.as_deref()),
            self.pid.map(|pid| pid.to_string()).unwrap_or_default().into(),
            or_empty(self.user.as_deref()),
            or_empty(self.service),
            or_empty(self.unit.as_deref()),
            self.exposure.0.word().into(),
            code(self.verdict.map(|verdict| verdict.0.word())),
            code(self.severity.map(|severity| severity.0.word())),
            or_empty(self.reason),
            self.state.0.word().into(),
            or_empty(self.namespace.as_deref()),
        ]
    }
}

/// Writes each listener as an object on a line of its own.
pub(in crate::render) fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    flat_listeners(report).try_for_each(|listener| print_line(&listener, out))
}
