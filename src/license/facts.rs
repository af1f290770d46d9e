//! The facts of `data/licenses.toml`; its columns are told in `data/README.md`.

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, de};

use crate::model::{Manager, Os, PortRange, Protocol, vendor_and_product};

static EMBEDDED: LazyLock<Facts> = LazyLock::new(|| {
    let text = include_str!("../../data/licenses.toml");
    Facts::parse(text).expect("data/licenses.toml is compiled in, and the tests read it")
});

/// Everything known of license managers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Licensing systems that several managers are built on.
    #[serde(rename = "technology")]
    pub technologies: Vec<Technology>,
    /// License managers, sorted by id.
    #[serde(rename = "manager")]
    pub managers: Vec<KnownManager>,
}

/// A licensing system whose own server is right on the ports of every manager built on it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technology {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The executables of its server.
    pub servers: Executables,
    /// Whether vendors ship the server under longer names, such as `lmgrd.intel`.
    #[serde(default)]
    pub renamed: bool,
    /// Where this is known from.
    pub sources: Vec<String>,
}

/// A license manager.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownManager {
    /// Its permanent id.
    pub id: String,
    /// Who makes the licensed software, where that is known.
    pub vendor: Option<String>,
    /// What it is called.
    pub product: String,
    /// The id of the technology it is built on, where that is known.
    pub technology: Option<String>,
    /// Whether its ports are those of the whole technology, where every vendor's daemon is right.
    #[serde(default)]
    pub any_vendor: bool,
    /// How sure the facts are.
    pub confidence: Confidence,
    /// Its ports.
    pub ports: Vec<KnownPort>,
    /// Its own executables, beside those of its technology.
    pub executables: Executables,
    /// What a helpdesk engineer should know about its ports.
    pub note: String,
    /// Where this is known from.
    pub sources: Vec<String>,
}

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The registry's name only.
    Low,
    /// Named second-hand sources, or inference from the vendor's documents.
    Medium,
    /// The vendor's own document, or a named file seen.
    High,
}

/// A port of a license manager.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPort {
    /// The number or range.
    #[serde(rename = "port", deserialize_with = "port_range")]
    pub range: PortRange,
    /// The protocols used there.
    #[serde(deserialize_with = "protocols")]
    pub protocols: Vec<Protocol>,
    /// What listens there.
    pub role: Role,
}

/// What listens on a port of a license manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The license server itself.
    Server,
    /// A vendor's daemon, started by the license server.
    VendorDaemon,
}

/// File names of executables, by operating system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executables {
    /// On Linux.
    pub linux: Vec<String>,
    /// On Windows.
    pub windows: Vec<String>,
    /// On macOS.
    pub macos: Vec<String>,
}

impl Executables {
    /// Those of one system.
    #[must_use]
    pub fn on(&self, os: Os) -> &[String] {
        match os {
            Os::Linux => &self.linux,
            Os::Windows => &self.windows,
            Os::Macos => &self.macos,
        }
    }
}

fn port_range<'de, D: Deserializer<'de>>(input: D) -> Result<PortRange, D::Error> {
    let text = String::deserialize(input)?;
    PortRange::parse(&text).ok_or_else(|| de::Error::custom(format!("{text:?} is no port or range")))
}

fn protocols<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Protocol>, D::Error> {
    let names = Vec::<String>::deserialize(input)?;
    let read = |name: &String| {
        Protocol::from_name(name).ok_or_else(|| de::Error::custom(format!("{name:?} is no protocol")))
    };
    names.iter().map(read).collect()
}

impl Facts {
    /// The facts that come with the program.
    #[must_use]
    pub fn embedded() -> &'static Facts {
        &EMBEDDED
    }

    /// Reads facts in the form of `data/licenses.toml`.
    ///
    /// # Errors
    ///
    /// Where the text is not of that form.
    pub fn parse(text: &str) -> Result<Facts, toml::de::Error> {
        toml::from_str(text)
    }

    /// The managers that use a port; `protocol` `None` asks for any.
    pub fn on_port(
        &self,
        port: u16,
        protocol: Option<Protocol>,
    ) -> impl Iterator<Item = (&KnownManager, &KnownPort)> {
        self.managers.iter().filter_map(move |manager| {
            let here = manager.ports.iter().find(|known| {
                known.range.contains(port) && protocol.is_none_or(|p| known.protocols.contains(&p))
            })?;
            Some((manager, here))
        })
    }

    /// The technology a manager is built on.
    #[must_use]
    pub fn technology_of(&self, manager: &KnownManager) -> Option<&Technology> {
        let id = manager.technology.as_deref()?;
        self.technologies.iter().find(|technology| technology.id == id)
    }

    /// The executables that are right for any of these managers on a system, each once; for each
    /// manager its technology's servers first.
    #[must_use]
    pub fn expected(&self, managers: &[&KnownManager], os: Os) -> Vec<String> {
        let mut expected: Vec<String> = Vec::new();
        for manager in managers {
            let servers = self.technology_of(manager).map_or(&[][..], |t| t.servers.on(os));
            for name in servers.iter().chain(manager.executables.on(os)) {
                if !expected.contains(name) {
                    expected.push(name.clone());
                }
            }
        }
        expected
    }

    /// Whether an executable is known for a manager: its own, or its technology's server.
    #[must_use]
    pub fn is_known_for(&self, manager: &KnownManager, exe: &str, os: Os) -> bool {
        self.technology_of(manager).is_some_and(|technology| technology.has_server(exe, os))
            || manager.has_executable(exe, os)
    }

    /// Whether a manager's ports are those of a whole technology, and an executable belongs to any
    /// manager built on it.
    #[must_use]
    pub fn takes_any_vendor(&self, manager: &KnownManager, exe: &str, os: Os) -> bool {
        let same =
            |other: &KnownManager| other.technology == manager.technology && other.has_executable(exe, os);
        manager.any_vendor && self.managers.iter().any(same)
    }

    /// Which license manager or technology an executable belongs to: its vendor and what it is.
    #[must_use]
    pub fn recognise(&self, exe: &str, os: Os) -> Option<String> {
        // Of several managers with the same daemon, the best known.
        let own = self.managers.iter().filter(|manager| manager.has_executable(exe, os));
        if let Some(manager) = own.max_by_key(|manager| manager.confidence) {
            return Some(manager.called());
        }
        let technology = self.technologies.iter().find(|technology| technology.has_server(exe, os))?;
        Some(format!("{} license server", technology.name))
    }

    /// Every executable that is known on a system.
    pub fn executables(&self, os: Os) -> impl Iterator<Item = &str> {
        let servers = self.technologies.iter().flat_map(move |technology| technology.servers.on(os));
        let own = self.managers.iter().flat_map(move |manager| manager.executables.on(os));
        servers.chain(own).map(String::as_str)
    }

    /// Whether a word names an executable of any license manager on a system.
    #[must_use]
    pub fn is_license_process(&self, word: &str, os: Os) -> bool {
        self.recognise(word, os).is_some()
    }
}

impl Technology {
    /// Whether an executable is this technology's server, under its own name or a longer one.
    fn has_server(&self, exe: &str, os: Os) -> bool {
        self.servers
            .on(os)
            .iter()
            .any(|known| same_name(known, exe, os) || (self.renamed && is_renamed(known, exe, os)))
    }
}

impl KnownManager {
    /// Whether an executable is one of this manager's own.
    fn has_executable(&self, exe: &str, os: Os) -> bool {
        self.executables.on(os).iter().any(|known| same_name(known, exe, os))
    }

    /// Vendor and product in one phrase: "Citrix License Server", "Autodesk 3ds-lm".
    #[must_use]
    pub fn called(&self) -> String {
        vendor_and_product(self.vendor.as_deref(), &self.product)
    }

    /// The report's form of it, for one of its ports.
    #[must_use]
    pub fn on(&self, known: &KnownPort) -> Manager {
        Manager {
            id: self.id.clone(),
            vendor: self.vendor.clone(),
            product: self.product.clone(),
            ports: known.range,
            note: self.note.clone(),
        }
    }
}

/// Whether two file names are one, by the rules of the system.
pub(super) fn same_name(known: &str, exe: &str, os: Os) -> bool {
    if os.ignores_case() { known.eq_ignore_ascii_case(exe) } else { known == exe }
}

/// `lmgrd.intel`, `lmgrd-11.10.0.0`, `lmgrd_x64.exe`: the known name, a separator, anything.
fn is_renamed(known: &str, exe: &str, os: Os) -> bool {
    let (stem, exe) = match os {
        Os::Windows => (known.strip_suffix(".exe").unwrap_or(known), exe.to_ascii_lowercase()),
        _ => (known, exe.to_owned()),
    };
    if os == Os::Windows && !exe.ends_with(".exe") {
        return false;
    }
    exe.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(id: &str) -> &'static KnownManager {
        Facts::embedded().managers.iter().find(|manager| manager.id == id).unwrap()
    }

    #[test]
    fn the_server_of_the_technology_is_right_under_longer_names() {
        let facts = Facts::embedded();
        for (exe, os, right) in [
            ("lmgrd", Os::Linux, true),
            ("lmgrd.intel", Os::Linux, true),
            ("lmgrd-11.10.0.0", Os::Linux, true),
            ("lmgrd2", Os::Linux, false),
            ("mylmgrd", Os::Linux, false),
            ("LMGRD", Os::Linux, false),
            ("LMGRD.EXE", Os::Windows, true),
            ("lmgrd_x64.exe", Os::Windows, true),
            ("lmgrd.sh", Os::Windows, false),
            ("ansyslmd", Os::Linux, true),
            ("adskflex", Os::Linux, false),
        ] {
            assert_eq!(facts.is_known_for(manager("ansys"), exe, os), right, "{exe}");
        }
    }

    #[test]
    fn protocol_decides_whose_port_it_is() {
        let on = |port, protocol| -> Vec<&str> {
            Facts::embedded().on_port(port, protocol).map(|(manager, _)| manager.id.as_str()).collect()
        };
        assert_eq!(on(5093, Some(Protocol::Udp)), ["sentinel-rms"]);
        assert!(on(5093, Some(Protocol::Tcp)).is_empty());
        assert_eq!(on(5093, None), ["sentinel-rms"]);
        assert_eq!(on(27009, Some(Protocol::Tcp)), ["flexnet"]);
        assert!(on(27010, None).is_empty());
    }

    #[test]
    fn managers_are_called_without_saying_the_vendor_twice() {
        assert_eq!(manager("citrix").called(), "Citrix License Server");
        assert_eq!(manager("autodesk-3ds-lm").called(), "Autodesk 3ds-lm");
        assert_eq!(manager("netmap-lm").called(), "netmap-lm");
    }
}
