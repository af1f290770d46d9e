//! The users and groups that decide who may write, read from their files: a directory server may not answer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::super::decode::linux::accounts::Accounts;
use super::super::decode::linux::permissions::{Grantee, Way};
use super::file_status::FileIdentity;
use super::mount_tables::MountTables;
use super::proc_dir::Proc;
use super::process_root::ProcessRoot;
use crate::model::{Account, Writer};

/// No longer files are read, in bytes: a hundred thousand users.
const MOST: u64 = 16 * 1024 * 1024;

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
        let grantees = way.grantees();
        if grantees.is_empty() {
            return Vec::new();
        }
        let accounts = self.of(root);
        let writer = |(grantee, place): (Grantee, &str)| {
            let account = match grantee {
                Grantee::User(uid) => Account::User(accounts.user(uid)),
                Grantee::Group(gid) => accounts.group(gid)?,
                Grantee::Everyone => Account::Everyone,
            };
            Some(Writer { account, place: place.to_owned() })
        };
        grantees.into_iter().filter_map(writer).collect()
    }

    /// In another root, other names belong to the same numbers, and who is in a group inside may not be in it
    /// outside: both count.
    fn of(&self, root: &ProcessRoot) -> Arc<Accounts> {
        let (own_root, own) = self.own.get_or_init(|| {
            let process = self.proc.process(std::process::id());
            match process.ok().and_then(|process| ProcessRoot::of(&process, self.mounts).ok()) {
                Some(own) => (Some(own.identity()), Arc::new(read(&own))),
                None => (None, Arc::default()),
            }
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
    Accounts::read(passwd.as_deref(), group.as_deref(), login_defs.as_deref())
}
