//! The answer of a monitoring plugin, and a policy for it as TOML.

use std::io::{self, Write};

use super::Signs;
use super::text::escape;
use crate::model::quoting::{is_printable, quoted};
use crate::model::{CheckResult, Performance, PolicyLine, SuggestedPolicy};

/// One line, with values behind a bar, and below it a line for each finding.
pub(super) fn write(check: &CheckResult, signs: Signs, out: &mut dyn Write) -> io::Result<()> {
    let CheckResult { service, status, text, details, notes, performance, .. } = check;
    write!(out, "{} {} - {}", service.name(), status.code(), unbarred(text, signs))?;
    for (index, Performance { label, value }) in performance.iter().enumerate() {
        write!(out, "{}{label}={value}", if index == 0 { " | " } else { " " })?;
    }
    writeln!(out)?;
    details.iter().chain(notes).try_for_each(|line| writeln!(out, "{}", unbarred(line, signs)))
}

/// The first bar ends the text, and what is behind it counts as values: a user may write one into a path or a log.
fn unbarred(text: &str, signs: Signs) -> String {
    escape(text).replace('|', signs.broken_bar())
}

/// A policy in the form that `--policy` reads.
pub(super) fn write_policy(suggested: &SuggestedPolicy, out: &mut dyn Write) -> io::Result<()> {
    let SuggestedPolicy { host, taken_at, policy, comments, notes } = suggested;
    let host = host.as_deref().map_or("this machine".into(), quoted);
    let introduction = [
        format!("What may listen on {host}, by what did on {taken_at:.0}. Nothing else may."),
        "Read every line, and write why into its reason. Remove what nobody needs. until = 2027-12-31 ends a line.".to_owned(),
        "What has to run: make [[may-listen]] of its line [[must-listen]]. The other keys: docs/policy.md".to_owned(),
        "To check it: whatlistens check --policy FILE".to_owned(),
    ];
    for line in introduction.iter().chain(notes) {
        writeln!(out, "# {}", escape(line))?;
    }
    writeln!(out, "\nnothing-else = {}", policy.nothing_else)?;
    if policy.no_flagged {
        writeln!(
            out,
            "\n# No license port is held by a process that may be the wrong one.\nno-flagged = true"
        )?;
    }
    let trusted = [("users", &policy.vouched.users), ("paths", &policy.vouched.folders)];
    if trusted.iter().any(|(_, names)| !names.is_empty()) {
        writeln!(out, "\n[trust]")?;
        for (key, names) in trusted.iter().filter(|(_, names)| !names.is_empty()) {
            writeln!(out, "{key} = {}", strings(names.iter().map(String::as_str)))?;
        }
    }
    for (line, comment) in policy.lines.iter().zip(comments) {
        writeln!(out, "\n# {}", escape(comment))?;
        write_line(line, out)?;
    }
    Ok(())
}

fn write_line(line: &PolicyLine, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "[[{}]]", line.rule.name())?;
    let lists = [
        ("port", line.ports.iter().map(|port| port.written.as_str()).collect::<Vec<&str>>()),
        ("program", line.programs.iter().map(|program| program.0.as_str()).collect()),
        ("user", line.users.iter().map(String::as_str).collect()),
        ("max-exposure", line.max_exposure.iter().map(|most| most.code()).collect()),
        ("reason", line.reason.iter().map(String::as_str).collect()),
    ];
    for (key, values) in lists.iter().filter(|(_, values)| !values.is_empty()) {
        writeln!(out, "{key} = {}", strings(values.iter().copied()))?;
    }
    Ok(())
}

/// One string, or several in brackets.
fn strings<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.map(string).collect();
    match &values[..] {
        [one] => one.clone(),
        _ => format!("[{}]", values.join(", ")),
    }
}

/// A basic string of TOML, in which nothing is that a terminal would not show.
fn string(value: &str) -> String {
    let mut written = String::with_capacity(value.len() + 2);
    written.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            c if is_printable(c) => written.push(c),
            c => written.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    written.push('"');
    written
}
