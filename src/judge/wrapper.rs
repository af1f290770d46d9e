//! Programs that hold a port for another program.

use crate::knowledge::same_file_name;
use crate::model::Os;

/// Their executables, and how to find the program behind them.
const WRAPPERS: &[(&[&str], &str)] = &[
    (&["docker-proxy"], "See which container publishes the port: docker ps --filter publish=PORT/PROTOCOL"),
    (&["rootlessport"], "See which container publishes the port: podman port --all"),
    (&["systemd"], "See which unit systemd starts for it: systemctl list-sockets"),
    (
        &["java", "java.exe", "javaw.exe"],
        "See in its command line which program it runs: whatlistens --args PORT",
    ),
    (&["svchost.exe"], "See which services it runs: tasklist /svc /fi \"PID eq PID_OF_IT\""),
];

/// How to find the program behind a wrapper. The caller fills in `PORT`, `PROTOCOL` and `PID_OF_IT`.
pub(super) fn advice(exe: &str, os: Os) -> Option<&'static str> {
    let is_it = |names: &[&str]| names.iter().any(|name| same_file_name(name, exe, os));
    WRAPPERS.iter().find(|(names, _)| is_it(names)).map(|(_, advice)| *advice)
}
