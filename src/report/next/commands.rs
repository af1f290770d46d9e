//! The commands that stop and restart what holds a socket, by whatever runs it. Names come from files and from strangers:
//! they are quoted for a shell, and one that cannot be is in no command.

use crate::model::quoting::is_printable;
use crate::model::{
    ApplicationKind, Container, Os, Presence, Process, ProcessService, Row, Runtime, ServiceManager,
    file_name,
};

/// How to stop a holder and how to start it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commands {
    pub(super) stop: String,
    pub(super) restart: Option<String>,
}

/// Units that start programs for others, with the name of their own: to stop the unit would stop more than one of those.
const RUNS_OTHERS: &[(&str, &str)] = &[
    ("anacron", "anacron"),
    ("atd", "atd"),
    ("containerd", "containerd"),
    ("cron", "cron"),
    ("crond", "crond"),
    ("cronie", "crond"),
    ("docker", "dockerd"),
    ("fcron", "fcron"),
    ("ssh", "sshd"),
    ("sshd", "sshd"),
];

impl Commands {
    /// `None` where nothing is to be stopped by a command, as of the kernel or of process 1.
    pub(super) fn of(row: &Row, lead: &Process, os: Os, privileged: bool) -> Option<Commands> {
        match os {
            Os::Windows => on_windows(lead, privileged),
            Os::Linux | Os::Macos => on_unix(row, lead, os, privileged),
        }
    }

    fn systemctl(prefix: &str, stop: &[String], restart: &str) -> Commands {
        Commands {
            stop: format!("{prefix}systemctl stop {}", stop.join(" ")),
            restart: Some(format!("{prefix}systemctl restart {restart}")),
        }
    }

    fn both(stop: String, restart: String) -> Commands {
        Commands { stop, restart: Some(restart) }
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
        let stop =
            format!("{sudo}docker stop CONTAINER ({sudo}docker ps --filter publish={port} shows which)");
        return Some(Commands { stop, restart: None });
    }
    if let Some(commands) = of_socket_unit(row, lead, privileged) {
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
        .or_else(|| lead.services.iter().find_map(|service| of_service(service, lead, privileged)))
        .or_else(|| Some(Commands { stop: killed(row, lead, privileged), restart: None }))
}

/// An ordinary user sees the workers of a server that root started, such as nginx, and not that it holds the port: the
/// server would replace a worker that ends.
fn killed(row: &Row, lead: &Process, privileged: bool) -> String {
    let is_server = |parent: &&std::sync::Arc<Process>| {
        !privileged && parent.name.is_some() && parent.name == lead.name && parent.uid != lead.uid
    };
    match row.ancestors.first().filter(is_server) {
        Some(server) => format!("sudo kill {}", server.pid),
        None => format!("kill {}", lead.pid),
    }
}

/// A word for a shell; `None` where it would not be what it seems.
fn word(text: &str) -> Option<String> {
    if text.is_empty() || text.starts_with('-') || !text.chars().all(is_printable) {
        return None;
    }
    shlex::try_quote(text).ok().map(|word| word.into_owned())
}

/// A unit, without `.service`, which systemctl adds. `None` for a name that no unit can have (systemd.unit(5)), and that
/// systemctl would take for a pattern of several.
fn unit(name: &str) -> Option<String> {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    word(name.strip_suffix(".service").unwrap_or(name)).filter(|_| name.chars().all(is_valid))
}

fn of_container(container: &Container, sudo: &str) -> Option<Commands> {
    let id = container.id.get(..12).filter(|_| container.id.len() == 64).unwrap_or(&container.id);
    let name = word(container.name.as_deref().unwrap_or(id))?;
    let of_user = container.user.is_some();
    let sudo = if of_user { "" } else { sudo };
    let whose = match container.user.as_deref().filter(|_| of_user).map(word) {
        Some(Some(user)) => format!(" (as {user})"),
        _ => String::new(),
    };
    let with = |program: &str| {
        Commands::both(
            format!("{sudo}{program} stop {name}{whose}"),
            format!("{sudo}{program} restart {name}{whose}"),
        )
    };
    Some(match container.runtime {
        Runtime::Docker => with("docker"),
        Runtime::Podman => with("podman"),
        // Kubernetes starts its containers again.
        Runtime::Containerd | Runtime::CriO | Runtime::Kubernetes if container.pod.is_some() => {
            let stop = "kubectl delete or scale what owns its pod (kubectl get pods -A shows it)".to_owned();
            Commands {
                stop,
                restart: Some(format!("{sudo}crictl stop {name}, and Kubernetes starts it again")),
            }
        }
        Runtime::Containerd => with("nerdctl"),
        Runtime::CriO | Runtime::Kubernetes => {
            Commands { stop: format!("{sudo}crictl stop {name}"), restart: None }
        }
        Runtime::Lxc => Commands {
            stop: format!("{sudo}lxc stop {name}, or lxc-stop -n {name}, by what made the container"),
            restart: None,
        },
        Runtime::SystemdNspawn => Commands::both(
            format!("{sudo}machinectl poweroff {name}"),
            format!("{sudo}machinectl reboot {name}"),
        ),
    })
}

/// A socket unit that stays would start the service again.
fn of_socket_unit(row: &Row, lead: &Process, privileged: bool) -> Option<Commands> {
    let activation = row.socket.activation.as_ref()?;
    let prefix = systemctl_of(activation.manager, lead, privileged)?;
    let socket = unit(&activation.socket)?;
    let service = activation.service.as_deref().and_then(unit);
    let restart = service.clone().unwrap_or_else(|| socket.clone());
    let stop: Vec<String> = [socket].into_iter().chain(service).collect();
    Some(Commands::systemctl(&prefix.0, &stop, &restart).with(&prefix.1))
}

/// What stands before and behind `systemctl`.
fn systemctl_of(manager: ServiceManager, lead: &Process, privileged: bool) -> Option<(String, String)> {
    match manager {
        ServiceManager::Systemd if privileged => Some((String::new(), String::new())),
        ServiceManager::Systemd => Some(("sudo ".to_owned(), String::new())),
        ServiceManager::SystemdUser => {
            // Whoever is no administrator sees only their own.
            let own = !privileged || lead.uid == Some(0);
            let whose = match own {
                true => " --user".to_owned(),
                false => format!(" --user -M {}", word(&format!("{}@", lead.user.as_deref()?))?),
            };
            Some((String::new(), whose))
        }
        ServiceManager::Launchd | ServiceManager::Windows => None,
    }
}

impl Commands {
    /// With these options of systemctl.
    fn with(self, options: &str) -> Commands {
        let with = |command: String| command.replacen("systemctl", &format!("systemctl{options}"), 1);
        Commands { stop: with(self.stop), restart: self.restart.map(with) }
    }
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
        ApplicationKind::Flatpak => Some(Commands { stop: format!("flatpak kill {id}"), restart: None }),
        ApplicationKind::App => {
            Some(Commands { stop: format!("quit {id}"), restart: None }).filter(|_| lead.services.is_empty())
        }
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
        Commands::both(
            format!("{program} stop NAME ({names} shows the names)"),
            format!("{program} restart NAME ({names} shows the names)"),
        )
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

fn of_service(service: &ProcessService, lead: &Process, privileged: bool) -> Option<Commands> {
    match service.manager {
        ServiceManager::Systemd | ServiceManager::SystemdUser => {
            // A scope is a session or a window: more than this process is in it.
            let stem = service.name.strip_suffix(".service")?;
            let is_own = |own: &str| lead.name.as_deref().is_none_or(|name| name.starts_with(own));
            let runs_others = RUNS_OTHERS.iter().any(|&(known, own)| known == stem && !is_own(own));
            if runs_others || stem.starts_with("user@") {
                return None;
            }
            let (before, behind) = systemctl_of(service.manager, lead, privileged)?;
            let unit = unit(&service.name)?;
            Some(Commands::systemctl(&before, std::slice::from_ref(&unit), &unit).with(&behind))
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

fn on_windows(lead: &Process, privileged: bool) -> Option<Commands> {
    if !matches!(lead.presence, Presence::Running(_)) {
        return None;
    }
    let right = if privileged { "" } else { " (as administrator)" };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let stop = match &lead.services[..] {
        [] => format!("taskkill /PID {} (with /F if that does not end it)", lead.pid),
        [service] if service.name.chars().all(is_plain) && !service.name.starts_with('-') => {
            format!("net stop {}{right}", service.name)
        }
        [_] => return None,
        _ => format!("net stop NAME{right}, with the one of its services that has the port"),
    };
    Some(Commands { stop, restart: None })
}

/// The file name of what a process runs, else its name, in small letters and without `.exe`.
pub(super) fn program_of(process: &Process, os: Os) -> Option<String> {
    let name = process.exe().map(|exe| file_name(&exe.path, os)).or(process.name.as_deref())?;
    let name = name.to_ascii_lowercase();
    Some(name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name))
}
