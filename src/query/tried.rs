//! Options that people try with a command which has no such, and what does the same.

/// Options, and what does the same.
pub(super) type Tried = [(&'static [&'static str], &'static str)];

/// Options that people try with a command, and what does the same.
pub(super) const OF_COMMANDS: &[(&str, &Tried)] = &[
    ("servers", OF_SERVERS),
    ("check", OF_CHECK),
    ("wait", OF_WAIT),
    ("record", OF_RECORD),
    ("generate", OF_GENERATE),
];

const OF_RECORD: &Tried = &[(
    &["-o", "-f", "--file", "--out", "--output-file"],
    "a record goes to standard output: whatlistens record > FILE",
)];

const OF_GENERATE: &Tried = &[(
    &["--dir", "-d", "-o", "--file", "--out"],
    "it goes to standard output, as in whatlistens generate schema > FILE; a folder is for all manual pages: whatlistens \
     generate man --dir DIR",
)];

const OF_CHECK: &Tried = &[
    (
        &["-H", "--host", "--hostname"],
        "it checks this machine; for another make a record there: whatlistens record > FILE, and give --from FILE",
    ),
    (&["-p", "--port", "--ports", "-i"], "that a port listens is checked by --expect, as in --expect WHAT"),
    (&["--process", "--program"], "who must hold a port stands behind it, as in --expect 27000/tcp=lmgrd"),
    (
        &["-w", "--warning", "-c", "--critical"],
        "it has no thresholds: what is wrong is WARNING or CRITICAL by itself",
    ),
    (&["--flagged"], "that nothing is flagged is checked by --no-flagged"),
    (
        &["--exposed", "--loopback", "--local"],
        "how far anything may be reached is checked by --max-exposure loopback",
    ),
    (
        &["--allow", "--allowed", "--allowlist", "--whitelist", "--baseline"],
        "what may listen stands in a file: --policy FILE",
    ),
];

const OF_WAIT: &Tried = &[
    (
        &["-t", "-T", "-w"],
        "to give up after some time use --timeout, as in --timeout 30; for TCP alone --tcp",
    ),
    (&["-u"], "for UDP alone use --udp"),
    (&["--closed", "--free", "--down", "-d"], "to wait until nothing listens any more use --gone"),
    (&["-p", "--port", "--ports", "-i"], "a port stands alone: whatlistens wait WHAT"),
    (&["--pid"], "a process is waited for by its name: --process NAME"),
];

const OF_SERVERS: &Tried = &[
    (&["-c", "-f", "--file", "--license"], "for a license file use --license-file NAME"),
    (
        &["--status", "-s", "--list", "-l", "-a", "--all", "--clients", "--users", "--start"],
        "to see license servers, their daemons and clients, and what is wrong: whatlistens servers",
    ),
];
