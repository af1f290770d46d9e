//! Records: an observation in a file, to be judged on another machine or at another time.
//!
//! A record is one JSON object, `{"whatlistens_record": 7, "args": false, "observation": {…}}`. Its format is the
//! shape of the model's own types, and [`VERSION`] numbers it, apart from the `schema_version` of the listing's
//! JSON. The writer leaves out what is unknown (`null`). The reader takes a missing field for `null`, if it may be that,
//! and refuses a field that it does not know.
//!
//! The flow label of an IPv6 address (`sin6_flowinfo`) is not recorded: Rust writes addresses without it, and
//! no decoder sets it.

use crate::model::sorting::sort_by_key;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Serializer};

use super::escaping::Escaping;
use super::{Connections, Gap, GapKind, Observation, Pid, Process};

/// The format that [`write()`] writes and [`read`] reads. Every change to a recorded type needs a new number, even a
/// new field or a new name: older versions of the program cannot read it.
pub const VERSION: u64 = 7;

/// The most characters of an error's cause: it may quote the file.
const LONGEST_CAUSE: usize = 200;

/// An observation as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whether it has the command lines of processes.
    pub args: bool,
    /// Whether names and addresses in it were replaced.
    pub redacted: bool,
    pub observation: Observation,
}

impl Record {
    /// Of an observation as it was made.
    #[must_use]
    pub fn new(observation: Observation) -> Record {
        Record { args: false, redacted: false, observation }
    }

    /// Takes connections out where there are more than `most`, and says so: first those to listeners, which are counted
    /// there.
    pub fn limit_connections(&mut self, most: usize) {
        let Observation { sockets, port_connections, gaps, .. } = &mut self.observation;
        let all = port_connections.len();
        if all <= most {
            return;
        }
        let listening: HashSet<u16> = sockets.iter().map(|socket| socket.local.port()).collect();
        sort_by_key(port_connections, |connection| listening.contains(&connection.local.port()));
        port_connections.truncate(most);
        let detail = format!("only {most} of {all} connections are in the record");
        gaps.push(Gap {
            count: Some((all - most) as u64),
            ..Gap::new(GapKind::ConnectionsUnreadable, detail)
        });
    }

    /// Takes the command lines out, but for what says how a license server is started.
    pub fn leave_out_args(&mut self) {
        self.args = false;
        for installed in self.observation.license_setup.iter_mut().flat_map(|setup| &mut setup.installed) {
            installed.command = installed.plain_command();
        }
        for process in self.observation.processes.values_mut() {
            if process.program().is_some_and(|program| program.args.is_some())
                && let Some(program) = Arc::make_mut(process).program_mut()
            {
                program.args = None;
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<T> {
    whatlistens_record: u64,
    #[serde(default)]
    args: bool,
    #[serde(default)]
    redacted: bool,
    observation: T,
}

/// What is read before the version is known. Any other field may stand beside it.
#[derive(Deserialize)]
struct Head {
    whatlistens_record: u64,
}

/// Writes a record, as one line of ASCII.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut observation = serde_json::to_value(&record.observation)?;
    leave_out_unknown(&mut observation);
    let Record { args, redacted, .. } = *record;
    let written = Written { whatlistens_record: VERSION, args, redacted, observation };
    written.serialize(&mut Serializer::with_formatter(&mut *out, Escaping(CompactFormatter)))?;
    writeln!(out)
}

fn leave_out_unknown(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(leave_out_unknown);
        }
        Value::Array(entries) => entries.iter_mut().for_each(leave_out_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Reads what [`write()`] wrote. The text may come from a stranger: time and memory grow linearly with its length,
/// and the observation is consistent, though it need not be true.
///
/// # Errors
///
/// Where the text is not a record, has another version, or contradicts itself.
pub fn read(text: &[u8]) -> Result<Record, RecordError> {
    match serde_json::from_slice(text) {
        Ok(Written { whatlistens_record: VERSION, args, redacted, observation: Consistent(observation) }) => {
            Ok(Record { args, redacted, observation })
        }
        // Every version may look different, so that what it is comes before what is wrong with it.
        Ok(Written { whatlistens_record: found, .. }) => Err(RecordError::OtherVersion { found }),
        Err(error) => Err(what_is_wrong(text, &error)),
    }
}

fn what_is_wrong(text: &[u8], error: &serde_json::Error) -> RecordError {
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        return RecordError::NotJson(Flaw::of(&error));
    }
    match serde_json::from_slice(text) {
        Err(_) => RecordError::NotARecord,
        Ok(Head { whatlistens_record: VERSION }) => RecordError::Malformed(Flaw::of(error)),
        Ok(Head { whatlistens_record: found }) => RecordError::OtherVersion { found },
    }
}

/// Why a text cannot be read as a record. Each message is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordError {
    NotJson(Flaw),
    /// JSON without a version number.
    NotARecord,
    OtherVersion {
        found: u64,
    },
    Malformed(Flaw),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::NotJson(flaw) => write!(f, "not JSON: {flaw}"),
            RecordError::NotARecord => {
                write!(
                    f,
                    "not a record: it has no number \"whatlistens_record\"; whatlistens record makes one"
                )
            }
            RecordError::OtherVersion { found } if *found > VERSION => write!(
                f,
                "recorded by a newer version of whatlistens: this version reads record format {VERSION}, not \
                 {found}; record it again with this version, or read it with that one"
            ),
            RecordError::OtherVersion { found } => {
                write!(
                    f,
                    "this version of whatlistens reads record format {VERSION}, not {found}: record it again with \
                     this version"
                )
            }
            RecordError::Malformed(flaw) => write!(f, "malformed record: {flaw}"),
        }
    }
}

impl std::error::Error for RecordError {}

/// What is wrong with a text, and where. Lines, and bytes within a line, count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    line: usize,
    column: usize,
    cause: String,
}

impl Flaw {
    pub(super) fn of(error: &serde_json::Error) -> Flaw {
        let (line, column, text) = (error.line(), error.column(), error.to_string());
        let place = format!(" at line {line} column {column}");
        let text = text.strip_suffix(&place).unwrap_or(&text);
        let mut cause = String::new();
        // The cause may quote the text, such as the name of a field.
        for c in text.chars().take(LONGEST_CAUSE) {
            if c.is_control() { cause.extend(c.escape_default()) } else { cause.push(c) }
        }
        if text.chars().nth(LONGEST_CAUSE).is_some() {
            cause.push('…');
        }
        Flaw { line, column, cause }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.cause, self.line, self.column)
    }
}

/// An observation whose parts agree with each other. What concerns one value alone, its own type checks.
#[derive(Deserialize)]
#[serde(try_from = "Observation")]
struct Consistent(Observation);

impl TryFrom<Observation> for Consistent {
    type Error = String;

    fn try_from(observation: Observation) -> Result<Consistent, String> {
        let mut ids = HashSet::new();
        if let Some(socket) = observation.sockets.iter().find(|socket| !ids.insert(socket.id)) {
            return Err(format!("two sockets have the id {}", socket.id.0));
        }
        if let Some(holding) = observation.holdings.iter().find(|holding| !ids.contains(&holding.socket)) {
            return Err(format!(
                "process {} holds socket {}, which is missing",
                holding.pid, holding.socket.0
            ));
        }
        let counted = observation.sockets.iter().filter_map(|socket| socket.connections.as_ref());
        let all = counted.clone().try_fold(0_usize, |all, one| all.checked_add(one.established));
        if all.is_none() || counted.clone().any(|connections| !adds_up(connections)) {
            return Err("the numbers of connections do not add up".to_owned());
        }
        Ok(Consistent(observation))
    }
}

/// Whether there are at least as many peers as `top` names, and connections as those have.
fn adds_up(Connections { established, peers, top }: &Connections) -> bool {
    let named = top.iter().try_fold(0_usize, |all, (_, count)| all.checked_add(*count));
    named.is_some_and(|named| named <= *established) && top.len() <= *peers && peers <= established
}

/// A record has the processes as a list: each contains its id already.
pub(super) mod process_list {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    use super::*;

    type Processes = BTreeMap<Pid, Arc<Process>>;

    pub(in crate::model) fn serialize<S: Serializer>(
        processes: &Processes,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(processes.values())
    }

    pub(in crate::model) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Processes, D::Error> {
        let mut processes = Processes::new();
        for process in Vec::<Arc<Process>>::deserialize(from)? {
            let pid = process.pid;
            if processes.insert(pid, process).is_some() {
                return Err(D::Error::custom(format!("two processes have the id {pid}")));
            }
        }
        Ok(processes)
    }
}
