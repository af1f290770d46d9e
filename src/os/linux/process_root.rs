//! The file system as a process sees it. Whoever runs the process controls it: links must not lead
//! outside, files that could block the reader are not opened, and endless files are not read to the end.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2, statfs};
use rustix::io::Errno;

use super::super::decode::linux::mounts;
use super::proc_dir::{ProcessDir, link_in};

/// No more links than this are followed on the way to a file.
const MOST_LINKS: usize = 16;
/// No more names than this are read in a folder, and no more bytes of a file: unit files are few and small.
const MOST_NAMES: usize = 4000;
const LARGEST_FILE: u64 = 64 * 1024;

/// Whether a path leads into a file system of this kind (`include/uapi/linux/magic.h`).
pub(super) fn is_of_kind(path: &Path, magic: i64) -> bool {
    // The type of the number differs between architectures.
    statfs(path).is_ok_and(|system| i128::from(system.f_type) == i128::from(magic))
}

/// The view of the file system that a process has.
pub(super) struct ProcessRoot {
    root: OwnedFd,
    mounts: Arc<str>,
}

/// The mounts of each mount namespace, read once: with many containers the list is long.
#[derive(Default)]
pub(super) struct Mounts {
    of_namespace: Mutex<HashMap<PathBuf, Arc<str>>>,
}

impl Mounts {
    /// The mounts in a process's view of the file system.
    ///
    /// # Errors
    ///
    /// As for [`ProcessDir::mounts`].
    pub(super) fn of(&self, process: &ProcessDir) -> io::Result<Arc<str>> {
        let namespace = process.link("ns/mnt")?;
        let known = || self.of_namespace.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mounts) = known().get(&namespace) {
            return Ok(Arc::clone(mounts));
        }
        let mounts: Arc<str> = process.mounts()?.into();
        known().insert(namespace, Arc::clone(&mounts));
        Ok(mounts)
    }
}

impl ProcessRoot {
    /// The view that this process has.
    ///
    /// # Errors
    ///
    /// If this user may not inspect the process, if its root is on a file system that may not answer, or if
    /// it is in another user namespace: there, any user can mount a file system of their own under one
    /// that seems to be local.
    pub(super) fn of(process: &ProcessDir, mounts: &Mounts) -> io::Result<ProcessRoot> {
        if is_in_another_user_namespace(process) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mounts = mounts.of(process)?;
        if !mounts::is_at_hand(&mounts, "/") {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(ProcessRoot { root: process.root()?, mounts })
    }

    /// Opens a path without touching the file. Follows links one by one, because each may lead to a server
    /// that does not answer. `None` before Linux 5.6, which lacks openat2(2).
    fn find(&self, path: &Path) -> Option<OwnedFd> {
        let mut path = plain(path);
        for _ in 0..MOST_LINKS {
            if !mounts::is_at_hand(&self.mounts, &path.to_string_lossy()) {
                return None;
            }
            match self.open(&path, OFlags::empty()) {
                Err(Errno::LOOP) => path = self.past_first_link(&path)?,
                opened => return opened.ok(),
            }
        }
        None
    }

    /// Opens a path on which no component is a link.
    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let below = path.strip_prefix("/").unwrap_or(path);
        let relative = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
        openat2(&self.root, relative, flags | OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve)
    }

    /// The path with its first link resolved.
    fn past_first_link(&self, path: &Path) -> Option<PathBuf> {
        let mut places: Vec<&Path> = path.ancestors().collect();
        places.reverse();
        places.into_iter().find_map(|place| {
            let link = self.open(place, OFlags::NOFOLLOW).ok()?;
            let target = link_in(&link, "").ok()?;
            Some(plain(&place.parent()?.join(target).join(path.strip_prefix(place).ok()?)))
        })
    }

    /// The metadata of a file; links are followed.
    pub(super) fn stat(&self, path: &Path) -> Option<Stat> {
        fstat(self.find(path)?).ok()
    }

    /// Device and inode, which identify a file (`inode(7)`).
    pub(super) fn identity(&self, path: &Path) -> Option<(u64, u64)> {
        self.stat(path).map(|stat| (stat.st_dev, stat.st_ino))
    }

    /// The names in a folder, at most [`MOST_NAMES`].
    pub(super) fn names(&self, folder: &Path) -> Vec<String> {
        let Some(found) = self.find(folder) else { return Vec::new() };
        let entries = fs::read_dir(format!("/proc/self/fd/{}", found.as_raw_fd()));
        let entries = entries.into_iter().flatten().flatten().take(MOST_NAMES);
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// The beginning of an ordinary file, at most [`LARGEST_FILE`].
    pub(super) fn small_text(&self, path: &Path) -> Option<String> {
        let found = self.find(path)?;
        if FileType::from_raw_mode(fstat(&found).ok()?.st_mode) != FileType::RegularFile {
            return None;
        }
        let file = fs::File::open(format!("/proc/self/fd/{}", found.as_raw_fd())).ok()?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Whether a process is in a user namespace other than this one's.
pub(super) fn is_in_another_user_namespace(process: &ProcessDir) -> bool {
    // On a kernel without user namespaces, both links are missing.
    process.link("ns/user").ok() != fs::read_link("/proc/self/ns/user").ok()
}

/// The absolute path without `.` and `..`. What comes before a `..` must not be a link.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder as the root of a process, on a local disk.
    pub(in super::super) fn root(folder: &Path) -> ProcessRoot {
        let mounts = "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:9 / /served rw - fuse.x x rw\n";
        ProcessRoot { root: fs::File::open(folder).unwrap().into(), mounts: mounts.into() }
    }

    #[test]
    fn what_is_no_ordinary_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap();
        assert!(made.success());
        let root = root(folder.path());
        assert_eq!(root.small_text(Path::new("/fifo")), None);
        assert_eq!(root.small_text(Path::new("/")), None);
        fs::write(folder.path().join("long"), "x".repeat(100_000)).unwrap();
        assert_eq!(root.small_text(Path::new("/long")).unwrap().len(), 65_536);
    }

    #[test]
    fn a_link_leads_nowhere_outside() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("secret"), "told").unwrap();
        fs::create_dir_all(folder.path().join("usr/lib")).unwrap();
        fs::write(folder.path().join("usr/lib/inside"), "here").unwrap();
        let secret = outside.path().join("secret");
        let links = [
            ("out", secret.as_path()),
            ("zero", Path::new("/dev/zero")),
            ("lib", Path::new("usr/lib")),
            ("in", Path::new("/lib/../lib/inside")),
            ("around", Path::new("around")),
        ];
        for (name, target) in links {
            symlink(target, folder.path().join(name)).unwrap();
        }
        let root = root(folder.path());
        assert_eq!(root.names(Path::new("/")).len(), 6);
        for name in ["/out", "/zero", "/around", "/../../../etc/passwd", "/proc/self/fd/0"] {
            assert_eq!(root.small_text(Path::new(name)), None, "{name}");
        }
        for name in ["/in", "/lib/inside", "usr/./lib/inside"] {
            assert_eq!(root.small_text(Path::new(name)).as_deref(), Some("here"), "{name}");
        }
        assert_eq!(root.identity(Path::new("/in")), root.identity(Path::new("/usr/lib/inside")));
    }

    #[test]
    fn what_may_not_answer_is_not_asked() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("served")).unwrap();
        fs::write(folder.path().join("served/file"), "x").unwrap();
        symlink("served/file", folder.path().join("link")).unwrap();
        let root = root(folder.path());
        for path in ["/served", "/served/file", "/link"] {
            assert!(root.stat(Path::new(path)).is_none(), "{path}");
        }
        assert!(root.stat(Path::new("/")).is_some());
    }
}
