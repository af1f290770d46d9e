//! `whatlistens watch [WHAT]...`: looks again and again, and prints a line for each listener that appears, goes or
//! changes. It ends with `--for`, or when it is interrupted.

use std::time::Duration;

use clap::{ArgAction, Args};

use super::manual::Manual;
use super::{Clock, Context, Error, Exit};
use crate::cli::{GlobalArgs, ListArgs, interval, watch_time};
use crate::knowledge::Knowledge;
use crate::model::{Change, GapKind, PortRange, Report};
use crate::os::Sought;
use crate::query::{Environment, Output, Query, UsageError};
use crate::render::{self, Answer, Format};
use crate::report;

/// Keep looking, and print what appears, goes and changes
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
        "Prints the listing once, and from then on a line for each listener that appears, goes or changes: its owner, its \
         verdict, from where it can be reached, or its state. It takes the words and filters of a listing.",
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
    ],
    statuses: &[
        ("0", "the time of --for was up, or the reader of the output ended"),
        ("2", "wrong usage"),
        ("3", "this machine cannot be observed"),
    ],
    document: Some("WatchEvent"),
};

#[derive(Debug, Clone)]
pub struct Watch {
    query: Query,
    /// The ports about which the listing says whether they are free.
    detail_ports: Vec<PortRange>,
    interval: Duration,
    time: Option<Duration>,
    output: Output,
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
        output.only("watch", &[Format::Text, Format::List, Format::Jsonl])?;
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
        Ok(Watch { query, detail_ports, interval: args.interval, time: args.time, output, repeat })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let (source, knowledge) = (context.source, context.knowledge);
        let clock = source.clock().ok_or(UsageError::NotLive { command: "watch" })?;
        self.query.refuse_unknown_users(|name| source.has_user(name))?;
        let query = self.query.with_files(|path| source.file_at(path));
        let began = clock.elapsed();
        let end = self.time.map(|time| began + time);
        let mut first = query.clone();
        first.to_mut().scope.detail_ports.clone_from(&self.detail_ports);
        let observation = source.observe(&first.scope)?;
        let mut last = report::report(&first, &observation, knowledge, &self.repeat)?;
        match self.output.format {
            Format::Jsonl => self.write(&report::present(&last.rows), &last, context)?,
            _ => context.write(Answer::Listing(&last), &self.output)?,
        }
        context.out.flush()?;
        let mut next = began;
        loop {
            next = (next + self.interval).max(clock.elapsed());
            if let Some(end) = end.filter(|end| *end < next) {
                wait_until(clock, end);
                return Ok(Exit::Matched);
            }
            wait_until(clock, next);
            let observation = source.observe(&query.scope)?;
            let Ok(report) = report::report(&query, &observation, knowledge, &self.repeat) else {
                // What has the name that was typed went, and may come back.
                let nothing = Report { taken_at: observation.taken_at, rows: Vec::new(), ..last.clone() };
                self.write(&report::changes(&last.rows, &nothing.rows), &nothing, context)?;
                last = nothing;
                continue;
            };
            if is_partial(&report) {
                continue;
            }
            self.write(&report::changes(&last.rows, &report.rows), &report, context)?;
            last = report;
        }
    }

    fn write(&self, changes: &[Change], report: &Report, context: &mut Context<'_>) -> Result<(), Error> {
        for change in changes {
            render::write_change(change, report, self.output.format, &self.output.style, context.out)?;
        }
        Ok(context.out.flush()?)
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
