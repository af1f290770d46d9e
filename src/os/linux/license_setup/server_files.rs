//! The files of one running license server: its license files, the end of its log, and the lock files of its daemons.
//! The server's user controls all of it, so that everything has a bound.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};

use super::super::super::decode::linux::{locks, proc_pid};
use super::super::super::decode::{flexnet_log, license_command, license_file};
use super::super::helper::ProcessId;
use super::super::mount_tables::MountTables;
use super::super::nonblocking;
use super::super::opened_file::OpenedFile;
use super::super::proc_dir::{Proc, ProcessDir};
use super::super::process_root::ProcessRoot;
use crate::model::{
    Checked, DaemonLine, DaemonProgram, DebugLog, LicenseFile, LicenseLines, LicenseSystem, LockFile,
    NamedBy, NotInspected, Os, Pid,
};
use crate::os::decode::text::{os_text, text_of};

/// How many license files of one server are read.
const MOST_FILES: usize = 64;
/// How much of a license file is read, in bytes.
const MOST_OF_FILE: u64 = 4 * 1024 * 1024;
/// How much is read of all license files of one server, in bytes.
const MOST_OF_FILES: u64 = 16 * 1024 * 1024;
/// How much is answered, in bytes of JSON: less than a helper process may.
const MOST_ANSWERED: usize = 512 * 1024;
/// How much is read of the end of a log, in bytes.
const END_OF_LOG: u64 = 64 * 1024;
/// How much of a program is read to find which loader it needs, in bytes: an ELF file names it near its beginning.
const BEGINNING_OF_PROGRAM: u64 = 64 * 1024;
/// The list of locks is longer only on a machine with very many, in bytes.
const MOST_OF_LOCKS: u64 = 1024 * 1024;
/// How much of an environment is read, in bytes: the kernel's limit for one string is 128 KiB.
const MOST_OF_ENVIRONMENT: u64 = 256 * 1024;
/// The names in a folder of license files.
const MOST_NAMES: usize = 10_000;

/// The loader of programs that were built for the Linux Standard Base, as older license servers are.
const LSB_LOADER: &str = "/lib64/ld-lsb-x86-64.so.3";

/// Where FlexNet keeps its lock files: `lock` and the daemon's name (License Administration Guide, "Troubleshooting").
const LOCK_FOLDERS: [&str; 2] = ["/var/tmp", "/usr/tmp"];

/// Which server's files to read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in super::super) struct ServerRequest {
    pub(in super::super) process: ProcessId,
    pub(in super::super) system: LicenseSystem,
}

/// What was read of one server.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in super::super) struct ServerFiles {
    pub(in super::super) files: Vec<LicenseFile>,
    pub(in super::super) log: Option<DebugLog>,
    pub(in super::super) lock_files: Vec<LockFile>,
    /// Whether there is more than was read.
    pub(in super::super) is_cut: bool,
}

impl ServerFiles {
    /// Reads the files of a server, in its own view of the file system.
    pub(in super::super) fn of(request: &ServerRequest, proc: &Proc, mounts: &MountTables) -> ServerFiles {
        let ProcessId { pid, started } = request.process;
        let Some(dir) = proc.same_process(pid, started) else { return ServerFiles::default() };
        let Ok(root) = ProcessRoot::of(&dir, mounts) else { return ServerFiles::default() };
        let cwd = dir.link("cwd").unwrap_or_else(|_| PathBuf::from("/"));
        let args =
            dir.read("cmdline").ok().and_then(|args| proc_pid::command_line(&args)).unwrap_or_default();
        let asked = license_command::arguments(request.system, Os::Linux, &args);
        let mut reader = FileReader::new(&root, &cwd, asked.ending);
        for path in &asked.license_paths {
            reader.read(path, &NamedBy::CommandLine(pid));
        }
        // What the command line says takes the place of the rest (License Administration Guide, "lmgrd").
        if asked.license_paths.is_empty() || request.system == LicenseSystem::Rlm {
            for (variable, path) in environment(&dir) {
                reader.read(&path, &NamedBy::Environment { pid, variable });
            }
        }
        match request.system {
            LicenseSystem::Rlm => {
                let exe = dir.link("exe").ok();
                let folders = [Some(cwd.as_path()), exe.as_deref().and_then(Path::parent)];
                for folder in folders.into_iter().flatten() {
                    reader.read_folder(folder, &NamedBy::Folder(pid));
                }
            }
            LicenseSystem::Flexnet if asked.license_paths.is_empty() => {
                reader.read_if_there("/usr/local/flexlm/licenses/license.dat", &NamedBy::Folder(pid));
            }
            LicenseSystem::Flexnet => {}
        }
        let log = log(&dir, &root, &cwd, asked.log.as_deref(), pid);
        let daemons = reader.files.iter().filter_map(|file| file.contents.done());
        let daemons: Vec<String> =
            daemons.flat_map(|lines| lines.daemons.iter().map(|line| line.name.clone())).collect();
        let lock_files =
            if request.system == LicenseSystem::Flexnet { lock_files(&root, &daemons) } else { Vec::new() };
        ServerFiles { files: reader.files, log, lock_files, is_cut: reader.is_cut }
    }
}

/// The paths that a server's environment names, with the variable.
fn environment(dir: &ProcessDir) -> Vec<(String, String)> {
    let Ok(text) = dir.beginning("environ", MOST_OF_ENVIRONMENT) else { return Vec::new() };
    let variables = text.split('\0').filter_map(|variable| variable.split_once('='));
    let paths = variables.flat_map(|(name, value)| {
        let paths = license_command::variable(Os::Linux, name, value);
        paths.into_iter().flatten().map(|path| (name.to_owned(), path))
    });
    paths.take(MOST_FILES).collect()
}

/// Reads license files in one view of the file system.
pub(in super::super) struct FileReader<'a> {
    root: &'a ProcessRoot,
    cwd: &'a Path,
    /// That of the license files in a folder.
    ending: &'static str,
    pub(in super::super) files: Vec<LicenseFile>,
    left: u64,
    answered: usize,
    pub(in super::super) is_cut: bool,
}

impl<'a> FileReader<'a> {
    pub(in super::super) fn new(
        root: &'a ProcessRoot,
        cwd: &'a Path,
        ending: &'static str,
    ) -> FileReader<'a> {
        FileReader { root, cwd, ending, files: Vec::new(), left: MOST_OF_FILES, answered: 0, is_cut: false }
    }

    /// Reads a license file, or all in a folder.
    pub(in super::super) fn read(&mut self, path: &str, named_by: &NamedBy) {
        let full = self.cwd.join(path);
        match self.root.find(&full) {
            Ok(found) if found.status.kind == FileType::Directory => self.read_names(&full, &found, named_by),
            found => self.add(&full, found, named_by),
        }
    }

    fn read_if_there(&mut self, path: &str, named_by: &NamedBy) {
        if let Ok(found) = self.root.find(Path::new(path)) {
            self.add(Path::new(path), Ok(found), named_by);
        }
    }

    /// Reads the license files in a folder.
    fn read_folder(&mut self, folder: &Path, named_by: &NamedBy) {
        if let Ok(found) = self.root.find(folder) {
            self.read_names(folder, &found, named_by);
        }
    }

    fn read_names(&mut self, folder: &Path, found: &OpenedFile, named_by: &NamedBy) {
        let mut names = found.names(MOST_NAMES);
        let has_ending = |name: &str| Some(self.ending) == name.rsplit_once('.').map(|(_, ending)| ending);
        names.retain(|name| has_ending(&name.to_ascii_lowercase()));
        names.sort();
        for name in names {
            let path = folder.join(name);
            let found = self.root.find(&path);
            self.add(&path, found, named_by);
        }
    }

    fn add(&mut self, path: &Path, found: Result<OpenedFile, NotInspected>, named_by: &NamedBy) {
        let path = os_text(path);
        if let Some(known) = self.files.iter_mut().find(|file| file.path == path) {
            if !known.named_by.contains(named_by) {
                known.named_by.push(named_by.clone());
            }
            return;
        }
        if self.files.len() >= MOST_FILES || self.left == 0 || self.answered > MOST_ANSWERED {
            self.is_cut = true;
            return;
        }
        let contents = found.and_then(|found| self.lines(&found));
        let file = LicenseFile { path, named_by: vec![named_by.clone()], contents: Checked::from(contents) };
        self.answered += serde_json::to_vec(&file).map_or(0, |json| json.len());
        if self.answered > MOST_ANSWERED {
            self.is_cut = true;
            return;
        }
        self.files.push(file);
    }

    fn lines(&mut self, found: &OpenedFile) -> Result<LicenseLines, NotInspected> {
        let most = MOST_OF_FILE.min(self.left);
        let mut bytes = found.bytes(most + 1)?;
        let is_whole = bytes.len() as u64 <= most;
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        self.left -= bytes.len() as u64;
        let mut lines = license_file::read(&bytes, is_whole);
        for line in &mut lines.daemons {
            line.program = self.program(line);
        }
        Ok(lines)
    }

    /// Whether the file of a daemon is there, and can be run.
    fn program(&self, line: &DaemonLine) -> Checked<DaemonProgram> {
        let Some(path) = &line.path else { return Checked::NotRequested };
        let path = self.cwd.join(path);
        let found = match self.root.find(&path) {
            Ok(found) if found.status.kind == FileType::Directory => self.root.find(&path.join(&line.name)),
            found => found,
        };
        match found {
            Ok(found) if !found.status.may_be_run() => Checked::Done(DaemonProgram::NotExecutable),
            Ok(found) => Checked::Done(match self.lacks_loader(&found) {
                true => DaemonProgram::LoaderMissing,
                false => DaemonProgram::Executable,
            }),
            Err(NotInspected::NotAtItsPath) => Checked::Done(DaemonProgram::Missing),
            Err(why) => Checked::Failed(why),
        }
    }

    fn lacks_loader(&self, program: &OpenedFile) -> bool {
        let Ok(bytes) = program.bytes(BEGINNING_OF_PROGRAM) else { return false };
        bytes.starts_with(b"\x7fELF")
            && memchr::memmem::find(&bytes, LSB_LOADER.as_bytes()).is_some()
            && matches!(self.root.find(Path::new(LSB_LOADER)), Err(NotInspected::NotAtItsPath))
    }
}

/// The end of a server's log: the file that its command line names, or where its output goes.
fn log(dir: &ProcessDir, root: &ProcessRoot, cwd: &Path, named: Option<&str>, pid: Pid) -> Option<DebugLog> {
    let by_output = || {
        let outputs = ["fd/1", "fd/2"].into_iter().filter_map(|output| dir.link(output).ok());
        outputs.into_iter().find(|path| path.is_absolute() && !path.starts_with("/dev"))
    };
    let path = named.map(|named| cwd.join(named)).or_else(by_output)?;
    let found = root.find(&path).ok()?;
    // Else a user would have root show the files of others: a server's command line may name any.
    if !found.status.may_be_read_by(owner(dir)?) {
        return None;
    }
    let mut file = found.read().ok()?;
    let length = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(END_OF_LOG))).ok()?;
    let mut end = Vec::new();
    file.take(END_OF_LOG).read_to_end(&mut end).ok()?;
    let trouble = flexnet_log::trouble(&end, length > END_OF_LOG);
    Some(DebugLog::of_process(pid, os_text(path), trouble))
}

/// The effective user of a process (proc_pid_status(5)).
fn owner(dir: &ProcessDir) -> Option<u32> {
    let status = dir.read("status").ok()?;
    let status = text_of(&status);
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    ids.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The lock files of these daemons that are there.
fn lock_files(root: &ProcessRoot, daemons: &[String]) -> Vec<LockFile> {
    let plain = daemons.iter().filter(|name| !name.is_empty() && !name.contains('/'));
    let mut found: Vec<(LockFile, u64)> = Vec::new();
    for daemon in plain.take(MOST_FILES) {
        for folder in LOCK_FOLDERS {
            let path = format!("{folder}/lock{daemon}");
            if let Ok(file) = root.find(Path::new(&path)) {
                let (uid, daemon) = (Some(file.status.owner()), daemon.clone());
                found.push((LockFile { path, daemon, uid, held_by: None }, file.identity().inode));
            }
        }
    }
    if !found.is_empty() {
        let holders = locks::holders(&nonblocking::text("/proc/locks", MOST_OF_LOCKS).unwrap_or_default());
        for (lock, inode) in &mut found {
            lock.held_by = holders.get(inode).copied();
        }
    }
    found.into_iter().map(|(lock, _)| lock).collect()
}
