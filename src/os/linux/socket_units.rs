//! The `.socket` units of a systemd: which unit a socket belongs to that systemd holds for another program.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::decode::linux::proc_pid;
use super::super::decode::linux::socket_unit::{self, SocketUnit};
use super::mount_tables::MountTables;
use super::proc_dir::ProcessDir;
use super::process_root::ProcessRoot;
use crate::model::{Activation, ProcessService, Protocol};

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
pub(super) struct SocketUnits {
    units: BTreeMap<String, SocketUnit>,
}

impl SocketUnits {
    /// Reads the units of a systemd, in its own view of the file system, which may be a container's. `home` is the
    /// home of its user.
    pub(super) fn of(
        systemd: &ProcessDir,
        mounts: &MountTables,
        uid: Option<u32>,
        home: Option<&Path>,
    ) -> SocketUnits {
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
            Ok(root) => SocketUnits::in_folders(&root, &folders),
            Err(_) => SocketUnits { units: BTreeMap::new() },
        }
    }

    /// Reads the units in these folders. Of files with the same name, the first counts; of drop-ins, too.
    fn in_folders(root: &ProcessRoot, folders: &[PathBuf]) -> SocketUnits {
        let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
        for folder in folders {
            for name in root.names(folder).into_iter().filter(|name| name.ends_with(".socket")) {
                files.entry(name.clone()).or_insert_with(|| folder.join(name));
            }
        }
        let units = files.into_iter().filter_map(|(name, path)| {
            let mut texts = vec![root.small_text(&path)?];
            let mut drop_ins: BTreeMap<String, PathBuf> = BTreeMap::new();
            for folder in folders {
                let folder = folder.join(format!("{name}.d"));
                for name in root.names(&folder).into_iter().filter(|name| name.ends_with(".conf")) {
                    drop_ins.entry(name.clone()).or_insert_with(|| folder.join(name));
                }
            }
            texts.extend(drop_ins.values().filter_map(|path| root.small_text(path)));
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            Some((name, socket_unit::read(&texts)))
        });
        SocketUnits { units: units.collect() }
    }

    /// The unit that a socket held by systemd belongs to: the one in whose control group it was made, or
    /// else the only one whose file has its port.
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
        // An instance `a@1.socket` has the file `a@.socket`.
        let template = || Some(format!("{}@.socket", name.split_once('@')?.0));
        let unit = self.units.get(name).or_else(|| self.units.get(&template()?));
        let service = unit.map(|unit| unit.starts(name));
        Some(Activation { socket: name.to_owned(), service })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::process_root::tests::root;
    use super::*;
    use crate::model::ServiceManager;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_unit_is_known_by_its_control_group_or_by_its_port_alone() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| write(folder.path(), name, text);
        write("lib/ssh.socket", "[Socket]\nListenStream=22\nAccept=no\n");
        write("lib/other.socket", "[Socket]\nListenStream=127.0.0.1:631\nService=cups.service\n");
        // The administrator's drop-in moves it to another port, and masks the vendor's of its name.
        write("etc/ssh.socket.d/port.conf", "[Socket]\nListenStream=\nListenStream=2222\n");
        write("lib/ssh.socket.d/port.conf", "[Socket]\nListenStream=\nListenStream=2223\n");
        write("lib/ssh.socket.d/port.conf.dpkg-old", "[Socket]\nService=from-a-backup.service\n");
        write("lib/one.socket", "[Socket]\nListenStream=80\n");
        write("lib/two.socket", "[Socket]\nListenStream=80\n");
        write("lib/many@.socket", "[Socket]\nListenStream=%i\n");
        let units = SocketUnits::in_folders(&root(folder.path()), &["/etc", "/lib"].map(PathBuf::from));
        let activation_of = |made_in: Option<&str>, local: &str| {
            let made_in = made_in.map(|name| ProcessService::new(ServiceManager::Systemd, name));
            units.activation(made_in.as_ref(), Protocol::Tcp, local.parse().unwrap())
        };
        let activation = |socket: &str, service: Option<&str>| {
            Some(Activation { socket: socket.to_owned(), service: service.map(str::to_owned) })
        };
        assert_eq!(activation_of(None, "[::]:2222"), activation("ssh.socket", Some("ssh.service")));
        assert_eq!(activation_of(None, "[::]:22"), None);
        assert_eq!(activation_of(None, "127.0.0.1:631"), activation("other.socket", Some("cups.service")));
        assert_eq!(activation_of(None, "10.0.0.1:631"), None);
        assert_eq!(activation_of(None, "0.0.0.0:80"), None, "it may be either");
        assert_eq!(
            activation_of(Some("two.socket"), "0.0.0.0:80"),
            activation("two.socket", Some("two.service"))
        );
        assert_eq!(activation_of(Some("gone.socket"), "0.0.0.0:9"), activation("gone.socket", None));
        assert_eq!(
            activation_of(Some("many@7.socket"), "[::]:7"),
            activation("many@7.socket", Some("many@7.service"))
        );
        assert_eq!(activation_of(Some("init.scope"), "0.0.0.0:9"), None);
    }
}
