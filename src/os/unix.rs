//! What Linux and macOS have in common: user ids. Also who may write to a path, by the mode alone, on macOS.

#[cfg(any(target_os = "macos", test))]
use std::path::Path;

#[cfg(target_os = "macos")]
use nix::unistd::{Uid, User};

#[cfg(target_os = "macos")]
use crate::model::{Account, Checked, Writer};

#[cfg(target_os = "macos")]
pub(super) type UserId = u32;

pub(super) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[cfg(target_os = "macos")]
/// From wherever the system keeps its users (`getpwuid_r(3)`), such as a directory server.
pub(super) fn user_name(uid: &UserId) -> Option<String> {
    Some(User::from_uid(Uid::from_raw(*uid)).ok()??.name)
}

/// The mode bits that decide who may write: others' write permission, and the sticky bit. In a sticky folder,
/// others may add files, but not rename or remove those of somebody else (`inode(7)`).
#[cfg(any(target_os = "macos", test))]
const OTHERS_WRITE: u32 = 0o002;
#[cfg(any(target_os = "macos", test))]
const STICKY: u32 = 0o1000;

/// The file or folder through which any user could put another file in place of `path`: the file itself, its folder
/// (sticky or not: anyone can create the name first), or a folder above in which anyone can rename. `mode_of`
/// returns the mode of a file.
#[cfg(target_os = "macos")]
pub(super) fn writers(path: &Path, mode_of: impl Fn(&Path) -> Option<u32>) -> Checked<Vec<Writer>> {
    let writer = |place| Writer { account: Account::Everyone, place };
    Checked::Done(replaceable_at(path, mode_of).map(writer).into_iter().collect())
}

#[cfg(any(target_os = "macos", test))]
fn replaceable_at(path: &Path, mode_of: impl Fn(&Path) -> Option<u32>) -> Option<String> {
    let is_open = |(depth, place): &(usize, &Path)| {
        let mode = if place.is_absolute() { mode_of(place) } else { None };
        mode.is_some_and(|mode| mode & OTHERS_WRITE != 0 && (*depth < 2 || mode & STICKY == 0))
    };
    path.ancestors().enumerate().find(is_open).map(|(_, place)| place.to_string_lossy().into_owned())
}

/// Device and inode, which identify a file (`inode(7)`).
#[cfg(target_os = "macos")]
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::PathBuf;

    use super::*;

    /// `<root>/opt/lic/lmgrd`, where only the owner may write.
    fn planted() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("opt/lic")).unwrap();
        fs::write(root.path().join("opt/lic/lmgrd"), "").unwrap();
        for (path, mode) in [("", 0o755), ("opt", 0o755), ("opt/lic", 0o755), ("opt/lic/lmgrd", 0o755)] {
            allow(&root.path().join(path), mode);
        }
        (root, PathBuf::from("/opt/lic/lmgrd"))
    }

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// In the view of a process whose root is this folder.
    fn replaceable(root: &tempfile::TempDir, path: &Path) -> Option<String> {
        let mode = |place: &Path| {
            let metadata = fs::metadata(root.path().join(place.strip_prefix("/").ok()?)).ok()?;
            Some(metadata.mode())
        };
        replaceable_at(path, mode)
    }

    #[test]
    fn a_private_file_is_not_replaceable() {
        let (root, path) = planted();
        assert_eq!(replaceable(&root, &path), None);
    }

    #[test]
    fn the_file_its_folder_and_open_folders_above_are_found() {
        for (open, mode) in [("opt/lic/lmgrd", 0o777), ("opt/lic", 0o1777), ("opt", 0o777)] {
            let (root, path) = planted();
            allow(&root.path().join(open), mode);
            assert_eq!(replaceable(&root, &path), Some(format!("/{open}")));
        }
    }

    #[test]
    fn a_sticky_folder_further_up_protects_what_is_below() {
        let (root, path) = planted();
        allow(&root.path().join("opt"), 0o1777);
        assert_eq!(replaceable(&root, &path), None);
    }
}
