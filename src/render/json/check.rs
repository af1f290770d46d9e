//! What a monitoring system is told, in the contract.

use std::io::{self, Write};

use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::{Code, Host, SCHEMA_VERSION, TOOL, Text, Tool, host, print, seconds};
use crate::model::{CheckResult, CheckStatus, Expectation, Finding, Performance};

/// Writes what `check` found.
pub(in crate::render) fn write(check: &CheckResult, out: &mut dyn Write) -> io::Result<()> {
    let machine = check.machine.as_ref();
    print(
        &Document {
            schema_version: SCHEMA_VERSION,
            tool: TOOL,
            command: "check",
            host: machine.map(|machine| host(&machine.host)),
            taken_at: machine.map(|machine| seconds(machine.taken_at)),
            privileged: machine.map(|machine| machine.privileged),
            state: Code(check.status),
            exit_status: check.status as u8,
            summary: &check.text,
            expectations: &check.expectations,
            findings: &check.findings,
            notes: &check.notes,
            values: &check.performance,
        },
        out,
    )
}

/// Printed by `check`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckResult")]
pub(super) struct Document<'a> {
    /// 1
    schema_version: u32,
    /// the program
    tool: Tool,
    /// `check`
    command: &'static str,
    /// the machine. `null`: it was not looked at, because the policy is wrong
    host: Option<Host<'a>>,
    /// when it was looked at: RFC 3339, UTC, whole seconds. `null`: it was not
    taken_at: Option<Text<strtime::Display<'static>>>,
    /// whether it was looked at as root, or on Windows as administrator. `null`: it was not
    privileged: Option<bool>,
    /// the worst state of all findings
    state: Code<CheckStatus>,
    /// the exit status, which follows from `state`
    exit_status: u8,
    /// what the state rests on, as in the first line of the text
    summary: &'a str,
    /// what must listen: each port of `--expect` and `must-listen`
    #[serde(serialize_with = "each_expectation")]
    #[schemars(with = "Vec<ExpectationOut<'a>>")]
    expectations: &'a [Expectation],
    /// all that is wrong or may be wrong, the worst first
    #[serde(serialize_with = "each_finding")]
    #[schemars(with = "Vec<FindingOut<'a>>")]
    findings: &'a [Finding],
    /// what was not looked at, and what to do to see more: sentences
    notes: &'a [String],
    /// the values for graphs
    #[serde(serialize_with = "each_value")]
    #[schemars(with = "Vec<ValueOut>")]
    values: &'a [Performance],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Expectation")]
struct ExpectationOut<'a> {
    /// the port as you wrote it
    what: &'a str,
    /// the policy that says so. `null`: an option says it
    file: Option<&'a str>,
    /// the line there. `null`: an option says it
    line: Option<usize>,
    /// how it is
    state: Code<CheckStatus>,
    /// why it is not as it should be. `null`: it is
    reason: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct FindingOut<'a> {
    /// how bad it is
    state: Code<CheckStatus>,
    /// what it is, with the line of the policy behind it
    text: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Value")]
struct ValueOut {
    /// its name: `listeners`, `exposed`, `flagged`, `critical`, `warning` or `unknown`, and with `--servers` also
    /// `license_servers`, `license_servers_up` and `clients`
    label: &'static str,
    /// how many there are
    value: usize,
}

fn each_expectation<S: Serializer>(all: &[Expectation], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(|one| ExpectationOut {
        what: &one.what,
        file: one.place.as_ref().map(|place| place.path.as_str()),
        line: one.place.as_ref().map(|place| place.line),
        state: Code(one.status),
        reason: one.reason.as_deref(),
    }))
}

fn each_finding<S: Serializer>(all: &[Finding], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(|one| FindingOut { state: Code(one.status), text: &one.text }))
}

fn each_value<S: Serializer>(all: &[Performance], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(|one| ValueOut { label: one.label, value: one.value }))
}
