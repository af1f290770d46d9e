//! Whether a process is one that `--pid`, `--process`, `--user` and `--deleted` ask for.

use super::filter::Filter;
use super::naming::Naming;
use super::target::Target;
use crate::model::{Likeness, Os, Process, account_name};

impl Filter {
    /// Whether a process fulfils all of these; every process does where none was given.
    #[must_use]
    pub fn asks_for(&self, process: &Process, naming: &Naming, os: Os) -> bool {
        // A client's process may hold nothing that the names were compared with.
        let is_it = |name: &String| naming.means(process, name) || is_called(process, name);
        (self.pids.is_empty() || self.pids.contains(&process.pid))
            && (self.processes.is_empty() || self.processes.iter().any(is_it))
            && self.asks_for_user(process.user.as_deref(), process.uid, os)
            && (!self.deleted || process.is_file_deleted() == Some(true))
    }

    /// Whether a word names this process.
    #[must_use]
    pub fn names_process(&self, process: &Process, naming: &Naming) -> bool {
        self.targets
            .iter()
            .any(|target| matches!(target, Target::Name { word, .. } if naming.means(process, word)))
    }

    /// Whether it asks for this user; for every user where none was given.
    #[must_use]
    pub fn asks_for_user(&self, name: Option<&str>, uid: Option<u32>, os: Os) -> bool {
        let is_it = |user: &String| {
            name.is_some_and(|name| is_user(name, user, os)) || (uid.is_some() && uid == user.parse().ok())
        };
        self.users.is_empty() || self.users.iter().any(is_it)
    }
}

/// Whether a name is exactly that of a process.
#[must_use]
pub fn is_called(process: &Process, word: &str) -> bool {
    Likeness::of_process(process, word) == Some(Likeness::Exact)
}

/// Whether a user has a name: on Windows in any case, and without the domain too.
#[must_use]
pub fn is_user(name: &str, word: &str, os: Os) -> bool {
    match os {
        // `.\alice` is alice of this machine, whatever its name is.
        Os::Windows => {
            let word = word.strip_prefix(".\\").unwrap_or(word);
            name.eq_ignore_ascii_case(word) || account_name(name, os).eq_ignore_ascii_case(word)
        }
        Os::Linux | Os::Macos => name == word,
    }
}
