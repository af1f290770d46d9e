//! Which systemd unit a socket belongs to, where its holders do not show it: by the control group it
//! was made in (cgroups(7)), and for one that systemd itself holds, by the unit files.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};
use rustix::fs::{CWD, Mode, OFlags, openat, statfs};

use super::super::decode::cgroup;
use super::super::decode::socket_unit::{self, SocketUnit};
use super::facts::command_line;
use super::proc_dir::ProcessDir;
use crate::model::{Activation, ProcessService, Protocol};

/// Where version 2 of the control groups is: alone, or beside version 1.
const CGROUPS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
/// `include/uapi/linux/magic.h`.
const CGROUP2_MAGIC: i64 = 0x6367_7270;

/// Where the unit files of the system lie, those that count first first (systemd.unit(5)).
const SYSTEM_FOLDERS: [&str; 6] = [
    "etc/systemd/system",
    "run/systemd/system",
    "run/systemd/generator",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];

/// Where those of a user's own systemd lie, besides the user's home and runtime folder.
const USER_FOLDERS: [&str; 5] = [
    "etc/systemd/user",
    "run/systemd/user",
    "usr/local/lib/systemd/user",
    "usr/lib/systemd/user",
    "lib/systemd/user",
];

/// Of a folder so many files are looked at, and so much of each: unit files are few and small.
const MOST_FILES: usize = 4000;
const LARGEST_FILE: u64 = 64 * 1024;
/// So many control groups are looked through: whoever may make some may make very many.
const MOST_GROUPS: usize = 20_000;

/// The units of control groups, by their numbers, which are the inodes of their folders. Those that
/// are gone or no unit's are not there.
pub(super) fn of_cgroups(ids: &HashSet<u64>) -> HashMap<u64, ProcessService> {
    let mut units = HashMap::new();
    let is_cgroup2 = |folder: &&&str| {
        statfs(**folder).is_ok_and(|system| i128::from(system.f_type) == i128::from(CGROUP2_MAGIC))
    };
    let Some(root) = CGROUPS.iter().find(|folder| is_cgroup2(folder)).map(Path::new) else { return units };
    let mut folders: VecDeque<PathBuf> = VecDeque::from([root.to_owned()]);
    let mut looked_through = 0;
    // The nearest to the root first: there are the units.
    while let Some(folder) = folders.pop_front().filter(|_| units.len() < ids.len()) {
        looked_through += 1;
        if looked_through > MOST_GROUPS {
            break;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if ids.contains(&entry.ino())
                && let Ok(path) = entry.path().strip_prefix(root)
                && let Some(unit) = unit_of(&path.to_string_lossy())
            {
                units.insert(entry.ino(), unit);
            }
            folders.push_back(entry.path());
        }
    }
    units
}

/// The unit that a control group is, or is in.
fn unit_of(path: &str) -> Option<ProcessService> {
    let last = path.rsplit('/').next()?;
    if last.ends_with(".socket") {
        return Some(ProcessService { manager: "systemd".to_owned(), name: last.to_owned() });
    }
    cgroup::of_path(&format!("/{path}")).service
}

/// The `.socket` units whose files are there, by name.
pub(super) struct SocketUnits {
    units: BTreeMap<String, SocketUnit>,
}

impl SocketUnits {
    /// Those that a systemd reads: in its own view of the file system, which may be a container's.
    pub(super) fn of(systemd: &ProcessDir, uid: Option<u32>) -> SocketUnits {
        let root = systemd.path().join("root");
        let is_user_s = command_line(systemd).is_some_and(|args| args.iter().any(|arg| arg == "--user"));
        let mut folders: Vec<PathBuf> = Vec::new();
        if is_user_s && let Some(uid) = uid {
            folders.extend(home(uid).map(|home| home.join(".config/systemd/user")));
            folders.push(PathBuf::from(format!("run/user/{uid}/systemd/user")));
            folders.push(PathBuf::from(format!("run/user/{uid}/systemd/generator")));
        }
        folders.extend(if is_user_s { &USER_FOLDERS[..] } else { &SYSTEM_FOLDERS }.iter().map(PathBuf::from));
        let below = |folder: &PathBuf| root.join(folder.strip_prefix("/").unwrap_or(folder));
        SocketUnits::in_folders(&folders.iter().map(below).collect::<Vec<_>>())
    }

    fn in_folders(folders: &[PathBuf]) -> SocketUnits {
        let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
        for folder in folders {
            for path in sorted(folder) {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                if let Some(name) = name.filter(|name| name.ends_with(".socket")) {
                    files.entry(name).or_insert(path);
                }
            }
        }
        let units = files.into_iter().filter_map(|(name, path)| {
            let mut texts = vec![small_text(&path)?];
            let drop_ins = folders.iter().flat_map(|folder| sorted(&folder.join(format!("{name}.d"))));
            texts.extend(drop_ins.filter_map(|path| small_text(&path)));
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            Some((name, socket_unit::read(&texts)))
        });
        SocketUnits { units: units.collect() }
    }

    /// What a socket that systemd holds is for: the unit in whose control group it was made, or else
    /// the only one whose file names its port.
    pub(super) fn activation(
        &self,
        made_in: Option<&ProcessService>,
        protocol: Protocol,
        local: SocketAddr,
    ) -> Option<Activation> {
        let made_in = made_in.map(|unit| unit.name.as_str()).filter(|name| name.ends_with(".socket"));
        let name = made_in.or_else(|| {
            let opens = |unit: &SocketUnit| unit.opens(protocol, local.ip(), local.port());
            let mut units = self.units.iter().filter(|(_, unit)| opens(unit));
            match (units.next(), units.next()) {
                (Some((name, _)), None) => Some(name),
                _ => None,
            }
        })?;
        let service = self.units.get(name).map(|unit| unit.starts(name));
        Some(Activation { socket: name.to_owned(), service })
    }
}

/// A user's home folder.
fn home(uid: u32) -> Option<PathBuf> {
    Some(User::from_uid(Uid::from_raw(uid)).ok()??.dir)
}

/// What lies in a folder, by name; of very many files not all.
fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.take(MOST_FILES).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The beginning of an ordinary file. The file may be a container's, whose root is a stranger: what
/// would block whoever opens it, or never end, is not read.
fn small_text(path: &Path) -> Option<String> {
    let file = openat(CWD, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
    let file = fs::File::from(file.ok()?);
    let mut bytes = Vec::new();
    file.metadata().ok().filter(fs::Metadata::is_file)?;
    file.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_ordinary_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("a.socket");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        assert_eq!(small_text(&fifo), None);
        assert_eq!(small_text(folder.path()), None);
        let endless = folder.path().join("b.socket");
        fs::write(&endless, "x".repeat(100_000)).unwrap();
        assert_eq!(small_text(&endless).unwrap().len(), 65_536);
    }

    #[test]
    fn the_unit_is_known_by_its_control_group_or_by_its_port_alone() {
        let (etc, lib) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |folder: &Path, name: &str, text: &str| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(lib.path(), "ssh.socket", "[Socket]\nListenStream=22\nAccept=no\n");
        write(lib.path(), "other.socket", "[Socket]\nListenStream=127.0.0.1:631\nService=cups.service\n");
        // The administrator's drop-in moves it to another port.
        write(etc.path(), "ssh.socket.d/port.conf", "[Socket]\nListenStream=\nListenStream=2222\n");
        write(lib.path(), "one.socket", "[Socket]\nListenStream=80\n");
        write(lib.path(), "two.socket", "[Socket]\nListenStream=80\n");
        let units = SocketUnits::in_folders(&[etc.path().to_owned(), lib.path().to_owned()]);
        let told = |made_in: Option<&str>, local: &str| {
            let made_in =
                made_in.map(|name| ProcessService { manager: "systemd".to_owned(), name: name.to_owned() });
            units.activation(made_in.as_ref(), Protocol::Tcp, local.parse().unwrap())
        };
        let activation = |socket: &str, service: Option<&str>| {
            Some(Activation { socket: socket.to_owned(), service: service.map(str::to_owned) })
        };
        assert_eq!(told(None, "[::]:2222"), activation("ssh.socket", Some("ssh.service")));
        assert_eq!(told(None, "[::]:22"), None);
        assert_eq!(told(None, "127.0.0.1:631"), activation("other.socket", Some("cups.service")));
        assert_eq!(told(None, "10.0.0.1:631"), None);
        assert_eq!(told(None, "0.0.0.0:80"), None, "it may be either");
        assert_eq!(told(Some("two.socket"), "0.0.0.0:80"), activation("two.socket", Some("two.service")));
        assert_eq!(told(Some("gone.socket"), "0.0.0.0:9"), activation("gone.socket", None));
        assert_eq!(told(Some("init.scope"), "0.0.0.0:9"), None);
    }
}
