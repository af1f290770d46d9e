//! What the control groups of processes say. Processes that are read one after another often belong to one service, so the
//! last answer is kept.

use std::sync::{Mutex, PoisonError};

use super::super::decode::linux::cgroup::{self, Membership};
use crate::os::decode::text::text_of;

/// The text that was decoded last, and what it says.
#[derive(Default)]
pub(super) struct Memberships {
    last: Mutex<(Vec<u8>, Membership)>,
}

impl Memberships {
    /// As [`cgroup::membership`].
    pub(super) fn of(&self, text: Vec<u8>) -> Membership {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != text {
            let membership = cgroup::membership(&text_of(&text));
            *last = (text, membership);
        }
        last.1.clone()
    }
}
