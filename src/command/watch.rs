//! `whatlistens watch [WHAT]...`: looks again and again, and shows what appears, goes and changes: on a terminal as a
//! listing that follows (`live_screen.rs`), else as a line for each change. It ends with `--for`, or when it is interrupted.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::live_screen::LiveScreen;
use super::manual::Manual;
use super::{Clock, Context, Error, Exit, Source};
use crate::cli::{GlobalArgs, ListArgs, interval, watch_time};
use crate::knowledge::Knowledge;
use crate::model::{Change, GapKind, PortRange, Report};
use crate::os::{self, FullScreen, Inputs, Sought};
use crate::query::{Environment, Output, Query, UsageError};
use crate::render::{self, Answer, Format};
use crate::report::{self, Watching};

/// Keep looking, and show what appears, goes and changes
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    list: ListArgs,

    /// The time from one look to the next: 2, 500ms, 1m
    #[arg(long, value_name = "TIME", value_parser = interval, default_value = "2s")]
    interval: Duration,

    /// End after this time: 30, 5m; else it ends when you interrupt it
    #[arg(long = "for", value_name = "TIME", value_parser = watch_time)]
    time: Option<Duration>,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "On a terminal, shows the listing on the whole screen and follows what happens: listeners that appear (+), go (-) or \
         change (~: the owner, the verdict, from where it can be reached, or the state) are marked for a while, and the last \
         changes stand below. q and Esc end it; the arrows, PgUp, PgDn, Home and End scroll. It takes the words and filters \
         of a listing.",
        "Elsewhere, and with --output list or -H, it prints the listing once and from then on a line for each change.",
        "With --output jsonl it prints an object a line, also for each listener that is there in the beginning.",
        "A listener is known by its protocol, port and address. Another process of the same program and user is no change. \
         What comes and goes between two looks is not seen.",
    ],
    examples: &[
        ("whatlistens watch", "everything that listens"),
        ("whatlistens watch 27000-27009", "only these ports"),
        (
            "whatlistens watch --exposed --interval 10s",
            "only what other machines may reach, with fewer looks",
        ),
        ("whatlistens watch --for 30s --output jsonl", "for a script"),
        ("whatlistens watch | cat", "lines, also on a terminal"),
    ],
    statuses: &[
        ("0", "the time of --for was up, q or Esc was typed, or the reader of the output ended"),
        ("2", "wrong usage, or the terminal is gone"),
        ("3", "this machine cannot be observed"),
        ("130", "Ctrl-C"),
    ],
    document: Some("WatchEvent"),
    formats: &[Format::Text, Format::List, Format::Jsonl],
    takes_record: false,
};

#[derive(Debug, Clone)]
pub struct Watch {
    query: Query,
    /// The ports about which the listing says whether they are free.
    detail_ports: Vec<PortRange>,
    interval: Duration,
    time: Option<Duration>,
    output: Output,
    /// Whether there is a screen to show it on, and why that is of no use; `None` for a file or pipe.
    full_screen: Option<Result<(), String>>,
    /// The command line, quoted for a shell, to be typed again with more rights.
    repeat: String,
}

impl Watch {
    pub(super) fn resolve(
        args: &WatchArgs,
        global: &GlobalArgs,
        output: Output,
        environment: &Environment,
        knowledge: &Knowledge,
        repeat: String,
    ) -> Result<Watch, UsageError> {
        output.only("watch", MANUAL.formats)?;
        if args.list.excluded_ports || args.list.all {
            let option = if args.list.all { "--all" } else { "--excluded-ports" };
            return Err(UsageError::instead(option, "watch has no use for it: leave it out"));
        }
        let mut query = Query::resolve(&args.list, knowledge)?;
        // Each look is a listing. What else is said of a port or license server takes longer than a glance at it.
        query.alone = None;
        query.scope.ports = query.filter.ports_alone();
        query.scope.protocol = query.filter.protocol.or_else(|| query.filter.common_protocol());
        let detail_ports = std::mem::take(&mut query.scope.detail_ports);
        query.scope.license_servers = false;
        query.scope.connections = args.list.connections;
        query.scope.sought = Sought::default();
        query.scope.deadline = global.deadline;
        query.scope.interfaces |= !query.filter.addresses.is_empty();
        query.scope.host_id = output.format == Format::Jsonl;
        let output = output.for_listing(&args.list)?.in_local_time(environment);
        // Rows without a header are for a script, and a report is to be sent.
        let is_text = output.format == Format::Text && output.style.header && !output.style.report;
        let full_screen = environment.full_screen.clone().filter(|_| is_text);
        let (interval, time) = (args.interval, args.time);
        Ok(Watch { query, detail_ports, interval, time, output, full_screen, repeat })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let source = context.source;
        let clock = source.clock().ok_or(UsageError::NotLive { command: "watch" })?;
        self.query.refuse_unknown_users(|name| source.has_user(name))?;
        let screen = self.screen(context.notes)?;
        let query = self.query.with_files(|path| source.file_at(path));
        let began = clock.elapsed();
        let looks =
            Looks { watch: self, source, knowledge: context.knowledge, clock, query, began, next: began };
        match screen {
            Some((screen, inputs)) => self.show(looks, &screen, inputs, context),
            None => self.print(looks, context),
        }
    }

    /// The screen to show it on; `None` where lines are printed. It is made ready before the first look, after which this
    /// program may do less.
    fn screen(&self, notes: &mut dyn Write) -> Result<Option<(FullScreen, Inputs)>, Error> {
        let why = match &self.full_screen {
            None => return Ok(None),
            Some(Err(why)) => why.clone(),
            Some(Ok(())) => match FullScreen::prepare() {
                Ok(both) => return Ok(Some(both)),
                Err(error) => os::in_words(&error),
            },
        };
        render::note(&format!("Each change is printed as a line: {why}."), self.output.format, notes)?;
        Ok(None)
    }

    /// Prints the listing, and then each change as a line.
    fn print(&self, mut looks: Looks<'_>, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut first = looks.query.clone();
        first.to_mut().scope.detail_ports.clone_from(&self.detail_ports);
        let mut last = looks.first(&first)?;
        match self.output.format {
            Format::Jsonl => self.write(&report::present(&last.rows), &last, context)?,
            _ => context.write(Answer::Listing(&last), &self.output)?,
        }
        context.out.flush()?;
        while let Some(report) = looks.next(&last)? {
            if is_partial(&report) {
                continue;
            }
            self.write(&report::changes(&last.rows, &report.rows), &report, context)?;
            last = report;
        }
        Ok(Exit::Matched)
    }

    fn write(&self, changes: &[Change], report: &Report, context: &mut Context<'_>) -> Result<(), Error> {
        for change in changes {
            render::write_change(change, report, self.output.format, &self.output.style, context.out)?;
        }
        Ok(context.out.flush()?)
    }

    /// Shows it on the whole screen.
    fn show(
        &self,
        mut looks: Looks<'_>,
        screen: &FullScreen,
        inputs: Inputs,
        context: &mut Context<'_>,
    ) -> Result<Exit, Error> {
        // What is wrong with the question is said before the screen is taken.
        let query = looks.query.clone();
        let mut last = looks.first(&query)?;
        let watching = Watching::new(last.clone(), self.interval);
        let live = LiveScreen::new(watching, self.interval, &self.output.style, screen, context.out);
        live.while_obeying(inputs, |live| {
            while let Some(report) = looks.next(&last)? {
                if is_partial(&report) {
                    live.see_part(report)?;
                    continue;
                }
                live.see(report.clone(), looks.clock.elapsed())?;
                last = report;
            }
            Ok(Exit::Matched)
        })
    }
}

/// One look after the other.
struct Looks<'a> {
    watch: &'a Watch,
    source: &'a dyn Source,
    knowledge: &'a Knowledge,
    clock: &'a dyn Clock,
    query: Cow<'a, Query>,
    began: Duration,
    /// When the last look was due.
    next: Duration,
}

impl Looks<'_> {
    fn first(&self, query: &Query) -> Result<Report, Error> {
        let observation = self.source.observe(&query.scope)?;
        Ok(report::report(query, &observation, self.knowledge, &self.watch.repeat)?)
    }

    /// Waits for the next look, and looks; `None` once the time is up. `last` is the look before.
    fn next(&mut self, last: &Report) -> Result<Option<Report>, Error> {
        self.next = (self.next + self.watch.interval).max(self.clock.elapsed());
        let end = self.watch.time.map(|time| self.began + time);
        if let Some(end) = end.filter(|end| *end < self.next) {
            wait_until(self.clock, end);
            return Ok(None);
        }
        wait_until(self.clock, self.next);
        let observation = self.source.observe(&self.query.scope)?;
        let report = report::report(&self.query, &observation, self.knowledge, &self.watch.repeat);
        // What has the name that was typed went, and may come back.
        let nothing = || Report { taken_at: observation.taken_at, rows: Vec::new(), ..last.clone() };
        Ok(Some(report.unwrap_or_else(|_| nothing())))
    }
}

/// Whether what is missing may be there: it could not be read this time.
fn is_partial(report: &Report) -> bool {
    let hides = |kind| matches!(kind, GapKind::SocketsUnreadable | GapKind::ProcessesUnreadable);
    report.gaps.iter().any(|gap| hides(gap.kind))
}

fn wait_until(clock: &dyn Clock, moment: Duration) {
    loop {
        let left = moment.saturating_sub(clock.elapsed());
        if left.is_zero() {
            return;
        }
        clock.wait(left);
    }
}
