//! `whatlistens wait PORT...`: returns when every port listens, or, with `--gone`, when none of them does any more. It
//! looks at the socket tables again and again, and connects to nothing.

use std::time::Duration;

use clap::{ArgAction, Args};

use super::manual::{Manual, OF_ANSWERS};
use super::progress::{Progress, SHOWN_AFTER};
use super::{Context, Error, Exit, Source};
use crate::cli::{GlobalArgs, ListArgs, Timeout};
use crate::knowledge::Knowledge;
use crate::model::phrase::list;
use crate::model::{Observation, WaitGoal, WaitOutcome, WaitReport, WaitedPort};
use crate::os::{self, ScanScope};
use crate::query::{Output, UsageError, WaitQuestion};
use crate::render::{self, Answer, Format};
use crate::report;

/// Wait until a port listens, or no longer does
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct WaitArgs {
    /// A port (1538, 1538/udp, 127.0.0.1:1538) or a service (3ds-lm); with several, until all of them listen
    #[arg(value_name = "PORT")]
    ports: Vec<String>,

    /// Wait until none of them listens any more
    #[arg(long)]
    gone: bool,

    /// Only what a process of this name holds counts
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    process: Vec<String>,

    /// Give up after this time: 90, 500ms, 2m, never; 0 looks once
    #[arg(long, value_name = "TIME", value_parser = Timeout::parse, default_value = "30s", allow_hyphen_values = true)]
    timeout: Timeout,

    // Others have -t for a time-out, and what stands behind it would be taken for a port.
    /// Only TCP
    #[arg(long)]
    tcp: bool,

    /// Only UDP
    #[arg(long)]
    udp: bool,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Returns when every port listens, within 200 ms of it; with --gone, when none of them is held any more. It is for \
         scripts and CI, in place of a sleep that is too short or too long.",
        "It reads the socket tables again and again, and connects to nothing: the program on the port notices nothing. A \
         port without a protocol listens if either TCP or UDP does; a service that has several ports, if one of them \
         does. A range is taken only with --gone.",
        "It prints nothing if all is as asked. After a time-out, one line on standard error says what is not so, \
         and which process holds the port.",
    ],
    examples: &[
        ("whatlistens wait 3000", "until port 3000 listens"),
        ("whatlistens wait 5432 6379/tcp", "until both listen"),
        ("whatlistens wait --process lmgrd 27000", "only what lmgrd holds counts"),
        ("whatlistens wait --gone 8080", "until nothing holds it any more"),
        ("whatlistens wait --timeout 5m 8080", "with more patience"),
        ("whatlistens wait --timeout 0 --json 8080", "look once, for a script"),
    ],
    statuses: &[
        ("0", "all ports listen; with --gone, none is held"),
        ("1", "the time was up"),
        ("2", "wrong usage"),
        (
            "3",
            "the answer is not known: you may not see who holds the port, or this machine cannot be observed",
        ),
    ],
    document: Some("Wait"),
    formats: OF_ANSWERS,
    takes_record: false,
};

#[derive(Debug, Clone)]
pub struct Wait {
    question: WaitQuestion,
    timeout: Timeout,
    output: Output,
    /// The columns of the terminal that shows progress.
    progress: Option<u16>,
    /// The command line, quoted for a shell, to be typed again with more rights.
    repeat: String,
}

/// However short a look is, the next begins no sooner.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// However long a look takes, the next begins no later: what changes must be known within 200 ms.
const LONGEST_PAUSE: Duration = Duration::from_millis(125);
/// A pause is so many times as long as a look.
const PAUSE_FACTOR: u32 = 20;

impl Wait {
    pub(super) fn resolve(
        args: &WaitArgs,
        global: &GlobalArgs,
        output: Output,
        knowledge: &Knowledge,
        repeat: String,
    ) -> Result<Wait, UsageError> {
        let listing = ListArgs {
            what: args.ports.clone(),
            process: args.process.clone(),
            tcp: args.tcp,
            udp: args.udp,
            ..ListArgs::default()
        };
        output.only("wait", MANUAL.formats)?;
        let goal = if args.gone { WaitGoal::Gone } else { WaitGoal::Listening };
        let mut question = WaitQuestion::resolve(&listing, goal, global.deadline, knowledge)?;
        question.scope.host_id = output.format == Format::Json;
        let progress = (output.progress_width)();
        Ok(Wait { question, timeout: args.timeout, output, progress, repeat })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let report = self.wait(context)?;
        if let Some(message) = &report.message {
            render::error_line(message, self.output.format, context.notes)?;
        }
        context.write(Answer::Wait(&report), &self.output)?;
        Ok(match report.outcome {
            WaitOutcome::Reached => Exit::Matched,
            WaitOutcome::TimedOut => Exit::NothingMatched,
            WaitOutcome::CannotTell => Exit::Unobservable,
        })
    }

    /// Looks until it is as it is waited for, or nothing more is to be expected.
    fn wait(&self, context: &mut Context<'_>) -> Result<WaitReport, Error> {
        let (source, knowledge) = (context.source, context.knowledge);
        let clock = source.clock().ok_or(UsageError::NotLive { command: "wait" })?;
        let began = clock.elapsed();
        let mut progress = Progress::new(context.notes, self.progress);
        if progress.is_visible() {
            os::notice_interruptions();
        }
        loop {
            let begun = clock.elapsed();
            let is_last = self.is_over(begun.saturating_sub(began));
            let (observation, ports) = self.look(source, knowledge, is_last)?;
            let now = clock.elapsed();
            let waited = now.saturating_sub(began);
            if let Some(outcome) = outcome(&ports, is_last) {
                progress.clear()?;
                return Ok(self.report(observation, ports, outcome, waited));
            }
            if waited >= SHOWN_AFTER {
                progress.show(&self.in_words(&ports, waited))?;
            }
            let pause = (now.saturating_sub(begun) * PAUSE_FACTOR).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            clock.wait(self.left(waited).map_or(pause, |left| left.min(pause)));
            if os::is_interrupted() {
                progress.clear()?;
                os::end_as_interrupted();
            }
        }
    }

    /// How the ports stand. Looks closer only where a glance does not decide.
    fn look(
        &self,
        source: &dyn Source,
        knowledge: &Knowledge,
        is_last: bool,
    ) -> Result<(Observation, Vec<WaitedPort>), Error> {
        let look = |scope: &ScanScope| -> Result<(Observation, Vec<WaitedPort>), Error> {
            let observation = source.observe(scope)?;
            let ports = report::waited_ports(&self.question, &observation, knowledge);
            Ok((observation, ports))
        };
        let glance = self.question.glance();
        let (observation, ports) = look(&glance)?;
        let is_reached = ports.iter().all(WaitedPort::is_reached);
        let depends_on_owner =
            self.question.is_about_processes() && ports.iter().any(|port| port.reached.is_none());
        match self.question.goal {
            // Whoever wants to know why, or who, waits for it.
            _ if depends_on_owner || (is_last && !is_reached) => look(&self.question.scope),
            WaitGoal::Listening if is_reached && self.output.format == Format::Json => {
                look(&self.question.scope)
            }
            // A socket that was about to change may have been missed.
            WaitGoal::Gone if is_reached => {
                look(&ScanScope { host_id: self.question.scope.host_id, ..glance })
            }
            WaitGoal::Listening | WaitGoal::Gone => Ok((observation, ports)),
        }
    }

    fn is_over(&self, waited: Duration) -> bool {
        self.left(waited).is_some_and(|left| left.is_zero())
    }

    /// `None` where there is no limit.
    fn left(&self, waited: Duration) -> Option<Duration> {
        match self.timeout {
            Timeout::After(time) => Some(time.saturating_sub(waited)),
            Timeout::Never => None,
        }
    }

    fn report(
        &self,
        observation: Observation,
        ports: Vec<WaitedPort>,
        outcome: WaitOutcome,
        waited: Duration,
    ) -> WaitReport {
        let remedy = os::remedy(observation.host.os, observation.privileged, &self.repeat);
        let gaps = report::gaps_of_waiting(&observation, &ports, remedy.as_deref());
        let why = report::why_not_reached(&ports);
        let message = why.map(|why| match (outcome, self.timeout, remedy) {
            (WaitOutcome::TimedOut, Timeout::After(time), _) if !time.is_zero() => {
                format!("timed out after {} s: {why}", time.as_secs_f64())
            }
            (WaitOutcome::CannotTell, _, Some(remedy)) => format!("{why}; to see it: {remedy}"),
            _ => why,
        });
        WaitReport {
            goal: self.question.goal,
            outcome,
            processes: self.question.filter.processes.clone(),
            waited,
            ports,
            message,
            gaps,
            privileged: observation.privileged,
            taken_at: observation.taken_at,
            host: observation.host,
        }
    }

    /// `waiting for 8080 and 8081 to listen (12 of 30 s)`.
    fn in_words(&self, ports: &[WaitedPort], waited: Duration) -> String {
        let missing: Vec<&str> =
            ports.iter().filter(|port| !port.is_reached()).map(|port| port.what.as_str()).collect();
        let goal = match self.question.goal {
            WaitGoal::Listening => "to listen",
            WaitGoal::Gone => "to be gone",
        };
        let seconds = waited.as_secs();
        let time = match self.timeout {
            Timeout::After(time) => format!("{seconds} of {} s", time.as_secs_f64()),
            Timeout::Never => format!("{seconds} s"),
        };
        format!("waiting for {} {goal} ({time})", list(&missing, "and"))
    }
}

/// How waiting ends; `None` where it goes on.
fn outcome(ports: &[WaitedPort], is_last: bool) -> Option<WaitOutcome> {
    match () {
        () if ports.iter().all(WaitedPort::is_reached) => Some(WaitOutcome::Reached),
        () if ports.iter().any(|port| port.reached.is_none()) => Some(WaitOutcome::CannotTell),
        () if is_last => Some(WaitOutcome::TimedOut),
        () => None,
    }
}
