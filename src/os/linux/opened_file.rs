//! A file of a stranger that was opened to be looked at, and read only where that makes nobody wait.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::FileType;

use super::super::decode::linux::mounts::MountTable;
use super::super::decode::linux::permissions::Place;
use super::file_status::{FileIdentity, FileStatus};
use super::nonblocking;
use super::proc_dir::own_descriptor;
use crate::model::NotInspected;
use crate::os::decode::text::{os_text, text_of};

/// A file that was opened without being touched (`O_PATH`).
pub(super) struct OpenedFile {
    pub(super) file: OwnedFd,
    pub(super) status: FileStatus,
    /// Whether it can be asked without waiting for a server. Everything that asks a stranger's file depends on this.
    is_at_hand: bool,
}

impl OpenedFile {
    /// # Errors
    ///
    /// If what it is cannot be found out without asking it.
    pub(super) fn of(file: OwnedFd, mounts: &MountTable) -> Result<OpenedFile, NotInspected> {
        let is_at_hand = |mount| mounts.get(mount).is_some_and(|mount| mount.is_at_hand);
        let status = FileStatus::of(file.as_fd(), is_at_hand)?;
        Ok(OpenedFile { file, status, is_at_hand: is_at_hand(status.mount) })
    }

    /// # Errors
    ///
    /// If it is on a mount that may not answer.
    pub(super) fn at_hand(self) -> Result<OpenedFile, NotInspected> {
        if self.is_at_hand { Ok(self) } else { Err(NotInspected::MayNotAnswer) }
    }

    pub(super) fn identity(&self) -> FileIdentity {
        self.status.identity
    }

    /// The file as a place on a way.
    ///
    /// # Errors
    ///
    /// If it may have an access control list that cannot be read.
    pub(super) fn place(&self, path: String) -> Result<Place, NotInspected> {
        self.status.place(self.file.as_fd(), path, self.is_at_hand)
    }

    /// Opens an ordinary file to read it.
    ///
    /// # Errors
    ///
    /// If it may not answer, is no ordinary file, or this user may not read it, or a lease on it would make this
    /// wait (`F_SETLEASE` in fcntl(2)).
    pub(super) fn read(&self) -> Result<File, NotInspected> {
        if !self.is_at_hand {
            return Err(NotInspected::MayNotAnswer);
        }
        if self.status.kind != FileType::RegularFile {
            return Err(NotInspected::Unreadable);
        }
        nonblocking::open(own_descriptor(self.file.as_fd())).map_err(|_| NotInspected::Unreadable)
    }

    /// The beginning of an ordinary file, at most so many bytes; `None` if it cannot be read.
    pub(super) fn beginning(&self, most: u64) -> Option<String> {
        let bytes = self.bytes(most).ok()?;
        Some(text_of(&bytes).into_owned())
    }

    /// The beginning of an ordinary file, at most so many bytes.
    ///
    /// # Errors
    ///
    /// As for [`OpenedFile::read`].
    pub(super) fn bytes(&self, most: u64) -> Result<Vec<u8>, NotInspected> {
        let mut bytes = Vec::new();
        self.read()?.take(most).read_to_end(&mut bytes).map_err(|_| NotInspected::Unreadable)?;
        Ok(bytes)
    }

    /// The names in a folder, at most so many.
    pub(super) fn names(&self, most: usize) -> Vec<String> {
        if !self.is_at_hand {
            return Vec::new();
        }
        let entries = fs::read_dir(own_descriptor(self.file.as_fd()));
        let entries = entries.into_iter().flatten().flatten().take(most);
        entries.map(|entry| os_text(entry.file_name())).collect()
    }
}
