//! Examines what a process runs: whether its file is what its path says, who could have put it there, what it
//! contains, and what other code is in the process. A plain question and a plain answer: it needs only `/proc` and
//! the file system, so that it can be left behind where these do not answer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};

use super::super::decode::linux::proc_pid::Ticks;
use super::super::inspect::FileChecks;
use super::super::inspect_files::{self, FileFacts};
use super::executable_file::{self, ExecutableFile};
use super::file_status::FileIdentity;
use super::loaded_code::{LoadedCode, Loader};
use super::mount_tables::MountTables;
use super::opened_file::OpenedFile;
use super::proc_dir::{Proc, ProcessDir};
use super::process_root::ProcessRoot;
use super::writers::Writers;
use crate::model::{Checked, CodeFile, Contents, NotInspected, Pid, Writer};
use crate::os::decode::text::os_text;

/// What to examine about a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) pid: Pid,
    /// Id and start together identify a process.
    pub(super) started: Ticks,
    /// The path of the file that it runs, as it was read before.
    pub(super) exe: String,
    pub(super) checks: FileChecks,
    /// Whether that path leads to the file; included in [`FileChecks::place`].
    pub(super) path: bool,
    /// Whether the path is one of this program's view of the file system if that of the process cannot be believed:
    /// nothing says that it is another's.
    pub(super) here: bool,
    /// The texts to search for in the file.
    pub(super) texts: Vec<String>,
    /// The user that it runs as, if it is asked whether that is an account for a service.
    pub(super) user: Option<u32>,
    /// The script or archive that its command line names, to be examined too.
    pub(super) script: Option<String>,
}

impl Request {
    /// Whether it asks for anything.
    pub(super) fn asks(&self) -> bool {
        let FileChecks { place, content, loaded } = self.checks;
        place || content || loaded || self.path || self.script.is_some()
    }

    fn failed(&self, why: NotInspected) -> FileFacts {
        let mut facts = FileFacts::failed(self.checks, why);
        if self.path {
            facts.path_confirmed = Checked::Failed(why);
        }
        facts
    }
}

/// What was found out. What was not requested is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) file: FileFacts,
    pub(super) script: Option<CodeFile>,
}

impl Facts {
    /// Nothing was found out.
    pub(super) fn failed(request: &Request, why: NotInspected) -> Facts {
        let script = request.script.clone().map(|path| CodeFile { path, writers: Checked::Failed(why) });
        Facts { file: request.failed(why), script }
    }
}

/// Examines processes. What several of them share is examined once.
pub(super) struct Examiner<'a> {
    proc: &'a Proc,
    mounts: &'a MountTables,
    writers: Writers<'a>,
    contents: Mutex<HashMap<FileIdentity, Arc<OnceLock<Checked<Contents>>>>>,
    loaded: LoadedCode,
}

impl<'a> Examiner<'a> {
    pub(super) fn new(proc: &'a Proc, mounts: &'a MountTables) -> Examiner<'a> {
        let writers = Writers::new(proc, mounts);
        Examiner { proc, mounts, writers, contents: Mutex::default(), loaded: LoadedCode::default() }
    }

    pub(super) fn examine(&self, request: &Request) -> Facts {
        let Some(dir) = self.proc.same_process(request.pid, request.started) else {
            return Facts::failed(request, NotInspected::Unreadable);
        };
        let dir = dir.living_thread().unwrap_or(dir);
        let file = self.file(&dir, request).unwrap_or_else(|why| request.failed(why));
        let script = request
            .script
            .as_ref()
            .map(|path| CodeFile { path: path.clone(), writers: self.script(&dir, Path::new(path)).into() });
        Facts { file, script }
    }

    fn file(&self, dir: &ProcessDir, request: &Request) -> Result<FileFacts, NotInspected> {
        let FileChecks { place, content, loaded } = request.checks;
        let mut facts = FileFacts::default();
        if !(place || content || loaded || request.path) {
            return Ok(facts);
        }
        let own_root = match ProcessRoot::of(dir, self.mounts) {
            Err(NotInspected::AnotherUserNamespace) if request.here => {
                return Ok(self.file_here(dir, request));
            }
            root => root?,
        };
        let root = own_root.of_kernel_paths()?;
        let file = ExecutableFile::of(dir, self.mounts).ok_or(NotInspected::Unreadable)?;
        if os_text(&file.path) != request.exe {
            // It runs another file by now.
            return Err(NotInspected::NotAtItsPath);
        }
        let exe = executable_file::open(dir, &root)?;
        let at_path = root.find_with_passage(&file.path);
        if file.deleted == Some(true) {
            facts.replaced = match &at_path {
                Ok((found, _)) => (found.status.kind == FileType::RegularFile).then_some(true),
                Err(NotInspected::NotAtItsPath) => Some(false),
                Err(_) => None,
            };
        }
        let found = match at_path {
            Ok((found, passage)) if found.identity() == exe.identity() => Ok((found, passage)),
            Ok(_) => Err(NotInspected::NotAtItsPath),
            Err(why) => Err(why),
        };
        if place || request.path {
            facts.path_confirmed = match &found {
                Ok(_) => Checked::Done(true),
                Err(NotInspected::NotAtItsPath) => Checked::Done(false),
                Err(why) => Checked::Failed(*why),
            };
        }
        if place {
            let passage = found.as_ref().map(|(_, passage)| passage).map_err(|why| *why);
            facts.writers = passage.and_then(|passage| self.writers.of(passage, &own_root)).into();
        }
        if let Some(user) = request.user {
            facts.by_service = Checked::Done(self.writers.accounts().is_of_service(user, &own_root));
        }
        if content {
            // A file at its path is read there: the process may have it from a mount that is not this namespace's.
            let at_its_path = found.as_ref().map(|(found, _)| found);
            facts.contents = self.contents(at_its_path.unwrap_or(&exe), &request.texts);
        }
        if loaded {
            let exe = exe.identity();
            let loader = Loader { dir, root: &root, own_root: &own_root, exe, writers: &self.writers };
            facts.loaded = self.loaded.of(&loader);
        }
        Ok(facts)
    }

    /// Of a process in another user namespace: all that can be known is whether its path leads elsewhere for everybody
    /// who is not in it.
    fn file_here(&self, dir: &ProcessDir, request: &Request) -> FileFacts {
        let mut facts = request.failed(NotInspected::AnotherUserNamespace);
        let leads_elsewhere = || -> Result<bool, NotInspected> {
            let root = ProcessRoot::own(self.proc, self.mounts)?;
            let exe = executable_file::open(dir, &root)?;
            match root.find(Path::new(&request.exe)) {
                Ok(found) => Ok(found.identity() != exe.identity()),
                Err(NotInspected::NotAtItsPath) => Ok(true),
                Err(why) => Err(why),
            }
        };
        if leads_elsewhere() == Ok(true) {
            facts.path_confirmed = Checked::Done(false);
        }
        facts
    }

    /// What the file contains; each file is read once.
    fn contents(&self, file: &OpenedFile, texts: &[String]) -> Checked<Contents> {
        let mut known = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = Arc::clone(known.entry(file.identity()).or_default());
        drop(known);
        let read = || match file.read() {
            Ok(file) => inspect_files::contents(file, texts),
            Err(why) => Checked::Failed(why),
        };
        contents.get_or_init(read).clone()
    }

    /// Who may put another file in the place of one that a command line names.
    fn script(&self, dir: &ProcessDir, path: &Path) -> Result<Vec<Writer>, NotInspected> {
        let own_root = ProcessRoot::of(dir, self.mounts)?;
        let (found, passage) = if path.is_absolute() {
            own_root.find_with_passage(path)?
        } else {
            let folder = dir.link("cwd").map_err(|_| NotInspected::Unreadable)?;
            own_root.of_kernel_paths()?.find_with_passage(&folder.join(path))?
        };
        if found.status.kind != FileType::RegularFile {
            return Err(NotInspected::NotAtItsPath);
        }
        self.writers.of(&passage, &own_root)
    }
}

#[cfg(test)]
mod tests;
