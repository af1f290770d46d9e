//! What differs between two looks, in the contract.

use std::io::{self, Write};

use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::{self, Code, Host, SCHEMA_VERSION, TOOL, Text, Tool, print, seconds};
use super::event::{EventOut, event};
use super::flat::{FlatListener, Scene, flat_listener};
use super::gap::{GapOut, each_gap};
use super::license_server::{ProblemOut, problem};
use crate::model::{
    CannotTell, ChangedPart, Diff, EventKind, Gap, Look, LookSource, ServerChange, ServerState, Shown, Side,
};

/// Writes what differs.
pub(in crate::render) fn write(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    print(&document(diff), out)
}

/// Printed by `diff`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Diff")]
pub(super) struct Document<'a> {
    /// 1
    schema_version: u32,
    /// the program
    tool: Tool,
    /// what was compared with the other
    before: LookOut<'a>,
    /// the other
    after: LookOut<'a>,
    /// whether both are of one machine, by `host.id`, or else by its name. `null`: not known
    same_host: Option<bool>,
    /// whether `changes` and `license_servers` are empty
    same: bool,
    /// whether both show enough to compare all that either shows: `cannot_tell` is empty, and no license server is
    /// unclear
    complete: bool,
    /// the listeners that appeared, went or changed, by port
    changes: Vec<EventOut<'a>>,
    /// the license servers that appeared, went or changed
    license_servers: Vec<ServerChangeOut<'a>>,
    /// the listeners that one side does not show, or not enough of them, because it could not see more
    cannot_tell: Vec<CannotTellOut<'a>>,
    /// how many changes of ephemeral ports are left out, because only the number is another. With `--all` none is
    left_out: usize,
    /// what else the text says, a string each
    notes: &'a [String],
}

/// One of two sides that are compared.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Look")]
struct LookOut<'a> {
    /// what it is
    source: Code<LookSource>,
    /// the file as it was typed; `-` is standard input. `null`: this machine
    file: Option<&'a str>,
    /// what it shows
    shown: Code<Shown>,
    /// the machine
    host: Host<'a>,
    /// when it was scanned: RFC 3339, UTC, whole seconds
    taken_at: Text<strtime::Display<'static>>,
    /// whether it was scanned as root, or on Windows as administrator
    privileged: bool,
    /// whether `gaps` is empty
    complete: bool,
    /// what could not be read
    #[serde(serialize_with = "gaps")]
    #[schemars(with = "Vec<GapOut<'a>>")]
    gaps: &'a [Gap],
}

/// A license server that is not as it was.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseServerChange")]
struct ServerChangeOut<'a> {
    /// what became of it
    event: Code<EventKind>,
    /// the license manager's id, as in `license_servers` of a listing
    id: &'a str,
    /// who makes the software. `null`: unknown, or several
    vendor: Option<&'a str>,
    /// the product
    product: &'a str,
    /// whether it serves, or served last
    state: Code<ServerState>,
    /// the state before. `null`: it did not change
    was_state: Option<Code<ServerState>>,
    /// problems that it did not have before
    new_problems: Vec<ProblemOut<'a>>,
    /// problems that it no longer has
    gone_problems: Vec<ProblemOut<'a>>,
}

/// A listener that cannot be compared.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CannotTell")]
struct CannotTellOut<'a> {
    /// the side that does not show enough
    unseen_by: Code<Side>,
    /// what of it may have changed. Empty: it is not known whether it is there at all
    about: Vec<Code<ChangedPart>>,
    #[serde(flatten)]
    listener: FlatListener<'a>,
}

fn gaps<S: Serializer>(gaps: &[Gap], to: S) -> Result<S::Ok, S::Error> {
    each_gap(gaps, to)
}

fn document(diff: &Diff) -> Document<'_> {
    let scene = |kind| match kind {
        EventKind::Went => Scene::of_look(&diff.before),
        EventKind::Present | EventKind::Appeared | EventKind::Changed => Scene::of_look(&diff.after),
    };
    Document {
        schema_version: SCHEMA_VERSION,
        tool: TOOL,
        before: look(&diff.before),
        after: look(&diff.after),
        same_host: diff.same_host,
        same: diff.is_same(),
        complete: diff.is_complete(),
        changes: diff.changes.iter().map(|change| event(change, scene(change.kind))).collect(),
        license_servers: diff.license_servers.iter().map(server).collect(),
        cannot_tell: diff.cannot_tell.iter().map(|one| cannot_tell(one, diff)).collect(),
        left_out: diff.left_out,
        notes: &diff.notes,
    }
}

fn look(look: &Look) -> LookOut<'_> {
    LookOut {
        source: Code(look.source),
        file: look.file.as_deref(),
        shown: Code(look.shown),
        host: document::host(&look.host),
        taken_at: seconds(look.taken_at),
        privileged: look.privileged,
        complete: look.gaps.is_empty(),
        gaps: &look.gaps,
    }
}

fn server(change: &ServerChange) -> ServerChangeOut<'_> {
    let server = &change.server;
    ServerChangeOut {
        event: Code(change.kind),
        id: &server.id,
        vendor: server.vendor.as_deref(),
        product: &server.product,
        state: Code(server.state),
        was_state: change.was.map(Code),
        new_problems: change.new_problems.iter().map(problem).collect(),
        gone_problems: change.gone_problems.iter().map(problem).collect(),
    }
}

fn cannot_tell<'a>(one: &'a CannotTell, diff: &'a Diff) -> CannotTellOut<'a> {
    // The other side shows it.
    let look = match one.unseen_by.other() {
        Side::Before => &diff.before,
        Side::After => &diff.after,
    };
    CannotTellOut {
        unseen_by: Code(one.unseen_by),
        about: one.parts.iter().copied().map(Code).collect(),
        listener: flat_listener(&one.row, Scene::of_look(look)),
    }
}
