//! What became of a listener, as an object on one line.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::document::{Code, Text, print_line};
use super::flat::{FlatListener, Scene, called, flat_listener};
use crate::model::{Change, ChangedPart, EventKind, Exposure, Report, Row, State, Verdict};

/// Writes a change; `report` is the answer in which it was seen.
pub(in crate::render) fn write(change: &Change, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    print_line(&event(change, Scene::of_report(report)), out)
}

pub(super) fn event<'a>(change: &'a Change, scene: Scene<'a>) -> EventOut<'a> {
    let was = |part| change.before.as_ref().filter(|_| change.parts.contains(&part));
    let owner = was(ChangedPart::Owner);
    let local = change.row.socket.local;
    let was_local = change.before.as_ref().map(|row| row.socket.local);
    EventOut {
        event: Code(change.kind),
        changed: change.parts.iter().copied().map(Code).collect(),
        was_process: owner.and_then(|row| called(row.owner.lead()?, scene.host)),
        was_user: owner.and_then(Row::user),
        was_verdict: was(ChangedPart::Verdict)
            .and_then(|row| row.license.as_ref())
            .map(|license| Code(license.verdict)),
        was_exposure: was(ChangedPart::Exposure).map(|row| Code(row.exposure)),
        was_state: was(ChangedPart::State).map(|row| Code(row.socket.state)),
        was_port: was_local.map(|was| was.port()).filter(|was| *was != local.port()),
        was_address: was_local.map(|was| was.ip()).filter(|was| *was != local.ip()).map(Text),
        listener: flat_listener(&change.row, scene),
    }
}

/// Printed by `watch`, one a line with `--output jsonl`; those of `diff` stand in its object.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WatchEvent")]
pub(super) struct EventOut<'a> {
    /// what became of the listener
    event: Code<EventKind>,
    /// what of it changed. Empty: it did not change, but came or went
    changed: Vec<Code<ChangedPart>>,
    /// the program that held it before. `null`: the owner did not change, or was not known
    was_process: Option<Cow<'a, str>>,
    /// the user of its owner before. `null`: the owner did not change, or had no known user
    was_user: Option<String>,
    /// the verdict before. `null`: it did not change, or there was none
    was_verdict: Option<Code<Verdict>>,
    /// from where it could be reached before. `null`: that did not change
    was_exposure: Option<Code<Exposure>>,
    /// its state before. `null`: it did not change
    was_state: Option<Code<State>>,
    /// the number before, of an ephemeral port of which something else changed too (`diff`). `null`: it did not change
    was_port: Option<u16>,
    /// the address before, of a listener that was moved to one that can be reached from elsewhere. `null`: it did not change
    was_address: Option<Text<IpAddr>>,
    #[serde(flatten)]
    listener: FlatListener<'a>,
}
