//! Words about license ports and license servers.

use super::term::{Term, term};
use crate::model::TermKind::{Problem, ServerState, Severity, Verdict};

pub(super) const VERDICTS: &[Term] = &[
    term(
        Verdict,
        "expected",
        &[],
        "The process on this license port is a known program of the port's license manager, and nobody but \
         administrators and its own service account could have replaced its file. Every check of it succeeded. There is \
         nothing to do.",
    ),
    term(
        Verdict,
        "cannot-tell",
        &[],
        "What is visible does not decide whether the process on this license port is the right one. Its file or its name \
         may be hidden from you, another user may have replaced the file, or no program is known for the port. The reason \
         stands beside the verdict; as root or administrator more can be seen.",
    ),
    term(
        Verdict,
        "other-license-manager",
        &["other"],
        "A program of another license manager holds this license port. The license manager that usually uses the port \
         cannot start on it. Give one of the two another port.",
    ),
    term(
        Verdict,
        "mismatch",
        &["wrong"],
        "The port belongs to a license manager, and the program that holds it is none of that license manager's. The \
         license server cannot start while the program holds its port. Stop the program or move it to another port, if \
         the license manager is used on this machine; else nothing is wrong.",
    ),
    term(
        Severity,
        "info",
        &[],
        "Worth knowing, and nothing that must be done. It changes no exit status of servers --check.",
    ),
    term(
        Severity,
        "warning",
        &[],
        "Worth checking: clients still get licenses, or may soon get none. servers --check exits with 1.",
    ),
    term(
        Severity,
        "critical",
        &[],
        "Needs attention now: clients of the license server get no license. servers --check exits with 2.",
    ),
];

pub(super) const SERVERS: &[Term] = &[
    term(
        ServerState,
        "up",
        &[],
        "The license server and its vendor daemon run and listen, so clients can get licenses. Problems that do not keep \
         clients from licenses stand below it.",
    ),
    term(
        ServerState,
        "no-daemon",
        &["no-vendor-daemon"],
        "The license server listens, and the vendor daemon that hands out the licenses does not. Clients get error -97 or \
         -15. The server's debug log says why the daemon did not start.",
    ),
    term(
        ServerState,
        "orphaned-daemon",
        &["orphan", "orphaned"],
        "A vendor daemon is left over from a license server that has ended. It keeps its port and its lock file, so that a \
         new license server cannot start a daemon of its own. End the daemon, then start the license server again.",
    ),
    term(
        ServerState,
        "not-listening",
        &[],
        "The license server runs, but listens on no port, or a signal has stopped it. Clients cannot reach it. See who \
         holds its port, and read its log.",
    ),
    term(
        ServerState,
        "stopped",
        &[],
        "The license server is installed, or you named its license file, and it does not run. Start its service. A service \
         that is switched off is no problem.",
    ),
    term(
        ServerState,
        "cannot-tell",
        &[],
        "You may not see what runs, or somebody else could have replaced the license server's file, so that its state is \
         not known. Run whatlistens as root or administrator.",
    ),
];

pub(super) const PROBLEMS: &[Term] = &[
    term(
        Problem,
        "orphaned-daemon",
        &["orphan", "orphaned"],
        "Critical. A daemon is left over from a license server that has ended, and keeps a new one from starting. The \
         problem names the command that ends it.",
    ),
    term(
        Problem,
        "port-taken",
        &[],
        "Critical. Another program has a port that the license file gives to the server or its daemon. Stop that program, \
         or write another port into the license file and at the clients.",
    ),
    term(
        Problem,
        "port-reserved",
        &[],
        "Critical. Windows has reserved a port that the license file names, so opening it fails with error 10013. List the \
         reservations with whatlistens excluded, and choose a port outside of them.",
    ),
    term(
        Problem,
        "not-listening",
        &[],
        "Critical. The license server runs and listens nowhere, or a signal has stopped it (Ctrl+Z). Let it continue, or \
         read its log and start it again.",
    ),
    term(
        Problem,
        "no-vendor-daemon",
        &["no-daemon"],
        "Critical. No vendor daemon of the license server listens, so that clients get error -97 or -15. Its debug log says \
         why it did not start or why it ended.",
    ),
    term(
        Problem,
        "service-stopped",
        &[],
        "Critical. What should start the license server (a unit, script or Windows service) is installed and switched on, \
         and the server does not run. Start the service, and read its log if it ends again.",
    ),
    term(
        Problem,
        "backlog-full",
        &[],
        "Critical. As many connections wait as the system lets wait, so that new ones get no answer. The server hangs or is \
         overloaded. Start it again if it does not recover.",
    ),
    term(
        Problem,
        "license-expired",
        &["expired"],
        "Critical. Licenses of the license file have expired: clients are refused these features. Get a new license file \
         from the vendor.",
    ),
    term(
        Problem,
        "license-expires",
        &["expires"],
        "Warning. Licenses of the license file expire within 30 days, or within those of --expiry-days. Get a new license \
         file from the vendor in time.",
    ),
    term(
        Problem,
        "port-mismatch",
        &[],
        "Warning. The server or its daemon listens on another port than its license file says. It may have read another \
         file or an earlier version. Start it again, or correct the file.",
    ),
    term(
        Problem,
        "loopback-only",
        &[],
        "Warning. The license server is bound to a loopback address, so that clients on other machines cannot reach it. Set \
         it to listen at all addresses, or at one that the clients reach.",
    ),
    term(
        Problem,
        "port-not-fixed",
        &[],
        "Warning. The system chose the daemon's port, and another one with every start, so that no firewall rule can name \
         it. Write port= on the daemon's line of the license file.",
    ),
    term(
        Problem,
        "two-servers",
        &[],
        "Warning. Two license servers of one vendor run. The daemon of the second cannot start, because the first has its \
         lock file. Let one server read both license files.",
    ),
    term(
        Problem,
        "older-than-daemon",
        &[],
        "Warning. The license server (lmgrd) is older than the vendor daemon that it starts, which is not supported. Replace \
         lmgrd with one of the daemon's version or later.",
    ),
    term(
        Problem,
        "file-replaced",
        &[],
        "Warning. The program's file was replaced or deleted while it runs, as by an upgrade. What runs is still the old \
         one. Start it again.",
    ),
    term(
        Problem,
        "weak-file",
        &[],
        "Warning. Another account than root could have replaced the program's file, or a folder above it. The problem names \
         the account and the command that mends it.",
    ),
    term(
        Problem,
        "host-mismatch",
        &[],
        "Warning. The license file is for another host name or host ID than this machine has. The vendor daemon refuses such \
         a file. Get one for this machine, or find the network card that the host ID is of.",
    ),
    term(
        Problem,
        "license-file-unreadable",
        &[],
        "Warning. A license file, or a line of it, could not be read. Either you may not read it, or it is no plain text, or \
         a line is broken.",
    ),
    term(
        Problem,
        "unknown-daemon",
        &[],
        "Info. The license server has started a vendor daemon that is not among the known ones. It was recognized by its \
         parent and its file. There is nothing to do.",
    ),
];
