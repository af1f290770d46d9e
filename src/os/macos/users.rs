//! Users, by number.

use super::super::unix::UserId;

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
