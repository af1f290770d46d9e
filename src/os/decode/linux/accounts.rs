//! Decodes which users and groups this machine knows by itself (`passwd(5)`, `group(5)`, `login.defs(5)`).

use std::collections::HashMap;

use crate::model::{Account, UID_MIN, User};

/// More members of a group are not kept. Those of a group with so many count as not known.
const MOST_MEMBERS: usize = 256;

/// The users and groups of one machine or container.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Whether both the users and the groups were read.
    is_complete: bool,
    uid_min: Option<u32>,
    names: HashMap<u32, String>,
    groups: HashMap<u32, Group>,
}

#[derive(Debug, Default)]
struct Group {
    name: String,
    members: Vec<User>,
}

impl Accounts {
    /// `None` for a file that could not be read: no group is then known to be without members.
    #[must_use]
    pub fn read(passwd: Option<&str>, group: Option<&str>, login_defs: Option<&str>) -> Accounts {
        let mut accounts = Accounts { uid_min: login_defs.and_then(uid_min), ..Accounts::default() };
        let (Some(passwd), Some(group)) = (passwd, group) else { return accounts };
        accounts.is_complete = true;
        let mut ids: HashMap<&str, u32> = HashMap::new();
        let mut by_primary: HashMap<u32, Vec<u32>> = HashMap::new();
        for line in passwd.lines() {
            let mut fields = line.split(':');
            let (Some(name), Some(uid), Some(gid)) =
                (fields.next(), fields.nth(1).and_then(number), fields.next().and_then(number))
            else {
                continue;
            };
            ids.entry(name).or_insert(uid);
            accounts.names.entry(uid).or_insert_with(|| name.to_owned());
            by_primary.entry(gid).or_default().push(uid);
        }
        for line in group.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            let (Some(name), Some(gid)) = (fields.first(), fields.get(2).and_then(|gid| number(gid))) else {
                continue;
            };
            let names = fields.get(3).map_or("", |members| members.trim()).split(',');
            let named = names.filter(|name| !name.is_empty()).map(|name| match ids.get(name) {
                Some(&uid) => accounts.user(uid),
                // Only a directory server knows this user.
                None => User { uid: None, name: name.to_owned(), system: false },
            });
            let primary = by_primary.get(&gid).into_iter().flatten().map(|&uid| accounts.user(uid));
            let members: Vec<User> =
                primary.chain(named).filter(|user| user.uid != Some(0)).take(MOST_MEMBERS).collect();
            let group = accounts.groups.entry(gid).or_default();
            // Several lines may have the same number: together they are one group.
            if group.name.is_empty() {
                (*name).clone_into(&mut group.name);
            }
            group.add(members);
        }
        accounts
    }

    /// Also with the accounts of another machine that has the same numbers: a container and its host. The names of
    /// the first count.
    #[must_use]
    pub fn and(mut self, other: &Accounts) -> Accounts {
        for (gid, group) in &other.groups {
            let own = self.groups.entry(*gid).or_default();
            if own.name.is_empty() {
                own.name.clone_from(&group.name);
            }
            let members = group.members.iter().map(|user| match user.uid {
                Some(uid) => User { name: name_in(&self.names, uid), ..user.clone() },
                None => user.clone(),
            });
            own.add(members.collect());
        }
        self.uid_min = self.uid_min.or(other.uid_min);
        self.is_complete &= other.is_complete;
        self
    }

    #[must_use]
    pub fn user(&self, uid: u32) -> User {
        let system = uid < self.uid_min.unwrap_or(UID_MIN);
        User { uid: Some(uid), name: name_in(&self.names, uid), system }
    }

    /// `None` for a group that nobody besides root is in. One whose members are not known, because only a directory
    /// server knows it, is given without members: [`Account::Group`].
    #[must_use]
    pub fn group(&self, gid: u32) -> Option<Account> {
        match self.groups.get(&gid) {
            Some(group) if group.members.is_empty() && self.is_complete => None,
            // Some are not known, so that any may be among them.
            Some(Group { name, members }) if members.len() >= MOST_MEMBERS => {
                Some(Account::Group { name: name.clone(), members: Vec::new() })
            }
            Some(Group { name, members }) => {
                Some(Account::Group { name: name.clone(), members: members.clone() })
            }
            None => Some(Account::Group { name: gid.to_string(), members: Vec::new() }),
        }
    }
}

impl Group {
    fn add(&mut self, members: Vec<User>) {
        for member in members {
            if self.members.len() < MOST_MEMBERS && !self.members.contains(&member) {
                self.members.push(member);
            }
        }
    }
}

fn name_in(names: &HashMap<u32, String>, uid: u32) -> String {
    names.get(&uid).cloned().unwrap_or_else(|| uid.to_string())
}

fn number(digits: &str) -> Option<u32> {
    digits.parse().ok()
}

fn uid_min(login_defs: &str) -> Option<u32> {
    login_defs.lines().rev().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        if words.next()? == "UID_MIN" { number(words.next()?) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/bash
toor:x:0:0::/root:/bin/sh
flexlm:x:990:990::/opt/flexlm:/usr/sbin/nologin
alice:x:1000:1000:Alice:/home/alice:/bin/bash
bob:x:1001:1000::/home/bob:/bin/bash
+::::::
";
    const GROUP: &str = "\
root:x:0:
staff:x:50:
wheel:x:10:root,toor
licenses:x:980:alice,flexlm,carol
users:x:1000:
flexlm:x:990:
twice:x:970:
other:x:970:bob
";

    fn names(account: Option<Account>) -> Vec<String> {
        match account {
            Some(Account::Group { members, .. }) => members.into_iter().map(|user| user.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_group_has_those_who_are_named_and_those_whose_own_group_it_is() {
        let accounts = Accounts::read(Some(PASSWD), Some(GROUP), None);
        for nobody_but_root in [0, 50, 10] {
            assert_eq!(accounts.group(nobody_but_root), None, "{nobody_but_root}");
        }
        assert_eq!(names(accounts.group(980)), ["alice", "flexlm", "carol"]);
        assert_eq!(names(accounts.group(1000)), ["alice", "bob"]);
        assert_eq!(names(accounts.group(990)), ["flexlm"]);
        assert_eq!(names(accounts.group(970)), ["bob"], "two lines with one number");
        let unknown = Account::Group { name: "4321".to_owned(), members: vec![] };
        assert_eq!(accounts.group(4321), Some(unknown), "a directory server's");
    }

    #[test]
    fn of_a_very_large_group_no_members_are_known() {
        let of = |count: usize| {
            let names: Vec<String> = (0..count).map(|at| format!("m{at}")).collect();
            let group = format!("lic:x:50:{}\n", names.join(","));
            match Accounts::read(Some(PASSWD), Some(&group), None).group(50) {
                Some(Account::Group { members, .. }) => members.len(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([MOST_MEMBERS - 1, MOST_MEMBERS, 10 * MOST_MEMBERS].map(of), [MOST_MEMBERS - 1, 0, 0]);
    }

    #[test]
    fn without_the_files_no_group_is_empty() {
        for accounts in [Accounts::read(None, Some(GROUP), None), Accounts::read(Some(PASSWD), None, None)] {
            assert!(accounts.group(50).is_some());
            assert_eq!(accounts.user(1000).name, "1000");
        }
    }

    #[test]
    fn a_service_account_is_below_the_first_number_of_people() {
        let defs = "# UID_MIN 7\nUID_MIN\t\t  500\nSYS_UID_MIN 100\nUID_MAX 60000\n";
        let (usual, own) =
            (Accounts::read(Some(PASSWD), Some(GROUP), None), Accounts::read(None, None, Some(defs)));
        let system = |accounts: &Accounts, uid| accounts.user(uid).system;
        assert_eq!([990, 999, 1000].map(|uid| system(&usual, uid)), [true, true, false]);
        assert_eq!([499, 500, 990].map(|uid| system(&own, uid)), [true, false, false]);
        let flexlm = User { uid: Some(990), name: "flexlm".to_owned(), system: true };
        assert_eq!(usual.user(990), flexlm);
    }

    #[test]
    fn a_container_s_group_has_the_host_s_members_too() {
        let inside = Accounts::read(Some("app:x:1000:1000::/:/x\n"), Some("app:x:1000:\nlic:x:50:\n"), None);
        let both = inside.and(&Accounts::read(Some(PASSWD), Some(GROUP), None));
        assert_eq!(names(both.group(1000)), ["app", "1001"], "by the names inside");
        assert_eq!(both.group(50), None);
        assert_eq!(names(both.group(980)), ["app", "990", "carol"]);
        assert!(both.and(&Accounts::default()).group(50).is_some(), "the host's could not be read");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(passwd: String, group: String, defs: String, lines in "([a-c:,0-9]{0,9}\n){0,9}") {
            let _ = Accounts::read(Some(&passwd), Some(&group), Some(&defs)).group(0);
            let _ = Accounts::read(Some(&lines), Some(&lines), Some(&lines)).and(&Accounts::default());
        }
    }
}
