//! Programs that more depends on than their port: what stops with them. A name decides, which is enough for a warning and
//! proves nothing.

use super::commands::program_of;
use crate::model::{Os, Process, Row, ServiceManager};

/// What to know before such a program is stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caution {
    /// The names of its files, in small letters and without `.exe`.
    programs: &'static [&'static str],
    /// A sentence.
    pub(super) consequence: &'static str,
    /// Whether it is there for other machines, so that it makes no sense on loopback.
    pub(super) serves_others: bool,
    /// Whether the system does not work without it.
    pub(super) never: bool,
}

const fn needed(programs: &'static [&'static str], consequence: &'static str) -> Caution {
    Caution { programs, consequence, serves_others: true, never: false }
}

const fn vital(programs: &'static [&'static str], consequence: &'static str) -> Caution {
    Caution { programs, consequence, serves_others: true, never: true }
}

const NO_LOGIN: &str = "Without it, nobody can log in over SSH, perhaps not even you.";

const ON_UNIX: &[Caution] = &[
    vital(&["systemd", "init", "launchd"], "It starts and supervises everything else."),
    needed(&["sshd", "sshd-session"], NO_LOGIN),
    needed(&["dropbear"], NO_LOGIN),
    needed(
        &["systemd-resolved", "dnsmasq", "unbound", "named", "mdnsresponder"],
        "Without it, names of hosts may no longer be found, here or on machines that ask this one.",
    ),
    needed(
        &["systemd-networkd", "networkmanager", "dhclient", "dhcpcd", "connmand", "configd"],
        "Without it, this machine may lose its network address.",
    ),
    needed(
        &["chronyd", "ntpd", "systemd-timesyncd", "timed"],
        "Without it, the clock of this machine is no longer set right.",
    ),
    needed(&["rpcbind", "rpc.mountd", "rpc.statd"], "Without it, NFS may stop working."),
    needed(&["avahi-daemon"], "Without it, printers and names in .local are no longer found."),
    needed(&["smbd", "nmbd"], "Without it, nobody can use the files that this machine shares."),
    needed(
        &["dockerd", "containerd", "kubelet", "etcd", "kube-apiserver", "k3s", "crio"],
        "Containers of this machine may stop with it.",
    ),
];

const ON_WINDOWS: &[Caution] = &[vital(
    &["system", "lsass", "wininit", "services", "csrss", "smss", "winlogon"],
    "Windows does not run without it.",
)];

/// What to know before the holder of a socket is stopped. What systemd holds for a service is that service's.
pub(super) fn caution(row: &Row, lead: &Process, os: Os) -> Option<&'static Caution> {
    let known = if os == Os::Windows { ON_WINDOWS } else { ON_UNIX };
    let of = |name: &str| known.iter().find(|caution| caution.programs.contains(&name));
    match &row.socket.activation {
        // `com.openssh.sshd`.
        Some(activation) if activation.manager == ServiceManager::Launchd => {
            of(activation.socket.rsplit('.').next()?)
        }
        Some(activation) => match activation.socket.split('.').next()? {
            "ssh" => of("sshd"),
            stem => of(stem),
        },
        // One that such a program started for a session is not what others depend on.
        None => of(&program_of(lead, os)?).filter(|caution| {
            let parent = row.ancestors.first().and_then(|parent| program_of(parent, os));
            caution.never || parent.is_none_or(|parent| !caution.programs.contains(&parent.as_str()))
        }),
    }
}
