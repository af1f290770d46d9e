//! The names of users.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

#[cfg(unix)]
use super::unix::{UserId, user_name};
#[cfg(windows)]
use super::windows::{UserId, user_name};

/// Looks each name up once: a directory server may have to be asked.
#[derive(Default)]
pub(super) struct Users {
    names: Mutex<HashMap<UserId, Option<String>>>,
}

impl Users {
    #[cfg(unix)]
    pub(super) fn name(&self, id: UserId) -> Option<String> {
        self.look_up(id)
    }

    /// The name, or the id of a user without a name, as ps(1) shows it.
    pub(super) fn name_or_id(&self, id: UserId) -> String {
        let text = id.to_string();
        self.look_up(id).unwrap_or(text)
    }

    fn look_up(&self, id: UserId) -> Option<String> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.entry(id).or_insert_with_key(user_name).clone()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_a_name_is_shown_by_number() {
        let users = Users::default();
        assert_eq!((users.name(0).as_deref(), users.name_or_id(0).as_str()), (Some("root"), "root"));
        let nobody = 4_000_000_123;
        assert_eq!((users.name(nobody), users.name_or_id(nobody).as_str()), (None, "4000000123"));
    }
}
