//! Words about ports, sockets, processes and their files.

use super::term::{Term, term};
use crate::model::TermKind::{
    Confidence, ConnectionState, Exposure, FileTrust, Notion, Owner, PortStatus, ProcessState, SocketState,
};

pub(super) const PORTS: &[Term] = &[
    term(
        Exposure,
        "unassigned",
        &[],
        "No interface of this machine has the listener's address any more, so nobody reaches it. DHCP or a VPN has given the \
         machine another address while the server ran. Set it to an address that the machine has, and restart it.",
    ),
    term(
        Exposure,
        "loopback",
        &["local"],
        "The listener is bound to an address of this machine alone, such as 127.0.0.1 or ::1. Other machines cannot reach it, \
         unless a program here forwards to it.",
    ),
    term(
        Exposure,
        "link-local",
        &[],
        "The listener is bound to an address that only machines on the same network segment reach (169.254.0.0/16 or \
         fe80::/10). No router forwards to it.",
    ),
    term(
        Exposure,
        "private",
        &[],
        "The listener is bound to an address of a private network, such as 10.0.0.0/8 or 192.168.0.0/16. Machines of that \
         network reach it, unless a firewall blocks them; of firewalls, only Windows Firewall is asked, about a port that you ask about.",
    ),
    term(
        Exposure,
        "public",
        &[],
        "The listener is bound to an address that is routed on the Internet. Any machine may reach it, unless a firewall \
         blocks it; of firewalls, only Windows Firewall is asked, about a port that you ask about.",
    ),
    term(
        Exposure,
        "all-interfaces",
        &["all"],
        "The listener is bound to all addresses of this machine (0.0.0.0 or [::]). Every machine that reaches one of them \
         reaches it, unless a firewall blocks it. Bind it to 127.0.0.1 if only this machine needs it.",
    ),
    term(
        PortStatus,
        "listening",
        &[],
        "A socket receives what is sent to the port. The answer says which program has it.",
    ),
    term(
        PortStatus,
        "bound",
        &[],
        "A program has taken the port and does not listen on it, so that clients are refused. Another program can open it only if both allow that (SO_REUSEADDR or SO_REUSEPORT).",
    ),
    term(
        PortStatus,
        "in-use",
        &["used"],
        "Nothing listens on the port, but a socket that has a connection, or has just closed one, still uses it. A program \
         that wants to listen there is usually refused until it is gone.",
    ),
    term(
        PortStatus,
        "reserved",
        &[],
        "The system refuses the port to programs, as Windows does for Hyper-V and WSL. Opening it fails with error 10013. \
         whatlistens excluded lists these ports.",
    ),
    term(
        PortStatus,
        "free",
        &[],
        "Nothing uses the port, as far as all that could use it was examined. A program that may open ports of this number \
         can open it.",
    ),
    term(
        PortStatus,
        "unknown",
        &[],
        "Not everything that may have the port could be examined, so it is not called free. The gaps say what could not be \
         seen.",
    ),
    term(
        SocketState,
        "listen",
        &[],
        "A TCP or SCTP socket that accepts connections. Clients that reach its address can connect to it.",
    ),
    term(
        SocketState,
        "unconnected",
        &[],
        "A UDP socket that receives from anyone. UDP has no connections, so this is how a UDP server waits.",
    ),
    term(
        SocketState,
        "bound",
        &[],
        "A program has taken a TCP port and does not listen on it. Clients are refused, and no other program can open the \
         port. It is often a server that has not finished starting.",
    ),
    term(
        ConnectionState,
        "connected",
        &[],
        "A UDP socket that has a peer and receives from that peer alone. It holds its port as a listener does.",
    ),
    term(
        ConnectionState,
        "established",
        &[],
        "A TCP connection that both sides have opened and none has closed. whatlistens counts them and lists none, except on \
         a port where nothing listens.",
    ),
    term(
        ConnectionState,
        "close-wait",
        &[],
        "The other side has closed the TCP connection, and the program here has not. It holds its port until the program \
         closes it too; many of them are a fault of the program.",
    ),
    term(
        ConnectionState,
        "syn-sent",
        &[],
        "A request for a TCP connection was sent and not answered yet. The other machine or a firewall may drop it.",
    ),
    term(
        ConnectionState,
        "syn-recv",
        &[],
        "A request for a TCP connection came in and was answered, and the last step is missing.",
    ),
    term(
        ConnectionState,
        "fin-wait-1",
        &[],
        "The program here has closed the TCP connection, and the other side has not confirmed it. It ends by itself.",
    ),
    term(
        ConnectionState,
        "fin-wait-2",
        &[],
        "The program here has closed the TCP connection, and the other side has confirmed that but not closed it. It ends by \
         itself, usually within a minute.",
    ),
    term(
        ConnectionState,
        "closing",
        &[],
        "Both sides have closed the TCP connection at the same time. It ends by itself.",
    ),
    term(
        ConnectionState,
        "last-ack",
        &[],
        "Both sides have closed the TCP connection, and the last confirmation is missing. It ends by itself.",
    ),
    term(
        ConnectionState,
        "time-wait",
        &[],
        "A TCP connection has ended, and the system keeps its port for up to a minute so that late packets do no harm. Until \
         then only programs that set SO_REUSEADDR can open the port. No process holds it, so there is nothing to kill.",
    ),
];

pub(super) const PROCESSES: &[Term] = &[
    term(
        Owner,
        "identified",
        &[],
        "It is known which processes hold the socket. The row names the one that started the others.",
    ),
    term(
        Owner,
        "hidden",
        &[],
        "A process holds the socket, and you may not see which one. Run whatlistens as root or administrator.",
    ),
    term(
        Owner,
        "unattributed",
        &["no-owner"],
        "Every process was examined and none holds the socket. It belongs to the kernel, as of NFS or WireGuard, or to a \
         process that cannot be seen from here.",
    ),
    term(ProcessState, "running", &[], "The process runs, or waits for something to do."),
    term(
        ProcessState,
        "stopped",
        &[],
        "A signal has stopped the process, as Ctrl+Z does. It keeps its ports, accepts connections in the system's name and \
         answers none. kill -CONT lets it continue.",
    ),
    term(
        ProcessState,
        "traced",
        &[],
        "A debugger holds the process. It answers nobody until the debugger lets it continue.",
    ),
    term(
        ProcessState,
        "zombie",
        &["defunct"],
        "The process has ended, and its parent has not asked how. It holds no port. It cannot be killed; it goes with its \
         parent.",
    ),
    term(
        FileTrust,
        "system",
        &[],
        "Only root (on Windows administrators and the system) could have replaced the program's file, in its own place and in \
         every folder above it.",
    ),
    term(
        FileTrust,
        "service-account",
        &[],
        "Besides root, only the service account that runs the program could have replaced its file. This is usual for license \
         servers.",
    ),
    term(
        FileTrust,
        "user",
        &[],
        "One other account could have replaced the program's file, so what runs need not be what its name says. --trust-user \
         vouches for an account.",
    ),
    term(
        FileTrust,
        "anyone",
        &[],
        "Everybody, several accounts or a group could have replaced the program's file, so what runs need not be what its name \
         says. chmod or icacls mends it; the answer gives the command.",
    ),
    term(
        FileTrust,
        "unknown",
        &[],
        "It is not known who could have replaced the program's file: it was not examined, or could not be, or it is not \
         certain which file runs.",
    ),
    term(
        Confidence,
        "high",
        &[],
        "The fact comes from the vendor's own document, or from a named file that was inspected.",
    ),
    term(
        Confidence,
        "medium",
        &[],
        "The fact comes from named second-hand sources, or follows from the vendor's documents.",
    ),
    term(
        Confidence,
        "registry-only",
        &[],
        "Only the registry's name of the port, or hearsay, says that it is a license manager's. No process is flagged on this \
         basis.",
    ),
];

pub(super) const NOTIONS: &[Term] = &[
    term(
        Notion,
        "verdict",
        &["verdicts"],
        "Whether the process on a license port is the right one: expected, cannot-tell, other-license-manager or mismatch. \
         Ports that no license manager uses get none. explain takes each of these words.",
    ),
    term(
        Notion,
        "flagged",
        &[],
        "A license port whose process may be the wrong one: every verdict but expected. --flagged lists them.",
    ),
    term(
        Notion,
        "exposed",
        &["exposure", "reach"],
        "Whether other machines may reach a listener, by the address that it is bound to. Firewalls are not examined. \
         --exposed leaves out what only this machine reaches; --columns port,process,exposed shows it.",
    ),
    term(
        Notion,
        "deleted",
        &["exe_deleted", "(deleted)"],
        "The file that a process runs was deleted or replaced since it started, as by an upgrade: what runs is still the old \
         one. --deleted lists the listeners of such processes; --columns port,process,path shows the files.",
    ),
    term(
        Notion,
        "gap",
        &["gaps"],
        "Something that could not be seen or read, with the reason and with what would show more. An answer with gaps may be \
         incomplete; in the JSON, complete is then false.",
    ),
    term(
        Notion,
        "daemon",
        &["vendor-daemon", "isv-server"],
        "A vendor's program that a license server starts and that hands out the licenses, such as adskflex or MLM: FlexNet's \
         vendor daemon, RLM's ISV server. The clients need its port as well as the license server's.",
    ),
    term(
        Notion,
        "backlog",
        &[],
        "Connections that the system has accepted and the program has not yet fetched. If as many wait as its limit allows, \
         new ones get no answer.",
    ),
];
