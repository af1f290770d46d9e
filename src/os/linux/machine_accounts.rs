//! The users and groups that decide who may write, read from their files: a directory server may not answer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::super::decode::linux::accounts::{AccountFiles, Accounts};
use super::super::decode::linux::nsswitch::{SWITCH, USER_DATABASE, may_tell_users};
use super::super::decode::linux::permissions::{Grant, Grantee, Way};
use super::file_status::FileIdentity;
use super::mount_tables::MountTables;
use super::proc_dir::Proc;
use super::process_root::ProcessRoot;
use crate::model::{Account, NotInspected, Writer};

/// No longer files are read, in bytes: a hundred thousand users.
const MOST: u64 = 16 * 1024 * 1024;
/// With so many services that tell systemd of users, not all are looked at.
const MOST_SERVICES: usize = 1000;

/// The accounts of this machine and of the containers on it, read where somebody besides root may write.
pub(super) struct MachineAccounts<'a> {
    proc: &'a Proc,
    mounts: &'a MountTables,
    own: OnceLock<(Option<FileIdentity>, Arc<Accounts>)>,
    of_roots: Mutex<HashMap<FileIdentity, Arc<OnceLock<Arc<Accounts>>>>>,
}

impl<'a> MachineAccounts<'a> {
    pub(super) fn new(proc: &'a Proc, mounts: &'a MountTables) -> MachineAccounts<'a> {
        MachineAccounts { proc, mounts, own: OnceLock::new(), of_roots: Mutex::default() }
    }

    /// Who may put another file in the place of that to which this way leads.
    pub(super) fn writers(&self, way: &Way, root: &ProcessRoot) -> Vec<Writer> {
        let grants = way.grants();
        if grants.is_empty() {
            return Vec::new();
        }
        let accounts = self.of(root);
        let writer = |Grant { grantee, place, only_adds }: Grant<'_>| {
            let account = match grantee {
                Grantee::User(uid) => Account::User(accounts.user(uid)),
                Grantee::Group(gid) => accounts.group(gid)?,
                Grantee::Everyone => Account::Everyone,
            };
            Some(Writer { account, place: place.to_owned(), only_adds })
        };
        grants.into_iter().filter_map(writer).collect()
    }

    /// Whether a user is an account for a service.
    pub(super) fn is_of_service(&self, uid: u32, root: &ProcessRoot) -> bool {
        self.of(root).user(uid).system
    }

    /// In another root, other names belong to the same numbers, and who is in a group inside may not be in it
    /// outside: both count.
    fn of(&self, root: &ProcessRoot) -> Arc<Accounts> {
        let (own_root, own) = self.own.get_or_init(|| match ProcessRoot::own(self.proc, self.mounts) {
            Ok(own) => (Some(own.identity()), Arc::new(read(&own))),
            Err(_) => (None, Arc::default()),
        });
        if *own_root == Some(root.identity()) {
            return Arc::clone(own);
        }
        let mut known = self.of_roots.lock().unwrap_or_else(PoisonError::into_inner);
        let of_root = Arc::clone(known.entry(root.identity()).or_default());
        // Reading may take long, and only those wait who want to know the same.
        drop(known);
        Arc::clone(of_root.get_or_init(|| Arc::new(read(root).and(own))))
    }
}

fn read(root: &ProcessRoot) -> Accounts {
    let text = |path: &str| root.whole_text(Path::new(path), MOST);
    let [passwd, group, login_defs] = ["/etc/passwd", "/etc/group", "/etc/login.defs"].map(text);
    let is_there = |path: &str| root.find(Path::new(path)).err() != Some(NotInspected::NotAtItsPath);
    let switch = if is_there(SWITCH) { text(SWITCH) } else { Some(String::new()) };
    let told = root.find(Path::new(USER_DATABASE)).map(|folder| folder.names(MOST_SERVICES));
    let systemd_is_told = match told {
        Ok(services) => services.len() == MOST_SERVICES || services.iter().any(|name| may_tell_users(name)),
        Err(why) => why != NotInspected::NotAtItsPath,
    };
    Accounts::read(AccountFiles {
        passwd: passwd.as_deref(),
        group: group.as_deref(),
        login_defs: login_defs.as_deref(),
        switch: switch.as_deref(),
        systemd_is_told,
    })
}
