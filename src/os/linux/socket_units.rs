//! Which unit a socket belongs to that systemd holds for another program.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use super::super::decode::linux::socket_unit::{Listen, SocketUnit};
use super::unit_files::UnitFiles;
use crate::model::{Activation, ProcessService, Protocol, ServiceManager};

/// No name of a unit is longer, in bytes (`UNIT_NAME_MAX` in systemd's `src/basic/unit-def.h`).
const LONGEST_NAME: usize = 255;

/// The `.socket` units of a systemd.
#[derive(Default)]
pub(super) struct SocketUnits {
    /// Whether its systemd was started as that of a user.
    pub(super) is_of_user: bool,
    units: BTreeMap<String, SocketUnit>,
    /// The units that open a port, by protocol, address and port.
    openers: HashMap<(Protocol, Option<IpAddr>, u16), Opener>,
}

/// The unit that opens a port.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Opener {
    One(String),
    /// It may be any of several.
    Several,
}

impl Opener {
    fn and(self, other: Opener) -> Opener {
        if self == other { self } else { Opener::Several }
    }
}

impl From<UnitFiles> for SocketUnits {
    fn from(files: UnitFiles) -> SocketUnits {
        let mut units = SocketUnits { is_of_user: files.is_of_user, ..SocketUnits::default() };
        files.units.into_iter().for_each(|(name, unit)| units.add(name, unit));
        units
    }
}

impl SocketUnits {
    fn add(&mut self, name: String, unit: SocketUnit) {
        for &Listen { protocol, address, port } in &unit.listens {
            let opener = Opener::One(name.clone());
            let known = self.openers.entry((protocol, address.map(|ip| ip.to_canonical()), port));
            known.and_modify(|known| *known = known.clone().and(opener.clone())).or_insert(opener);
        }
        self.units.insert(name, unit);
    }

    /// The unit that a socket held by systemd belongs to: the one in whose control group it was made, or
    /// else the only one whose file has its port.
    pub(super) fn activation(
        &self,
        manager: ServiceManager,
        made_in: Option<&ProcessService>,
        protocol: Protocol,
        local: SocketAddr,
    ) -> Option<Activation> {
        let made_in = made_in.map(|unit| unit.name.as_str()).filter(|name| name.ends_with(".socket"));
        let name = made_in.or_else(|| self.only_opener(protocol, local))?;
        // An instance `a@1.socket` has the file `a@.socket`.
        let template = || Some(format!("{}@.socket", name.split_once('@')?.0));
        let unit = self.units.get(name).or_else(|| self.units.get(&template()?));
        let service = unit.map(|unit| unit.starts(name)).filter(|name| name.len() <= LONGEST_NAME);
        Some(Activation { manager, socket: name.to_owned(), service })
    }

    /// The only unit that opens a port at this address, or at any.
    fn only_opener(&self, protocol: Protocol, local: SocketAddr) -> Option<&str> {
        let places = [None, Some(local.ip().to_canonical())];
        let mut openers = places.iter().filter_map(|ip| self.openers.get(&(protocol, *ip, local.port())));
        match (openers.next()?, openers.next()) {
            (Opener::One(name), None) => Some(name),
            (Opener::One(name), Some(Opener::One(other))) if name == other => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::process_root::tests::root;
    use super::super::unit_files::UnitBudget;
    use super::super::unit_files::tests::write;
    use super::*;

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
        write("lib/twice.socket", "[Socket]\nListenStream=81\nListenStream=127.0.0.1:81\n");
        write("lib/many@.socket", "[Socket]\nListenStream=%i\n");
        let long = format!("[Socket]\nListenStream=82\nService={}.service\n", "%p".repeat(200));
        write("lib/long.socket", &long);
        let folders = ["/etc", "/lib"].map(PathBuf::from);
        let files = UnitFiles::in_folders(&root(folder.path()), &folders, &UnitBudget::default());
        assert!(!files.are_more);
        let units = SocketUnits::from(files);
        let activation_of = |made_in: Option<&str>, local: &str| {
            let made_in = made_in.map(|name| ProcessService::new(ServiceManager::Systemd, name));
            let local = local.parse().unwrap();
            units.activation(ServiceManager::Systemd, made_in.as_ref(), Protocol::Tcp, local)
        };
        let activation = |socket: &str, service: Option<&str>| {
            let (socket, service) = (socket.to_owned(), service.map(str::to_owned));
            Some(Activation { manager: ServiceManager::Systemd, socket, service })
        };
        assert_eq!(activation_of(None, "[::]:2222"), activation("ssh.socket", Some("ssh.service")));
        assert_eq!(activation_of(None, "[::]:22"), None);
        assert_eq!(activation_of(None, "127.0.0.1:631"), activation("other.socket", Some("cups.service")));
        assert_eq!(activation_of(None, "10.0.0.1:631"), None);
        assert_eq!(activation_of(None, "0.0.0.0:80"), None, "it may be either");
        assert_eq!(activation_of(None, "127.0.0.1:81"), activation("twice.socket", Some("twice.service")));
        assert_eq!(activation_of(None, "0.0.0.0:82"), activation("long.socket", None));
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
