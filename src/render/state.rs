//! What a socket does, and what its process does not, in a word.

use super::Style;
use super::group::RowGroup;
use crate::model::{Os, RunState, State};

/// The socket's state as ss(8) calls it, or the netstat of Windows, and that of a process that does nothing.
pub(super) fn of(group: &RowGroup<'_>, os: Os, style: &Style, blank: &str) -> String {
    let state = match group.lead_row().socket.state {
        state if style.plain => state.code(),
        State::Listen if os == Os::Windows => "LISTENING",
        State::Listen => "LISTEN",
        State::Unconnected => "UNCONN",
        State::Bound => "BOUND",
    };
    match group.lead().and_then(|lead| lead.state) {
        None | Some(RunState::Running) => state.to_owned(),
        Some(idle) => format!("{state}{blank}({})", idle.code()),
    }
}
