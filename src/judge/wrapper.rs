//! Programs that hold a port for another program, which alone could be right or wrong.

use crate::knowledge::same_file_name;
use crate::model::Os;

/// Their executables, and how to find out whom they hold the port for.
const WRAPPERS: &[(&[&str], &str)] = &[
    (&["docker-proxy"], "See which container publishes the port: docker ps --filter publish=PORT/PROTOCOL"),
    (&["rootlessport"], "See which container publishes the port: podman port --all"),
    (&["systemd"], "See which unit is started when somebody connects: systemctl list-sockets"),
    (
        &["java", "java.exe", "javaw.exe"],
        "See which program it runs in its command line: whatlistens --args PORT",
    ),
    (&["svchost.exe"], "See which service it runs: tasklist /svc /fi \"PID eq PID_OF_IT\""),
];

/// How to find out whom an executable holds a port for, where it is such a one. `PORT`, `PROTOCOL`
/// and `PID_OF_IT` are to be filled in.
pub(super) fn advice(exe: &str, os: Os) -> Option<&'static str> {
    let is_it = |names: &[&str]| names.iter().any(|name| same_file_name(name, exe, os));
    WRAPPERS.iter().find(|(names, _)| is_it(names)).map(|(_, advice)| *advice)
}
