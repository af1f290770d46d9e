//! Programs that hold a port for another program.

use crate::knowledge::same_file_name;
use crate::model::Os;

/// The commonest advice.
const IN_ITS_COMMAND_LINE: &str = "See in its command line where it forwards to: whatlistens --args PORT";

/// Their executables, and how to find the program behind them. A name that ends in `*` is the beginning of one.
const WRAPPERS: &[(&[&str], &str)] = &[
    (
        &[
            "docker-proxy",
            "dockerd",
            "com.docker.backend",
            "com.docker.backend.exe",
            "com.docker.vpnkit",
            "vpnkit",
            "vpnkit.exe",
        ],
        "See which container publishes the port: docker ps --filter publish=PORT/PROTOCOL",
    ),
    // What rootless containers and Podman's machines have instead of a proxy.
    (
        &[
            "rootlessport",
            "rootlesskit",
            "slirp4netns",
            "pasta",
            "pasta.*",
            "passt",
            "passt.*",
            "conmon",
            "gvproxy",
            "gvproxy.exe",
        ],
        "See which container publishes the port: podman port --all",
    ),
    (&["wslrelay.exe"], "See what listens in the Linux that runs there: wsl ss -ltnp"),
    (&["kubectl", "kubectl.exe", "oc", "oc.exe"], IN_ITS_COMMAND_LINE),
    // The network of a virtual machine may be that of a process.
    (
        &[
            "qemu-system-*",
            "VBoxHeadless",
            "VBoxHeadless.exe",
            "VirtualBoxVM",
            "VirtualBoxVM.exe",
            "VBoxNetNAT",
            "VBoxNetNAT.exe",
            "vmnat.exe",
            "vmnet-natd",
            "limactl",
            "OrbStack Helper",
        ],
        "See what listens on that port in the virtual machine",
    ),
    (&["ssh", "ssh.exe", "plink", "plink.exe", "putty", "putty.exe"], IN_ITS_COMMAND_LINE),
    (
        &["sshd", "sshd-session", "sshd.exe", "sshd-session.exe", "dropbear"],
        "Somebody who is logged in through it asked it to listen (ssh -R), and knows where that leads",
    ),
    (&["socat", "redir", "6tunnel", "simpleproxy", "systemd-socket-proxyd"], IN_ITS_COMMAND_LINE),
    (&["rinetd"], "Look for the port in its configuration, usually /etc/rinetd.conf"),
    (&["haproxy"], "Look for the port in its configuration, usually /etc/haproxy/haproxy.cfg"),
    (&["nginx", "nginx.exe"], "Look for the port in its configuration, in a block of stream: nginx -T"),
    (&["envoy", "traefik", "traefik.exe"], "Look for the port in its configuration"),
    (
        &["stunnel", "stunnel3", "stunnel4", "stunnel.exe", "tstunnel.exe"],
        "Look for the port in its configuration, usually in /etc/stunnel",
    ),
    (&["systemd"], "See which unit systemd starts for it: systemctl list-sockets"),
    (&["inetd", "openbsd-inetd", "inetutils-inetd"], "Look for the port in /etc/inetd.conf"),
    (&["xinetd"], "Look for the port in /etc/xinetd.d"),
    (&["launchd"], "See which job launchd starts for it: launchctl list"),
    // Thinkbox's.
    (
        &["deadlinelicenseforwarder", "deadlinelicenseforwarder.exe"],
        "See in the settings of Deadline to which servers of usage-based licenses it forwards",
    ),
    (
        &[
            "wine",
            "wine64",
            "wine-preloader",
            "wine64-preloader",
            "wineserver",
            "wineserver32",
            "wineserver64",
        ],
        "See in its command line which program of Windows it runs: whatlistens --args PORT",
    ),
    (
        &["java", "java.exe", "javaw.exe", "mono", "mono-sgen"],
        "See in its command line which program it runs: whatlistens --args PORT",
    ),
    (&["svchost.exe"], "See which services it runs: tasklist /svc /fi \"PID eq PID_OF_IT\""),
];

/// How to find the program behind a wrapper. The caller fills in `PORT`, `PROTOCOL` and `PID_OF_IT`.
pub(super) fn advice(exe: &str, os: Os) -> Option<&'static str> {
    let is_it = |name: &&str| match name.as_bytes() {
        [begin @ .., b'*'] => {
            exe.get(..begin.len()).is_some_and(|start| same_file_name(&name[..begin.len()], start, os))
        }
        _ => same_file_name(name, exe, os),
    };
    WRAPPERS.iter().find(|(names, _)| names.iter().any(is_it)).map(|(_, advice)| *advice)
}
