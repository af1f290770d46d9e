//! Decodes which users and groups this machine knows by itself (`passwd(5)`, `group(5)`, `login.defs(5)`).

use std::collections::HashMap;

use super::nsswitch;
use crate::model::{Account, User};

/// The first user id of people, where `login.defs(5)` does not say it.
const UID_MIN: u32 = 1000;
/// More members of a group are not kept. Those of a group with so many count as not known.
const MOST_MEMBERS: usize = 256;

/// The files that say it; `None` for one that could not be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccountFiles<'a> {
    pub passwd: Option<&'a str>,
    pub group: Option<&'a str>,
    pub login_defs: Option<&'a str>,
    /// `nsswitch.conf(5)`, which is empty where there is none.
    pub switch: Option<&'a str>,
    /// Whether a program may tell systemd of users (`nss-systemd(8)`).
    pub systemd_is_told: bool,
}

impl AccountFiles<'_> {
    /// Whether nobody besides these files can say who is in a group. A directory server can add users to groups that
    /// are in the files.
    fn say_all(&self) -> bool {
        let (Some(passwd), Some(group), Some(switch)) = (self.passwd, self.group, self.switch) else {
            return false;
        };
        // A line that begins so refers to a directory (`nss_compat`).
        let refers = |text: &str| text.lines().any(|line| line.starts_with(['+', '-']));
        let databases = ["passwd", "group", "initgroups"].into_iter();
        let mut services = databases.flat_map(|database| nsswitch::services(switch, database));
        services.all(|service| match service {
            "files" => true,
            "compat" => !refers(passwd) && !refers(group),
            "systemd" => !self.systemd_is_told,
            _ => false,
        })
    }
}

/// The users and groups of one machine or container.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Whether all members of all groups are known.
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
    #[must_use]
    pub fn read(files: AccountFiles<'_>) -> Accounts {
        let mut accounts = Accounts {
            is_complete: files.say_all(),
            uid_min: files.login_defs.and_then(uid_min),
            ..Accounts::default()
        };
        let (Some(passwd), Some(group)) = (files.passwd, files.group) else { return accounts };
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

    /// `None` for a group that nobody besides root is in. One whose members are not all known, because a directory
    /// server may know more, is given without members: [`Account::Group`].
    #[must_use]
    pub fn group(&self, gid: u32) -> Option<Account> {
        match self.groups.get(&gid) {
            Some(group) if group.members.is_empty() && self.is_complete => None,
            // Some are not known, so that any may be among them.
            Some(Group { name, members }) if members.len() >= MOST_MEMBERS || !self.is_complete => {
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

    fn files<'a>(passwd: &'a str, group: &'a str) -> AccountFiles<'a> {
        AccountFiles { passwd: Some(passwd), group: Some(group), switch: Some(""), ..AccountFiles::default() }
    }

    fn names(account: Option<Account>) -> Vec<String> {
        match account {
            Some(Account::Group { members, .. }) => members.into_iter().map(|user| user.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_group_has_those_who_are_named_and_those_whose_own_group_it_is() {
        let accounts = Accounts::read(files(PASSWD, GROUP));
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
            match Accounts::read(files(PASSWD, &group)).group(50) {
                Some(Account::Group { members, .. }) => members.len(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([MOST_MEMBERS - 1, MOST_MEMBERS, 10 * MOST_MEMBERS].map(of), [MOST_MEMBERS - 1, 0, 0]);
    }

    #[test]
    fn without_the_files_no_group_is_empty() {
        let whole = files(PASSWD, GROUP);
        for lacking in [AccountFiles { passwd: None, ..whole }, AccountFiles { group: None, ..whole }] {
            let accounts = Accounts::read(lacking);
            assert!(accounts.group(50).is_some());
            assert_eq!(accounts.user(1000).name, "1000");
        }
    }

    #[test]
    fn where_a_directory_may_know_more_no_group_s_members_are_known() {
        let local = PASSWD.replace("+::::::\n", "");
        let of = |passwd: &str, switch: Option<&str>, systemd_is_told: bool| {
            let files = AccountFiles { switch, systemd_is_told, ..files(passwd, GROUP) };
            [50, 980].map(|gid| match Accounts::read(files).group(gid) {
                Some(Account::Group { members, .. }) => Some(members.len()),
                _ => None,
            })
        };
        for switch in
            ["", "passwd: files\ngroup: files systemd\n", "passwd: compat\ngroup: compat\nhosts: dns\n"]
        {
            assert_eq!(of(&local, Some(switch), false), [None, Some(3)], "{switch:?}");
        }
        for switch in
            ["passwd: files sss\n", "group: files ldap\n", "initgroups: sss\n", "group: winbind files\n"]
        {
            assert_eq!(of(&local, Some(switch), false), [Some(0), Some(0)], "{switch:?}");
        }
        assert_eq!(of(&local, None, false), [Some(0), Some(0)], "that could not be read");
        assert_eq!(of(PASSWD, Some("passwd: compat\n"), false), [Some(0), Some(0)]);
        assert_eq!(of(&local, Some("group: files systemd\n"), true), [Some(0), Some(0)]);
    }

    #[test]
    fn a_service_account_is_below_the_first_number_of_people() {
        let defs = "# UID_MIN 7\nUID_MIN\t\t  500\nSYS_UID_MIN 100\nUID_MAX 60000\n";
        let (usual, own) = (
            Accounts::read(files(PASSWD, GROUP)),
            Accounts::read(AccountFiles { login_defs: Some(defs), ..AccountFiles::default() }),
        );
        let system = |accounts: &Accounts, uid| accounts.user(uid).system;
        assert_eq!([990, 999, 1000].map(|uid| system(&usual, uid)), [true, true, false]);
        assert_eq!([499, 500, 990].map(|uid| system(&own, uid)), [true, false, false]);
        let flexlm = User { uid: Some(990), name: "flexlm".to_owned(), system: true };
        assert_eq!(usual.user(990), flexlm);
    }

    #[test]
    fn a_container_s_group_has_the_host_s_members_too() {
        let inside = Accounts::read(files("app:x:1000:1000::/:/x\n", "app:x:1000:\nlic:x:50:\n"));
        let both = inside.and(&Accounts::read(files(PASSWD, GROUP)));
        assert_eq!(names(both.group(1000)), ["app", "1001"], "by the names inside");
        assert_eq!(both.group(50), None);
        assert_eq!(names(both.group(980)), ["app", "990", "carol"]);
        assert!(both.and(&Accounts::default()).group(50).is_some(), "the host's could not be read");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(passwd: String, group: String, defs: String, lines in "([a-c:,0-9]{0,9}\n){0,9}") {
            let all = AccountFiles { login_defs: Some(&defs), switch: Some(&defs), ..files(&passwd, &group) };
            let _ = Accounts::read(all).group(0);
            let all = AccountFiles { login_defs: Some(&lines), ..files(&lines, &lines) };
            let _ = Accounts::read(all).and(&Accounts::default());
        }
    }
}
