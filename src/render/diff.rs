//! What differs between two looks: a table of listeners, with what changed below it, and the license servers.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::change::{differences, paint_of};
use super::columns::{Column, TEXT};
use super::group::{RowGroup, group};
use super::joined::Joined;
use super::table::write_filled;
use super::text::{escape, fill, system, unbroken};
use super::{Style, list, notes};
use crate::model::phrase::{counted, list as joined, named};
use crate::model::quoting::quoted;
use crate::model::sorting::sort_by_key;
use crate::model::{
    CannotTell, Change, ChangedPart, Diff, EventKind, Gap, Look, LookSource, Problem, Protocol, Row,
    ServerChange, Shown, Side,
};

/// Listeners beyond these are counted, not named.
const MOST_NAMED: usize = 5;

static CHANGE: Column = Column { key: "change", title: "CHANGE", least: usize::MAX, rank: u8::MAX, ..TEXT };

pub(super) fn write(
    diff: &Diff,
    style: &Style,
    out: &mut dyn Write,
    beside: &mut dyn Write,
) -> io::Result<()> {
    heading(diff, style, out)?;
    table(diff, style, out)?;
    let lines = changed(diff, style);
    if !lines.is_empty() {
        notes::write(&lines, true, style, out)?;
    }
    servers(diff, style, out)?;
    let lines = remarks(diff, style);
    notes::below(&lines, true, style, out, beside)
}

/// What is compared, and that it is of two machines.
fn heading(diff: &Diff, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (side, look) in [(Side::Before, &diff.before), (Side::After, &diff.after)] {
        let label = if side == Side::Before { "Before" } else { "After" };
        let text = escape(&origin(look)).into_owned();
        match style.plain {
            true => list::line(label, &text, out)?,
            false => {
                let first = format!("{:<8}", format!("{label}:"));
                writeln!(out, "{}", hanging(&first, &text, 8, style))?;
            }
        }
    }
    let warning = match diff.same_host {
        Some(true) => return Ok(()),
        Some(false) => "These are two machines.",
        None => "It is not known whether these are two machines.",
    };
    notes::write(&[style.paint(&style.set(warning), Paint::new().yellow())], false, style, out)
}

/// `record of lic01 (Linux), 2026-11-22 04:00:00 UTC, from a.json`.
fn origin(look: &Look) -> String {
    let host = look.host.name.as_deref().map_or("a machine without a name".into(), quoted);
    let what = match (look.source, look.shown) {
        (LookSource::Machine, _) => "",
        (LookSource::Record, _) => "record of ",
        (LookSource::Document, Shown::LicenseServers) => "license servers of ",
        (LookSource::Document, _) => "listing of ",
    };
    let time = look.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let file = match look.file.as_deref() {
        None => ", now".to_owned(),
        Some("-") => ", from standard input".to_owned(),
        Some(file) => format!(", from {}", quoted(file)),
    };
    format!("{what}{host} ({}), {time}{file}", system(look.host.os))
}

fn hanging(first: &str, text: &str, indent: usize, style: &Style) -> String {
    let margin = " ".repeat(indent);
    match style.width {
        Some(width) => fill(text, unbroken(width.into()).initial_indent(first).subsequent_indent(&margin)),
        None => format!("{first}{text}"),
    }
}

/// What became of rows, in words, and its sign.
fn told(kind: EventKind, parts: &[ChangedPart], is_renumbered: bool, style: &Style) -> String {
    let sign = match kind {
        EventKind::Present | EventKind::Appeared => "+",
        EventKind::Went => "-",
        EventKind::Changed => "~",
    };
    let port = is_renumbered.then_some("port");
    let words: Vec<&str> = port.into_iter().chain(parts.iter().map(|part| part.code())).collect();
    match (&words[..], style.plain) {
        ([], true) => kind.code().to_owned(),
        ([], false) => format!("{sign} {}", kind.code()),
        (words, true) => format!("{} changed", joined(words, "and")),
        (words, false) => format!("{sign} {}", words.join(", ")),
    }
}

/// Writes the listeners, by port. What has no room is in the JSON.
fn table(diff: &Diff, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if diff.changes.is_empty() {
        return Ok(());
    }
    type Kind<'a> = (EventKind, &'a [ChangedPart], bool);
    let mut kinds: BTreeMap<Kind<'_>, Vec<Row>> = BTreeMap::new();
    for change in &diff.changes {
        let kind = (change.kind, &change.parts[..], is_renumbered(change));
        kinds.entry(kind).or_default().push(change.row.clone());
    }
    let mut groups: Vec<(Kind<'_>, RowGroup<'_>)> = Vec::new();
    for (kind, rows) in &kinds {
        groups.extend(group(rows).into_iter().map(|group| (*kind, group)));
    }
    sort_by_key(&mut groups, |((kind, ..), group)| {
        let socket = &group.lead_row().socket;
        (socket.local.port(), socket.protocol, *kind != EventKind::Went)
    });
    let mut table = Joined::new(&CHANGE);
    for ((kind, parts, is_renumbered), group) in groups {
        let os = if kind == EventKind::Went { diff.before.host.os } else { diff.after.host.os };
        let text = told(kind, parts, is_renumbered, style);
        table.add(&text, paint_of(kind), &[group], os, style);
    }
    writeln!(out)?;
    let columns = table.into_columns();
    match style.plain {
        true => list::write_filled(&columns, out),
        false => write_filled(columns, style, out).map(|_| ()),
    }
}

fn is_renumbered(change: &Change) -> bool {
    let port = change.row.socket.local.port();
    change.before.as_ref().is_some_and(|before| before.socket.local.port() != port)
}

/// What listeners were that changed, each once.
fn changed(diff: &Diff, style: &Style) -> Vec<String> {
    let mut known = HashSet::new();
    let line = |change: &Change| {
        let before = change.before.as_ref()?;
        let differences = differences(change, before, diff.after.host.os);
        Some(style.set(&escape(&format!("{} {differences}.", place(&change.row)))))
    };
    diff.changes.iter().filter_map(line).filter(|line| known.insert(line.clone())).collect()
}

fn place(row: &Row) -> String {
    format!("{}/{}", row.socket.local.port(), row.socket.protocol)
}

fn servers(diff: &Diff, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (index, change) in diff.license_servers.iter().enumerate() {
        if index == 0 || style.plain {
            writeln!(out)?;
        }
        server(change, style, out)?;
    }
    Ok(())
}

fn server(change: &ServerChange, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let state = change.server.state.in_words();
    let said = match (change.kind, change.was) {
        (EventKind::Went, _) => format!("went (was {state})"),
        (_, Some(was)) => format!("{state}, was {}", was.in_words()),
        (EventKind::Changed, None) => state.to_owned(),
        (_, None) => format!("appeared ({state})"),
    };
    let called = escape(&change.server.called()).into_owned();
    let problems = change.new_problems.iter().map(|problem| ("new", problem));
    let problems = problems.chain(change.gone_problems.iter().map(|problem| ("gone", problem)));
    if style.plain {
        list::line("License server", &called, out)?;
        list::line("State", &said, out)?;
        for (label, problem) in problems {
            let label = if label == "new" { "New problem" } else { "Gone problem" };
            list::line(label, &escape(&problem.in_full()), out)?;
        }
        return Ok(());
    }
    let sign = told(change.kind, &[], false, style);
    let sign = sign.split(' ').next().unwrap_or_default();
    let line = hanging(&format!("{sign} "), &format!("{called}: {said}"), 4, style);
    writeln!(out, "{}", style.paint(&line, paint_of(change.kind)))?;
    for (label, problem) in problems {
        let text = of_problem(label, problem);
        writeln!(out, "{}", hanging("  ", &escape(&text), 4, style))?;
    }
    Ok(())
}

fn of_problem(label: &str, problem: &Problem) -> String {
    let text = if label == "new" { problem.in_full() } else { problem.text.clone() };
    format!("{label} {}: {text}", problem.code.severity().code())
}

/// What else there is to say: that nothing differs, what could not be compared, and what was left out.
fn remarks(diff: &Diff, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    if diff.is_same() {
        lines.push(
            if diff.is_complete() { "No difference." } else { "No difference in what both show." }.to_owned(),
        );
    }
    lines.extend(cannot_tell(&diff.cannot_tell));
    lines.extend(diff.notes.iter().cloned());
    if diff.left_out > 0 {
        let are = if diff.left_out == 1 { "is" } else { "are" };
        let changes = counted(diff.left_out, "change");
        let ports = if diff.left_out == 1 { "an ephemeral port" } else { "ephemeral ports" };
        lines
            .push(format!("{changes} of {ports} {are} left out: only the number is another. To show: --all"));
    }
    let mut lines: Vec<String> = lines.iter().map(|line| style.set(&escape(line))).collect();
    lines.extend(notes::of_gaps(&gaps(diff), style));
    lines
}

/// The gaps of both looks, each with the look that has it.
fn gaps(diff: &Diff) -> Vec<Gap> {
    let is_same = |one: &Gap, other: &Gap| (one.kind, &one.detail) == (other.kind, &other.detail);
    let with = |title: &str, gap: &Gap| Gap { detail: format!("{title}: {}", gap.detail), ..gap.clone() };
    let (before, after) = (&diff.before.gaps, &diff.after.gaps);
    let in_both = |gap: &Gap, others: &[Gap]| others.iter().any(|other| is_same(gap, other));
    let of_before = before.iter().map(|gap| match in_both(gap, after) {
        true => with("BEFORE and AFTER", gap),
        false => with("BEFORE", gap),
    });
    let of_after = after.iter().filter(|gap| !in_both(gap, before)).map(|gap| with("AFTER", gap));
    of_before.chain(of_after).collect()
}

/// Of which listeners it is not known what became of them.
fn cannot_tell(all: &[CannotTell]) -> Vec<String> {
    type Kind<'a> = (Side, &'a [ChangedPart]);
    let mut kinds: BTreeMap<Kind<'_>, Vec<(u16, Protocol)>> = BTreeMap::new();
    for CannotTell { row, parts, unseen_by } in all {
        let places = kinds.entry((*unseen_by, parts)).or_default();
        places.push((row.socket.local.port(), row.socket.protocol));
    }
    let line = |((side, parts), mut places): (Kind<'_>, Vec<(u16, Protocol)>)| {
        places.sort_unstable();
        places.dedup();
        let are = if places.len() == 1 { "is" } else { "are" };
        let places = named(&places, MOST_NAMED, |(port, protocol)| format!("{port}/{protocol}"));
        let (places, title) = (joined(&places, "and"), side.title());
        let parts: Vec<&str> = parts.iter().map(|part| part.code()).collect();
        match (&parts[..], side) {
            ([], Side::Before) => {
                format!("It is not known whether {places} {are} new: {title} does not show enough.")
            }
            ([], Side::After) => {
                format!("It is not known whether {places} {are} still there: {title} does not show enough.")
            }
            (parts, _) => format!(
                "It is not known whether the {} of {places} changed: {title} does not show enough.",
                joined(parts, "and")
            ),
        }
    };
    kinds.into_iter().map(line).collect()
}
