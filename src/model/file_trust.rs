//! Who could have put other content into a file.

use serde::{Deserialize, Serialize};

use super::phrase::list;
use super::quoting::quoted_account;
use super::word::words;

/// The outcome of a check. Only what a check established counts: a check that was not made, or that failed,
/// leaves a doubt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checked<T> {
    /// Nobody asked for it.
    #[default]
    NotRequested,
    Done(T),
    Failed(NotInspected),
}

impl<T> Checked<T> {
    /// `None` where the check was not made or failed.
    #[must_use]
    pub fn done(&self) -> Option<&T> {
        match self {
            Checked::Done(found) => Some(found),
            Checked::NotRequested | Checked::Failed(_) => None,
        }
    }

    /// Why the check failed, if it did.
    #[must_use]
    pub fn failed(&self) -> Option<NotInspected> {
        match self {
            Checked::Failed(why) => Some(*why),
            Checked::NotRequested | Checked::Done(_) => None,
        }
    }

    /// Why nothing is established, as a sentence without its full stop; `None` where the check was made.
    #[must_use]
    pub fn why_not(&self) -> Option<&'static str> {
        match self {
            Checked::NotRequested => Some("that was not examined"),
            Checked::Failed(why) => Some(why.in_words()),
            Checked::Done(_) => None,
        }
    }
}

impl<T> From<Result<T, NotInspected>> for Checked<T> {
    fn from(result: Result<T, NotInspected>) -> Checked<T> {
        match result {
            Ok(found) => Checked::Done(found),
            Err(why) => Checked::Failed(why),
        }
    }
}

/// Why a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotInspected {
    /// It is on a file server, or a program serves it (FUSE): that may not answer for hours.
    MayNotAnswer,
    /// The process is in another user namespace (`user_namespaces(7)`), where any user can arrange the file
    /// system at will.
    AnotherUserNamespace,
    /// It is on a disk image or a removable disk that an ordinary user could have made, and had mounted: they decided
    /// whom the files in it belong to.
    UserFileSystem,
    /// The system refused access.
    Unreadable,
    /// Its path leads to another file, or to none: what is known of that path says nothing about this file.
    NotAtItsPath,
    /// It is not mapped into the memory of the process that shows it as its own: the process runs other code.
    NotMapped,
    /// The system's list of what is mounted, or of what the process has mapped, is too long to be read.
    TooLarge,
    /// It did not answer before the deadline.
    TimedOut,
}

impl NotInspected {
    /// A sentence about the file, without its full stop.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            NotInspected::MayNotAnswer => "it is on a file system that may not answer",
            NotInspected::AnotherUserNamespace => "the process is in another user namespace",
            NotInspected::UserFileSystem => {
                "it is on a disk image or removable disk that an ordinary user could have made"
            }
            NotInspected::Unreadable => "it could not be read",
            NotInspected::NotAtItsPath => "its path leads to another file, or to none",
            NotInspected::NotMapped => "the file is not mapped into the process's memory",
            NotInspected::TooLarge => "the list of the process's mounts or mapped files is too long",
            NotInspected::TimedOut => "it did not answer in time",
        }
    }
}

/// An account besides the administrators' that could have put other content into a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writer {
    pub account: Account,
    /// The file or folder through which: its own file, or a folder above it.
    pub place: String,
    /// Whether the account may only have put the file there, and not have replaced it: the place is a sticky folder, in which
    /// only the owner of a file or of the folder may rename or remove it (inode(7)). It may have moved it there from a
    /// folder of its own, whoever owns the file.
    pub only_adds: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Account {
    User(User),
    /// A group with at least one member who is no administrator. Without members where they are not known: it may
    /// then have any.
    Group {
        name: String,
        members: Vec<User>,
    },
    Everyone,
}

/// So many members of a group are named.
const MOST_MEMBERS: usize = 3;

impl Account {
    /// Whether all its users are trusted. Of a group without known members that is not known.
    #[must_use]
    pub fn consists_of(&self, is_trusted: impl Fn(&User) -> bool) -> bool {
        !self.users().is_empty() && self.users().iter().all(is_trusted)
    }

    /// Those of its users that are known.
    #[must_use]
    pub fn users(&self) -> &[User] {
        match self {
            Account::User(user) => std::slice::from_ref(user),
            Account::Group { members, .. } => members,
            Account::Everyone => &[],
        }
    }

    /// "the user alice", "the group licenses (alice and bob)".
    #[must_use]
    pub fn called(&self) -> String {
        match self {
            Account::User(user) => format!("the user {}", quoted_account(&user.name)),
            Account::Group { name, members } if members.is_empty() => {
                format!("the group {}", quoted_account(name))
            }
            Account::Group { name, members } => {
                let (named, more) = members.split_at(members.len().min(MOST_MEMBERS));
                let mut named: Vec<String> =
                    named.iter().map(|user| quoted_account(&user.name).into_owned()).collect();
                named.extend((!more.is_empty()).then(|| format!("{} more", more.len())));
                format!("the group {} ({})", quoted_account(name), list(&named, "and"))
            }
            Account::Everyone => "any user of this machine".to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// On systems where users have numbers.
    pub uid: Option<u32>,
    /// The number, where it has no name.
    pub name: String,
    /// Whether it is an account for a service, which nobody logs in to (a UID below `UID_MIN` in
    /// login.defs(5)).
    pub system: bool,
}

impl User {
    /// Whether it is the service account that a process runs as.
    #[must_use]
    pub fn is_service_account(&self, runs_as: Option<u32>) -> bool {
        self.system && self.uid.is_some() && self.uid == runs_as
    }
}

words! {
    /// The levels of trust in a file, by who could have put other content there.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum FileTrust {
        /// only root (Windows: administrators), in the file and in every folder above it
        System = "system",
        /// also the service account that the process runs as
        ServiceAccount = "service-account",
        /// one other account
        User = "user",
        /// everybody, several accounts, or a group
        Anyone = "anyone",
        /// it was not examined, or could not be, or `exe_confirmed` is not `true`, or an ordinary user could
        /// have made the file system that the file is on (a disk image or a removable disk). Only the files of
        /// processes that get a verdict are examined
        Unknown = "unknown",
    }
}

impl FileTrust {
    /// The trust in a file with these writers that a process of this user runs.
    #[must_use]
    pub fn of(writers: &Checked<Vec<Writer>>, runs_as: Option<u32>) -> FileTrust {
        match writers.done() {
            Some(writers) => FileTrust::with(writers, runs_as),
            None => FileTrust::Unknown,
        }
    }

    fn with(writers: &[Writer], runs_as: Option<u32>) -> FileTrust {
        let is_own_account = |account: &Account| account.consists_of(|user| user.is_service_account(runs_as));
        let mut others =
            writers.iter().map(|writer| &writer.account).filter(|account| !is_own_account(account));
        match others.next() {
            None if writers.is_empty() => FileTrust::System,
            None => FileTrust::ServiceAccount,
            Some(first @ Account::User(_)) if others.all(|other| other == first) => FileTrust::User,
            Some(_) => FileTrust::Anyone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(uid: u32) -> User {
        User { uid: Some(uid), name: format!("user{uid}"), system: uid < 1000 }
    }

    fn writer(account: Account) -> Writer {
        Writer { account, place: "/opt/lmgrd".to_owned(), only_adds: false }
    }

    #[test]
    fn trust_is_what_the_least_trusted_writer_leaves() {
        let (service, alice) = (Account::User(user(990)), Account::User(user(1000)));
        let group = |members: &[u32]| Account::Group {
            name: "licenses".to_owned(),
            members: members.iter().copied().map(user).collect(),
        };
        let trust = |accounts: &[&Account]| {
            let writers = accounts.iter().map(|&account| writer(account.clone())).collect();
            FileTrust::of(&Checked::Done(writers), Some(990))
        };
        assert_eq!(trust(&[]), FileTrust::System);
        assert_eq!(trust(&[&service, &group(&[990])]), FileTrust::ServiceAccount);
        assert_eq!(trust(&[&service, &alice, &alice]), FileTrust::User);
        assert_eq!(trust(&[&Account::User(user(991))]), FileTrust::User, "another service's account");
        assert_eq!(trust(&[&alice, &Account::User(user(1001))]), FileTrust::Anyone);
        assert_eq!(trust(&[&group(&[990, 1000])]), FileTrust::Anyone);
        assert_eq!(trust(&[&group(&[])]), FileTrust::Anyone, "who is in it is not known");
        assert_eq!(trust(&[&service, &group(&[])]), FileTrust::Anyone);
        assert_eq!(trust(&[&service, &Account::Everyone]), FileTrust::Anyone);
        // An ordinary user who runs their own file is no service.
        let own = Checked::Done(vec![writer(alice)]);
        assert_eq!(FileTrust::of(&own, Some(1000)), FileTrust::User);
        let nobody_known = Checked::Done(vec![writer(service)]);
        assert_eq!(FileTrust::of(&nobody_known, None), FileTrust::User);
    }

    #[test]
    fn accounts_are_called_as_a_person_says_it() {
        let group = |members: &[u32]| Account::Group {
            name: "licenses".to_owned(),
            members: members.iter().copied().map(user).collect(),
        };
        let called = [&[][..], &[1], &[1, 2, 3], &[1, 2, 3, 4, 5]].map(|members| group(members).called());
        assert_eq!(
            called,
            [
                "the group licenses",
                "the group licenses (user1)",
                "the group licenses (user1, user2 and user3)",
                "the group licenses (user1, user2, user3 and 2 more)"
            ]
        );
    }

    #[test]
    fn a_check_that_was_not_made_or_failed_establishes_nothing() {
        for unknown in [Checked::NotRequested, Checked::Failed(NotInspected::Unreadable)] {
            assert_eq!(FileTrust::of(&unknown, Some(0)), FileTrust::Unknown);
        }
    }
}
