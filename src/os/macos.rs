//! What the portable backend needs of macOS.

use crate::model::{Gap, GapKind};

pub(super) use super::unix::{
    is_root as privileged, process_user, replaceable_path, same_path, uid, user_name,
};

/// libproc tells an ordinary user only of their own processes, and `netstat2` finds sockets
/// through processes alone.
pub(super) fn standing_gaps(privileged: bool) -> Vec<Gap> {
    if privileged {
        return Vec::new();
    }
    vec![Gap::new(GapKind::SocketsHidden, "listeners of other users are not seen at all")]
}
