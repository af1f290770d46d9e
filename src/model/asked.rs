//! What there is to say about each word of a question, whether or not anything listens there.

use std::sync::Arc;

use super::word::words;
use super::{
    Manager, Namespace, PortConnection, PortRange, Process, Protocol, Service, SoughtProcess, UnlistedPorts,
};

/// What there is to say about one port, range, service or process that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The word as it was typed.
    pub what: String,
    /// The ports it stands for; none where it names a process.
    pub ports: Vec<PortRange>,
    /// `None` for both.
    pub protocol: Option<Protocol>,
    /// The registry's entry for the ports.
    pub service: Option<Service>,
    /// The license managers that use the ports.
    pub managers: Vec<Manager>,
    /// By port and protocol: all of a single port, else those that are not free.
    pub answers: Vec<PortAnswer>,
    /// How many more are free; `None` if that was not examined.
    pub more_free: Option<usize>,
    /// Whether it is an option's value, such as `--pid 812`, and no word.
    pub is_option: bool,
    /// For a name or an id: the processes that it means.
    pub processes: Vec<AskedProcess>,
    pub notes: Vec<Note>,
    /// What to do next, as a sentence; `None` where there is nothing to do.
    pub next: Option<String>,
    /// Whether anything matched: a listener that is shown, or something else that has the port as one does.
    pub is_matched: bool,
}

/// Whether a program could use one port with one protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortAnswer {
    pub protocol: Protocol,
    pub port: u16,
    pub status: PortStatus,
    /// What uses it, if it is [`PortStatus::InUse`], those that hold the port longest first.
    pub by: Vec<PortUse>,
}

words! {
    /// The first that applies.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum PortStatus {
        /// a socket receives on it
        Listening = "listening",
        /// a program has taken it without listening
        Bound = "bound",
        /// nothing receives on it, but a socket with a peer has it. A program that asks for it is usually
        /// refused. For UDP the exit status is 0, for TCP 1: nothing listens there
        InUse = "in-use",
        /// the system refuses it to other programs (Windows)
        Reserved = "reserved",
        /// none of these, in your own network namespace; with `--all-namespaces`, in any that was scanned. The
        /// first of the `notes` says "on this machine" only where no other namespace is known
        Free = "free",
        /// not everything that may have the port was examined: see `gaps`, or you asked for a service by name with
        /// `-4` or `-6`
        Unknown = "unknown",
    }
}

/// A socket with a peer that has the port, with its visible holders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortUse {
    pub connection: PortConnection,
    pub processes: Vec<Arc<Process>>,
}

impl PortUse {
    /// The socket, and who holds it.
    #[must_use]
    pub fn in_words(&self) -> String {
        let connection = self.connection.in_words();
        match &self.processes[..] {
            [] => connection,
            [holder, ..] => format!("{}: {connection}", holder.called()),
        }
    }
}

/// A process that was asked about by name or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedProcess {
    pub process: Arc<Process>,
    /// The network namespace that it is in; `None` for the caller's own.
    pub namespace: Option<Namespace>,
    /// The ports it listens on, each once; `None` where this may not be seen.
    pub listens_on: Option<Vec<(u16, Protocol)>>,
    /// Those of them in namespaces that are not listed.
    pub unlisted: Vec<UnlistedPorts>,
    /// Whether it may listen on others, in a namespace that could not be scanned.
    pub may_hold_more: bool,
}

impl AskedProcess {
    /// A process that holds none of the listed sockets.
    #[must_use]
    pub fn of(process: Arc<Process>, sought: &SoughtProcess) -> AskedProcess {
        let namespace = sought.namespace.clone();
        let mut one =
            AskedProcess { process, namespace, listens_on: None, unlisted: Vec::new(), may_hold_more: false };
        one.add(sought);
        one
    }

    /// Adds what is not listed.
    pub fn add(&mut self, sought: &SoughtProcess) {
        self.unlisted.clone_from(&sought.unlisted);
        self.may_hold_more = sought.may_hold_more;
        let unlisted = sought.unlisted.iter().map(|there| there.listens_on.as_ref());
        let is_whole =
            sought.is_seen && !sought.may_hold_more && unlisted.clone().all(|ports| ports.is_some());
        let mut all: Vec<(u16, Protocol)> = self.listens_on.take().unwrap_or_default();
        all.extend(unlisted.flatten().flatten());
        all.sort_unstable();
        all.dedup();
        self.listens_on = (is_whole || !all.is_empty()).then_some(all);
    }

    /// Whether this user may not see on which ports it listens, in some namespace.
    #[must_use]
    pub fn has_hidden_ports(&self) -> bool {
        (self.listens_on.is_none() && !self.may_hold_more)
            || self.unlisted.iter().any(|there| there.listens_on.is_none())
    }

    /// Whether it certainly listens on no port.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.listens_on.as_ref().is_some_and(Vec::is_empty)
    }
}

/// Something to know about the ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub kind: NoteKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// A whole sentence, of a view of this alone.
    Sentence,
    /// The whole answer in a line, where it is one of several.
    Line,
    /// Who may open the port.
    Rights,
    /// The system may hand it out.
    Ephemeral,
    Excluded,
    /// What the system may do with packets for it.
    PacketRules,
    /// About a license manager.
    License,
    /// The same, where it stands beside the verdict on a row.
    BesideVerdict,
}

impl NoteKind {
    /// The word before the text; `None` for what stands alone.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        match self {
            NoteKind::Sentence | NoteKind::Line => None,
            NoteKind::Rights => Some("Rights"),
            NoteKind::Ephemeral => Some("Ephemeral"),
            NoteKind::Excluded => Some("Excluded"),
            NoteKind::PacketRules => Some("Rules"),
            NoteKind::License | NoteKind::BesideVerdict => Some("Note"),
        }
    }
}

impl Note {
    #[must_use]
    pub fn new(kind: NoteKind, text: impl Into<String>) -> Note {
        Note { kind, text: text.into() }
    }

    #[must_use]
    pub fn line(text: impl Into<String>) -> Note {
        Note::new(NoteKind::Line, text)
    }

    #[must_use]
    pub fn sentence(text: impl Into<String>) -> Note {
        Note::new(NoteKind::Sentence, text)
    }
}

impl Asked {
    /// The lines that answer it among others.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().filter(|note| note.kind == NoteKind::Line).map(|note| note.text.as_str())
    }

    /// The answers that say this.
    pub fn with_status(&self, status: PortStatus) -> impl Iterator<Item = &PortAnswer> {
        self.answers.iter().filter(move |answer| answer.status == status)
    }

    /// Whether this port was asked about.
    #[must_use]
    pub fn has_port(&self, protocol: Protocol, port: u16) -> bool {
        self.protocol.is_none_or(|only| only == protocol)
            && self.ports.iter().any(|range| range.contains(port))
    }

    /// Whether it stands for a single port.
    #[must_use]
    pub fn is_one_port(&self) -> bool {
        matches!(&self.ports[..], [range] if range.single().is_some())
    }

    /// Whether it stands for ports on which no socket was found that receives or is about to.
    #[must_use]
    pub fn may_be_free(&self) -> bool {
        let held = [PortStatus::Listening, PortStatus::Bound];
        // They were examined.
        self.more_free.is_some()
            && !self.ports.is_empty()
            && !self.answers.iter().any(|answer| held.contains(&answer.status))
    }
}
