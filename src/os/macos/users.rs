//! Users, by number.

use nix::unistd::geteuid;

use super::super::unix::UserId;

/// The user that this process runs as.
pub(super) fn own_uid() -> u32 {
    geteuid().as_raw()
}

pub(in crate::os) fn uid(uid: &sysinfo::Uid) -> Option<u32> {
    Some(**uid)
}

pub(in crate::os) fn user_id(uid: &sysinfo::Uid) -> UserId {
    **uid
}

/// Open Directory may ask a server.
pub(in crate::os) fn has_user(_name: &str) -> Option<bool> {
    None
}
