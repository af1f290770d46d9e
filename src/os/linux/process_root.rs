//! The file system as a process sees it. Whoever runs the process controls it: links must not lead
//! outside, files that could block the reader are not opened, and endless files are not read to the end.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags, openat, statfs};
use rustix::io::Errno;

use super::super::decode::linux::mounts::MountTable;
use super::file_status::FileIdentity;
use super::mount_tables::MountTables;
use super::opened_file::OpenedFile;
use super::passage::Passage;
use super::proc_dir::{Proc, ProcessDir, link_in, own_descriptor};
use crate::model::NotInspected;
use crate::os::decode::text::os_text;

/// No more links than this are followed on the way to a file.
const MOST_LINKS: usize = 16;
/// No path leads through more folders than this: each stays open.
const MOST_FOLDERS: usize = 100;

/// A file is opened only to look at it. It is neither read nor asked, so that nobody can delay this.
const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Whether a path leads into a file system of this kind (`include/uapi/linux/magic.h`).
pub(super) fn is_of_kind(path: &Path, magic: i64) -> bool {
    // The type of the number differs between architectures.
    statfs(path).is_ok_and(|system| i128::from(system.f_type) == i128::from(magic))
}

/// The view of the file system that a process has.
pub(super) struct ProcessRoot {
    root: OpenedFile,
    mounts: Arc<MountTable>,
}

/// A folder on the way to a file.
struct Folder {
    opened: OpenedFile,
    path: PathBuf,
    /// Its place on the way, if that is recorded.
    place: Option<usize>,
}

impl ProcessRoot {
    /// The view that this process has.
    ///
    /// # Errors
    ///
    /// If this user may not inspect the process, if its root is on a file system that may not answer, or if
    /// it is in another user namespace: there, any user can mount a file system of their own under one
    /// that seems to be local.
    pub(super) fn of(process: &ProcessDir, mounts: &MountTables) -> Result<ProcessRoot, NotInspected> {
        check_user_namespace(process)?;
        let mounts = mounts.of(process)?;
        let root = process.root().map_err(|_| NotInspected::Unreadable)?;
        let root = OpenedFile::of(root, &mounts)?.at_hand()?;
        Ok(ProcessRoot { root, mounts })
    }

    /// The view that this program has itself.
    ///
    /// # Errors
    ///
    /// As for [`ProcessRoot::of`].
    pub(super) fn own(proc: &Proc, mounts: &MountTables) -> Result<ProcessRoot, NotInspected> {
        let process = proc.process(std::process::id()).map_err(|_| NotInspected::Unreadable)?;
        ProcessRoot::of(&process, mounts)
    }

    /// The root of everything that is mounted in the process's namespace: the kernel gives the paths of a process's
    /// files from there, wherever chroot(2) has set its root.
    ///
    /// # Errors
    ///
    /// If it is on a file system that may not answer.
    pub(super) fn of_kernel_paths(&self) -> Result<ProcessRoot, NotInspected> {
        let top = self.above()?.pop().map_or_else(|| self.root.file.try_clone(), |top| Ok(top.file));
        let top = top.map_err(|_| NotInspected::Unreadable)?;
        let root = OpenedFile::of(top, &self.mounts)?.at_hand()?;
        Ok(ProcessRoot { root, mounts: Arc::clone(&self.mounts) })
    }

    /// Whether no folder is above the root: chroot(2) has not set it.
    ///
    /// # Errors
    ///
    /// If that cannot be found out.
    pub(super) fn is_top(&self) -> Result<bool, NotInspected> {
        Ok(self.above()?.is_empty())
    }

    /// The folder that is the root.
    pub(super) fn identity(&self) -> FileIdentity {
        self.root.identity()
    }

    /// The mounts that this view has.
    pub(super) fn mounts(&self) -> &MountTable {
        &self.mounts
    }

    /// The file that a path leads to; links are followed.
    ///
    /// # Errors
    ///
    /// If it leads nowhere, or past a file system that may not answer.
    pub(super) fn find(&self, path: &Path) -> Result<OpenedFile, NotInspected> {
        self.walk(path, None)
    }

    /// The file that a path leads to, and all that it leads through.
    ///
    /// # Errors
    ///
    /// As for [`ProcessRoot::find`].
    pub(super) fn find_with_passage(&self, path: &Path) -> Result<(OpenedFile, Passage), NotInspected> {
        let mut passage = Passage::default();
        let file = self.walk(path, Some(&mut passage))?;
        Ok((file, passage))
    }

    /// Goes name by name: each may be a link, or lead to a server that does not answer. openat2(2) could go many
    /// at once, but does not say through what, and is missing before Linux 5.6.
    fn walk(&self, path: &Path, mut passage: Option<&mut Passage>) -> Result<OpenedFile, NotInspected> {
        let mut folders = vec![self.start(passage.as_deref_mut())?];
        let mut names: VecDeque<OsString> = names_of(path).map(OsStr::to_owned).collect();
        let mut links = 0;
        while let Some(name) = names.pop_front() {
            if name == ".." {
                // The root is its own parent.
                if folders.len() > 1 {
                    folders.pop();
                }
                continue;
            }
            let Some(folder) = folders.last() else { return Err(NotInspected::Unreadable) };
            let entry = openat(&folder.opened.file, &name, LOOK, Mode::empty()).map_err(why_not)?;
            let entry = OpenedFile::of(entry, &self.mounts)?.at_hand()?;
            let path = folder.path.join(&name);
            let place = match passage.as_deref_mut() {
                Some(passage) => Some(passage.add(&entry, os_text(&path), folder.place)?),
                None => None,
            };
            match entry.status.kind {
                FileType::Symlink => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(NotInspected::NotAtItsPath);
                    }
                    let target = link_in(&entry.file, "").map_err(|_| NotInspected::Unreadable)?;
                    if target.is_absolute() {
                        folders.truncate(1);
                    }
                    for name in names_of(&target).collect::<Vec<_>>().into_iter().rev() {
                        names.push_front(name.to_owned());
                    }
                }
                FileType::Directory if folders.len() < MOST_FOLDERS => {
                    folders.push(Folder { opened: entry, path, place });
                }
                FileType::Directory => return Err(NotInspected::TooLarge),
                _ if names.is_empty() => return Ok(entry),
                _ => return Err(NotInspected::NotAtItsPath),
            }
        }
        folders.pop().map(|folder| folder.opened).ok_or(NotInspected::Unreadable)
    }

    /// The root, and on the way to it the folders above it: whoever may write to one of these can put another
    /// folder in the place of the root that chroot(2) set.
    fn start(&self, passage: Option<&mut Passage>) -> Result<Folder, NotInspected> {
        let root = self.root.file.try_clone().map_err(|_| NotInspected::Unreadable)?;
        let root = OpenedFile::of(root, &self.mounts)?;
        let mut folder = Folder { opened: root, path: PathBuf::from("/"), place: None };
        let Some(passage) = passage else { return Ok(folder) };
        let mut above = None;
        for upper in self.above()?.into_iter().rev() {
            let path =
                fs::read_link(own_descriptor(upper.file.as_fd())).map_err(|_| NotInspected::Unreadable)?;
            above = Some(passage.add(&upper, os_text(&path), above)?);
        }
        folder.place = Some(passage.add(&folder.opened, "/".to_owned(), above)?);
        Ok(folder)
    }

    /// The folders above the root of the process, the nearest first: none unless chroot(2) set it. The parents of
    /// an open folder are known to the kernel, whose mount namespace and server it be.
    fn above(&self) -> Result<Vec<OpenedFile>, NotInspected> {
        let mut above: Vec<OpenedFile> = Vec::new();
        loop {
            let last = above.last().unwrap_or(&self.root);
            let parent = openat(&last.file, c"..", LOOK, Mode::empty()).map_err(why_not)?;
            let parent = OpenedFile::of(parent, &self.mounts)?;
            if parent.status == last.status {
                return Ok(above);
            }
            if above.len() >= MOST_FOLDERS {
                return Err(NotInspected::TooLarge);
            }
            above.push(parent);
        }
    }

    /// Whether a path leads to this file.
    pub(super) fn leads_to(&self, path: &Path, file: FileIdentity) -> bool {
        self.find(path).is_ok_and(|found| found.identity() == file)
    }

    /// The text of an ordinary file; `None` if it is longer than `most` bytes.
    pub(super) fn whole_text(&self, path: &Path, most: u64) -> Option<String> {
        self.find(path).ok()?.beginning(most + 1).filter(|text| text.len() as u64 <= most)
    }
}

/// # Errors
///
/// If a process is in a user namespace other than this one's, or this user may not know.
pub(super) fn check_user_namespace(process: &ProcessDir) -> Result<(), NotInspected> {
    match (process.link("ns/user"), fs::read_link("/proc/self/ns/user")) {
        (Ok(its), Ok(own)) if its == own => Ok(()),
        (Ok(_), Ok(_)) => Err(NotInspected::AnotherUserNamespace),
        // A kernel without user namespaces has neither.
        (Err(its), Err(own)) if [&its, &own].iter().all(|e| e.kind() == io::ErrorKind::NotFound) => Ok(()),
        _ => Err(NotInspected::Unreadable),
    }
}

fn why_not(error: Errno) -> NotInspected {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG => NotInspected::NotAtItsPath,
        _ => NotInspected::Unreadable,
    }
}

fn names_of(path: &Path) -> impl Iterator<Item = &OsStr> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some(OsStr::new("..")),
        _ => None,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    use super::super::proc_dir::Proc;

    /// A folder as the root of a process.
    pub(in super::super) fn root(folder: &Path) -> ProcessRoot {
        let own = Proc::open().unwrap().process(std::process::id()).unwrap();
        let mounts = MountTables::default().of(&own).unwrap();
        let folder = openat(rustix::fs::CWD, folder, LOOK, Mode::empty()).unwrap();
        ProcessRoot { root: OpenedFile::of(folder, &mounts).unwrap().at_hand().unwrap(), mounts }
    }

    fn text_at(root: &ProcessRoot, path: &str) -> Option<String> {
        root.find(Path::new(path)).ok()?.beginning(999)
    }

    #[test]
    fn what_is_no_ordinary_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap();
        assert!(made.success());
        let root = root(folder.path());
        assert_eq!(text_at(&root, "/fifo"), None);
        assert_eq!(text_at(&root, "/"), None);
        fs::write(folder.path().join("long"), "x".repeat(100_000)).unwrap();
        assert_eq!(text_at(&root, "/long").unwrap().len(), 999);
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
        let names = |most| root.find(Path::new("/")).unwrap().names(most).len();
        assert_eq!((names(99), names(4)), (6, 4));
        for name in ["/out", "/zero", "/around", "/../../../etc/passwd", "/proc/self/fd/0"] {
            assert_eq!(text_at(&root, name), None, "{name}");
        }
        for name in ["/in", "/lib/inside", "usr/./lib/inside"] {
            assert_eq!(text_at(&root, name).as_deref(), Some("here"), "{name}");
        }
        let found = root.find(Path::new("/usr/lib/inside")).unwrap().identity();
        assert!(root.leads_to(Path::new("/in"), found) && !root.leads_to(Path::new("/out"), found));
    }

    #[test]
    fn what_may_not_answer_is_not_asked() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/proc/self", folder.path().join("link")).unwrap();
        let root = root(Path::new("/"));
        let link = folder.path().join("link/comm");
        for path in [Path::new("/proc"), Path::new("/proc/self/exe"), Path::new("/sys/kernel"), &link] {
            assert_eq!(root.find(path).err(), Some(NotInspected::MayNotAnswer), "{}", path.display());
        }
        assert!(root.find(folder.path()).is_ok());
        let unknown = ProcessRoot { mounts: Arc::new(MountTable::default()), ..root };
        assert_eq!(unknown.find(folder.path()).err(), Some(NotInspected::MayNotAnswer));
    }

    #[test]
    fn a_path_leads_through_its_folders_and_links() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("opt/lic")).unwrap();
        fs::write(folder.path().join("opt/lic/lmgrd"), "").unwrap();
        for (name, target) in [("one", "/opt/two"), ("opt/two", "../opt/./lic/../lic")] {
            symlink(target, folder.path().join(name)).unwrap();
        }
        let root = root(folder.path());
        let (file, _) = root.find_with_passage(Path::new("/one/lmgrd")).unwrap();
        assert!(root.leads_to(Path::new("/opt/lic/lmgrd"), file.identity()));
        for (path, why) in [
            ("/one/missing", NotInspected::NotAtItsPath),
            ("/one/lmgrd/below", NotInspected::NotAtItsPath),
            ("/opt/lic/lmgrd/..", NotInspected::NotAtItsPath),
        ] {
            assert_eq!(root.find(Path::new(path)).err(), Some(why), "{path}");
        }
        assert!(root.find(Path::new("/../..")).is_ok_and(|found| found.status == root.root.status));
        let deep = "x/".repeat(2 * MOST_FOLDERS);
        fs::create_dir_all(folder.path().join(&deep)).unwrap();
        assert_eq!(root.find(Path::new(&deep)).err(), Some(NotInspected::TooLarge));
    }

    #[test]
    fn a_lease_on_a_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leased");
        fs::write(&path, "text").unwrap();
        // The holder ignores the signal that asks for the lease.
        let script = "import fcntl,signal,sys,os
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print(flush=True)
sys.stdin.read()";
        let mut holder = std::process::Command::new("python3")
            .args(["-c", script])
            .arg(&path)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        holder.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let since = std::time::Instant::now();
        assert_eq!(text_at(&root(folder.path()), "/leased"), None);
        assert!(since.elapsed().as_secs() < 10);
        drop(holder.stdin.take());
        holder.wait().unwrap();
    }
}
