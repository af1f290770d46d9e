//! Looking up users: in a directory server, too (nss(5)).

use std::fs;
use std::path::PathBuf;

use nix::unistd::{Uid, User};
use serde::{Deserialize, Serialize};

use super::super::super::decode::linux::nsswitch::{self, SWITCH, USER_DATABASE, may_tell_users};
use super::super::super::decode::linux::passwd::Account;
use super::super::nonblocking;
use super::task::{Task, Tools};

/// No more is read of the configuration, in bytes: it has some twenty lines.
const MOST_OF_SWITCH: u64 = 1024 * 1024;

#[derive(Serialize, Deserialize)]
pub(in super::super) struct AccountTask {
    pub(in super::super) uid: u32,
}

impl Task for AccountTask {
    /// `None` for a user without an account.
    type Answer = Option<Account>;
    const SUBJECT: &'static str = "the names of users";

    fn run(&self, _: &Tools<'_>) -> Option<Account> {
        let User { name, dir, .. } = User::from_uid(Uid::from_raw(self.uid)).ok()??;
        Some(Account { name, home: Some(dir).filter(|dir| *dir != PathBuf::new()) })
    }
}

/// Whether there may be users that are neither in `/etc/passwd` nor a service's own (`DynamicUser=` in
/// systemd.exec(5)).
pub(in super::super) fn may_be_elsewhere() -> bool {
    let switch = nonblocking::text(SWITCH, MOST_OF_SWITCH).unwrap_or_default();
    nsswitch::services(&switch, "passwd").any(|service| match service {
        "files" | "compat" => false,
        "systemd" => {
            let mut entries = fs::read_dir(USER_DATABASE).into_iter().flatten().flatten();
            entries.any(|entry| may_tell_users(&entry.file_name().to_string_lossy()))
        }
        _ => true,
    })
}
