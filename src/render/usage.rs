//! What uses a port on which nothing listens, in words.

use crate::model::{ConnectionState, PortConnection, PortUse};

/// One socket that has the port, and who holds it.
pub(super) fn in_use(one: &PortUse) -> String {
    match &one.processes[..] {
        [] => connected(&one.connection),
        [holder, ..] => format!("{}: {}", holder.called(), connected(&one.connection)),
    }
}

/// The two ends of a connection, and what it is doing.
pub(super) fn connected(connection: &PortConnection) -> String {
    let PortConnection { protocol, state, local, peer, namespace, .. } = connection;
    let elsewhere = namespace
        .as_ref()
        .map_or(String::new(), |namespace| format!(" in network namespace {}", namespace.called()));
    let (what, until) = match state {
        ConnectionState::Connected | ConnectionState::Established | ConnectionState::CloseWait => {
            ("connected to", "")
        }
        ConnectionState::SynSent | ConnectionState::SynRecv => ("unanswered connection request to", ""),
        ConnectionState::FinWait1
        | ConnectionState::FinWait2
        | ConnectionState::Closing
        | ConnectionState::LastAck => ("closing a connection to", ""),
        ConnectionState::TimeWait => (
            "closed connection to",
            " (TIME_WAIT): for up to a minute, only programs that set SO_REUSEADDR can open the port",
        ),
    };
    format!("{what} {peer} from {local}/{protocol}{elsewhere}{until}")
}
