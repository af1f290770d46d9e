//! The `.socket` units that a systemd has files for (systemd.unit(5)). Anybody may call a process of their own
//! systemd and fill their home with unit files, so one scan reads a bounded number of them, and each file once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::super::decode::linux::proc_pid;
use super::super::decode::linux::socket_unit::{self, SocketUnit};
use super::file_status::FileIdentity;
use super::mount_tables::MountTables;
use super::proc_dir::ProcessDir;
use super::process_root::ProcessRoot;

/// What is read in one scan: files and folders, names in folders, and bytes. A system has some hundred unit files, of
/// which some dozen are `.socket` units, of half a kilobyte.
const MOST_FILES: usize = 4000;
const MOST_NAMES: usize = 64 * 1024;
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// No more is read of one file, in bytes.
const LARGEST_FILE: u64 = 64 * 1024;
/// No more is kept of the units of one systemd, in bytes as they are sent to the program: less than the helper process
/// may answer.
const MOST_KEPT: usize = 512 * 1024;

/// What is left to read. Several systemds are read at the same time.
pub(super) struct UnitBudget {
    files: AtomicUsize,
    names: AtomicUsize,
    bytes: AtomicUsize,
}

impl Default for UnitBudget {
    fn default() -> UnitBudget {
        UnitBudget::of(MOST_FILES, MOST_NAMES, MOST_BYTES)
    }
}

impl UnitBudget {
    fn of(files: usize, names: usize, bytes: usize) -> UnitBudget {
        UnitBudget { files: files.into(), names: names.into(), bytes: bytes.into() }
    }
}

/// Reads the unit files of one systemd, each once.
struct UnitReader<'a> {
    root: &'a ProcessRoot,
    budget: &'a UnitBudget,
    texts: HashMap<FileIdentity, Option<Arc<str>>>,
    folders: HashMap<FileIdentity, Arc<[String]>>,
    /// Whether anything was left unread.
    is_exhausted: bool,
}

impl<'a> UnitReader<'a> {
    fn new(root: &'a ProcessRoot, budget: &'a UnitBudget) -> UnitReader<'a> {
        let (texts, folders) = (HashMap::new(), HashMap::new());
        UnitReader { root, budget, texts, folders, is_exhausted: false }
    }

    /// The names in a folder. A folder with several names counts each time, but is read once.
    fn names(&mut self, folder: &Path) -> Arc<[String]> {
        if !self.take(&self.budget.files, 1) {
            return Arc::default();
        }
        let Ok(found) = self.root.find(folder) else { return Arc::default() };
        let most = self.budget.names.load(Ordering::Relaxed);
        let names = self.folders.entry(found.identity()).or_insert_with(|| found.names(most + 1).into());
        let names = Arc::clone(names);
        if self.take(&self.budget.names, names.len()) { names } else { Arc::default() }
    }

    /// The beginning of a file. A file with several names counts each time, but is read once.
    fn text(&mut self, path: &Path) -> Option<Arc<str>> {
        if !self.take(&self.budget.files, 1) {
            return None;
        }
        let found = self.root.find(path).ok()?;
        let text =
            self.texts.entry(found.identity()).or_insert_with(|| Some(found.beginning(LARGEST_FILE)?.into()));
        let text = text.clone()?;
        self.take(&self.budget.bytes, text.len()).then_some(text)
    }

    /// Takes so many of what is left. If there are fewer, this reader is at its end.
    fn take(&mut self, left: &AtomicUsize, count: usize) -> bool {
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count));
        self.is_exhausted |= taken.is_err();
        !self.is_exhausted
    }
}

/// The folders of the system's unit files; an earlier one overrides a later one (systemd.unit(5)).
const SYSTEM_FOLDERS: [&str; 10] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// The folders for a user's own systemd, besides those in the user's home and runtime folders.
const USER_FOLDERS: [&str; 4] =
    ["/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"];

/// The `.socket` units that have a file, by name.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct UnitFiles {
    /// Whether the systemd was started as that of a user.
    pub(super) is_of_user: bool,
    pub(super) units: BTreeMap<String, SocketUnit>,
    /// Whether there are more, which were not read.
    pub(super) are_more: bool,
}

impl UnitFiles {
    /// Reads the units of a systemd, in its own view of the file system, which may be a container's. `home` is the
    /// home of its user.
    pub(super) fn of(
        systemd: &ProcessDir,
        mounts: &MountTables,
        uid: Option<u32>,
        home: Option<&Path>,
        budget: &UnitBudget,
    ) -> UnitFiles {
        let args = systemd.read("cmdline").ok().and_then(|args| proc_pid::command_line(&args));
        let is_user_s = args.is_some_and(|args| args.iter().any(|arg| arg == "--user"));
        let mut folders: Vec<PathBuf> = Vec::new();
        if is_user_s && let Some(uid) = uid {
            folders.extend(home.map(|home| home.join(".config/systemd/user")));
            let runtime = PathBuf::from(format!("/run/user/{uid}/systemd"));
            folders.extend(["transient", "user", "generator"].map(|name| runtime.join(name)));
        }
        folders.extend(if is_user_s { &USER_FOLDERS[..] } else { &SYSTEM_FOLDERS }.iter().map(PathBuf::from));
        match ProcessRoot::of(systemd, mounts) {
            Ok(root) => UnitFiles { is_of_user: is_user_s, ..UnitFiles::in_folders(&root, &folders, budget) },
            Err(_) => UnitFiles { is_of_user: is_user_s, ..UnitFiles::default() },
        }
    }

    /// Reads the units in these folders. Of files with the same name, the first counts; of drop-ins, too.
    pub(super) fn in_folders(root: &ProcessRoot, folders: &[PathBuf], budget: &UnitBudget) -> UnitFiles {
        let mut reader = UnitReader::new(root, budget);
        let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
        // The folders of each unit's drop-ins.
        let mut drop_in_folders: HashMap<String, Vec<PathBuf>> = HashMap::new();
        for folder in folders {
            for name in reader.names(folder).iter() {
                if name.ends_with(".socket") {
                    files.entry(name.clone()).or_insert_with(|| folder.join(name));
                } else if let Some(unit) = name.strip_suffix(".d").filter(|unit| unit.ends_with(".socket")) {
                    drop_in_folders.entry(unit.to_owned()).or_default().push(folder.join(name));
                }
            }
        }
        let mut units = BTreeMap::new();
        let mut kept = 0;
        for (name, path) in files {
            let Some(text) = reader.text(&path) else { continue };
            let mut drop_ins: BTreeMap<String, PathBuf> = BTreeMap::new();
            for folder in drop_in_folders.remove(&name).unwrap_or_default() {
                let names = reader.names(&folder);
                for name in names.iter().filter(|name| name.ends_with(".conf")) {
                    drop_ins.entry(name.clone()).or_insert_with(|| folder.join(name));
                }
            }
            let mut texts = vec![text];
            for path in drop_ins.values() {
                texts.extend(reader.text(path));
                if reader.is_exhausted {
                    break;
                }
            }
            // Without all its drop-ins, a unit may say something else.
            if reader.is_exhausted {
                break;
            }
            let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
            let mut unit = socket_unit::read(&texts);
            let mut known = HashSet::new();
            unit.listens.retain(|listen| known.insert(*listen));
            kept += sent(&name, &unit);
            reader.is_exhausted |= kept > MOST_KEPT;
            if reader.is_exhausted {
                break;
            }
            units.insert(name, unit);
        }
        UnitFiles { is_of_user: false, units, are_more: reader.is_exhausted }
    }
}

/// How long a unit is in JSON at most, in bytes: six for a character that is escaped.
fn sent(name: &str, unit: &SocketUnit) -> usize {
    const LISTEN: usize = 120;
    let service = unit.service.as_ref().map_or(0, String::len);
    6 * (name.len() + service) + LISTEN * (1 + unit.listens.len())
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::process_root::tests::root;
    use super::*;

    pub(in super::super) fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A home in which so many units share so many drop-ins.
    fn home(units: usize, drop_ins: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "user/large", &format!("[Socket]\n{}", "ListenStream=1\n".repeat(400)));
        fs::create_dir(folder.path().join("user/shared")).unwrap();
        for at in 0..drop_ins {
            symlink("../large", folder.path().join(format!("user/shared/{at}.conf"))).unwrap();
        }
        for at in 0..units {
            symlink("large", folder.path().join(format!("user/{at}.socket"))).unwrap();
            symlink("shared", folder.path().join(format!("user/{at}.socket.d"))).unwrap();
        }
        folder
    }

    fn left(budget: &UnitBudget) -> [usize; 3] {
        [&budget.files, &budget.names, &budget.bytes].map(|left| left.load(Ordering::Relaxed))
    }

    #[test]
    fn a_file_with_many_names_is_read_once() {
        let (home, budget) = (home(10, 10), UnitBudget::default());
        let root = root(home.path());
        let mut reader = UnitReader::new(&root, &budget);
        let large = Path::new("/user/large");
        let one = reader.text(large).unwrap();
        for name in ["/user/3.socket", "/user/7.socket.d/5.conf"] {
            assert!(Arc::ptr_eq(&one, &reader.text(Path::new(name)).unwrap()), "{name}");
        }
        let names = ["/user/1.socket.d", "/user/2.socket.d"].map(|name| reader.names(Path::new(name)));
        assert!(Arc::ptr_eq(&names[0], &names[1]) && names[0].len() == 10);
        assert_eq!(
            left(&budget),
            [MOST_FILES - 5, MOST_NAMES - 20, MOST_BYTES - 3 * one.len()],
            "each counts"
        );
    }

    /// What it takes to read a home.
    fn taken(home: &tempfile::TempDir, budget: &UnitBudget) -> (usize, bool, [usize; 3]) {
        let before = left(budget);
        let UnitFiles { units, are_more, .. } =
            UnitFiles::in_folders(&root(home.path()), &["/user".into()], budget);
        let after = left(budget);
        (units.len(), !are_more, [0, 1, 2].map(|at| before[at] - after[at]))
    }

    #[test]
    fn twice_the_units_take_twice_the_files() {
        let [once, twice] = [10, 20].map(|units| taken(&home(units, 10), &UnitBudget::default()).2);
        // The folder, and of each unit the file, its folder and the drop-ins.
        assert_eq!([once[0], twice[0]], [1 + 10 * 12, 1 + 20 * 12]);
        assert!((0..3).all(|at| twice[at] <= 2 * once[at]), "{once:?} {twice:?}");
    }

    #[test]
    fn a_scan_reads_so_many_files_names_and_bytes() {
        let home = home(30, 30);
        for (files, names, bytes) in [(40, 9999, 1 << 30), (9999, 200, 1 << 30), (9999, 9999, 70_000)] {
            let budget = UnitBudget::of(files, names, bytes);
            let (units, is_whole, [taken_files, taken_names, taken_bytes]) = taken(&home, &budget);
            assert!(!is_whole && units < 30, "{files} {names} {bytes}: {units}");
            assert!(taken_files <= files && taken_names <= names && taken_bytes <= bytes);
        }
        let (units, is_whole, _) = taken(&home, &UnitBudget::of(9999, 9999, 1 << 30));
        assert_eq!((units, is_whole), (30, true));
    }

    #[test]
    fn a_systemd_that_has_ended_leaves_no_unit_files_unread() {
        assert!(!UnitFiles::default().are_more);
    }

    #[test]
    fn no_more_is_kept_than_the_helper_may_answer() {
        let folder = tempfile::tempdir().unwrap();
        let ports = |range: std::ops::Range<u16>| {
            range.map(|port| format!("ListenStream={port}\n")).collect::<String>()
        };
        for (name, range) in [("1", 1..2000), ("2", 2000..4000), ("3", 4000..6000)] {
            write(folder.path(), &format!("user/{name}.socket"), &format!("[Socket]\n{}", ports(range)));
        }
        let (units, is_whole, _) = taken(&folder, &UnitBudget::default());
        assert_eq!((units, is_whole), (2, false));
    }
}
