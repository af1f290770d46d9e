//! What `--json` printed, read back as one of two looks that are compared.
//!
//! Fields that this version does not know are passed over: within a `schema_version` they are only ever added. Whatever
//! it knows must be as the schema says.

mod error;
mod listener;
mod said;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use self::error::SCHEMA_VERSION;
use self::listener::{ListenerIn, Processes};
use self::said::Said;
use super::record::Flaw;
use super::{
    Gap, GapKind, Host, Look, LookSource, Os, Problem, ProblemCode, Row, ServerLook, ServerState, Shown,
};

pub use self::error::DocumentError;

/// Reads what a listing or `servers` printed with `--json`. The text may come from a stranger: time and memory grow
/// linearly with its length.
///
/// # Errors
///
/// Where the text is no such document, or has another version.
pub fn read(text: &[u8]) -> Result<Look, DocumentError> {
    let is_json = |error: &serde_json::Error| match serde_json::from_slice::<IgnoredAny>(text) {
        Err(error) => DocumentError::NotJson(Flaw::of(&error)),
        Ok(_) => DocumentError::Malformed(Flaw::of(error)),
    };
    let head: Head = match serde_json::from_slice(text) {
        Ok(head) => head,
        // Any other JSON than an object with a number there.
        Err(error) => match is_json(&error) {
            DocumentError::Malformed(_) => return Err(DocumentError::NotADocument),
            other => return Err(other),
        },
    };
    match head {
        Head { schema_version: SCHEMA_VERSION, .. } => {}
        Head { schema_version: found, .. } => return Err(DocumentError::OtherVersion { found }),
    }
    if let Some(printed_by) = head.printed_by() {
        return Err(DocumentError::OtherAnswer { printed_by });
    }
    let document: DocumentIn = serde_json::from_slice(text).map_err(|error| is_json(&error))?;
    if document.is_of_excluded() {
        return Err(DocumentError::OtherAnswer { printed_by: "excluded" });
    }
    document.into_look()
}

/// What says which command printed it.
#[derive(Deserialize)]
struct Head {
    schema_version: u64,
    error: Option<IgnoredAny>,
    explanations: Option<IgnoredAny>,
    waited_for: Option<IgnoredAny>,
    hosts: Option<IgnoredAny>,
    changes: Option<IgnoredAny>,
}

impl Head {
    /// What printed it, if not a listing of one machine.
    fn printed_by(&self) -> Option<&'static str> {
        let others = [
            (&self.error, "a command that failed"),
            (&self.explanations, "explain"),
            (&self.waited_for, "wait"),
            (&self.hosts, "a listing of several machines"),
            (&self.changes, "diff"),
        ];
        others.iter().find(|(field, _)| field.is_some()).map(|(_, command)| *command)
    }
}

#[derive(Deserialize)]
struct DocumentIn {
    tool: ToolIn,
    host: HostIn,
    taken_at: Timestamp,
    privileged: bool,
    /// Not in documents of the first versions.
    selection: Option<Vec<String>>,
    #[serde(default)]
    asked: Vec<IgnoredAny>,
    listeners: Vec<ListenerIn>,
    license_servers: Option<Vec<ServerIn>>,
    #[serde(default)]
    other_namespaces: Vec<IgnoredAny>,
    interfaces: Option<IgnoredAny>,
    other_sockets: Option<IgnoredAny>,
    excluded_ports: Option<IgnoredAny>,
    gaps: Vec<GapIn>,
}

#[derive(Deserialize)]
struct ToolIn {
    version: String,
}

#[derive(Deserialize)]
struct HostIn {
    name: Option<String>,
    os: Said<Os>,
    id: Option<String>,
}

#[derive(Deserialize)]
struct ServerIn {
    id: String,
    vendor: Option<String>,
    product: String,
    state: Said<ServerState>,
    license_file: Option<String>,
    problems: Vec<ProblemIn>,
}

#[derive(Deserialize)]
struct ProblemIn {
    code: Said<ProblemCode>,
    text: String,
    next: Option<String>,
}

#[derive(Deserialize)]
struct GapIn {
    kind: Said<GapKind>,
    detail: String,
    count: Option<u64>,
    remedy: Option<String>,
}

impl DocumentIn {
    /// Of a listing, the interfaces are read.
    fn has_no_listing(&self) -> bool {
        self.interfaces.is_none() && self.listeners.is_empty() && self.asked.is_empty()
    }

    fn is_of_excluded(&self) -> bool {
        let has_rules = self.excluded_ports.is_some()
            || self.gaps.iter().any(|gap| gap.kind.0 == GapKind::PortRulesUnreadable);
        self.has_no_listing() && self.license_servers.is_none() && has_rules
    }

    fn shown(&self) -> Shown {
        // Linux has other sockets in a listing of everything alone.
        let is_narrow = match &self.selection {
            Some(words) => !words.is_empty(),
            None => !self.asked.is_empty() || (self.host.os.0 == Os::Linux && self.other_sockets.is_none()),
        };
        match () {
            () if self.has_no_listing() && self.license_servers.is_some() => Shown::LicenseServers,
            () if is_narrow => Shown::Selected,
            () => Shown::Everything,
        }
    }

    fn into_look(self) -> Result<Look, DocumentError> {
        let shown = self.shown();
        let in_others = self.listeners.iter().any(|listener| listener.namespace.is_some());
        let mut processes = Processes::default();
        let rows =
            self.listeners.into_iter().enumerate().map(|(at, listener)| listener.row(at, &mut processes));
        let rows = rows.collect::<Result<Vec<Row>, DocumentError>>()?;
        let is_asked = !self.asked.is_empty();
        // A listing without a license port has none, if it is of everything.
        let none = (shown == Shown::Everything).then(Vec::new);
        let license_servers = self.license_servers.map(|all| all.into_iter().map(ServerIn::look).collect());
        let reads_license_files = shown == Shown::LicenseServers || is_asked;
        Ok(Look {
            source: LookSource::Document,
            file: None,
            version: self.tool.version,
            redacted: false,
            host: Host { name: self.host.name, os: self.host.os.0, id: self.host.id },
            taken_at: self.taken_at,
            privileged: self.privileged,
            shown,
            selection: self.selection,
            rows,
            has_namespaces: in_others || self.other_namespaces.is_empty(),
            hides_bound: false,
            license_servers: license_servers.or(none),
            reads_license_files,
            ephemeral: None,
            gaps: self.gaps.into_iter().map(GapIn::gap).collect(),
        })
    }
}

impl ServerIn {
    fn look(self) -> ServerLook {
        ServerLook {
            id: self.id,
            vendor: self.vendor,
            product: self.product,
            state: self.state.0,
            license_file: self.license_file,
            problems: self.problems.into_iter().map(ProblemIn::problem).collect(),
        }
    }
}

impl ProblemIn {
    fn problem(self) -> Problem {
        Problem { code: self.code.0, text: self.text, next: self.next }
    }
}

impl GapIn {
    fn gap(self) -> Gap {
        Gap { count: self.count, remedy: self.remedy, ..Gap::new(self.kind.0, self.detail) }
    }
}
