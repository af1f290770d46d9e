//! One side of a comparison: a record, what `--json` printed, or this machine.

use super::recorded::LARGEST_RECORD;
use super::{Error, RecordedMachine, Source};
use crate::knowledge::Knowledge;
use crate::model::document::{self, DocumentError};
use crate::model::record::{self, Record, RecordError};
use crate::model::{GapKind, Look, LookSource, Observation, ServerLook, Shown};
use crate::os;
use crate::query::{Query, UsageError};
use crate::report;

/// What is to be looked at.
pub(super) enum Seen<'a> {
    Live(&'a dyn Source),
    Recorded { path: String, record: Box<Record> },
    Printed(Look),
}

impl Seen<'_> {
    /// What is in a file; `-` is standard input.
    pub(super) fn read(path: &str) -> Result<Seen<'static>, UsageError> {
        let refused = |why: String| UsageError::instead(path, why);
        let text = os::read_bounded(path, LARGEST_RECORD);
        let text = text.map_err(|error| refused(format!("it cannot be read: {}", os::in_words(&error))))?;
        let text = text.ok_or_else(|| refused(format!("it is larger than {} MiB", LARGEST_RECORD >> 20)))?;
        if text.is_empty() {
            return Err(refused("it is empty".to_owned()));
        }
        let path = path.to_owned();
        match record::read(&text) {
            Ok(record) => Ok(Seen::Recorded { path, record: Box::new(record) }),
            Err(RecordError::NotARecord) => {
                let look = document::read(&text).map_err(|error| refused(no_document(&error)))?;
                Ok(Seen::Printed(Look { file: Some(path), ..look }))
            }
            Err(RecordError::NotJson(flaw)) => Err(refused(no_document(&DocumentError::NotJson(flaw)))),
            Err(error) => Err(refused(error.to_string())),
        }
    }

    /// Whether what is said of license servers may rest on their files.
    pub(super) fn may_have_license_files(&self) -> bool {
        match self {
            Seen::Live(_) | Seen::Recorded { .. } => true,
            Seen::Printed(look) => look.reads_license_files,
        }
    }
}

fn hides_bound(observation: &Observation) -> bool {
    observation.gaps.iter().any(|gap| gap.kind == GapKind::BoundSocketsHidden)
}

fn no_document(error: &DocumentError) -> String {
    const RIGHT: &str = "give a file that ‘whatlistens record’ or ‘whatlistens --json’ wrote";
    match error {
        DocumentError::NotJson(_) | DocumentError::NotADocument => {
            format!("neither a record nor a listing ({error}): {RIGHT}")
        }
        DocumentError::OtherAnswer { .. } => format!("{error}: {RIGHT}"),
        DocumentError::OtherVersion { .. }
        | DocumentError::Malformed(_)
        | DocumentError::TooManyProcesses { .. } => error.to_string(),
    }
}

/// Looks at each side in the same way.
pub(super) struct Looker<'a> {
    pub(super) query: &'a Query,
    pub(super) knowledge: &'a Knowledge,
    /// The command line, quoted for a shell.
    pub(super) repeat: &'a str,
}

impl Looker<'_> {
    pub(super) fn look(&self, seen: Seen<'_>, with_files: bool) -> Result<Look, Error> {
        match seen {
            Seen::Printed(look) => Ok(look),
            Seen::Live(source) => self.at(source, with_files),
            Seen::Recorded { path, record } => {
                let hides_bound = hides_bound(&record.observation);
                let redacted = record.redacted;
                let machine = RecordedMachine::of(path.clone(), *record, self.knowledge);
                let look = self.at(&machine, with_files)?;
                Ok(Look { source: LookSource::Record, file: Some(path), hides_bound, redacted, ..look })
            }
        }
    }

    fn at(&self, source: &dyn Source, with_files: bool) -> Result<Look, Error> {
        self.query.refuse_unknown_users(|name| source.has_user(name))?;
        let mut query = self.query.clone();
        query.scope.license_servers = with_files;
        // They are read with license files.
        let ephemeral = || source.observe_port_rules().ok().and_then(|seen| seen.port_rules.ephemeral);
        let ephemeral = if with_files { None } else { ephemeral() };
        let observation = source.observe(&query.scope)?;
        let rerun = source.rerun();
        let report =
            report::report(&query, &observation, self.knowledge, rerun.as_deref().unwrap_or(self.repeat))?;
        let servers = report.license_servers.iter().flatten().map(ServerLook::new);
        Ok(Look {
            source: LookSource::Machine,
            file: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            redacted: false,
            shown: Shown::Everything,
            selection: Some(Vec::new()),
            has_namespaces: self.query.scope.all_namespaces || observation.other_namespaces.is_empty(),
            hides_bound: hides_bound(&observation),
            license_servers: Some(servers.collect()),
            reads_license_files: with_files,
            ephemeral: observation.port_rules.ephemeral.or(ephemeral),
            host: report.host,
            taken_at: report.taken_at,
            privileged: report.privileged,
            rows: report.rows,
            gaps: report.gaps,
        })
    }
}
