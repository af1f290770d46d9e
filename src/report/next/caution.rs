//! Programs that more depends on than their port: what stops with them. A name decides, which is enough for a warning and
//! proves nothing.

use super::commands::program_of;
use crate::model::{Os, Process, Row};

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

const ON_UNIX: &[Caution] = &[
    vital(&["systemd", "init", "launchd"], "It starts and supervises everything else."),
    needed(&["sshd", "sshd-session"], "Nobody can then log in over SSH, perhaps not even you."),
    needed(&["dropbear"], "Nobody can then log in over SSH, perhaps not even you."),
    needed(
        &["systemd-resolved", "dnsmasq", "unbound", "named", "mdnsresponder"],
        "Names of hosts may then no longer be found, here or on machines that ask this one.",
    ),
    needed(
        &["systemd-networkd", "networkmanager", "dhclient", "dhcpcd", "connmand", "configd"],
        "This machine may then lose its network address.",
    ),
    needed(
        &["chronyd", "ntpd", "systemd-timesyncd", "timed"],
        "The clock of this machine is then no longer set right.",
    ),
    needed(&["rpcbind", "rpc.mountd", "rpc.statd"], "NFS may then stop working."),
    needed(&["avahi-daemon"], "Printers and names in .local are then no longer found."),
    needed(&["smbd", "nmbd"], "Nobody can then use the files that this machine shares."),
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
        Some(activation) => match activation.socket.split('.').next()? {
            "ssh" => of("sshd"),
            stem => of(stem),
        },
        None => of(&program_of(lead, os)?),
    }
}
