//! What stands first in an answer that is sent to somebody else: which machine it is from, when, by what, and what was
//! asked. And what stands last: what to do, and whether anything is missing.

use jiff::Timestamp;

use super::text::{escape, system};
use crate::model::{Gap, Host, LicenseServer, Report, Row, ServersReport};

/// What the answers that can be sent have in common.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) host: &'a Host,
    pub(super) taken_at: Timestamp,
    pub(super) privileged: bool,
    pub(super) command: &'a str,
    pub(super) gaps: &'a [Gap],
}

impl<'a> Origin<'a> {
    pub(super) fn of_report(report: &'a Report) -> Origin<'a> {
        Origin {
            host: &report.host,
            taken_at: report.taken_at,
            privileged: report.privileged,
            command: &report.command,
            gaps: &report.gaps,
        }
    }

    pub(super) fn of_servers(report: &'a ServersReport) -> Origin<'a> {
        Origin {
            host: &report.host,
            taken_at: report.taken_at,
            privileged: report.privileged,
            command: &report.command,
            gaps: &report.gaps,
        }
    }

    /// The name of the machine, escaped.
    pub(super) fn machine(&self) -> String {
        self.host.name.as_deref().map_or("a machine without a name".into(), escape).into_owned()
    }

    pub(super) fn time(&self) -> String {
        self.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    pub(super) fn program(&self) -> String {
        concat!("whatlistens ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    /// Labels and what they are about, escaped for a terminal.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let id = self.host.id.as_ref().map_or(String::new(), |id| format!(", id {}", escape(id)));
        let rights =
            if self.privileged { "with administrator's rights" } else { "without administrator's rights" };
        vec![
            ("Machine", format!("{} ({}){id}", self.machine(), system(self.host.os))),
            ("Time", self.time()),
            ("Program", format!("{}, {rights}", self.program())),
            ("Command", escape(self.command).into_owned()),
            ("Complete", self.completeness().to_owned()),
        ]
    }

    fn completeness(&self) -> &'static str {
        match self.gaps {
            [] => "yes: everything could be read that this needs",
            _ => "no: see what could not be read, below",
        }
    }
}

/// What to do about the rows that are flagged, each once.
pub(super) fn advice(rows: &[Row]) -> Vec<String> {
    let of = |row: &Row| {
        let advice =
            row.license.as_ref().and_then(|license| license.advice.as_ref()).filter(|_| row.flagged())?;
        Some(format!("Next for {}/{}: {advice}", row.socket.local.port(), row.socket.protocol))
    };
    let mut lines: Vec<String> = Vec::new();
    for line in rows.iter().filter_map(of) {
        if !lines.contains(&line) && lines.len() < MOST_ADVICE {
            lines.push(line);
        }
    }
    lines
}

/// More is not read by anybody.
const MOST_ADVICE: usize = 20;

/// The processes of a license server: each with its ID and its ports.
pub(super) fn processes(server: &LicenseServer) -> Vec<String> {
    let one = |process: &crate::model::ServerProcess| {
        let ports: Vec<String> =
            process.ports.iter().map(|port| format!("{}/{}", port.port, port.protocol)).collect();
        let ports = if ports.is_empty() { "no port".to_owned() } else { ports.join(", ") };
        format!("{}: {ports}", process.process.called())
    };
    server.processes().map(one).collect()
}
