//! The names and homes of users: from `/etc/passwd`, and of those that are not there from wherever the system
//! keeps them, perhaps from a directory server that does not answer.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;

use super::super::deadline::Deadline;
use super::super::decode::linux::passwd::{self, Account};
use super::super::in_words;
use super::helper::account::AccountTask;
use super::helper::{AccountsProcess, Pending};
use super::nonblocking;

/// The file with the accounts of this machine.
const PASSWD: &str = "/etc/passwd";
/// The accounts of some ten thousand users, in bytes.
const MOST_OF_PASSWD: u64 = 4 * 1024 * 1024;

/// Where systemd keeps the names of the users that it makes for services (`DynamicUser=` in systemd.exec(5)): links
/// from `direct:UID` to the name (systemd's `src/core/dynamic-user.c`).
pub(super) const DYNAMIC: &str = "/run/systemd/dynamic-uid";

/// Accounts by user id.
pub(super) struct Accounts {
    process: Option<AccountsProcess>,
    /// `None` for a user without an account.
    known: HashMap<u32, Option<Account>>,
    asked: Vec<AccountTask>,
    pending: Option<Pending<AccountTask>>,
    /// The users that nobody named in time.
    pub(super) late: BTreeSet<u32>,
    /// Why there is no process that looks up users, if it was refused.
    pub(super) refused: Option<String>,
}

impl Accounts {
    /// No account is known yet. `process` looks up those that are not on this machine.
    pub(super) fn new(process: io::Result<Option<AccountsProcess>>) -> Accounts {
        let refused = process.as_ref().err().map(|error| in_words(error));
        Accounts {
            refused,
            process: process.unwrap_or_default(),
            known: HashMap::new(),
            asked: Vec::new(),
            pending: None,
            late: BTreeSet::new(),
        }
    }

    /// Begins to look up these users. Only the first time those count that are not on this machine.
    pub(super) fn look_up(&mut self, wanted: &BTreeSet<u32>) {
        if wanted.is_empty() {
            return;
        }
        // Of two accounts with the same id, the first counts, as for getpwuid(3).
        for (uid, account) in passwd::accounts(&local()).filter(|(uid, _)| wanted.contains(uid)) {
            self.known.entry(uid).or_insert(Some(account));
        }
        for uid in wanted {
            if !self.known.contains_key(uid)
                && let Some(name) = dynamic(*uid)
            {
                self.known.insert(*uid, Some(Account { name, home: None }));
            }
        }
        let others = wanted.iter().filter(|uid| !self.known.contains_key(uid));
        let others: Vec<AccountTask> = others.map(|&uid| AccountTask { uid }).collect();
        if self.refused.is_some() {
            self.late.extend(others.iter().map(|task| task.uid));
        } else if let Some(process) = self.process.take_if(|_| !others.is_empty()) {
            self.pending = process.look_up(&others).ok();
            self.asked = others;
        }
    }

    /// Waits for what was looked up.
    pub(super) fn wait(&mut self, deadline: Deadline) {
        let answers = self.pending.take().map_or_else(Vec::new, |pending| pending.finish(deadline));
        let answers = answers.into_iter().chain(std::iter::repeat_with(|| None));
        for (AccountTask { uid }, answer) in std::mem::take(&mut self.asked).into_iter().zip(answers) {
            match answer {
                Some(account) => drop(self.known.insert(uid, account)),
                None => drop(self.late.insert(uid)),
            }
        }
    }

    /// The home of a user; waits for it if need be.
    pub(super) fn home(&mut self, uid: u32, deadline: Deadline) -> Option<PathBuf> {
        if !self.known.contains_key(&uid) {
            self.wait(deadline);
        }
        self.of(uid)?.home.clone()
    }

    fn of(&self, uid: u32) -> Option<&Account> {
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
pub(super) fn local() -> String {
    nonblocking::text(PASSWD, MOST_OF_PASSWD).unwrap_or_default()
}

/// The name of a user that systemd made for a service.
fn dynamic(uid: u32) -> Option<String> {
    let link = std::fs::read_link(format!("{DYNAMIC}/direct:{uid}")).ok()?;
    link.into_os_string().into_string().ok()
}
