//! What should listen on a machine, as its administrator says.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Exposure, Os, PortRange, Protocol, Vouched, is_path};

/// What should listen, and what must not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// In the order in which they were written.
    pub lines: Vec<PolicyLine>,
    /// From where any listener may be reached at most, unless a line says otherwise of its port.
    pub max_exposure: Option<Exposure>,
    /// Whether no license port may be held by a process that is not confirmed as the right one.
    pub no_flagged: bool,
    /// Whether nothing may listen but what a line says may or must.
    pub nothing_else: bool,
    pub vouched: Vouched,
    /// Paths of programs that may lead to another file: nobody could look.
    pub unseen_files: BTreeSet<String>,
}

impl Policy {
    /// The lines with one of these rules.
    pub fn with_rule(&self, rule: PolicyRule) -> impl Iterator<Item = &PolicyLine> {
        self.lines.iter().filter(move |line| line.rule == rule)
    }

    /// Whether it says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.max_exposure.is_none() && !self.no_flagged && !self.nothing_else
    }

    /// Whether it forbids anything, so that what is not seen may be what it forbids.
    #[must_use]
    pub fn forbids(&self) -> bool {
        let is_about_others = |line: &PolicyLine| line.rule != PolicyRule::MustListen;
        self.max_exposure.is_some()
            || self.no_flagged
            || self.nothing_else
            || self.lines.iter().any(is_about_others)
    }
}

/// What a line of a policy says of its ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyRule {
    /// Something listens, held by these programs and users alone.
    MustListen,
    /// It may listen. With one such line, nothing else may but what must.
    MayListen,
    /// If anything listens, these programs and users hold it.
    HeldBy,
    /// It can be reached from this machine alone.
    LoopbackOnly,
    MustNotListen,
}

impl PolicyRule {
    pub const ALL: [PolicyRule; 5] = [
        PolicyRule::MustListen,
        PolicyRule::MayListen,
        PolicyRule::HeldBy,
        PolicyRule::LoopbackOnly,
        PolicyRule::MustNotListen,
    ];

    /// Its name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PolicyRule::MustListen => "must-listen",
            PolicyRule::MayListen => "may-listen",
            PolicyRule::HeldBy => "held-by",
            PolicyRule::LoopbackOnly => "loopback-only",
            PolicyRule::MustNotListen => "must-not-listen",
        }
    }
}

/// A line of a policy: one of its tables, or an option of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLine {
    pub rule: PolicyRule,
    /// `None` of the command line.
    pub place: Option<PolicyPlace>,
    /// Its ports, one for each word that was written. Empty: any port.
    pub ports: Vec<PolicyPort>,
    /// Empty: any program.
    pub programs: Vec<PolicyProgram>,
    /// By name or number. Empty: any user.
    pub users: Vec<String>,
    /// From where it may be reached at most.
    pub max_exposure: Option<Exposure>,
    pub reason: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

impl PolicyLine {
    /// Whether it says who holds the ports.
    #[must_use]
    pub fn names_holder(&self) -> bool {
        !self.programs.is_empty() || !self.users.is_empty()
    }

    /// Whether it is about this port.
    #[must_use]
    pub fn has_port(&self, protocol: Protocol, port: u16) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|one| one.has(protocol, port))
    }

    /// How many ports, of each protocol, it has beside this one: of the smallest range that has it.
    #[must_use]
    pub fn breadth_around(&self, protocol: Protocol, port: u16) -> u32 {
        let all = PortRange { first: 0, last: u16::MAX };
        let any = self.ports.iter().flat_map(|one| one.any.iter().copied());
        let has =
            any.filter(|(range, only)| range.contains(port) && only.is_none_or(|only| only == protocol));
        let breadth = |(range, only): (PortRange, Option<Protocol>)| {
            let protocols = if only.is_some() { 1 } else { 2 };
            (u32::from(range.last - range.first) + 1) * protocols
        };
        has.chain([(all, None)]).map(breadth).min().unwrap_or(u32::MAX)
    }

    /// Whether it has expired on this day.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// ` (/etc/whatlistens.toml:12)`, behind a sentence; empty of the command line.
    #[must_use]
    pub fn behind(&self) -> String {
        self.place.as_ref().map_or(String::new(), |place| format!(" ({place})"))
    }
}

/// Where a line of a policy stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyPlace {
    pub path: String,
    /// From 1 on.
    pub line: usize,
}

impl fmt::Display for PolicyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// A port, a range, or the ports of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyPort {
    /// As it was written: `27000/tcp`, `ssh`.
    pub written: String,
    /// Any of these; `None` for every protocol.
    pub any: Vec<(PortRange, Option<Protocol>)>,
}

impl PolicyPort {
    #[must_use]
    pub fn has(&self, protocol: Protocol, port: u16) -> bool {
        self.any.iter().any(|(range, only)| range.contains(port) && only.is_none_or(|only| only == protocol))
    }

    /// Whether both have a port in common.
    #[must_use]
    pub fn overlaps(&self, other: &PolicyPort) -> bool {
        let meets = |(one, protocol): &(PortRange, Option<Protocol>)| {
            other.any.iter().any(|(two, only)| one.overlaps(*two) && agree(*protocol, *only))
        };
        self.any.iter().any(meets)
    }

    /// Whether all its ports are among those of another.
    #[must_use]
    pub fn is_within(&self, other: &PolicyPort) -> bool {
        let is_in = |(one, protocol): &(PortRange, Option<Protocol>)| {
            let mut others = other.any.iter();
            others.any(|(two, only)| one.common(*two) == Some(*one) && (only.is_none() || only == protocol))
        };
        self.any.iter().all(is_in)
    }
}

fn agree(one: Option<Protocol>, other: Option<Protocol>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// A program: the name of its file, or its full path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProgram(pub String);

impl PolicyProgram {
    #[must_use]
    pub fn is_path(&self) -> bool {
        // `C:/Flexlm/lmgrd.exe`
        is_path(&self.0) || self.0.get(1..3) == Some(":/")
    }

    /// Whether both may be the same file: a name may be that of a path.
    #[must_use]
    pub fn may_be(&self, other: &PolicyProgram) -> bool {
        self == other || (self.is_path() != other.is_path() && self.has_name_of(other))
    }

    /// Whether their files have the same name.
    #[must_use]
    pub fn has_name_of(&self, other: &PolicyProgram) -> bool {
        let name = |program: &PolicyProgram| {
            let name = program.0.rsplit(['/', '\\']).next().unwrap_or_default();
            name.to_lowercase().trim_end_matches(".exe").to_owned()
        };
        name(self) == name(other)
    }

    /// Whether it is this file, by the rules of the system. On Windows names need no `.exe`.
    #[must_use]
    pub fn is(&self, path: &str, name: &str, os: Os) -> bool {
        let written = if self.is_path() { path } else { name };
        if !os.ignores_case() {
            return self.0 == written;
        }
        let (own, written) =
            (self.0.to_lowercase().replace('/', "\\"), written.to_lowercase().replace('/', "\\"));
        own == written || (os == Os::Windows && written.strip_suffix(".exe") == Some(&*own))
    }
}

/// A policy, with what a person should know about its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedPolicy {
    pub host: Option<String>,
    pub taken_at: Timestamp,
    pub policy: Policy,
    /// Of each line what listens there, in words.
    pub comments: Vec<String>,
    /// What is worth knowing of all, in whole sentences.
    pub notes: Vec<String>,
}
