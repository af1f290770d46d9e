//! The names and homes of users: from `/etc/passwd`, and of those that are not there from wherever the system
//! keeps them, perhaps from a directory server that does not answer.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;

use super::super::deadline::Deadline;
use super::super::decode::linux::passwd::{self, Account};
use super::helper::account::AccountTask;
use super::helper::{Helper, Pending};

/// The file with the accounts of this machine.
const PASSWD: &str = "/etc/passwd";
/// The accounts of some ten thousand users, in bytes.
const MOST_OF_PASSWD: u64 = 4 * 1024 * 1024;

/// Accounts that are being looked up.
pub(super) struct AccountsInProgress {
    known: HashMap<u32, Option<Account>>,
    asked: Vec<AccountTask>,
    pending: Pending<AccountTask>,
}

/// Accounts by user id.
#[derive(Default)]
pub(super) struct Accounts {
    /// `None` for a user without an account.
    known: HashMap<u32, Option<Account>>,
    /// The users that nobody named in time.
    pub(super) late: BTreeSet<u32>,
}

impl AccountsInProgress {
    /// Begins to look up these users.
    pub(super) fn begin(helper: &Helper, wanted: &BTreeSet<u32>) -> AccountsInProgress {
        let mut known = HashMap::new();
        if !wanted.is_empty() {
            // Of two accounts with the same id, the first counts, as for getpwuid(3).
            for (uid, account) in passwd::accounts(&local()).filter(|(uid, _)| wanted.contains(uid)) {
                known.entry(uid).or_insert(Some(account));
            }
        }
        let others = wanted.iter().filter(|uid| !known.contains_key(uid));
        let asked: Vec<AccountTask> = others.map(|&uid| AccountTask { uid }).collect();
        let pending = helper.begin(&asked);
        AccountsInProgress { known, asked, pending }
    }

    pub(super) fn finish(self, deadline: Deadline) -> Accounts {
        let AccountsInProgress { mut known, asked, pending } = self;
        let mut late = BTreeSet::new();
        for (AccountTask { uid }, answer) in asked.into_iter().zip(pending.finish(deadline)) {
            match answer {
                Some(account) => drop(known.insert(uid, account)),
                None => drop(late.insert(uid)),
            }
        }
        Accounts { known, late }
    }
}

impl Accounts {
    pub(super) fn of(&self, uid: u32) -> Option<&Account> {
        self.known.get(&uid)?.as_ref()
    }

    pub(super) fn name(&self, uid: u32) -> Option<String> {
        self.of(uid).map(|account| account.name.clone())
    }

    /// The name, or the id of a user without a name, as ps(1) shows it.
    pub(super) fn name_or_id(&self, uid: u32) -> String {
        self.name(uid).unwrap_or_else(|| uid.to_string())
    }
}

/// `/etc/passwd`; empty if it cannot be read.
fn local() -> String {
    let open = || File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(PASSWD);
    let mut text = Vec::new();
    match open().map(|file| file.take(MOST_OF_PASSWD).read_to_end(&mut text)) {
        Ok(_) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => String::new(),
    }
}
