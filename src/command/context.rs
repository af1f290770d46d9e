//! What every command works with.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::Error;
use crate::judge::Inspection;
use crate::knowledge::Knowledge;
use crate::model::record::Record;
use crate::model::{Observation, Report};
use crate::os::{self, FileAt, Machine, Probe, ScanScope, Unobservable};
use crate::query::{Output, Query};
use crate::render::{self, Answer};
use crate::report;

/// So many connections are in a record at most: about 10 MB.
const MOST_CONNECTIONS: usize = 50_000;

/// Where observations come from: this machine, or a recorded one.
pub trait Source {
    /// What it says before its answer in words: whose it is, and from when. `None` for this machine, now.
    fn heading(&self) -> Option<String> {
        None
    }

    /// What to type where the machine is, to see more; `None` of this machine, where the command is typed again.
    fn rerun(&self) -> Option<String> {
        None
    }

    /// What to type to ask about it, the program's name first; `None` of this machine.
    fn program(&self) -> Option<String> {
        None
    }

    /// Scans the sockets and their owners.
    ///
    /// # Errors
    ///
    /// Where no socket table could be read.
    fn observe(&self, scope: &ScanScope) -> Result<Observation, Unobservable>;

    /// As [`Source::observe`], with the eyes of who knows this: some facts may be a site's own.
    ///
    /// # Errors
    ///
    /// Where no socket table could be read.
    fn observe_knowing(
        &self,
        scope: &ScanScope,
        _knowledge: &Knowledge,
    ) -> Result<Observation, Unobservable> {
        self.observe(scope)
    }

    /// Everything that there is to see, for a record.
    ///
    /// # Errors
    ///
    /// Where no socket table could be read.
    fn record(&self, scope: &ScanScope) -> Result<Record, Unobservable> {
        let mut record = Record { args: scope.args, ..Record::new(self.observe(scope)?) };
        record.limit_connections(MOST_CONNECTIONS);
        if !scope.args {
            record.leave_out_args();
        }
        Ok(record)
    }

    /// Reads the system's rules for ports, and nothing else.
    ///
    /// # Errors
    ///
    /// Where they could not be read at all.
    fn observe_port_rules(&self) -> Result<Observation, Unobservable>;

    /// What each interface of the system answers; `None` for a recorded machine.
    fn self_test(&self, _deadline: Duration) -> Option<Vec<Probe>> {
        None
    }

    /// What a path leads to.
    fn file_at(&self, _path: &str) -> FileAt {
        FileAt::Unknown
    }

    /// What passes the time between two observations; `None` for a recorded machine, on which nothing changes.
    fn clock(&self) -> Option<&dyn Clock> {
        None
    }

    /// Whether the machine has a user of this name; `None` where only a directory server could say so.
    fn has_user(&self, name: &str) -> Option<bool>;
}

/// Time that passes.
pub trait Clock {
    /// Since some moment before.
    fn elapsed(&self) -> Duration;

    /// Lets so much time pass, or less.
    fn wait(&self, time: Duration);
}

impl Clock for os::Clock {
    fn elapsed(&self) -> Duration {
        os::Clock::elapsed(self)
    }

    fn wait(&self, time: Duration) {
        os::Clock::wait(self, time);
    }
}

/// What a command knows, asks and writes to.
pub struct Context<'a> {
    pub knowledge: &'a Knowledge,
    pub source: &'a dyn Source,
    pub out: &'a mut (dyn Write + Send),
    /// Takes what must be said but would be in a script's way.
    pub notes: &'a mut dyn Write,
}

impl Context<'_> {
    /// What an observation of the source answers to a question. `repeat` is the command line, quoted for a shell.
    pub(super) fn report(&self, query: &Query, repeat: &str) -> Result<Report, Error> {
        answer_to(query, self.source, self.knowledge, repeat)
    }

    pub(super) fn write(&mut self, answer: Answer<'_>, output: &Output) -> io::Result<()> {
        render::write(answer, output.format, &output.style, self.out, self.notes)
    }
}

/// What an observation of a source answers to a question. `repeat` is the command line, quoted for a shell.
pub(super) fn answer_to(
    query: &Query,
    source: &dyn Source,
    knowledge: &Knowledge,
    repeat: &str,
) -> Result<Report, Error> {
    query.refuse_unknown_users(|name| source.has_user(name))?;
    let rerun = source.rerun();
    let rerun = rerun.as_deref().unwrap_or(repeat);
    let answer = |query: &Query, observation: &Observation| -> Result<Report, Error> {
        let report = report::report(query, observation, knowledge, rerun)?;
        let report = Report { command: repeat.to_owned(), ..report };
        Ok(match source.program() {
            Some(program) => report.typed_at(&program),
            None => report,
        })
    };
    let mut query = query.with_files(|path| source.file_at(path));
    let mut observation = source.observe(&query.scope)?;
    if report::needs_all_ports(&query, &observation, knowledge) {
        query.to_mut().scope.ports.clear();
        observation = source.observe(&query.scope)?;
    }
    let report = answer(&query, &observation)?;
    if !report::is_about_license_servers(&query, &report, knowledge) {
        return Ok(report);
    }
    // Only now is it known that a license program is meant: what it belongs to needs a look at the whole machine.
    let query = query.with_license_servers();
    let observation = source.observe(&query.scope)?;
    answer(&query, &observation)
}

pub struct LiveMachine<'a> {
    knowledge: &'a Knowledge,
    now: fn() -> Timestamp,
    clock: os::Clock,
    /// Opened for the first scan.
    machine: RefCell<Option<Machine>>,
}

impl<'a> LiveMachine<'a> {
    /// `now` says what becomes [`Observation::taken_at`].
    #[must_use]
    pub fn new(knowledge: &'a Knowledge, now: fn() -> Timestamp) -> LiveMachine<'a> {
        LiveMachine { knowledge, now, clock: os::Clock::new(), machine: RefCell::default() }
    }
}

impl Source for LiveMachine<'_> {
    fn observe(&self, scope: &ScanScope) -> Result<Observation, Unobservable> {
        self.observe_knowing(scope, self.knowledge)
    }

    fn observe_knowing(&self, scope: &ScanScope, knowledge: &Knowledge) -> Result<Observation, Unobservable> {
        let inspection = Inspection::new(knowledge);
        let mut machine = self.machine.borrow_mut();
        let machine = machine.get_or_insert_with(|| Machine::open_restricted(scope));
        machine.observe(scope, &inspection, (self.now)())
    }

    fn observe_port_rules(&self) -> Result<Observation, Unobservable> {
        os::observe_port_rules((self.now)())
    }

    fn self_test(&self, deadline: Duration) -> Option<Vec<Probe>> {
        Some(os::self_test(deadline))
    }

    fn file_at(&self, path: &str) -> FileAt {
        os::file_at(Path::new(path))
    }

    fn clock(&self) -> Option<&dyn Clock> {
        Some(&self.clock)
    }

    fn has_user(&self, name: &str) -> Option<bool> {
        os::has_user(name)
    }
}
