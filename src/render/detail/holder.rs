//! The process that holds a port, in words.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::fold::Folded;
use super::super::page::Page;
use super::super::text::{counted, list};
use crate::model::{Container, Process, ProcessService, Row};

/// So many other holders are named; the rest are counted.
const MOST_OTHERS: usize = 8;

impl Page<'_> {
    pub(super) fn holder(&mut self, lead: &Process, line: &Folded<'_>, now: Timestamp) -> io::Result<()> {
        let others = line.others();
        if !others.is_empty() {
            let named = others.iter().take(MOST_OTHERS).map(|p| process_called(p));
            let mut named: Vec<String> = named.collect();
            if others.len() > MOST_OTHERS {
                named.push(format!("{} more", others.len() - MOST_OTHERS));
            }
            self.field("Also", &list(&named, "and"))?;
        }
        if let Some(started) = lead.started_at {
            self.field("Started", &self.since(started, now))?;
        }
        if !line.first().ancestors.is_empty() {
            self.field("Parents", &parents(line.first(), lead))?;
        }
        if let Some(service) = &lead.service {
            self.field("Unit", &unit(service))?;
        }
        if let Some(container) = &lead.container {
            self.field("Container", &contained(container))?;
        }
        if let Some(application) = &lead.application {
            self.field("Application", &format!("{} ({})", application.id, application.kind))?;
        }
        match &lead.exe {
            Some(exe) if exe.deleted == Some(true) => {
                self.field("Runs", &format!("{}, a file deleted or replaced since it started", exe.path))?;
            }
            Some(exe) => self.field("Runs", &exe.path)?,
            None => self.field("Runs", "a file that could not be read")?,
        }
        if let Some(args) = &lead.args {
            self.field("Command", &args.join(" "))?;
        }
        self.field("User", lead.user.as_deref().unwrap_or("unknown"))?;
        match forwards(lead) {
            Some(forwards) => self.field("Sends to", &forwards),
            None => Ok(()),
        }
    }

    /// `2026-11-22 04:00:01 (2 hours ago)`, in the user's time zone.
    fn since(&self, started: Timestamp, now: Timestamp) -> String {
        let local = started.to_zoned(self.style.time_zone.clone());
        format!("{} ({})", local.strftime("%Y-%m-%d %H:%M:%S"), age(started, now))
    }
}

/// How long ago, in the one unit that a person would use.
fn age(started: Timestamp, now: Timestamp) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = now.duration_since(started).unsigned_abs().as_secs();
    let (unit, noun) = match seconds {
        0..120 => (1, "second"),
        120..7_200 => (MINUTE, "minute"),
        7_200..172_800 => (HOUR, "hour"),
        _ => (DAY, "day"),
    };
    format!("{} ago", counted(usize::try_from(seconds / unit).unwrap_or(usize::MAX), noun))
}

/// A process by its name and id.
pub(super) fn process_called(process: &Process) -> String {
    match &process.name {
        Some(name) => format!("{name} (PID {})", process.pid),
        None => format!("PID {}, of which nothing could be seen", process.pid),
    }
}

/// Who started the lead: `systemd (PID 1) → nginx.service → nginx (PID 800)`.
fn parents(row: &Row, lead: &Process) -> String {
    let mut line: Vec<String> = Vec::new();
    let mut outside = true;
    for process in row.ancestors.iter().map(Arc::as_ref).rev().chain([lead]) {
        // The unit stands before the first process in it.
        if let Some(unit) = &lead.service
            && outside
            && process.service == lead.service
            && !line.is_empty()
        {
            line.push(unit.name.clone());
        }
        outside &= process.service != lead.service;
        line.push(process_called(process));
    }
    line.join(" → ")
}

/// A unit as a person says it.
pub(super) fn unit(service: &ProcessService) -> String {
    match service.manager.as_str() {
        "systemd-user" => format!("{} (of the user's own systemd)", service.name),
        manager => format!("{} ({manager})", service.name),
    }
}

fn contained(container: &Container) -> String {
    let pod = container.pod.as_ref().map_or(String::new(), |pod| format!(", in Kubernetes pod {pod}"));
    let id = match &container.name {
        Some(_) => format!(" ({})", container.id.get(..12).unwrap_or(&container.id)),
        None => String::new(),
    };
    format!("{}{id}{pod}", container.called())
}

/// Whom a process receives for.
fn forwards(process: &Process) -> Option<String> {
    let forward = process.forward.as_ref()?;
    let who = forward.process.as_ref().map(|(pid, name)| match name {
        Some(name) => format!("{name} (PID {pid})"),
        None => format!("PID {pid}"),
    });
    let container = forward.container.as_ref().map(Container::called);
    let there = match (who, container) {
        (Some(who), Some(container)) => format!(", where {who} listens in container {container}"),
        (Some(who), None) => format!(", where {who} listens"),
        (None, Some(container)) => format!(", in container {container}"),
        (None, None) => String::new(),
    };
    Some(format!("{}/{}{there}", forward.to, forward.protocol))
}
