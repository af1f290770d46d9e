//! The form of `data/licenses.toml`. `data/README.md` describes its keys.

use serde::{Deserialize, Deserializer, de};

use crate::model::{Confidence, Interpreter, Manager, Os, PortRange, PortRole, Protocol, vendor_and_product};

/// A licensing system. Its own server is right on the ports of every manager built on it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technology {
    pub id: String,
    pub name: String,
    /// Other names that people use, such as earlier ones.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The executables of its server, which starts the vendors' daemons.
    pub servers: Executables,
    /// Whether vendors ship the server under longer names, such as `lmgrd.intel`.
    #[serde(default)]
    pub renamed: bool,
    /// Whether its server starts the vendors' daemons, and nothing else.
    #[serde(default)]
    pub starts_daemons: bool,
    /// A text in the files of vendors' daemons alone, which shows a daemon under any name.
    pub marker: Option<String>,
    /// A text in the file of the server alone, which shows it under any name.
    pub server_marker: Option<String>,
    /// A text in the files of both. Where neither of the others is there, the file is taken for a daemon's: a daemon
    /// is believed only as far as the server that started it.
    pub common_marker: Option<String>,
    /// Who made the server's file: the beginning of `CompanyName` in its version resource (Windows).
    #[serde(default)]
    pub companies: Vec<String>,
    /// What a healthy machine shows.
    pub healthy: String,
    /// How to keep it safe.
    pub safety: String,
    pub sources: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseManager {
    /// Permanent, in kebab-case.
    pub id: String,
    /// Who makes the licensed software; `None` where that is not known.
    pub vendor: Option<String>,
    pub product: String,
    /// The programs that it licenses, where they have other names: `AutoCAD`.
    #[serde(default)]
    pub licenses: Vec<String>,
    /// The id of the technology it is built on; `None` where there is none or it is not known.
    pub technology: Option<String>,
    /// Whether its ports are those of the whole technology, so that every vendor's daemon is right there.
    #[serde(default)]
    pub any_vendor: bool,
    /// How certain the facts are.
    pub confidence: Confidence,
    pub ports: Vec<KnownPort>,
    /// Its own executables. With a technology, the vendor's daemon, which the technology's server starts;
    /// without one, the server itself.
    pub executables: Executables,
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
    /// What a healthy machine shows; `None` where its technology says it.
    pub healthy: Option<String>,
    /// How to keep it safe; `None` where its technology says it.
    pub safety: Option<String>,
    /// [`Licenses::sources_of`](super::Licenses::sources_of) knows those of the managers that come with the program.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// What identifies a license manager on Windows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnWindows {
    /// The names of its services.
    pub services: Vec<String>,
    /// Who made its files: the beginning of `CompanyName` in their version resources.
    pub companies: Vec<String>,
}

/// What shows in an interpreter's command line that it runs a license manager.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandLine {
    /// `java` or `python`.
    #[serde(deserialize_with = "understood_interpreter")]
    pub program: Interpreter,
    /// A text in one of its arguments.
    pub contains: String,
}

/// A program that answers in place of a license server, and is not its maker's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulator {
    /// Permanent, in kebab-case.
    pub id: String,
    pub name: String,
    /// The id of the manager whose server it imitates.
    pub emulates: String,
    pub executables: Executables,
    /// Its scripts, where it is written in Python.
    #[serde(default)]
    pub scripts: Vec<String>,
    /// Folders that only it has, where its programs have the names of genuine ones.
    #[serde(default)]
    pub folders: Vec<String>,
    /// What a helpdesk engineer should know.
    pub note: String,
    pub sources: Vec<String>,
}

/// A common belief about a port that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belief {
    #[serde(deserialize_with = "port_range")]
    pub port: PortRange,
    /// The belief, as a phrase behind "It is often said that".
    pub claim: String,
    /// What is true, in whole sentences.
    pub fact: String,
    pub sources: Vec<String>,
}

/// A document that several sources name by a key in brackets: `[flexnet-guide] pp. 23-25`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub key: String,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPort {
    /// `None` where the system or the license file chooses it.
    #[serde(rename = "port", deserialize_with = "port_range_or_dynamic")]
    pub range: Option<PortRange>,
    #[serde(deserialize_with = "protocols")]
    pub protocols: Vec<Protocol>,
    pub role: PortRole,
}

impl KnownPort {
    /// Whether it is this port; with `None`, by any protocol.
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
    pub linux: Vec<String>,
    pub windows: Vec<String>,
    pub macos: Vec<String>,
}

impl Executables {
    #[must_use]
    pub fn on(&self, os: Os) -> &[String] {
        match os {
            Os::Linux => &self.linux,
            Os::Windows => &self.windows,
            Os::Macos => &self.macos,
        }
    }

    /// Whether a file name is one of them, by the rules of the system.
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

impl Emulator {
    /// Whether a path leads through one of its folders.
    #[must_use]
    pub fn has_folder_of(&self, path: &str, os: Os) -> bool {
        let is_its = |part: &str| self.folders.iter().any(|folder| same_file_name(folder, part, os));
        let separates = |c: char| c == '/' || (c == '\\' && os == Os::Windows);
        !self.folders.is_empty() && path.rsplit(separates).skip(1).any(is_its)
    }
}

/// What a technology's markers show a file to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Server,
    Daemon,
}

impl Technology {
    /// The texts in files that show what they are.
    pub fn markers(&self) -> impl Iterator<Item = &str> {
        [&self.marker, &self.server_marker, &self.common_marker].into_iter().flatten().map(String::as_str)
    }

    /// Whether a file with these texts has the marker of its daemons.
    pub(super) fn is_daemon_s(&self, texts: &[String]) -> bool {
        self.marker.as_ref().is_some_and(|marker| texts.contains(marker))
    }

    /// Whether these texts are as those in a daemon's file, and not only in a server's.
    #[must_use]
    pub fn is_daemon_by(&self, texts: &[String]) -> bool {
        self.is_daemon_s(texts) || matches!(self.shown_by(texts), Some(Shown::Daemon))
    }

    /// What a file with these texts is; `None` where none of them is a marker. One with the markers of both is taken
    /// for the lesser of the two.
    pub(super) fn shown_by(&self, texts: &[String]) -> Option<Shown> {
        let has = |marker: &Option<String>| marker.as_ref().is_some_and(|marker| texts.contains(marker));
        match (has(&self.server_marker), self.is_daemon_s(texts), has(&self.common_marker)) {
            (true, false, _) => Some(Shown::Server),
            (_, true, _) | (false, false, true) => Some(Shown::Daemon),
            (false, false, false) => None,
        }
    }

    /// Whether a file name is that of this technology's server, or a longer form of it.
    #[must_use]
    pub fn has_server(&self, exe: &str, os: Os) -> bool {
        self.servers.have(exe, os) || self.has_renamed_server(exe, os)
    }

    /// Whether a file name is a longer form of that of this technology's server.
    #[must_use]
    pub fn has_renamed_server(&self, exe: &str, os: Os) -> bool {
        self.renamed && self.servers.on(os).iter().any(|known| is_renamed(known, exe, os))
    }
}

impl LicenseManager {
    /// Vendor and product in one phrase: "Citrix License Server", "Autodesk 3ds-lm".
    #[must_use]
    pub fn called(&self) -> String {
        vendor_and_product(self.vendor.as_deref(), &self.product)
    }

    /// Whether one of its ports is for this.
    #[must_use]
    pub fn has_port_for(&self, role: PortRole) -> bool {
        self.ports.iter().any(|known| known.role == role)
    }

    /// The report's form of it, on one of its ports or on another port.
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

/// Whether two file names name the same file, by the rules of the system.
pub fn same_file_name(known: &str, exe: &str, os: Os) -> bool {
    if os.ignores_case() { known.eq_ignore_ascii_case(exe) } else { known == exe }
}

/// `lmgrd.intel`, `lmgrd-11.10.0.0`, `lmgrd_x64.exe`: the known name, a separator, anything.
fn is_renamed(known: &str, exe: &str, os: Os) -> bool {
    let is_longer = |known: &str, exe: &str| {
        exe.strip_prefix(known).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
    };
    if os != Os::Windows {
        return is_longer(known, exe);
    }
    let (known, exe) = (known.to_ascii_lowercase(), exe.to_ascii_lowercase());
    let stem = known.strip_suffix(".exe").unwrap_or(&known);
    exe.strip_suffix(".exe").is_some_and(|exe| is_longer(stem, exe))
}

fn port_range<'de, D: Deserializer<'de>>(input: D) -> Result<PortRange, D::Error> {
    let text = String::deserialize(input)?;
    PortRange::parse(&text).ok_or_else(|| de::Error::custom(format!("{text:?} is not a port or range")))
}

fn port_range_or_dynamic<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PortRange>, D::Error> {
    let text = String::deserialize(input)?;
    if text == "dynamic" {
        return Ok(None);
    }
    let range = PortRange::parse(&text);
    range.map(Some).ok_or_else(|| de::Error::custom(format!("{text:?} is not a port, range or \"dynamic\"")))
}

/// An interpreter whose command lines `interpreter::program` reads.
fn understood_interpreter<'de, D: Deserializer<'de>>(input: D) -> Result<Interpreter, D::Error> {
    match Interpreter::deserialize(input)? {
        known @ (Interpreter::Java | Interpreter::Python) => Ok(known),
        other => Err(de::Error::custom(format!("command lines of {} are not understood", other.name()))),
    }
}

fn protocols<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Protocol>, D::Error> {
    let names = Vec::<String>::deserialize(input)?;
    let read = |name: &String| {
        Protocol::from_name(name).ok_or_else(|| de::Error::custom(format!("{name:?} is not a protocol")))
    };
    names.iter().map(read).collect()
}
