//! The names of users, where a thread that waits for a directory server does not keep this program from ending.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

use super::ScanScope;
use super::deadline::Deadline;
#[cfg(unix)]
pub(super) use super::unix::UserId;
#[cfg(unix)]
use super::unix::user_name;
#[cfg(windows)]
pub(super) use super::windows::accounts::UserId;
#[cfg(windows)]
use super::windows::accounts::user_name;
use crate::model::{Gap, GapKind};

/// No process is needed for what may not answer: a thread can be left behind.
pub(super) struct Prepared;

impl Prepared {
    pub(super) fn new(_: &ScanScope) -> Prepared {
        Prepared
    }
}

/// Here the system is not asked to enforce any restriction.
pub(super) fn restrict() -> Option<String> {
    None
}

pub(super) fn drop_rights() {}

/// The most names that are waited for at the same time.
const MOST_AT_ONCE: usize = 64;

/// Looks each name up once, and waits for it no longer than until the deadline.
pub(super) struct Users {
    /// `None` for a user without a name.
    names: Mutex<HashMap<UserId, Option<String>>>,
    /// Those that nobody named in time.
    late: Mutex<HashSet<UserId>>,
    deadline: Deadline,
    numeric: bool,
}

#[allow(clippy::clone_on_copy, reason = "an id is a number on macOS, and a text on Windows")]
impl Users {
    pub(super) fn new(scope: &ScanScope) -> Users {
        Users {
            names: Mutex::default(),
            late: Mutex::default(),
            deadline: Deadline::after(scope.deadline),
            numeric: scope.numeric,
        }
    }

    /// Looks up these users at the same time.
    pub(super) fn look_up(&self, ids: impl IntoIterator<Item = UserId>) {
        if self.numeric {
            return;
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |id: &UserId| !names.contains_key(id) && !late.contains(id);
        let new: HashSet<UserId> = ids.into_iter().filter(is_new).collect();
        let new: Vec<UserId> = new.into_iter().collect();
        for ids in new.chunks(MOST_AT_ONCE) {
            let (sender, names_found) = mpsc::channel();
            for id in ids {
                let (sender, own) = (sender.clone(), id.clone());
                let work = move || drop(sender.send((own.clone(), user_name(&own))));
                // Where the system refuses the thread, nobody asks, and the name counts as late.
                let _ = Builder::new().spawn(work);
            }
            drop(sender);
            while let Ok((id, name)) = names_found.recv_timeout(self.deadline.left()) {
                names.insert(id, name);
            }
            late.extend(ids.iter().filter(|id| !names.contains_key(id)).cloned());
        }
    }

    #[cfg(unix)]
    pub(super) fn name(&self, id: UserId) -> Option<String> {
        self.look_up([id]);
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned().flatten()
    }

    /// The name, or the id of a user without a name, as ps(1) shows it.
    pub(super) fn name_or_id(&self, id: UserId) -> String {
        self.look_up([id.clone()]);
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&id).cloned().flatten().unwrap_or_else(|| id.to_string())
    }

    /// The gap that names did not arrive in time.
    pub(super) fn gap(&self) -> Option<Gap> {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner).len();
        let whose = match late {
            0 => return None,
            1 => "the name of 1 user".to_owned(),
            n => format!("the names of {n} users"),
        };
        let detail = format!("{whose} could not be read within {} s", self.deadline.allowed.as_secs_f64());
        Some(Gap { count: Some(late as u64), ..Gap::new(GapKind::TimedOut, detail) })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_a_name_is_shown_by_number() {
        let users = Users::new(&ScanScope::default());
        assert_eq!((users.name(0).as_deref(), users.name_or_id(0).as_str()), (Some("root"), "root"));
        let nobody = 4_000_000_123;
        assert_eq!((users.name(nobody), users.name_or_id(nobody).as_str()), (None, "4000000123"));
        assert_eq!(users.gap(), None);
        let numeric = Users::new(&ScanScope { numeric: true, ..ScanScope::default() });
        assert_eq!((numeric.name(0), numeric.name_or_id(0).as_str()), (None, "0"));
    }
}
