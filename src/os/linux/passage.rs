//! What a path leads through.

use super::super::decode::linux::mounts::MountTable;
use super::super::decode::linux::permissions::Way;
use super::super::decode::linux::user_mounts::Volume;
use super::opened_file::OpenedFile;
use crate::model::NotInspected;

/// The places on the way to a file, and the mounts that these are on.
#[derive(Default)]
pub(super) struct Passage {
    way: Way,
    mounts: Vec<u64>,
}

impl Passage {
    /// Adds what was found in the folder at this position, and returns its own. The first has no folder.
    ///
    /// # Errors
    ///
    /// If it may have an access control list that cannot be read.
    pub(super) fn add(
        &mut self,
        found: &OpenedFile,
        path: String,
        folder: Option<usize>,
    ) -> Result<usize, NotInspected> {
        let place = found.place(path)?;
        if !self.mounts.contains(&found.status.mount) {
            self.mounts.push(found.status.mount);
        }
        Ok(self.way.add(place, folder))
    }

    pub(super) fn way(&self) -> &Way {
        &self.way
    }

    /// The volumes among the mounts that an ordinary user may have made.
    pub(super) fn volumes<'a>(&self, mounts: &'a MountTable) -> impl Iterator<Item = &'a Volume> {
        self.mounts.iter().filter_map(|&mount| mounts.volume(mount))
    }
}
