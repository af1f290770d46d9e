//! The form of `data/licenses.toml`; its keys are told in `data/README.md`.

use serde::{Deserialize, Deserializer, de};

use crate::model::{Confidence, Interpreter, Manager, Os, PortRange, PortRole, Protocol, vendor_and_product};

/// A licensing system whose own server is right on the ports of every manager built on it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technology {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The executables of its server, which starts the vendors' daemons.
    pub servers: Executables,
    /// Whether vendors ship the server under longer names, such as `lmgrd.intel`.
    #[serde(default)]
    pub renamed: bool,
    /// A text in the files of vendors' daemons, by which one is known under any name.
    pub marker: Option<String>,
    /// Who made the server's file, as its version resource says on Windows: the beginning of the name.
    #[serde(default)]
    pub companies: Vec<String>,
    /// What a healthy machine shows.
    pub healthy: String,
    /// How to keep it safe.
    pub safety: String,
    /// Where this is known from.
    pub sources: Vec<String>,
}

/// A license manager.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseManager {
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
    /// Its own executables, beside those of its technology: with a technology the vendor's daemon,
    /// which the technology's server starts; without one the server itself.
    pub executables: Executables,
    /// What is known of it on Windows.
    #[serde(default)]
    pub windows: OnWindows,
    /// Whether it also runs on machines that only use licenses.
    #[serde(default)]
    pub clients: bool,
    /// How a command line shows that an interpreter runs it.
    #[serde(default)]
    pub commands: Vec<CommandLine>,
    /// What a helpdesk engineer should know about its ports.
    pub note: String,
    /// What a healthy machine shows, where its technology does not tell.
    pub healthy: Option<String>,
    /// How to keep it safe, where its technology does not tell.
    pub safety: Option<String>,
    /// Where this is known from.
    pub sources: Vec<String>,
}

/// What is known of a license manager on Windows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnWindows {
    /// The names of its services.
    pub services: Vec<String>,
    /// Who made its files, as their version resources say: the beginning of the name.
    pub companies: Vec<String>,
}

/// What in an interpreter's command line shows which program it runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandLine {
    /// The interpreter: `java` or `python`.
    #[serde(deserialize_with = "understood_interpreter")]
    pub program: Interpreter,
    /// A text in one of its arguments.
    pub contains: String,
}

/// A program by others than the maker that answers as if it were a license server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulator {
    /// Its permanent id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The id of the manager whose server it stands in for.
    pub emulates: String,
    /// Its executables.
    pub executables: Executables,
    /// The scripts that a Python runs where it is written in that.
    #[serde(default)]
    pub scripts: Vec<String>,
    /// What a helpdesk engineer should know about it.
    pub note: String,
    /// Where this is known from.
    pub sources: Vec<String>,
}

/// What is often said of a port and is not so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belief {
    /// The port.
    #[serde(deserialize_with = "port_range")]
    pub port: PortRange,
    /// What is said, as a phrase behind "It is often said that".
    pub claim: String,
    /// What is so.
    pub fact: String,
    /// Where this is known from.
    pub sources: Vec<String>,
}

/// A document that several sources name, by a key in brackets: `[flexnet-guide] pp. 23-25`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
}

/// A port of a license manager.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPort {
    /// The number or range; `None` where the system or the license file chooses it.
    #[serde(rename = "port", deserialize_with = "port_range_or_dynamic")]
    pub range: Option<PortRange>,
    /// The protocols used there.
    #[serde(deserialize_with = "protocols")]
    pub protocols: Vec<Protocol>,
    /// What listens there.
    pub role: PortRole,
}

impl KnownPort {
    /// Whether it is this port; `protocol` `None` asks for any.
    #[must_use]
    pub fn is_at(&self, port: u16, protocol: Option<Protocol>) -> bool {
        self.range.is_some_and(|range| range.contains(port))
            && protocol.is_none_or(|protocol| self.protocols.contains(&protocol))
    }
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

    /// Whether a file name is one of them.
    #[must_use]
    pub fn have(&self, exe: &str, os: Os) -> bool {
        self.on(os).iter().any(|known| same_file_name(known, exe, os))
    }

    /// Whether there are none for any system.
    #[must_use]
    pub fn are_empty(&self) -> bool {
        Os::ALL.iter().all(|os| self.on(*os).is_empty())
    }
}

impl Technology {
    /// Whether an executable is this technology's server, under its own name or a longer one.
    #[must_use]
    pub fn has_server(&self, exe: &str, os: Os) -> bool {
        self.servers.have(exe, os)
            || (self.renamed && self.servers.on(os).iter().any(|known| is_renamed(known, exe, os)))
    }
}

impl LicenseManager {
    /// Vendor and product in one phrase: "Citrix License Server", "Autodesk 3ds-lm".
    #[must_use]
    pub fn called(&self) -> String {
        vendor_and_product(self.vendor.as_deref(), &self.product)
    }

    /// The report's form of it, for one of its ports, or for a port that is none of its usual ones.
    #[must_use]
    pub fn at(&self, ports: PortRange) -> Manager {
        Manager {
            id: self.id.clone(),
            vendor: self.vendor.clone(),
            product: self.product.clone(),
            ports,
            note: self.note.clone(),
        }
    }
}

/// Whether two file names are one, by the rules of the system.
pub fn same_file_name(known: &str, exe: &str, os: Os) -> bool {
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

fn port_range<'de, D: Deserializer<'de>>(input: D) -> Result<PortRange, D::Error> {
    let text = String::deserialize(input)?;
    PortRange::parse(&text).ok_or_else(|| de::Error::custom(format!("{text:?} is no port or range")))
}

fn port_range_or_dynamic<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PortRange>, D::Error> {
    let text = String::deserialize(input)?;
    if text == "dynamic" {
        return Ok(None);
    }
    let range = PortRange::parse(&text);
    range.map(Some).ok_or_else(|| de::Error::custom(format!("{text:?} is no port, range or \"dynamic\"")))
}

/// An interpreter whose command line is understood (`interpreter::interpreter`).
fn understood_interpreter<'de, D: Deserializer<'de>>(input: D) -> Result<Interpreter, D::Error> {
    match Interpreter::deserialize(input)? {
        known @ (Interpreter::Java | Interpreter::Python) => Ok(known),
        other => Err(de::Error::custom(format!("command lines of {} are not understood", other.name()))),
    }
}

fn protocols<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Protocol>, D::Error> {
    let names = Vec::<String>::deserialize(input)?;
    let read = |name: &String| {
        Protocol::from_name(name).ok_or_else(|| de::Error::custom(format!("{name:?} is no protocol")))
    };
    names.iter().map(read).collect()
}
