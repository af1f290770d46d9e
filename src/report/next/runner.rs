//! What runs a holder: a container, a unit, a supervisor, or nothing. By that it is stopped.

use super::commands::{Commands, word};
use super::systemd;
use crate::model::quoting::quoted_account;
use crate::model::{
    ApplicationKind, Container, Os, Presence, Process, ProcessService, Row, Runtime, ServiceManager, Socket,
};

/// How to stop a holder; `None` where nothing is to be stopped by a command, as of the kernel or of process 1.
pub(super) fn commands(row: &Row, lead: &Process, os: Os, privileged: bool) -> Option<Commands> {
    match os {
        Os::Windows => on_windows(&row.socket, lead, privileged),
        Os::Linux | Os::Macos => on_unix(row, lead, os, privileged),
    }
}

fn on_unix(row: &Row, lead: &Process, os: Os, privileged: bool) -> Option<Commands> {
    let sudo = if privileged { "" } else { "sudo " };
    let forwarded = lead.forward.as_ref().and_then(|forward| forward.container.as_deref());
    if let Some(commands) = forwarded.or(lead.container.as_deref()).and_then(|one| of_container(one, sudo)) {
        return Some(commands);
    }
    if !matches!(lead.presence, Presence::Running(_)) {
        return None;
    }
    if lead.exe_name(os) == Some("docker-proxy") {
        let port = row.socket.local.port();
        let which = format!("To see the container: {sudo}docker ps --filter publish={port}");
        return Some(Commands::stopped_by(format!("{sudo}docker stop CONTAINER")).after(which));
    }
    if let Some(commands) = systemd::of_socket_unit(row, lead, privileged) {
        return Some(commands);
    }
    if let Some(commands) = of_launchd_job(row, lead, sudo) {
        return Some(commands);
    }
    // To end the first process ends the system, or the container that this program runs in. What is part of macOS is
    // switched off in its settings.
    let is_apple_s = |service: &ProcessService| {
        service.manager == ServiceManager::Launchd && service.name.starts_with("com.apple.")
    };
    if lead.pid == 1 || lead.services.iter().any(is_apple_s) {
        return None;
    }
    of_application(lead, sudo)
        .or_else(|| of_supervisor(row, sudo))
        .or_else(|| lead.services.iter().find_map(|service| of_service(service, row, lead, os, privileged)))
        .or_else(|| Some(killed(row, lead, os, privileged)))
}

/// A job of others than Apple for which launchd itself holds the socket: it would start the job again.
fn of_launchd_job(row: &Row, lead: &Process, sudo: &str) -> Option<Commands> {
    let held = row.socket.activation.as_ref().filter(|held| held.manager == ServiceManager::Launchd)?;
    let is_apple_s = held.socket.starts_with("com.apple.") || held.socket.starts_with("com.openssh.");
    let label = word(&held.socket).filter(|_| lead.pid == 1 && !is_apple_s)?;
    Some(Commands::stopped_by(format!("{sudo}launchctl bootout system/{label}")))
}

/// An ordinary user sees the workers of a server that root started, such as nginx, and not that it holds the port: the
/// server would replace a worker that ends.
fn killed(row: &Row, lead: &Process, os: Os, privileged: bool) -> Commands {
    let is_server = |parent: &&std::sync::Arc<Process>| {
        !privileged && parent.name.is_some() && parent.name == lead.name && parent.uid != lead.uid
    };
    if let Some(server) = row.ancestors.first().filter(is_server) {
        return Commands::stopped_by(format!("sudo kill {}", server.pid));
    }
    let kill = Commands::stopped_by(format!("kill {}", pids(row, lead)));
    // Whoever chose the id of such a container could have chosen that of another one.
    if let Some(container) = lead.container.as_deref().filter(|one| is_unproven(one)) {
        return kill.after(unproven(container));
    }
    match systemd::larger_unit(row, lead, os, privileged) {
        Some(unit) => kill.after(unit).aside(", and nothing else of that unit"),
        None => kill,
    }
}

/// More processes than these are not named in a command.
const MOST_KILLED: usize = 5;

/// The holder, and the others that run the same program: a port stays held by a child that its parent does not end.
fn pids(row: &Row, lead: &Process) -> String {
    let same = row.owner.processes().filter(|other| other.pid != lead.pid && other.name == lead.name);
    let mut pids = vec![lead.pid.to_string()];
    pids.extend(same.map(|other| other.pid.to_string()));
    pids.truncate(if pids.len() > MOST_KILLED { 1 } else { MOST_KILLED });
    pids.join(" ")
}

/// Whether somebody else than root could choose its id.
fn is_unproven(container: &Container) -> bool {
    container.user.is_some() || container.nested
}

/// A sentence about a container that only its own words show.
fn unproven(container: &Container) -> String {
    let runtime = container.runtime.code();
    match container.user.as_deref().map(quoted_account) {
        Some(user) => format!(
            "It may be in a container of {user}'s, who chose that container's name and ID: if {runtime} runs it, \
             {user} can stop it there."
        ),
        None => format!(
            "It is in a container that runs in another one: if {runtime} runs it, it can be stopped there."
        ),
    }
}

/// `None` for a container whose id is not root's word: the runtime here may have another one by it.
fn of_container(container: &Container, sudo: &str) -> Option<Commands> {
    if is_unproven(container) {
        return None;
    }
    let id = container.id.get(..12).filter(|_| container.id.len() == 64).unwrap_or(&container.id);
    let name = word(container.name.as_deref().unwrap_or(id))?;
    let with = |program: &str| {
        Commands::both(format!("{sudo}{program} stop {name}"), format!("{sudo}{program} restart {name}"))
    };
    Some(match container.runtime {
        Runtime::Docker => with("docker"),
        Runtime::Podman => with("podman"),
        Runtime::Containerd | Runtime::CriO | Runtime::Kubernetes if container.pod.is_some() => Commands {
            before: Some(
                "Kubernetes starts its containers again: delete or scale what owns its pod. To see the pods: \
                 kubectl get pods -A"
                    .to_owned(),
            ),
            restart: Some(format!("{sudo}crictl stop {name}")),
            ..Commands::default()
        },
        Runtime::Containerd => with("nerdctl"),
        Runtime::CriO | Runtime::Kubernetes => Commands::stopped_by(format!("{sudo}crictl stop {name}")),
        Runtime::Lxc => Commands::stopped_by(format!("{sudo}lxc-stop -n {name}"))
            .after(format!("To stop it, if LXD made the container: {sudo}lxc stop {name}"))
            .aside(", if LXC made it"),
        Runtime::SystemdNspawn => Commands::both(
            format!("{sudo}machinectl poweroff {name}"),
            format!("{sudo}machinectl reboot {name}"),
        ),
    })
}

fn of_application(lead: &Process, sudo: &str) -> Option<Commands> {
    let application = lead.application.as_ref()?;
    let id = word(&application.id)?;
    match application.kind {
        // Only the services of a snap are stopped so; its other programs are ordinary processes.
        ApplicationKind::Snap => {
            let prefix = format!("snap.{}.", application.id);
            let is_service = |one: &ProcessService| {
                one.manager == ServiceManager::Systemd
                    && one.name.starts_with(&prefix)
                    && one.name.ends_with(".service")
            };
            lead.services
                .iter()
                .any(is_service)
                .then(|| Commands::both(format!("{sudo}snap stop {id}"), format!("{sudo}snap restart {id}")))
        }
        // It only ends the applications of the user who runs it.
        ApplicationKind::Flatpak => {
            (!sudo.is_empty()).then(|| Commands::stopped_by(format!("flatpak kill {id}")))
        }
        ApplicationKind::App => lead.services.is_empty().then(|| Commands::stopped_by(format!("quit {id}"))),
    }
}

/// A supervisor that would start it again. It is known by what it calls itself, which is enough for a suggestion.
fn of_supervisor(row: &Row, sudo: &str) -> Option<Commands> {
    let is_called = |process: &Process, name: &str| {
        let names = [&process.short_name, &process.name];
        names.into_iter().flatten().any(|own| own.starts_with(name))
    };
    let has_ancestor = |name: &str| row.ancestors.iter().any(|process| is_called(process, name));
    let by = |program: &str, names: &str| {
        Commands::both(format!("{program} stop NAME"), format!("{program} restart NAME"))
            .after(format!("To see its NAME: {names}"))
    };
    if has_ancestor("supervisord") {
        Some(by(&format!("{sudo}supervisorctl"), &format!("{sudo}supervisorctl status")))
    } else if has_ancestor("PM2 v") {
        Some(by("pm2", "pm2 list"))
    } else if row.ancestors.first().is_some_and(|parent| is_called(parent, "runsv")) {
        Some(Commands::both(format!("{sudo}sv stop NAME"), format!("{sudo}sv restart NAME")))
    } else {
        None
    }
}

fn of_service(
    service: &ProcessService,
    row: &Row,
    lead: &Process,
    os: Os,
    privileged: bool,
) -> Option<Commands> {
    match service.manager {
        ServiceManager::Systemd | ServiceManager::SystemdUser => {
            systemd::of_unit(service, row, lead, os, privileged)
        }
        ServiceManager::Launchd => {
            let label = word(&service.name)?;
            let (sudo, domain) = match lead.uid? {
                0 => (if privileged { "" } else { "sudo " }, "system".to_owned()),
                uid => ("", format!("gui/{uid}")),
            };
            Some(Commands::both(
                format!("{sudo}launchctl bootout {domain}/{label}"),
                format!("{sudo}launchctl kickstart -k {domain}/{label}"),
            ))
        }
        ServiceManager::Windows => None,
    }
}

fn on_windows(socket: &Socket, lead: &Process, privileged: bool) -> Option<Commands> {
    if !matches!(lead.presence, Presence::Running(_)) {
        return None;
    }
    let right = if privileged { "" } else { " as administrator" };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    Some(match socket.services_of(lead) {
        [] => {
            Commands::stopped_by(format!("taskkill /PID {}", lead.pid)).aside(" (if it does not end, add /F)")
        }
        [service] if service.name.chars().all(is_plain) && !service.name.starts_with('-') => {
            Commands::stopped_by(format!("net stop {}", service.name)).aside(right)
        }
        [service]
            if service.name.chars().all(|c| is_plain(c) || c == ' ') && !service.name.starts_with('-') =>
        {
            Commands::stopped_by(format!("net stop \"{}\"", service.name)).aside(right)
        }
        [_] => return None,
        _ => Commands::stopped_by("net stop NAME".to_owned())
            .after("NAME is the one of its services that has the port.")
            .aside(right),
    })
}
