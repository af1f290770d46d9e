//! The files, besides its own, whose code a process may run: libraries, and whatever else it has mapped to be
//! executed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::FileType;

use super::super::decode::linux::mappings::{self, MappedCode};
use super::executable_file::DELETED;
use super::file_status::FileIdentity;
use super::opened_file::OpenedFile;
use super::own_memory::is_own_memory;
use super::passage::Passage;
use super::proc_dir::ProcessDir;
use super::process_root::ProcessRoot;
use super::writers::Writers;
use crate::model::{Checked, CodeFile, NotInspected, Writer};
use crate::os::decode::text::text_of;

/// No longer list of mappings is read, in bytes: a process may have 65,530 (`vm.max_map_count`).
const MOST_OF_MAPS: u64 = 16 * 1024 * 1024;
/// No more files than this are looked at, and no more may raise a doubt: what stands behind them in the list counts as
/// much.
const MOST_FILES: usize = 2000;
const MOST_KEPT: usize = 100;

/// What is loaded into processes. A file that many have loaded is examined once.
#[derive(Default)]
pub(super) struct LoadedCode {
    known: Mutex<HashMap<FileInNamespace, Checked<Vec<Writer>>>>,
}

#[derive(PartialEq, Eq, Hash)]
struct FileInNamespace {
    namespace: PathBuf,
    device: (u32, u32),
    inode: u64,
    path: Vec<u8>,
}

/// A process whose code is examined.
pub(super) struct Loader<'a> {
    /// A thread that runs.
    pub(super) dir: &'a ProcessDir,
    /// Where the kernel's paths begin.
    pub(super) root: &'a ProcessRoot,
    /// The process's root, which says what its users and groups are.
    pub(super) own_root: &'a ProcessRoot,
    pub(super) exe: FileIdentity,
    pub(super) writers: &'a Writers<'a>,
}

impl LoadedCode {
    /// The files of which it is not established that only root could have written them.
    pub(super) fn of(&self, loader: &Loader<'_>) -> Checked<Vec<CodeFile>> {
        self.doubtful(loader).into()
    }

    fn doubtful(&self, loader: &Loader<'_>) -> Result<Vec<CodeFile>, NotInspected> {
        let unreadable = |_| NotInspected::Unreadable;
        let maps = loader.dir.read_whole("maps", MOST_OF_MAPS).map_err(unreadable)?;
        let maps = maps.ok_or(NotInspected::TooLarge)?;
        // A process that runs has at least its own file mapped, and the kernel's code; this user may not see it.
        if maps.is_empty() {
            return Err(NotInspected::Unreadable);
        }
        let namespace = loader.dir.link("ns/mnt").map_err(unreadable)?;
        let files = mappings::code(&maps).ok_or(NotInspected::Unreadable)?;
        if files.len() > MOST_FILES {
            return Err(NotInspected::TooLarge);
        }
        if !files.iter().any(|file| loader.is_own(file)) {
            return Err(NotInspected::NotMapped);
        }
        let mut doubtful = Vec::new();
        for file in files.into_iter().filter(|file| !is_own_memory(file.device)) {
            let (device, inode, path) = (file.device, file.inode, file.path.to_vec());
            let key = FileInNamespace { namespace: namespace.clone(), device, inode, path };
            let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let remembered = known().get(&key).cloned();
            let writers = remembered.unwrap_or_else(|| loader.writers(&file));
            known().insert(key, writers.clone());
            if !matches!(&writers, Checked::Done(writers) if writers.is_empty()) {
                if doubtful.len() == MOST_KEPT {
                    return Err(NotInspected::TooLarge);
                }
                let path = text_of(file.path).into_owned();
                doubtful.push(CodeFile { path, writers });
            }
        }
        Ok(doubtful)
    }
}

impl Loader<'_> {
    /// Whether this may be the process's own file. On some file systems the list of mappings has other numbers than
    /// stat(2), so that the number of the file or a look at it suffices.
    fn is_own(&self, file: &MappedCode<'_>) -> bool {
        let is_it = |found: OpenedFile| found.identity() == self.exe;
        file.inode == self.exe.inode || self.itself(file).is_ok_and(|found| found.is_some_and(is_it))
    }

    fn writers(&self, file: &MappedCode<'_>) -> Checked<Vec<Writer>> {
        self.passage_to(file).and_then(|passage| self.writers.of(&passage, self.own_root)).into()
    }

    /// What leads to a file; only the file itself if it was deleted: an update deletes libraries that are in use.
    fn passage_to(&self, file: &MappedCode<'_>) -> Result<Passage, NotInspected> {
        let itself = self.itself(file)?;
        // What is no ordinary file is no code that a user could have made: a device.
        let is_exempt =
            |found: &OpenedFile| found.status.kind != FileType::RegularFile || self.exe == found.identity();
        if itself.as_ref().is_some_and(is_exempt) {
            return Ok(Passage::default());
        }
        let mut why = NotInspected::NotAtItsPath;
        for path in mappings::possible_paths(file.path) {
            match self.root.find_with_passage(Path::new(OsStr::from_bytes(&path))) {
                Ok((found, passage)) if self.is_same(file, itself.as_ref(), &found) => {
                    return Ok(if is_exempt(&found) { Passage::default() } else { passage });
                }
                Err(NotInspected::NotAtItsPath) | Ok(_) => {}
                Err(other) => why = other,
            }
        }
        match itself {
            Some(itself) if file.path.ends_with(DELETED) => {
                let path = text_of(file.path).into_owned();
                let mut passage = Passage::default();
                passage.add(&itself, path, None)?;
                Ok(passage)
            }
            _ => Err(why),
        }
    }

    /// The mapped file, whatever its path leads to; `None` if this user may not open it so (`map_files` in
    /// `proc_pid_map_files(5)`).
    fn itself(&self, file: &MappedCode<'_>) -> Result<Option<OpenedFile>, NotInspected> {
        let (from, to) = file.place;
        match self.dir.look(&format!("map_files/{from:x}-{to:x}")) {
            Ok(found) => OpenedFile::of(found, self.root.mounts()).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Without the file itself, the list of mappings has its numbers; the device is that of the mount.
    fn is_same(&self, file: &MappedCode<'_>, itself: Option<&OpenedFile>, found: &OpenedFile) -> bool {
        match itself {
            Some(itself) => itself.identity() == found.identity(),
            None => {
                let mount = self.root.mounts().get(found.status.mount);
                mount.is_some_and(|mount| mount.device == file.device) && found.identity().inode == file.inode
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::executable_file;
    use super::super::mount_tables::MountTables;
    use super::super::proc_dir::Proc;
    use super::*;

    #[test]
    fn a_process_that_has_not_mapped_the_file_it_is_said_to_run_is_a_doubt() {
        let (proc, mounts) = (Proc::open().unwrap(), MountTables::default());
        let dir = proc.process(std::process::id()).unwrap();
        let root = ProcessRoot::of(&dir, &mounts).unwrap();
        let writers = Writers::new(&proc, &mounts);
        let of = |exe: &OpenedFile| {
            let loader =
                Loader { dir: &dir, root: &root, own_root: &root, exe: exe.identity(), writers: &writers };
            LoadedCode::default().of(&loader)
        };
        assert!(matches!(of(&executable_file::open(&dir, &root).unwrap()), Checked::Done(_)));
        let other = root.find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!(of(&other), Checked::Failed(NotInspected::NotMapped));
    }
}
