//! What came of waiting, in the contract.

use std::io::{self, Write};

use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::{Code, Host, SCHEMA_VERSION, TOOL, Text, Tool, host, print, seconds};
use super::gap::{GapOut, each_gap};
use super::listener::{Listener, each_listener};
use crate::model::{Gap, Row, WaitGoal, WaitOutcome, WaitReport, WaitedPort};

/// Writes how waiting ended.
pub(in crate::render) fn write(report: &WaitReport, out: &mut dyn Write) -> io::Result<()> {
    let waited_ms = u64::try_from(report.waited.as_millis()).unwrap_or(u64::MAX);
    print(
        &Document {
            schema_version: SCHEMA_VERSION,
            tool: TOOL,
            host: host(&report.host),
            taken_at: seconds(report.taken_at),
            privileged: report.privileged,
            complete: report.gaps.is_empty(),
            waited_for: Code(report.goal),
            processes: &report.processes,
            outcome: Code(report.outcome),
            waited_ms,
            message: report.message.as_deref(),
            ports: &report.ports,
            gaps: &report.gaps,
        },
        out,
    )
}

/// Printed by `wait`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Wait")]
pub(super) struct Document<'a> {
    /// 1
    schema_version: u32,
    /// the program
    tool: Tool,
    /// the machine
    host: Host<'a>,
    /// when the machine was looked at last: RFC 3339, UTC, whole seconds
    taken_at: Text<strtime::Display<'static>>,
    /// whether it was looked at as root, or on Windows as administrator
    privileged: bool,
    /// whether `gaps` is empty
    complete: bool,
    /// what was waited for
    waited_for: Code<WaitGoal>,
    /// the names given with `--process`: a process of one of them must hold the ports. Empty if any process may
    processes: &'a [String],
    /// how waiting ended
    outcome: Code<WaitOutcome>,
    /// how long that took, in milliseconds
    waited_ms: u64,
    /// why it is not so, one line as on standard error. `null`: it is so
    message: Option<&'a str>,
    /// the ports, in the order of the words
    #[serde(serialize_with = "each_port")]
    #[schemars(with = "Vec<PortOut<'a>>")]
    ports: &'a [WaitedPort],
    /// what could not be read
    #[serde(serialize_with = "each_gap")]
    #[schemars(with = "Vec<GapOut<'a>>")]
    gaps: &'a [Gap],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WaitedPort")]
struct PortOut<'a> {
    /// the port as you typed it
    what: &'a str,
    /// whether it is as it was waited for. `null`: that depends on something that cannot be seen
    reached: Option<bool>,
    /// what listens there, or holds it still
    #[serde(serialize_with = "each_listener")]
    #[schemars(with = "Vec<Listener<'a>>")]
    listeners: &'a [Row],
}

fn each_port<S: Serializer>(all: &[WaitedPort], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(|port| PortOut {
        what: &port.what,
        reached: port.reached,
        listeners: &port.rows,
    }))
}
