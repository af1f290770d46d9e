//! What the portable backend needs of macOS.

use std::path::Path;

use super::unix;
use crate::model::{Gap, GapKind, Pid};

pub(super) use super::not_linux::{
    Entries, executable, holders_of, inodes, open, open_executable, unseen, uptime,
};
pub(super) use unix::{is_root as privileged, own_uid, process_user, uid, user_name};

/// libproc tells an ordinary user only of their own processes, and `netstat2` finds sockets
/// through processes alone.
pub(super) fn standing_gaps(privileged: bool) -> Vec<Gap> {
    if privileged {
        return Vec::new();
    }
    vec![Gap {
        kind: GapKind::SocketsHidden,
        detail: "listeners of other users are not seen at all".to_owned(),
        count: None,
        remedy: None,
    }]
}

/// Where any user could replace the executable.
pub(super) fn replaceable_at(_pid: Pid, path: &Path) -> Option<String> {
    unix::replaceable_at(Path::new("/"), path)
}

/// Whether two paths lead to one file.
pub(super) fn same_file(_pid: Pid, one: &Path, other: &Path) -> bool {
    unix::same_file(Path::new("/"), one, other)
}
