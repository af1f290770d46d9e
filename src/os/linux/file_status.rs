//! What is known of an open file without waiting for whoever serves it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{AtFlags, FileType, StatxFlags, fstat, getxattr, major, minor, statx};
use rustix::io::Errno;

use super::super::decode::linux::acl::{self, Allowed};
use super::super::decode::linux::permissions::{Place, PlaceKind, allows_group};
use super::nonblocking;
use crate::model::NotInspected;

/// What identifies a file and says who may write to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStatus {
    /// The number of the mount that it was reached through.
    pub(super) mount: u64,
    pub(super) identity: FileIdentity,
    pub(super) kind: FileType,
    mode: u32,
    owner: u32,
    group: u32,
}

/// Device and inode, which identify a file (`inode(7)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileIdentity {
    /// Major and minor number.
    pub(super) device: (u32, u32),
    pub(super) inode: u64,
}

impl FileStatus {
    /// Of a file that was opened without being touched (`O_PATH`). A server is not asked: it may not answer. Only
    /// an old kernel has no such call: `may_ask` says whether the file on a mount can be asked.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell the file's mount, or the file may not be asked.
    pub(super) fn of(
        file: BorrowedFd<'_>,
        may_ask: impl Fn(u64) -> bool,
    ) -> Result<FileStatus, NotInspected> {
        if let Some(status) = FileStatus::at(file, "") {
            return Ok(status);
        }
        let mount = mount_by_fdinfo(file).ok_or(NotInspected::Unreadable)?;
        if may_ask(mount) { by_fstat(file, mount) } else { Err(NotInspected::MayNotAnswer) }
    }

    /// Of what a name in a folder leads to, or with an empty name of an open file. No server is asked. `None` before
    /// Linux 5.8, or where a filter of system calls refuses it.
    pub(super) fn at(folder: impl AsFd, name: &str) -> Option<FileStatus> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
        let found = statx(folder, name, flags, wanted).ok()?;
        StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID).then(|| FileStatus {
            mount: found.stx_mnt_id,
            identity: FileIdentity {
                device: (found.stx_dev_major, found.stx_dev_minor),
                inode: found.stx_ino,
            },
            kind: FileType::from_raw_mode(u32::from(found.stx_mode)),
            mode: u32::from(found.stx_mode) & 0o7777,
            owner: found.stx_uid,
            group: found.stx_gid,
        })
    }

    /// The user whom it belongs to.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// Whether a user may read it by its mode, apart from the user's groups.
    pub(super) fn may_be_read_by(&self, uid: u32) -> bool {
        uid == 0 || uid == self.owner || self.mode & 0o004 != 0
    }

    /// Whether it is an ordinary file that somebody may run.
    pub(super) fn may_be_run(&self) -> bool {
        self.kind == FileType::RegularFile && self.mode & 0o111 != 0
    }

    fn place_kind(&self) -> PlaceKind {
        match self.kind {
            FileType::Directory => PlaceKind::Folder,
            FileType::Symlink => PlaceKind::Link,
            _ => PlaceKind::File,
        }
    }

    /// The file as a place on a way. Its access control list is read where it may allow anything that the mode
    /// does not show, and if `may_ask` says that the file can be asked.
    ///
    /// # Errors
    ///
    /// If there may be such a list and it cannot be read.
    pub(super) fn place(
        &self,
        file: BorrowedFd<'_>,
        path: String,
        may_ask: bool,
    ) -> Result<Place, NotInspected> {
        let kind = self.place_kind();
        let has_list = kind != PlaceKind::Link && allows_group(self.mode, kind.needs());
        let acl = match has_list {
            true if may_ask => access_control_list(file, kind.needs())?,
            true => return Err(NotInspected::MayNotAnswer),
            false => None,
        };
        Ok(Place { path, kind, owner: self.owner, group: self.group, mode: self.mode, acl })
    }
}

/// No more is read of the kernel's description of a descriptor, in bytes: this program has opened it without locks.
const MOST_OF_FDINFO: u64 = 64 * 1024;

/// The mount by the kernel's description of the descriptor (`proc_pid_fdinfo(5)`), since Linux 3.15.
fn mount_by_fdinfo(file: BorrowedFd<'_>) -> Option<u64> {
    let text =
        nonblocking::text(format!("/proc/thread-self/fdinfo/{}", file.as_raw_fd()), MOST_OF_FDINFO).ok()?;
    text.lines().find_map(|line| line.strip_prefix("mnt_id:"))?.trim().parse().ok()
}

fn by_fstat(file: BorrowedFd<'_>, mount: u64) -> Result<FileStatus, NotInspected> {
    let found = fstat(file).map_err(|_| NotInspected::Unreadable)?;
    Ok(FileStatus {
        mount,
        identity: FileIdentity { device: (major(found.st_dev), minor(found.st_dev)), inode: found.st_ino },
        kind: FileType::from_raw_mode(found.st_mode),
        mode: found.st_mode & 0o7777,
        owner: found.st_uid,
        group: found.st_gid,
    })
}

/// Longer lists are not read, in bytes: 500 entries.
const LONGEST_LIST: usize = 4096;

/// Whom the list of a file allows so much; `None` if it has none.
fn access_control_list(file: BorrowedFd<'_>, permissions: u16) -> Result<Option<Vec<Allowed>>, NotInspected> {
    // fgetxattr(2) refuses a descriptor that was opened without touching the file.
    let path = super::proc_dir::own_descriptor(file.as_fd());
    let mut list = vec![0; LONGEST_LIST];
    match getxattr(path, c"system.posix_acl_access", &mut list[..]) {
        Ok(length) => match acl::allows(&list[..length], permissions) {
            Some(allowed) => Ok(Some(allowed)),
            None => Err(NotInspected::Unreadable),
        },
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(_) => Err(NotInspected::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{Mode, OFlags, open};

    use super::*;

    #[test]
    fn old_and_new_calls_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink("file", folder.path().join("link")).unwrap();
        for name in ["", "file", "link"] {
            let flags = OFlags::PATH | OFlags::NOFOLLOW;
            let file = open(folder.path().join(name), flags, Mode::empty()).unwrap();
            let mount = mount_by_fdinfo(file.as_fd()).unwrap();
            let new = FileStatus::at(&file, "").expect("since Linux 5.8");
            assert_eq!(by_fstat(file.as_fd(), mount), Ok(new), "{name}");
        }
    }
}
