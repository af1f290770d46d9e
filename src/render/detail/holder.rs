//! The process that holds a port.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::driver::Driver;
use super::super::group::RowGroup;
use super::super::page::Page;
use super::super::text::{command_line, service_called};
use crate::model::phrase::{age, list, named};
use crate::model::quoting::{quoted, quoted_account, quoted_path};
use crate::model::{
    Application, Checked, ClaimedScript, Container, Executable, FileTrust, FileVersion, Host, HttpUrl, Os,
    Presence, Process, ProcessRef, ProcessService, Program, Report, Row, RunState, ScriptKind,
    ServiceManager, Signature, SignatureState, Socket, WorkingFolder, Writer, relay_targets,
};

/// More processes than these are counted, not named.
const MOST_OTHERS: usize = 8;

/// A program that opens its socket so much after its start does so as it starts, in seconds.
const STARTING: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// More URLs than these are counted, not named.
const MOST_URLS: usize = 8;

/// More accounts than these are counted, not named.
const MOST_WRITERS: usize = 3;

impl Page<'_> {
    pub(super) fn holder(
        &mut self,
        lead: &Process,
        group: &RowGroup<'_>,
        Report { host: Host { os, .. }, taken_at, .. }: &Report,
    ) -> io::Result<()> {
        let others = group.others();
        if !others.is_empty() {
            let others = named(&others, MOST_OTHERS, |other| process_called(other));
            self.field("Also", &list(&others, "and"))?;
        }
        if let Some(started) = lead.started_at {
            self.field("Started", &self.since(started, *taken_at))?;
        }
        if let Some(opened) = group.lead_row().socket.opened_at
            && lead
                .started_at
                .is_none_or(|started| opened.duration_since(started) > STARTING || opened < started)
        {
            self.field("Open since", &self.since(opened, *taken_at))?;
        }
        if let Some(state) = lead.state.and_then(|state| state_called(state, lead.tracer.as_ref())) {
            self.field("State", &state)?;
        }
        if !group.lead_row().ancestors.is_empty() {
            self.field("Parents", &parents(group.lead_row(), lead))?;
        }
        if let [first, ..] = &lead.services[..] {
            let opened_by = group.lead_row().socket.services_of(lead);
            let named: Vec<String> = opened_by.iter().map(unit).collect();
            let others = match lead.services.len() - opened_by.len() {
                0 => String::new(),
                others => format!(", which opened the socket; the process runs {others} more"),
            };
            let is_systemd = matches!(first.manager, ServiceManager::Systemd | ServiceManager::SystemdUser);
            let title = if is_systemd { "Unit" } else { "Service" };
            self.field(title, &format!("{}{others}", list(&named, "and")))?;
        }
        if let Some(container) = &lead.container {
            self.field("Container", &contained(container))?;
        }
        if let Some(application) = &lead.application {
            self.field("Application", &packaged(application))?;
        }
        let mut user = lead.user.as_deref().map_or("unknown".into(), quoted_account);
        // In session 0 there are only services.
        if let Some(session) = lead.session.filter(|&session| session != 0) {
            user = format!("{user} (session {session})").into();
        }
        match &lead.presence {
            Presence::Running(program) => {
                self.program(program, lead, *os)?;
                if let Some(script) = &program.claimed_script {
                    self.field("Script", &script_called(script))?;
                }
                if let Some(folder) = &lead.cwd {
                    self.field("Works in", &working_folder(folder))?;
                }
                self.field("User", &user)?;
            }
            Presence::Kernel => self.kernel(&group.lead_row().socket)?,
            Presence::Ended { children } => self.field("Held by", &possible_heirs(children))?,
            Presence::Vanished => {
                self.field("Runs", "a file that could not be read")?;
                self.field("User", &user)?;
            }
        }
        if let Some(to) = &group.lead_row().socket.proxied_to {
            self.field("Sends to", &format!("{} (netsh interface portproxy)", quoted(to)))?;
        }
        match forwards(lead) {
            Some(forwards) => self.field("Forwards to", &forwards),
            None => Ok(()),
        }
    }

    /// For whom the Windows kernel holds the port.
    fn kernel(&mut self, socket: &Socket) -> io::Result<()> {
        let runs = match Driver::of(socket) {
            Driver::HttpSys => "in the Windows kernel, for http.sys, which serves web pages of programs",
            Driver::Smb | Driver::NetBios => "in the Windows kernel, for SMB (file and printer sharing)",
            Driver::Other => "in the Windows kernel, for a driver other than http.sys",
            Driver::Unknown => KERNEL,
        };
        self.field("Runs", runs)?;
        match socket.http_urls.as_deref() {
            None | Some([]) => Ok(()),
            Some(urls) => self.field("Serves", &named(urls, MOST_URLS, served).join("; ")),
        }
    }

    /// The executable, who can replace it, what its version resource says, and the command line.
    fn program(&mut self, program: &Program, process: &Process, os: Os) -> io::Result<()> {
        match &program.exe {
            Some(exe) => {
                self.field("Runs", &runs(exe))?;
                if let Some(trust) = file_trust(exe, process, os) {
                    self.field("File", &trust)?;
                }
            }
            None => self.field("Runs", "a file that could not be read")?,
        }
        let version = program.exe.as_ref().and_then(|exe| exe.version.as_ref());
        let says = version.map(|version| version_resource(version, process.name.as_deref()));
        if let Some(says) = says.filter(|says| !says.is_empty()) {
            self.field("File says", &says)?;
        }
        let signed = program.exe.as_ref().and_then(|exe| exe.signature.done()).and_then(signed);
        if let Some(signed) = signed {
            self.field("Signed", &signed)?;
        }
        match &program.args {
            Some(args) => self.field("Command", &command_line(args)),
            None => Ok(()),
        }
    }

    /// `2026-11-22 04:00:01 (2 hours ago)`, in the time zone of the style.
    fn since(&self, started: Timestamp, now: Timestamp) -> String {
        let local = started.to_zoned(self.style.time_zone.clone());
        format!("{} ({})", local.strftime("%Y-%m-%d %H:%M:%S"), age(started, now))
    }
}

/// What keeps a process from doing anything; `None` where nothing does.
fn state_called(state: RunState, tracer: Option<&ProcessRef>) -> Option<String> {
    match (state, tracer) {
        (RunState::Running, _) => None,
        (RunState::Stopped, _) => Some("stopped, by Ctrl+Z or another signal".to_owned()),
        (RunState::Traced, Some(tracer)) => Some(format!("held by the debugger {}", tracer.called())),
        (RunState::Traced, None) => Some("held by a debugger".to_owned()),
        (RunState::Zombie, _) => Some("ended; its parent has not noticed yet (zombie)".to_owned()),
    }
}

/// What a process says it runs.
pub(in crate::render) fn script_called(ClaimedScript { kind, name }: &ClaimedScript) -> String {
    let Some(name) = name else { return "code in its command line".to_owned() };
    let name = match kind {
        ScriptKind::Script | ScriptKind::Jar | ScriptKind::Assembly | ScriptKind::Code => {
            quoted(name).into_owned()
        }
        ScriptKind::Module => format!("module {}", quoted(name)),
        ScriptKind::Class => format!("class {}", quoted(name)),
    };
    format!("{name} (by its command line)")
}

fn working_folder(WorkingFolder { path, deleted }: &WorkingFolder) -> String {
    let path = quoted_path(path);
    if *deleted { format!("{path} (deleted)") } else { path.into_owned() }
}

fn runs(exe: &Executable) -> String {
    let path = quoted_path(&exe.path);
    if exe.is_in_memory() {
        format!("a file that is in memory alone and that it calls {path} (memfd_create)")
    } else if exe.deleted == Some(true) {
        let how = match exe.replaced {
            Some(true) => "replaced",
            Some(false) => "deleted",
            None => "deleted or replaced",
        };
        format!("{path} ({how} since the process started)")
    } else if exe.path_confirmed == Checked::Done(false) {
        format!("calls itself {path}, but that path leads to another file")
    } else {
        path.into_owned()
    }
}

/// Who can replace a file; `None` where that was not examined.
fn file_trust(exe: &Executable, process: &Process, os: Os) -> Option<String> {
    let administrators = os.administrators();
    let writers = match (&exe.path_confirmed, &exe.writers) {
        (Checked::Done(true), Checked::Done(writers)) => writers,
        // The path leads elsewhere, and `Runs` says so.
        (Checked::Done(false), _) | (Checked::NotRequested, _) | (_, Checked::NotRequested) => return None,
        (Checked::Failed(why), _) | (_, Checked::Failed(why)) => {
            return Some(format!("who can replace it is not known: {}", why.in_words()));
        }
    };
    Some(match exe.trust(process.uid) {
        FileTrust::System => format!("only {administrators} can replace it"),
        FileTrust::ServiceAccount => {
            let user = process.user.as_deref().map_or("its own account".into(), quoted_account);
            format!("only {administrators} and the service account {user} can replace it")
        }
        FileTrust::User | FileTrust::Anyone | FileTrust::Unknown => {
            // Each account once, with all its places.
            let mut accounts: Vec<(String, Vec<String>)> = Vec::new();
            for Writer { account, place, only_adds } in writers {
                let can = if *only_adds { "may have put it there" } else { "can replace it" };
                let (who, place) = (format!("{} {can}", account.called()), quoted_path(place).into_owned());
                match accounts.iter_mut().find(|(known, _)| *known == who) {
                    Some((_, places)) => places.push(place),
                    None => accounts.push((who, vec![place])),
                }
            }
            let who = named(&accounts, MOST_WRITERS, |(who, places)| {
                let places = named(places, MOST_WRITERS, String::clone);
                format!("{who}, through {}", list(&places, "and"))
            });
            who.join("; ")
        }
    })
}

/// Who signed a file; `None` where nobody did.
fn signed(Signature { state, signer }: &Signature) -> Option<String> {
    let signer = signer.as_deref().map_or("somebody unknown".into(), quoted_account);
    match state {
        SignatureState::Valid => Some(format!("by {signer}")),
        SignatureState::Altered => {
            Some(format!("but changed since: the signature names {signer}, and does not fit the file"))
        }
        SignatureState::Unverified => Some(format!("by {signer}, which this machine cannot verify")),
        SignatureState::Missing => None,
    }
}

/// A URL that http.sys answers, and for which programs.
fn served(HttpUrl { url, processes }: &HttpUrl) -> String {
    let url = quoted(url);
    match &processes[..] {
        [] => format!("{url} (for a program that is started when a request arrives)"),
        some => format!("{url} for {}", list(&named(some, MOST_OTHERS, ProcessRef::called), "and")),
    }
}

/// The Windows kernel as the holder of a port, where http.sys was not asked.
const KERNEL: &str = "in the Windows kernel, for one of its drivers: http.sys (web pages of IIS, WinRM and others), SMB \
                      (file sharing) or another. Programs behind http.sys: netsh http show servicestate";

/// The maker and the product as the file claims, and its original name where that differs.
fn version_resource(version: &FileVersion, name: Option<&str>) -> String {
    let FileVersion { company, product, .. } = version;
    let made = company.as_ref().map(|company| format!("made by {}", quoted_account(company)));
    let part = product.as_ref().map(|product| format!("part of {}", quoted_account(product)));
    let is_renamed = |first: &str| name.is_some_and(|name| !name.eq_ignore_ascii_case(first));
    let first = version.program_name().filter(|first| is_renamed(first));
    let first = first.map(|first| format!("originally named {}", quoted(&first)));
    made.into_iter().chain(part).chain(first).collect::<Vec<_>>().join(", ")
}

/// The processes that may hold the sockets of a process that has ended.
fn possible_heirs(children: &[ProcessRef]) -> String {
    let named = named(children, MOST_OTHERS, ProcessRef::called);
    match children.len() {
        0 => {
            "unknown: no process that it started is running. One further down may have inherited the socket, or \
             the kernel has not closed it yet"
                .to_owned()
        }
        1 => format!("{}, a child process that may have inherited the socket", named[0]),
        _ => format!("{}, child processes that may have inherited the socket", list(&named, "or")),
    }
}

pub(super) fn process_called(process: &Process) -> String {
    process.called()
}

/// The ancestors of the lead: `systemd (PID 1) → nginx.service → nginx (PID 800)`.
fn parents(row: &Row, lead: &Process) -> String {
    let mut chain: Vec<String> = Vec::new();
    let mut outside = true;
    for process in row.ancestors.iter().map(Arc::as_ref).rev().chain([lead]) {
        // The unit precedes the first process in it.
        let is_inside = process.services == lead.services;
        if let Some(unit) = lead.services.first()
            && outside
            && is_inside
            && !chain.is_empty()
        {
            chain.push(service_called(unit));
        }
        outside &= !is_inside;
        chain.push(process_called(process));
    }
    chain.join(" → ")
}

pub(super) fn unit(service: &ProcessService) -> String {
    let name = quoted(&service.name);
    match service.manager {
        ServiceManager::SystemdUser => format!("{name} (systemd --user)"),
        ServiceManager::Windows => match &service.display_name {
            Some(display_name) => format!("{} ({name})", quoted_account(display_name)),
            None => name.into_owned(),
        },
        manager => format!("{name} ({})", manager.code()),
    }
}

fn contained(container: &Container) -> String {
    let pod = container.pod.as_ref().map_or(String::new(), |pod| format!(", in Kubernetes pod {pod}"));
    let id = match &container.name {
        Some(_) => format!(" ({})", container.id.get(..12).unwrap_or(&container.id)),
        None => String::new(),
    };
    let image = container.image.as_ref().map_or(String::new(), |image| format!(", image {}", quoted(image)));
    format!("{}{id}{image}{pod}{}", container.called(), of_user(container.user.as_deref()))
}

fn packaged(Application { kind, id, user }: &Application) -> String {
    format!("{} ({}){}", quoted(id), kind.code(), of_user(user.as_deref()))
}

fn of_user(user: Option<&str>) -> String {
    user.map_or(String::new(), |user| format!(", of user {}", quoted_account(user)))
}

/// The address that a proxy forwards to, and what listens there; or where a relay's command line says.
fn forwards(process: &Process) -> Option<String> {
    let Some(forward) = &process.forward else {
        let to = process.program()?.relays_to.as_ref()?;
        return Some(format!("{} (by its command line)", relay_targets(to)));
    };
    let who = forward.process.as_ref().map(ProcessRef::called);
    let container = forward.container.as_deref().map(Container::called);
    if forward.is_listening() == Some(false) {
        let container = container.map_or(String::new(), |container| format!(" in container {container}"));
        let elsewhere = forward.elsewhere().map_or(String::new(), |elsewhere| {
            let who = elsewhere.process.as_ref().map_or("a program".to_owned(), ProcessRef::called);
            format!("; {who} listens there on {} only", elsewhere.places())
        });
        return Some(format!(
            "{}/{}{container}, where nothing listens{elsewhere}",
            forward.to, forward.protocol
        ));
    }
    let there = match (who, container) {
        (Some(who), Some(container)) => format!(", where {who} listens in container {container}"),
        (Some(who), None) => format!(", where {who} listens"),
        (None, Some(container)) => format!(", in container {container}"),
        (None, None) => String::new(),
    };
    Some(format!("{}/{}{there}", forward.to, forward.protocol))
}
