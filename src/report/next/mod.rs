//! What to do next about a listener: let it continue, restart it, stop it, by whatever runs it. It only suggests.

mod backend;
mod caution;
mod commands;
mod license;
mod loopback;
mod macos;
mod runner;
mod systemd;
mod windows;

use self::caution::caution;
use self::commands::Commands;
use super::halted::{self, Halted};
use crate::model::phrase::in_a_row;
use crate::model::quoting::quoted_path;
use crate::model::{Exposure, LicenseServer, Os, Process, Row, RunState, State, Verdict, relay_targets};

/// What to do next, in whole sentences, each command at the end of a line; `None` where there is nothing to say. `privileged`: whether this was seen with
/// administrator's rights. Who lacks them sees only their own processes on Linux and macOS.
pub(super) fn next(row: &Row, servers: &[LicenseServer], os: Os, privileged: bool) -> Option<String> {
    let part = macos::part(row, os).map(macos::Part::is_switched_off);
    let Some(lead) = row.owner.lead() else {
        return row.license.as_ref().and_then(|license| license.advice.clone()).or(part);
    };
    let commands = runner::commands(row, lead, os, privileged);
    let mut sentences = Vec::new();
    sentences.extend(continued(row, lead));
    sentences.extend(restarted(lead, commands.as_ref()));
    sentences.extend(moved(row));
    let has_it = |server: &&LicenseServer| server.processes().any(|one| one.process.pid == lead.pid);
    let servers: Vec<&LicenseServer> = servers.iter().filter(has_it).collect();
    let of_server = license::next(lead, &servers, commands.as_ref(), os);
    let advice = row.license.as_ref().and_then(|license| license.advice.clone());
    match &row.license {
        // What is right or wrong there is known better, and a license server is not stopped like another program.
        _ if advice.is_some() => {
            sentences.extend(advice);
            let is_stranger = row.license.as_ref().is_some_and(|own| own.verdict == Verdict::Mismatch);
            sentences.extend(is_stranger.then(|| stopped(row, lead, commands.as_ref(), os)).flatten());
        }
        _ if !of_server.is_empty() => sentences.extend(of_server),
        Some(_) => {}
        None if part.is_some() => sentences.extend(part),
        None => match backend::behind(lead, row.socket.local.port(), os) {
            // To stop it would stop all that is behind it.
            Some(behind) => sentences.extend(behind),
            None => {
                sentences.extend(relayed(lead));
                sentences.extend(windows::behind(&row.socket));
                sentences.extend(loopback::bound(row, lead, os));
                sentences.extend(stopped(row, lead, commands.as_ref(), os));
            }
        },
    }
    (!sentences.is_empty()).then(|| in_a_row(sentences))
}

/// How to let holders go on that do nothing.
fn continued(row: &Row, lead: &Process) -> Option<String> {
    let halted = Halted::of(row)?;
    let others: Vec<&Process> = halted.processes.iter().copied().filter(|one| one.pid != lead.pid).collect();
    let (called, is) = (halted::called(&others), if others.len() == 1 { "is" } else { "are" });
    let debugger = lead
        .tracer
        .as_ref()
        .map_or("a debugger".to_owned(), |tracer| format!("the debugger {}", tracer.called()));
    let by = if lead.state == Some(RunState::Traced) { format!(" by {debugger}") } else { String::new() };
    let stopped = match (lead.state.is_some_and(RunState::is_halted), &others[..], halted.consequence) {
        (true, [], None) => format!("It is stopped{by}."),
        (true, [], Some(what)) => format!("It is stopped{by} and {}.", what.words(true)),
        (true, _, None) => format!("It is stopped{by}, and so {is} {called}."),
        (true, _, Some(what)) => {
            format!("It is stopped{by}, and so {is} {called}: they {}.", what.words(false))
        }
        (false, _, _) => {
            let hold = if others.len() == 1 { "holds" } else { "hold" };
            format!("{called}, which {hold} it too, {is} stopped.")
        }
    };
    let of_debugger = (lead.state == Some(RunState::Traced))
        .then(|| "Let it continue there, or detach from it.".to_owned());
    Some([Some(stopped), of_debugger, halted.command()].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// How to run the new program where the file of the old one is gone, or that there is none.
fn restarted(lead: &Process, commands: Option<&Commands>) -> Option<String> {
    let exe = lead.exe().filter(|exe| exe.deleted == Some(true) && !exe.is_in_memory())?;
    let how = match commands {
        Some(Commands { restart: Some(restart), .. }) => format!(": {restart}"),
        Some(_) => ", end it and start it again.".to_owned(),
        None if lead.pid == 1 && lead.name.as_deref() == Some("systemd") => {
            ": systemctl daemon-reexec".to_owned()
        }
        None => ", start it again.".to_owned(),
    };
    let path = quoted_path(&exe.path);
    Some(match exe.replaced {
        Some(true) => format!("Its program file was replaced, as by an upgrade. To run the new one{how}"),
        Some(false) => format!(
            "Its program file was deleted, and nothing stands at {path} now: it cannot be started again from there."
        ),
        None => format!(
            "Its program file was deleted, or replaced as by an upgrade. To run the new one, if {path} exists{how}"
        ),
    })
}

/// That nobody reaches it where it listens.
fn moved(row: &Row) -> Option<String> {
    let is_lost = row.exposure == Exposure::Unassigned && row.socket.state != State::Bound;
    is_lost.then(|| {
        format!(
            "This machine no longer has {}: set it to listen at an address that the machine has, or at all of \
             them, and restart it.",
            row.socket.local.ip()
        )
    })
}

/// Where the program is that answers, of a relay whose command line says so.
fn relayed(lead: &Process) -> Option<String> {
    let to = lead.program()?.relays_to.as_ref()?;
    Some(format!(
        "The program that answers is where this one forwards to, by its command line: {}",
        relay_targets(to)
    ))
}

/// How to stop what holds the port, and what stops with it.
fn stopped(row: &Row, lead: &Process, commands: Option<&Commands>, os: Os) -> Option<String> {
    if windows::behind(&row.socket).is_some() {
        return None;
    }
    let caution = caution(row, lead, os);
    if let Some(caution) = caution.filter(|caution| caution.never) {
        return Some(format!("{} Do not stop it.", caution.consequence));
    }
    let Commands { before, stop, aside, .. } = commands?;
    let stop = stop.as_ref().map(|stop| {
        // A signal other than KILL waits until the process continues (signal(7)).
        let is_stopped = row.owner.processes().any(|one| one.state == Some(RunState::Stopped));
        let waiting = stop.strip_prefix("kill ").filter(|_| is_stopped);
        let then = waiting.map_or(String::new(), |pids| format!("; kill -CONT {pids}"));
        format!("To stop it{}: {stop}{then}", aside.as_deref().unwrap_or_default())
    });
    let consequence = caution.map(|caution| caution.consequence.to_owned());
    Some(in_a_row(consequence.into_iter().chain(before.clone()).chain(stop)))
}
