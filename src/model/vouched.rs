//! Whom and what the caller trusts besides the system's administrators.

use super::{Checked, NotInspected, Os, User, Writer, account_name};

/// Accounts and folders that the caller vouches for. That changes a verdict, and not what a file's trust is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vouched {
    /// By name or number.
    pub users: Vec<String>,
    /// Full paths without `.` and `..`.
    pub folders: Vec<String>,
}

impl Vouched {
    /// The accounts that could have put other content into a file and that nothing speaks for: neither the
    /// service account that runs it, nor one that the caller vouches for. `None` where it is not established
    /// who could have done that.
    #[must_use]
    pub fn left<'w>(
        &self,
        path: &str,
        writers: &'w Checked<Vec<Writer>>,
        runs_as: Option<u32>,
        os: Os,
    ) -> Option<Vec<&'w Writer>> {
        if self.folder_of(path, writers, os).is_some() {
            return Some(Vec::new());
        }
        let is_trusted = |user: &User| user.is_service_account(runs_as) || self.user(user, os).is_some();
        let is_left = |writer: &&Writer| !writer.account.consists_of(is_trusted);
        Some(writers.done()?.iter().filter(is_left).collect())
    }

    /// The users and folders, as they were typed, without which more accounts would be [left](Vouched::left).
    #[must_use]
    pub fn needed(
        &self,
        path: &str,
        writers: &Checked<Vec<Writer>>,
        runs_as: Option<u32>,
        os: Os,
    ) -> Vec<&str> {
        let without = Vouched::default().left(path, writers, runs_as, os);
        if without.as_ref().is_some_and(Vec::is_empty) {
            return Vec::new();
        }
        if let Some(folder) = self.folder_of(path, writers, os) {
            return vec![folder];
        }
        let accounts = without.unwrap_or_default().into_iter().map(|writer| &writer.account);
        let users = accounts.flat_map(|account| account.users()).filter_map(|user| self.user(user, os));
        let mut users: Vec<&str> = users.collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Whether the caller vouches for this user.
    #[must_use]
    pub fn includes(&self, user: &User, os: Os) -> bool {
        self.user(user, os).is_some()
    }

    fn user(&self, user: &User, os: Os) -> Option<&str> {
        let is_same = |one: &str, other: &str| match os {
            Os::Windows => one.eq_ignore_ascii_case(other),
            Os::Linux | Os::Macos => one == other,
        };
        let is_it = |typed: &&String| match typed.parse::<u32>() {
            // Where users have numbers, a name of digits alone would name another.
            Ok(uid) if user.uid.is_some() => user.uid == Some(uid),
            _ => is_same(typed, &user.name) || is_same(typed, account_name(&user.name, os)),
        };
        self.users.iter().find(is_it).map(String::as_str)
    }

    /// The folder in which a file lies. A path that leads to another file says nothing of that, and in another user
    /// namespace any path may lead anywhere.
    fn folder_of(&self, path: &str, writers: &Checked<Vec<Writer>>, os: Os) -> Option<&str> {
        let lies_anywhere = [NotInspected::AnotherUserNamespace, NotInspected::NotAtItsPath];
        if writers.failed().is_some_and(|why| lies_anywhere.contains(&why)) {
            return None;
        }
        self.folders.iter().find(|folder| lies_in(path, folder, os)).map(String::as_str)
    }
}

/// Whether a path leads into a folder, by its components. One with `..` may lead out again.
fn lies_in(path: &str, folder: &str, os: Os) -> bool {
    let is_separator = |c: char| c == '/' || (os == Os::Windows && c == '\\');
    let is_same = |one: &str, other: &str| match os {
        Os::Windows => one.to_lowercase() == other.to_lowercase(),
        Os::Linux | Os::Macos => one == other,
    };
    if !path.starts_with(is_separator) && os != Os::Windows {
        return false;
    }
    let components = |path: &str| -> Vec<String> {
        path.split(is_separator).filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (path, folder) = (components(path), components(folder));
    path.len() > folder.len()
        && path.iter().all(|part| part != "..")
        && folder.iter().zip(&path).all(|(one, other)| is_same(one, other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Account, FileTrust};

    fn user(uid: u32, name: &str) -> User {
        User { uid: Some(uid), name: name.to_owned(), system: uid < 1000 }
    }

    fn written_by(accounts: &[Account]) -> Checked<Vec<Writer>> {
        let place = "/opt/x".to_owned();
        let writer =
            |account: &Account| Writer { account: account.clone(), place: place.clone(), only_adds: false };
        Checked::Done(accounts.iter().map(writer).collect())
    }

    fn vouched(users: &[&str], folders: &[&str]) -> Vouched {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Vouched { users: owned(users), folders: owned(folders) }
    }

    #[test]
    fn nobody_is_left_where_the_trust_suffices_and_nowhere_else() {
        let (service, alice) = (Account::User(user(990, "lic")), Account::User(user(1000, "alice")));
        let group = |members: &[User]| Account::Group { name: "g".to_owned(), members: members.to_vec() };
        for accounts in [
            vec![],
            vec![service.clone()],
            vec![group(&[user(990, "lic")])],
            vec![group(&[])],
            vec![service, alice.clone()],
            vec![alice],
            vec![group(&[user(990, "lic"), user(1000, "alice")])],
            vec![Account::Everyone],
        ] {
            let writers = written_by(&accounts);
            let left = Vouched::default().left("/opt/x", &writers, Some(990), Os::Linux).unwrap();
            let suffices = FileTrust::of(&writers, Some(990)) <= FileTrust::ServiceAccount;
            assert_eq!(left.is_empty(), suffices, "{accounts:?}");
        }
        assert_eq!(Vouched::default().left("/opt/x", &Checked::NotRequested, None, Os::Linux), None);
    }

    #[test]
    fn a_user_is_vouched_for_by_name_or_number_and_a_group_by_all_its_members() {
        let (alice, bob) = (user(1000, "alice"), user(1001, "bob"));
        let both = Account::Group { name: "g".to_owned(), members: vec![alice.clone(), bob.clone()] };
        let left = |account: &Account, users: &[&str]| {
            let writers = written_by(std::slice::from_ref(account));
            vouched(users, &[]).left("/opt/x", &writers, None, Os::Linux).unwrap().len()
        };
        let alice = Account::User(alice);
        assert_eq!(
            [left(&alice, &["alice"]), left(&alice, &["1000"]), left(&alice, &["bob", "alice"])],
            [0; 3]
        );
        assert_eq!([left(&alice, &[]), left(&alice, &["Alice"]), left(&alice, &["1001"])], [1; 3]);
        assert_eq!((left(&both, &["alice"]), left(&both, &["alice", "1001"])), (1, 0));
        let unknown = Account::Group { name: "g".to_owned(), members: Vec::new() };
        assert_eq!((left(&Account::Everyone, &["alice"]), left(&unknown, &["alice"])), (1, 1));
        // Another user's name, and alice's number.
        assert_eq!(left(&Account::User(user(1001, "1000")), &["1000"]), 1);
        let on_windows = User { uid: None, name: r"OFFICE\Alice".to_owned(), system: false };
        let writers = written_by(&[Account::User(on_windows)]);
        for typed in ["alice", r"office\alice"] {
            let left = vouched(&[typed], &[]).left(r"C:\x", &writers, None, Os::Windows);
            assert_eq!(left, Some(vec![]), "{typed}");
        }
    }

    #[test]
    fn a_folder_is_vouched_for_with_all_that_lies_in_it() {
        for (path, folder, is_in) in [
            ("/opt/flexlm/lmgrd", "/opt/flexlm", true),
            ("/opt/flexlm/bin/lmgrd", "/opt/flexlm/", true),
            ("/opt/lmgrd", "/", true),
            ("/opt/flexlm2/lmgrd", "/opt/flexlm", false),
            ("/opt/flexlm", "/opt/flexlm", false),
            ("/opt/flexlm/../evil/lmgrd", "/opt/flexlm", false),
            ("opt/flexlm/lmgrd", "/opt/flexlm", false),
            ("/OPT/flexlm/lmgrd", "/opt/flexlm", false),
        ] {
            assert_eq!(lies_in(path, folder, Os::Linux), is_in, "{path} in {folder}");
        }
        assert!(lies_in(r"C:\Flexlm\lmgrd.exe", "c:/flexlm", Os::Windows));
        assert!(!lies_in(r"D:\Flexlm\lmgrd.exe", r"C:\Flexlm", Os::Windows));
    }

    #[test]
    fn what_a_folder_is_vouched_for_need_not_be_established() {
        let left = |writers: Checked<Vec<Writer>>| {
            vouched(&[], &["/opt"]).left("/opt/x", &writers, None, Os::Linux).map(|left| left.len())
        };
        assert_eq!(left(Checked::Failed(NotInspected::MayNotAnswer)), Some(0));
        assert_eq!(left(written_by(&[Account::Everyone])), Some(0));
        for why in [NotInspected::AnotherUserNamespace, NotInspected::NotAtItsPath] {
            assert_eq!(left(Checked::Failed(why)), None, "{why:?}: it need not lie there");
        }
    }

    #[test]
    fn only_what_made_a_difference_is_named() {
        let all = vouched(&["alice", "bob"], &["/opt/flexlm"]);
        let needed = |path, accounts: &[Account]| all.needed(path, &written_by(accounts), None, Os::Linux);
        let alice = Account::User(user(1000, "alice"));
        assert_eq!(needed("/opt/flexlm/x", &[]), [] as [&str; 0]);
        assert_eq!(needed("/opt/flexlm/x", std::slice::from_ref(&alice)), ["/opt/flexlm"]);
        assert_eq!(needed("/opt/x", &[alice.clone(), alice]), ["alice"]);
        assert_eq!(all.needed("/opt/flexlm/x", &Checked::NotRequested, None, Os::Linux), ["/opt/flexlm"]);
    }
}
