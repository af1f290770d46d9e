//! What else is known of processes that were asked about and listen nowhere.

use std::io::{self, Write};

use super::Style;
use super::detail::script_called;
use super::page::Page;
use super::text::service_called;
use crate::model::phrase::{age, first_few};
use crate::model::quoting::{quoted_account, quoted_path};
use crate::model::{AskedProcess, Container, Report};

/// At most so many processes are described.
const MOST_PROCESSES: usize = 3;

/// The processes to describe: those of a question about a single name or id to which no row belongs.
pub(super) fn of(report: &Report) -> &[AskedProcess] {
    // Of an id with a name, only the id is answered.
    let mut answered = report.asked.iter().filter(|one| !one.notes.is_empty());
    match (answered.next(), answered.next()) {
        (Some(one), None) if one.ports.is_empty() && report.rows.is_empty() => {
            first_few(&one.processes, MOST_PROCESSES).0
        }
        _ => &[],
    }
}

/// Writes what to do next, and what is known of each, with an empty line before each part.
pub(super) fn write(
    processes: &[AskedProcess],
    report: &Report,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if let Some(next) = report.asked.first().and_then(|asked| asked.next.as_deref()) {
        writeln!(out)?;
        Page { style, out }.next(next)?;
    }
    for one in processes {
        writeln!(out)?;
        let mut page = Page { style, out };
        let process = &one.process;
        if processes.len() > 1 {
            page.field("PID", &process.pid.to_string())?;
        }
        if let Some(started) = process.started_at {
            let local = started.to_zoned(style.time_zone.clone());
            let age = age(started, report.taken_at);
            page.field("Started", &format!("{} ({age})", local.strftime("%Y-%m-%d %H:%M:%S")))?;
        }
        for service in &process.services {
            page.field("Unit", &service_called(service))?;
        }
        if let Some(container) = process.container.as_deref().map(Container::called) {
            page.field("Container", &container)?;
        }
        if let Some(exe) = process.exe() {
            let gone = if exe.deleted == Some(true) { " (deleted or replaced since)" } else { "" };
            page.field("Runs", &format!("{}{gone}", quoted_path(&exe.path)))?;
        }
        if let Some(script) = process.program().and_then(|program| program.claimed_script.as_ref()) {
            page.field("Script", &script_called(script))?;
        }
        if let Some(cwd) = &process.cwd {
            let gone = if cwd.deleted { " (deleted)" } else { "" };
            page.field("Works in", &format!("{}{gone}", quoted_path(&cwd.path)))?;
        }
        if let Some(user) = &process.user {
            page.field("User", &quoted_account(user))?;
        }
    }
    Ok(())
}
