//! The units of systemd: which one to stop, and by whose manager.

use super::commands::{Commands, program_of, word};
use crate::model::quoting::quoted;
use crate::model::{Os, Process, ProcessService, Row, ServiceManager};

/// Units that start programs for others, with the name of their own: to stop the unit would stop more than one of those,
/// or something else. What was started may have left its parent since.
const RUNS_OTHERS: &[(&str, &str)] = &[
    ("anacron", "anacron"),
    ("atd", "atd"),
    ("containerd", "containerd"),
    ("cron", "cron"),
    ("crond", "crond"),
    ("cronie", "crond"),
    ("display-manager", "display-manager"),
    ("docker", "dockerd"),
    ("fcron", "fcron"),
    ("gdm", "gdm"),
    ("gdm3", "gdm3"),
    ("gitlab-runner", "gitlab-runner"),
    ("ifup@", "ifup"),
    ("incus", "incusd"),
    ("inetd", "inetd"),
    ("libvirtd", "libvirtd"),
    ("lightdm", "lightdm"),
    ("networking", "networking"),
    ("networkmanager", "networkmanager"),
    ("networkmanager-dispatcher", "nm-dispatcher"),
    ("sddm", "sddm"),
    ("slurmd", "slurmd"),
    ("ssh", "sshd"),
    ("sshd", "sshd"),
    ("ssh@", "sshd"),
    ("sshd@", "sshd"),
    ("systemd-udevd", "systemd-udevd"),
    ("virtnetworkd", "virtnetworkd"),
    ("xinetd", "xinetd"),
];

/// Programs that only start another one and wait for it: it is what their unit is for.
const STARTERS: &[&str] = &[
    "ash",
    "bash",
    "busybox",
    "dash",
    "doas",
    "dumb-init",
    "env",
    "ksh",
    "mksh",
    "runuser",
    "setpriv",
    "sh",
    "su",
    "sudo",
    "tini",
    "zsh",
];

/// The unit of a process, if it is that unit's main process. Else, and for a scope, more than this process would end: a
/// scope is a session or a window.
pub(super) fn of_unit(
    service: &ProcessService,
    row: &Row,
    lead: &Process,
    os: Os,
    privileged: bool,
) -> Option<Commands> {
    if !is_main(service, row, lead, os) || has_others(lead) {
        return None;
    }
    let unit = unit(&service.name)?;
    let manager = Manager::of(service.manager, service.user.as_deref(), privileged)?;
    Some(manager.both(std::slice::from_ref(&unit), &unit))
}

/// Whether other programs run in the unit of a process: to stop that would stop them, too.
fn has_others(lead: &Process) -> bool {
    lead.others_in_unit.is_some_and(|others| others > 0)
}

/// A sentence about the unit that a process is a small part of, or may be; `None` where it belongs to none that a person
/// would stop.
pub(super) fn larger_unit(row: &Row, lead: &Process, os: Os, privileged: bool) -> Option<String> {
    let is_service =
        |service: &&ProcessService| service.name.ends_with(".service") && !service.name.starts_with("user@");
    let service = lead.services.iter().filter(is_service).find(|service| {
        let is_systemd = matches!(service.manager, ServiceManager::Systemd | ServiceManager::SystemdUser);
        is_systemd && (!is_main(service, row, lead, os) || has_others(lead))
    })?;
    let name = quoted(&service.name);
    if !is_main(service, row, lead, os) {
        return Some(format!("It runs in {name}, and is not that unit's main process."));
    }
    let others = match lead.others_in_unit? {
        1 => "as 1 other process does".to_owned(),
        others => format!("as {others} other processes do"),
    };
    let manager = Manager::of(service.manager, service.user.as_deref(), privileged);
    let all = manager
        .zip(unit(&service.name))
        .map(|(Manager(systemctl), unit)| format!(" To stop all of it: {systemctl} stop {unit}"));
    Some(format!("It runs in {name}, {others}.{}", all.unwrap_or_default()))
}

/// Whether a service is about this process, as far as its parents tell: its main process was started by the manager, and
/// belongs to no unit or to another one. A server's process that the same program started is as good as that, and so is
/// what a shell script starts that is the main process.
fn is_main(service: &ProcessService, row: &Row, lead: &Process, os: Os) -> bool {
    let Some(stem) = service.name.strip_suffix(".service") else { return false };
    let stem = stem.to_ascii_lowercase();
    let own = RUNS_OTHERS.iter().find(|(known, _)| match known.strip_suffix('@') {
        Some(template) => stem.strip_prefix(template).is_some_and(|rest| rest.starts_with('@')),
        None => stem == *known,
    });
    let program = program_of(lead, os);
    if let (Some((_, own)), Some(program)) = (own, &program)
        && !program.starts_with(own)
    {
        return false;
    }
    let within = row.ancestors.iter().take_while(|parent| parent.services == lead.services);
    let programs: Vec<Option<String>> = within.map(|parent| program_of(parent, os)).collect();
    let is_starter =
        |program: &Option<String>| program.as_deref().is_some_and(|program| STARTERS.contains(&program));
    !stem.starts_with("user@")
        && match own {
            Some(_) => programs.is_empty(),
            None => programs.iter().all(|parent| *parent == program) || programs.iter().all(is_starter),
        }
}

/// A socket unit that stays would start the service again.
pub(super) fn of_socket_unit(row: &Row, lead: &Process, privileged: bool) -> Option<Commands> {
    let activation = row.socket.activation.as_ref()?;
    // The manager itself holds the socket.
    let manager = Manager::of(activation.manager, lead.user.as_deref(), privileged)?;
    let socket = unit(&activation.socket)?;
    let service = activation.service.as_deref().and_then(unit);
    let restart = service.clone().unwrap_or_else(|| socket.clone());
    let stop: Vec<String> = [socket].into_iter().chain(service).collect();
    Some(manager.both(&stop, &restart))
}

/// A unit, without `.service`, which systemctl adds. `None` for a name that no unit can have (systemd.unit(5)), and that
/// systemctl would take for a pattern of several.
fn unit(name: &str) -> Option<String> {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    word(name.strip_suffix(".service").unwrap_or(name)).filter(|_| name.chars().all(is_valid))
}

/// `systemctl` with what chooses the manager.
struct Manager(String);

impl Manager {
    /// `user` is whose manager it is, of one of a user's.
    fn of(manager: ServiceManager, user: Option<&str>, privileged: bool) -> Option<Manager> {
        Some(Manager(match manager {
            ServiceManager::Systemd if privileged => "systemctl".to_owned(),
            ServiceManager::Systemd => "sudo systemctl".to_owned(),
            // Whoever is no administrator sees only their own.
            ServiceManager::SystemdUser if !privileged || matches!(user, Some("root" | "0")) => {
                "systemctl --user".to_owned()
            }
            ServiceManager::SystemdUser => {
                format!("systemctl --user -M {}", word(&format!("{}@", user?))?)
            }
            ServiceManager::Launchd | ServiceManager::Windows => return None,
        }))
    }

    fn both(&self, stop: &[String], restart: &str) -> Commands {
        let Manager(systemctl) = self;
        Commands::both(
            format!("{systemctl} stop {}", stop.join(" ")),
            format!("{systemctl} restart {restart}"),
        )
    }
}
