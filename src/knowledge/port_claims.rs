//! A port's claimants: the license managers that use it, and the service that the registry gives it to.

use super::Licenses;
use super::licenses::LicenseManager;
use super::registry::{Entry, LicenseBasis, RegisteredPort, Registry};
use crate::model::{Manager, Os, PortRange, Protocol};

/// What is known of a port before the machine is scanned.
#[derive(Debug, Clone)]
pub struct PortClaims<'a> {
    /// The managers that use it. Where one stands for a whole technology, the others of that technology
    /// are left out.
    pub managers: Vec<&'a LicenseManager>,
    /// Managers that use its number only by another protocol.
    pub by_other_protocol: Vec<&'a LicenseManager>,
    pub registered: RegisteredTo<'a>,
    /// Whether the registry notes that others use the number too.
    pub unauthorized_use: bool,
    port: u16,
    protocol: Option<Protocol>,
}

/// The first port that Linux chooses for a program that asks for none in particular (`ip_local_port_range` in ip(7));
/// the other systems begin with 49152.
const EPHEMERAL: u16 = 32768;

/// To whom the registry gives a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteredTo<'a> {
    License(Entry<'a>),
    /// Another service. A license manager that uses it has no right to it.
    Other(Entry<'a>),
    Nobody,
}

impl<'a> PortClaims<'a> {
    /// The claims on a port; with `None`, by any protocol.
    #[must_use]
    pub fn of(
        port: u16,
        protocol: Option<Protocol>,
        licenses: &'a Licenses,
        registry: Registry<'a>,
    ) -> PortClaims<'a> {
        PortClaims::by(&registry.at(port), protocol, licenses)
    }

    /// As [`PortClaims::of`], by what the registry says of the port.
    #[must_use]
    pub fn by(
        registered: &RegisteredPort<'a>,
        protocol: Option<Protocol>,
        licenses: &'a Licenses,
    ) -> PortClaims<'a> {
        let port = registered.port;
        let entries = registered.entries().iter().copied().filter(|entry| {
            let is_scanned = entry.protocol.is_none_or(|name| Protocol::from_name(name).is_some());
            is_scanned && protocol.is_none_or(|protocol| entry.is_for(protocol))
        });
        let (mut registered, mut unauthorized_use) = (RegisteredTo::Nobody, false);
        for entry in entries {
            unauthorized_use |= entry.unauthorized_use;
            registered = match registered {
                RegisteredTo::License(_) => registered,
                _ if entry.license.is_some() => RegisteredTo::License(entry),
                RegisteredTo::Other(_) => registered,
                RegisteredTo::Nobody => RegisteredTo::Other(entry),
            };
        }
        let by_this =
            |manager: &&LicenseManager| manager.ports.iter().any(|known| known.is_at(port, protocol));
        let (all, by_other_protocol): (Vec<_>, Vec<_>) = licenses.on_port(port, None).partition(by_this);
        let (managers, by_other_protocol) = (uncovered(all), uncovered(by_other_protocol));
        PortClaims { managers, by_other_protocol, registered, unauthorized_use, port, protocol }
    }

    /// Whether every holder is judged. A port that the registry gives to another service is a license port
    /// only where a license program holds it, and so is one that the registry gives to nobody and the system may
    /// give to any program that asks for none in particular.
    #[must_use]
    pub fn is_license_port(&self) -> bool {
        let is_anybody_s = matches!(self.registered, RegisteredTo::Nobody) && self.port >= EPHEMERAL;
        self.belongs_to_license_managers() && !is_anybody_s
    }

    /// Whether license managers use it, and the registry gives it to no other service.
    #[must_use]
    pub fn belongs_to_license_managers(&self) -> bool {
        match self.registered {
            RegisteredTo::License(_) => true,
            RegisteredTo::Other(_) => false,
            RegisteredTo::Nobody => !self.managers.is_empty(),
        }
    }

    /// The executables that are right here on a system.
    #[must_use]
    pub fn expected(&self, licenses: &Licenses, os: Os) -> Vec<String> {
        licenses.expected(&self.managers, os)
    }

    /// The managers in the report's form. Where only the registry knows one, it is that.
    #[must_use]
    pub fn managers_reported(&self) -> Vec<Manager> {
        match self.registered {
            RegisteredTo::License(entry) if self.managers.is_empty() => vec![self.registered(entry)],
            _ => self.managers.iter().map(|manager| self.reported(manager)).collect(),
        }
    }

    /// A manager in the report's form, whether or not it uses the port by default.
    #[must_use]
    pub fn reported(&self, manager: &LicenseManager) -> Manager {
        let here = manager.ports.iter().find(|known| known.is_at(self.port, self.protocol));
        let Some(range) = here.and_then(|known| known.range) else {
            return manager.at(PortRange::one(self.port));
        };
        let mut reported = manager.at(range);
        match self.registered {
            RegisteredTo::Other(entry) => {
                let note = format!(
                    "The registry assigns {} to {}, but {} uses it too. ",
                    reported.ports, entry.name, manager.product
                );
                reported.note.insert_str(0, &note);
            }
            RegisteredTo::Nobody => {
                let note = format!(
                    "The registry assigns {} to nobody; {} uses it by default. ",
                    reported.ports, manager.product
                );
                reported.note.insert_str(0, &note);
            }
            RegisteredTo::License(_) => {}
        }
        reported
    }

    /// A manager that only the registry knows.
    fn registered(&self, entry: Entry<'_>) -> Manager {
        let what = match entry.license {
            Some(LicenseBasis::ByName) => "which by its name is a license manager",
            _ => "a license manager",
        };
        let mut note = format!(
            "The registry assigns this port to {}, {what}. The programs that belong there are not known.",
            entry.name
        );
        for manager in &self.by_other_protocol {
            note += &format!(" {} uses this number, but not by this protocol.", manager.called());
        }
        Manager {
            id: format!("iana-{}", entry.name.to_ascii_lowercase()),
            vendor: None,
            product: called(entry),
            ports: entry.ports,
            note,
        }
    }
}

/// Without the managers for which another stands, because its ports are those of the whole technology.
fn uncovered(managers: Vec<&LicenseManager>) -> Vec<&LicenseManager> {
    let covered = |manager: &LicenseManager| {
        !manager.any_vendor
            && manager.technology.is_some()
            && managers.iter().any(|other| other.any_vendor && other.technology == manager.technology)
    };
    managers.iter().copied().filter(|manager| !covered(manager)).collect()
}

/// A registry entry in a sentence: its description where that is short enough for a name.
fn called(entry: Entry<'_>) -> String {
    const LONGEST: usize = 48;
    let says_nothing = entry.description.is_empty() || entry.description.eq_ignore_ascii_case(entry.name);
    match says_nothing || entry.description.len() > LONGEST {
        true => entry.name.to_owned(),
        false => entry.description.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::knowledge::Knowledge;

    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);

    fn place(port: u16, protocol: Protocol) -> PortClaims<'static> {
        KNOWLEDGE.claims(port, Some(protocol))
    }

    fn ids(port: u16, protocol: Protocol) -> Vec<String> {
        place(port, protocol).managers_reported().into_iter().map(|manager| manager.id).collect()
    }

    #[test]
    fn protocol_decides_whose_port_it_is() {
        assert_eq!(ids(5093, Protocol::Udp), ["sentinel-rms"]);
        assert_eq!(ids(5093, Protocol::Tcp), ["iana-sentinel-lm"]);
        assert!(place(5093, Protocol::Tcp).managers_reported()[0].note.contains("not by this protocol"));
    }

    #[test]
    fn one_manager_stands_for_its_technology() {
        assert_eq!(ids(5053, Protocol::Tcp), ["rlm"]);
        assert!(ids(27000, Protocol::Tcp).contains(&"flexnet".to_owned()));
        assert!(!ids(27000, Protocol::Tcp).contains(&"ibm-rational".to_owned()));
    }

    #[test]
    fn a_port_that_the_registry_gives_to_others_is_no_license_port_by_itself() {
        assert!(
            matches!(place(5280, Protocol::Tcp).registered, RegisteredTo::Other(entry) if entry.name == "xmpp-bosh")
        );
        assert!(!place(5280, Protocol::Tcp).is_license_port());
        assert_eq!(ids(5280, Protocol::Tcp), ["cadence"]);
        assert!(!place(80, Protocol::Tcp).is_license_port());
        assert!(place(1083, Protocol::Udp).is_license_port());
        assert!(place(25734, Protocol::Tcp).is_license_port(), "nobody's by the registry");
        assert!(!place(25734, Protocol::Udp).is_license_port());
    }
}
