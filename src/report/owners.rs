//! Whether a port has the same owner as before: the same program of the same user, whatever its process ID.

use std::collections::BTreeSet;

use super::likeness::{Outcome, compare};
use crate::model::{Owner, Process, Row, name_of_account};

/// Compares the owners of a listener in two answers.
pub(super) fn compare_owners(then: &[&Row], now: &[&Row]) -> Outcome {
    let seen = |rows: &[&'_ Row]| rows.iter().any(|row| row.owner == Owner::Hidden);
    // Who created a socket matters only where the holder is not seen.
    let is_open = !seen(then) && !seen(now);
    fn all<'a>(rows: &[&'a Row], is_open: bool) -> BTreeSet<OwnerSeen<'a>> {
        let seen = rows.iter().map(|row| OwnerSeen::of(row));
        seen.map(|one| if is_open { one.without_maker() } else { one }).collect()
    }
    compare(all(then, is_open), all(now, is_open), OwnerSeen::compare, OwnerSeen::is_partial)
}

/// What is seen of an owner that stays the same when it is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OwnerSeen<'a> {
    holder: Holder<'a>,
    /// Who created the socket, which need not be who holds it.
    maker: User<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Holder<'a> {
    Program {
        /// The path of its file.
        path: Option<&'a str>,
        name: Option<&'a str>,
        user: User<'a>,
    },
    Hidden,
    Nobody,
}

/// A user by name, and by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct User<'a> {
    /// The security identifier of a user without a name, on Windows.
    name: Option<&'a str>,
    uid: Option<u32>,
}

impl<'a> OwnerSeen<'a> {
    pub(super) fn of(row: &'a Row) -> OwnerSeen<'a> {
        let holder = match (&row.owner, row.owner.lead()) {
            (Owner::Hidden, _) => Holder::Hidden,
            (_, None) => Holder::Nobody,
            (_, Some(lead)) => Holder::of(lead),
        };
        OwnerSeen { holder, maker: User::new(row.socket.user.as_deref(), row.socket.uid) }
    }

    /// Of a holder that is seen, what does not depend on who opened the socket for it.
    pub(super) fn without_maker(self) -> OwnerSeen<'a> {
        match self.holder {
            Holder::Program { .. } => OwnerSeen { maker: User { name: None, uid: None }, ..self },
            Holder::Hidden | Holder::Nobody => self,
        }
    }

    fn compare(&self, other: &OwnerSeen<'_>) -> Outcome {
        let by_maker = self.maker.compare(other.maker);
        match (self.holder, other.holder) {
            (Holder::Hidden, _) | (_, Holder::Hidden) => by_maker.max(Outcome::CannotTell),
            (Holder::Nobody, Holder::Nobody) => by_maker,
            (Holder::Nobody, Holder::Program { .. }) | (Holder::Program { .. }, Holder::Nobody) => {
                Outcome::Differs
            }
            (
                Holder::Program { path, name, user },
                Holder::Program { path: its_path, name: its_name, user: its_user },
            ) => {
                let by_program = match (path, its_path) {
                    (Some(path), Some(its_path)) => Outcome::of(path == its_path),
                    _ if name == its_name && (name.is_some() || path == its_path) => Outcome::Same,
                    (None, None) if name.is_some() && its_name.is_some() => Outcome::Differs,
                    // What the file of one is called is not what the other calls itself.
                    _ => Outcome::CannotTell,
                };
                by_program.max(user.compare(its_user))
            }
        }
    }

    fn is_partial(&self) -> bool {
        match self.holder {
            Holder::Program { path, .. } => path.is_none(),
            Holder::Hidden => true,
            Holder::Nobody => false,
        }
    }
}

impl<'a> Holder<'a> {
    fn of(lead: &'a Process) -> Holder<'a> {
        let path = lead.exe().map(|exe| exe.path.as_str());
        let user = User::new(lead.user.as_deref(), lead.uid);
        Holder::Program { path, name: lead.name.as_deref(), user }
    }
}

impl<'a> User<'a> {
    fn new(name: Option<&'a str>, uid: Option<u32>) -> User<'a> {
        // Instead of a name, a user may have its number there.
        let is_number = |name: &&str| uid.is_some() && name_of_account(name).is_none();
        User { name: name.filter(|name| !is_number(name)), uid }
    }

    fn compare(self, other: User<'_>) -> Outcome {
        match ((self.name, other.name), (self.uid, other.uid)) {
            ((Some(name), Some(its_name)), _) => Outcome::of(name == its_name),
            (_, (Some(uid), Some(its_uid))) => Outcome::of(uid == its_uid),
            // A document has no security identifiers.
            (_, (None, None)) if !self.is_named() && !other.is_named() => Outcome::Same,
            _ => Outcome::CannotTell,
        }
    }

    fn is_named(self) -> bool {
        self.name.is_some_and(|name| name_of_account(name).is_some())
    }
}
