//! Looking up users: in a directory server, too (nss(5)).

use std::path::PathBuf;

use nix::unistd::{Uid, User};
use serde::{Deserialize, Serialize};

use super::task::{Kind, Task, Tools};
use crate::os::decode::linux::passwd::Account;

#[derive(Serialize, Deserialize)]
pub(in super::super) struct AccountTask {
    pub(in super::super) uid: u32,
}

impl Task for AccountTask {
    const KIND: Kind = Kind::Account;
    /// `None` for a user without an account.
    type Answer = Option<Account>;

    fn run(&self, _: &Tools) -> Option<Account> {
        let User { name, dir, .. } = User::from_uid(Uid::from_raw(self.uid)).ok()??;
        Some(Account { name, home: Some(dir).filter(|dir| *dir != PathBuf::new()) })
    }
}
