//! Whether a user exists, as far as this machine itself can say.

use std::fs;
use std::path::Path;

use super::super::decode::linux::passwd;
use super::accounts::{self, DYNAMIC};
use super::helper::account::may_be_elsewhere;

/// `None` where users may be known to a directory server alone, which is not asked.
pub(in crate::os) fn has_user(name: &str) -> Option<bool> {
    let listed = accounts::local();
    if passwd::accounts(&listed).any(|(_, account)| account.name == name) {
        return Some(true);
    }
    // A line that begins so refers to a directory (`nss_compat`).
    let has_references = listed.lines().any(|line| line.starts_with('+'));
    if listed.is_empty() || has_references || may_be_elsewhere() {
        return None;
    }
    // A user that systemd made for a service.
    let direct = format!("direct:{name}");
    Some(!name.contains('/') && fs::symlink_metadata(Path::new(DYNAMIC).join(direct)).is_ok())
}
