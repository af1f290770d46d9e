//! A recorded machine answers as the machine would have answered when it was recorded.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::Source;
use crate::judge::Inspection;
use crate::knowledge::Knowledge;
use crate::model::document;
use crate::model::quoting::quoted;
use crate::model::record::{self, Record, RecordError};
use crate::model::typed_at::PROGRAM;
use crate::model::{Gap, GapKind, Observation, name_of_account};
use crate::os::{self, FileAt, ScanScope, Unobservable};
use crate::query::for_shell;

/// The largest record, in bytes: that of a machine with 10,000 processes and 10,000 listeners has half of it.
pub const LARGEST_RECORD: u64 = 64 << 20;

/// A machine at the time it was recorded.
pub struct RecordedMachine<'a> {
    knowledge: &'a Knowledge,
    path: String,
    /// Read when something is asked.
    record: OnceCell<Result<Record, String>>,
}

impl<'a> RecordedMachine<'a> {
    /// The machine of the record in this file; `-` is standard input.
    #[must_use]
    pub fn at(path: String, knowledge: &'a Knowledge) -> RecordedMachine<'a> {
        RecordedMachine { knowledge, path, record: OnceCell::new() }
    }

    #[must_use]
    pub fn new(record: Record, knowledge: &'a Knowledge) -> RecordedMachine<'a> {
        RecordedMachine { knowledge, path: String::new(), record: Ok(record).into() }
    }

    /// The machine of a record that was read from this file.
    #[must_use]
    pub fn of(path: String, record: Record, knowledge: &'a Knowledge) -> RecordedMachine<'a> {
        RecordedMachine { path, ..RecordedMachine::new(record, knowledge) }
    }

    fn record(&self) -> Result<&Record, Unobservable> {
        let record = self.record.get_or_init(|| read(&self.path));
        record.as_ref().map_err(|why| Unobservable::Record { path: self.path.clone(), why: why.clone() })
    }

    fn observation(&self) -> Option<&Observation> {
        self.record().ok().map(|record| &record.observation)
    }
}

fn read(path: &str) -> Result<Record, String> {
    let text = os::read_bounded(path, LARGEST_RECORD).map_err(|error| os::in_words(&error))?;
    let too_large = || format!("it is larger than {} MiB", LARGEST_RECORD >> 20);
    let text = text.ok_or_else(too_large)?;
    record::read(&text).map_err(|error| match error {
        RecordError::NotARecord if document::read(&text).is_ok() => {
            "it is what --json printed, which diff compares: for --from make a record, with whatlistens record"
                .to_owned()
        }
        error => error.to_string(),
    })
}

impl Source for RecordedMachine<'_> {
    fn heading(&self) -> Option<String> {
        let Record { redacted, observation: Observation { host, taken_at, .. }, .. } = self.record().ok()?;
        let name = host.name.as_deref().map_or(Cow::Borrowed("an unnamed machine"), quoted);
        let redacted = if *redacted { " (names and addresses were replaced)" } else { "" };
        Some(format!("Record of {name} ({}), taken {taken_at:.0}{redacted}.", host.os.name()))
    }

    fn rerun(&self) -> Option<String> {
        let name = shlex::try_quote(&self.path).ok().filter(|_| self.path != "-");
        let file = name.map_or(String::new(), |name| format!(" > {name}"));
        Some(format!("whatlistens record{file}"))
    }

    fn program(&self) -> Option<String> {
        let words = [PROGRAM, "--from", &self.path].map(str::to_owned);
        (!self.path.is_empty()).then(|| for_shell(&words))
    }

    fn observe(&self, scope: &ScanScope) -> Result<Observation, Unobservable> {
        self.observe_knowing(scope, self.knowledge)
    }

    fn observe_knowing(&self, scope: &ScanScope, knowledge: &Knowledge) -> Result<Observation, Unobservable> {
        let record = self.record()?;
        let mut narrowed = os::narrowed(&record.observation, scope, &Inspection::new(knowledge));
        if scope.args && !record.args {
            let detail = "the record has no command lines: whatlistens record --args records them";
            narrowed.gaps.push(Gap::new(GapKind::ArgsUnreadable, detail));
        }
        Ok(narrowed)
    }

    fn observe_port_rules(&self) -> Result<Observation, Unobservable> {
        let Observation { host, taken_at, privileged, port_rules, .. } = &self.record()?.observation;
        if port_rules.excluded.is_none() {
            return Err(Unobservable::PortRules { why: "the record does not have them".to_owned() });
        }
        let (privileged, port_rules) = (*privileged, port_rules.clone());
        Ok(Observation { privileged, port_rules, ..Observation::new(host.clone(), *taken_at) })
    }

    fn record(&self, scope: &ScanScope) -> Result<Record, Unobservable> {
        let mut record = self.record()?.clone();
        if !scope.args {
            record.leave_out_args();
        }
        Ok(record)
    }

    /// Only a file that a process runs is known to be one.
    fn file_at(&self, path: &str) -> FileAt {
        let processes = self.observation().into_iter().flat_map(|observation| observation.processes.values());
        let mut exes = processes.filter_map(|process| process.exe());
        match exes.any(|exe| exe.path == path) {
            true => FileAt::File(path.to_owned()),
            false => FileAt::Unknown,
        }
    }

    /// Users that own nothing here may still be users there.
    fn has_user(&self, name: &str) -> Option<bool> {
        let observation = self.observation()?;
        let of_processes = observation.processes.values().filter_map(|process| process.user.as_deref());
        let of_sockets = observation.sockets.iter().filter_map(|socket| socket.user.as_deref());
        let mut users = of_processes.chain(of_sockets).filter_map(name_of_account);
        users.any(|user| user == name).then_some(true)
    }
}
