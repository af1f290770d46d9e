//! What Linux and macOS have in common: user ids. Also what identifies a file, on macOS.

#[cfg(target_os = "macos")]
use std::path::Path;

#[cfg(target_os = "macos")]
use nix::unistd::{Uid, User};

#[cfg(target_os = "macos")]
pub(super) type UserId = u32;

pub(super) fn is_root() -> bool {
    own_uid() == 0
}

/// The user that this process runs as.
pub(super) fn own_uid() -> u32 {
    nix::unistd::geteuid().as_raw()
}

#[cfg(target_os = "macos")]
/// From wherever the system keeps its users (`getpwuid_r(3)`), such as a directory server.
pub(super) fn user_name(uid: &UserId) -> Option<String> {
    Some(User::from_uid(Uid::from_raw(*uid)).ok()??.name)
}

/// Device and inode, which identify a file (`inode(7)`).
#[cfg(target_os = "macos")]
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
