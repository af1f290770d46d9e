//! Who may put another file in the place of one, if that can be established.

use super::machine_accounts::MachineAccounts;
use super::mount_tables::MountTables;
use super::passage::Passage;
use super::proc_dir::Proc;
use super::process_root::ProcessRoot;
use super::user_mounts::{self, UserMounts};
use crate::model::{NotInspected, Writer};

/// A disk image in a disk image, and so on: no deeper than this.
const DEEPEST: usize = 4;

/// Finds the accounts that may write to files.
pub(super) struct Writers<'a> {
    accounts: MachineAccounts<'a>,
    user_mounts: UserMounts<'a>,
}

impl<'a> Writers<'a> {
    pub(super) fn new(proc: &'a Proc, mounts: &'a MountTables) -> Writers<'a> {
        let accounts = MachineAccounts::new(proc, mounts);
        Writers { accounts, user_mounts: UserMounts::new(proc, mounts) }
    }

    pub(super) fn accounts(&self) -> &MachineAccounts<'a> {
        &self.accounts
    }

    /// Who may put another file in the place of that to which this leads. `root` says what users and groups are.
    ///
    /// # Errors
    ///
    /// If any of it is on a file system that an ordinary user could have made: they decided whom its files belong to.
    pub(super) fn of(&self, passage: &Passage, root: &ProcessRoot) -> Result<Vec<Writer>, NotInspected> {
        self.within(passage, root, DEEPEST)
    }

    fn within(
        &self,
        passage: &Passage,
        root: &ProcessRoot,
        depth: usize,
    ) -> Result<Vec<Writer>, NotInspected> {
        for volume in passage.volumes(root.mounts()) {
            if self.user_mounts.are_recorded(volume)? {
                return Err(NotInspected::UserFileSystem);
            }
            for image in user_mounts::images(volume)? {
                let own = self.user_mounts.root()?;
                let is_root_s = || -> Result<bool, NotInspected> {
                    let depth = depth.checked_sub(1).ok_or(NotInspected::TooLarge)?;
                    let passage = image.passage(own)?;
                    Ok(self.within(&passage, own, depth)?.is_empty())
                };
                if is_root_s() != Ok(true) {
                    return Err(NotInspected::UserFileSystem);
                }
            }
        }
        Ok(self.accounts.writers(passage.way(), root))
    }
}
