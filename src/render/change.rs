//! What became of a listener, as a line for a person.

use std::io::{self, Write};

use jiff::Timestamp;
use owo_colors::Style as Paint;

use super::Style;
use super::group::written;
use super::text::escape;
use crate::model::{Change, ChangedPart, EventKind, Os, Owner, Row, Word};

/// Writes a change of a machine, and when it was seen.
pub(super) fn write(
    change: &Change,
    seen_at: Timestamp,
    os: Os,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let time = seen_at.to_zoned(style.time_zone.clone()).strftime("%H:%M:%S").to_string();
    let socket = &change.row.socket;
    let place = format!("{}/{}", socket.local.port(), socket.protocol);
    let said = match (change.kind, &change.before) {
        (EventKind::Changed, Some(before)) => differences(change, before, os),
        (EventKind::Went, _) => holder(&change.row, os),
        _ => with_verdict(&change.row, os),
    };
    let kind = style.paint(&format!("{:<8}", change.kind.word()), paint_of(change.kind));
    writeln!(out, "{time}  {kind}  {place:<9}  {}  {}", written(socket), escape(&said))
}

/// The sign of what became of a listener.
pub(super) fn sign(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Present => "",
        EventKind::Appeared => "+",
        EventKind::Went => "-",
        EventKind::Changed => "~",
    }
}

pub(super) fn paint_of(kind: EventKind) -> Paint {
    match kind {
        EventKind::Changed => Paint::new().yellow(),
        EventKind::Went => Paint::new().red(),
        EventKind::Present | EventKind::Appeared => Paint::new().green(),
    }
}

/// What it is, and what it was: `owner: nginx (PID 801) of www-data, was node (PID 57) of bob`.
pub(super) fn differences(change: &Change, before: &Row, os: Os) -> String {
    let (port, was) = (change.row.socket.local.port(), before.socket.local.port());
    let number = (port != was).then(|| format!("port: {port}, was {was}"));
    let (address, its) = (written(&change.row.socket), written(&before.socket));
    let address = (address != its).then(|| format!("address: {address}, was {its}"));
    let parts = change.parts.iter().map(|part| differs(*part, before, &change.row, os));
    number.into_iter().chain(address).chain(parts).collect::<Vec<_>>().join("; ")
}

fn differs(part: ChangedPart, before: &Row, now: &Row, os: Os) -> String {
    let both = |of: &dyn Fn(&Row) -> String| format!("{}: {}, was {}", part.word(), of(now), of(before));
    match part {
        ChangedPart::Owner => both(&|row| holder(row, os)),
        ChangedPart::Verdict => both(&|row| verdict(row).unwrap_or("none").to_owned()),
        ChangedPart::Exposure => both(&|row| row.exposure.word().to_owned()),
        ChangedPart::State => both(&|row| row.socket.state.word().to_owned()),
    }
}

fn with_verdict(row: &Row, os: Os) -> String {
    let verdict = verdict(row).map(|verdict| format!(", {verdict}"));
    holder(row, os) + &verdict.unwrap_or_default()
}

fn verdict(row: &Row) -> Option<&'static str> {
    row.license.as_ref().map(|license| license.verdict.word())
}

/// `nginx (PID 801) of www-data`.
pub(super) fn holder(row: &Row, os: Os) -> String {
    let user = row.user().map_or(String::new(), |user| format!(" of {user}"));
    match &row.owner {
        Owner::Identified { lead, .. } if lead.claims_its_name(os) => {
            format!("a process that calls itself {}{user}", lead.called())
        }
        Owner::Identified { lead, .. } => format!("{}{user}", lead.called()),
        Owner::Hidden => format!("a process{user} that you are not allowed to see"),
        Owner::Unattributed => "no process that can be found".to_owned(),
    }
}
