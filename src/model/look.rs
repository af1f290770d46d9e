//! One of two looks at a machine that are compared, and what differs between them.

use jiff::Timestamp;

use super::word::words;
use super::{
    Change, ChangedPart, EventKind, Gap, Host, LicenseServer, PortRange, Problem, Row, ServerState,
    vendor_and_product,
};

words! {
    /// What a look is taken from.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum LookSource {
        /// the machine itself, now
        Machine = "machine",
        /// a record, judged now
        Record = "record",
        /// what `--json` printed, with the verdicts of then
        Document = "document",
    }
}

words! {
    /// What a look shows.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Shown {
        /// all listeners and license servers, but for what `gaps` says
        Everything = "everything",
        /// some listeners, because words or options chose them
        Selected = "selected",
        /// license servers alone, as `servers` prints them
        LicenseServers = "license-servers",
    }
}

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Side {
        Before = "before",
        After = "after",
    }
}

impl Side {
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Before => Side::After,
            Side::After => Side::Before,
        }
    }

    /// As in the help: `BEFORE`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Side::Before => "BEFORE",
            Side::After => "AFTER",
        }
    }
}

/// Listeners and license servers as they were at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub source: LookSource,
    /// The file as it was typed; `None` for this machine.
    pub file: Option<String>,
    /// The version of this program that judged it.
    pub version: String,
    /// Whether names and addresses in it are known to be replaced.
    pub redacted: bool,
    pub host: Host,
    pub taken_at: Timestamp,
    /// Whether the scan had administrator's rights.
    pub privileged: bool,
    pub shown: Shown,
    /// The words and options that chose the listeners or license servers; `None` where that is not known.
    pub selection: Option<Vec<String>>,
    pub rows: Vec<Row>,
    /// Whether the listeners of other network namespaces are among them.
    pub has_namespaces: bool,
    /// Whether TCP ports that are taken without listening are missing.
    pub hides_bound: bool,
    /// `None` where they are not known.
    pub license_servers: Option<Vec<ServerLook>>,
    /// Whether license files were read for these.
    pub reads_license_files: bool,
    /// `None` where the system did not say.
    pub ephemeral: Option<PortRange>,
    pub gaps: Vec<Gap>,
}

/// A license server at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLook {
    pub id: String,
    pub vendor: Option<String>,
    pub product: String,
    pub state: ServerState,
    /// The first, by its path.
    pub license_file: Option<String>,
    pub problems: Vec<Problem>,
}

impl ServerLook {
    #[must_use]
    pub fn new(server: &LicenseServer) -> ServerLook {
        ServerLook {
            id: server.id.clone(),
            vendor: server.vendor.clone(),
            product: server.product.clone(),
            state: server.state,
            license_file: server.license_files.first().map(|file| file.path.clone()),
            problems: server.problems.clone(),
        }
    }

    /// Vendor and product, as a phrase.
    #[must_use]
    pub fn called(&self) -> String {
        vendor_and_product(self.vendor.as_deref(), &self.product)
    }
}

/// What became of one license server between two looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerChange {
    pub kind: EventKind,
    /// As it is, or as it was last.
    pub server: ServerLook,
    /// The state before, if it changed.
    pub was: Option<ServerState>,
    pub new_problems: Vec<Problem>,
    pub gone_problems: Vec<Problem>,
}

/// A listener of which one look does not show enough to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotTell {
    /// As the look has it that shows more.
    pub row: Row,
    /// Whether it is there at all, where this is empty; else what of it.
    pub parts: Vec<ChangedPart>,
    /// The look that does not show it.
    pub unseen_by: Side,
}

/// What differs between two looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    pub before: Look,
    pub after: Look,
    /// Whether both are of one machine; `None` where that is not known.
    pub same_host: Option<bool>,
    /// By port.
    pub changes: Vec<Change>,
    pub license_servers: Vec<ServerChange>,
    pub cannot_tell: Vec<CannotTell>,
    /// Changes of ephemeral ports that are nothing but another number.
    pub left_out: usize,
    /// Whether license servers differ in what one look does not show.
    pub servers_unclear: bool,
    /// What else there is to say, in whole sentences.
    pub notes: Vec<String>,
}

impl Diff {
    /// Whether nothing differs, as far as both looks show it.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && self.license_servers.is_empty()
    }

    /// Whether both looks show enough to compare what either shows.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cannot_tell.is_empty() && !self.servers_unclear
    }
}
