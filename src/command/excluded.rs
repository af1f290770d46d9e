//! `whatlistens excluded [WHAT]...`: the ports that the system keeps back, and which license managers that
//! concerns. It reads the system's rules and scans no socket.

use clap::{ArgAction, Args};

use super::manual::{Manual, OF_ANSWERS, STATUSES};
use super::{Context, Error, Exit};
use crate::cli::ListArgs;
use crate::knowledge::Knowledge;
use crate::query::{Filter, Output, UsageError};
use crate::render::Answer;
use crate::report;

/// Show the ports the system has reserved (on Windows a frequent cause of error 10013)
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct ExcludedArgs {
    /// A port (1538), a range (27000-27009) or a service (flex-lm); every reserved port without one
    #[arg(value_name = "WHAT")]
    what: Vec<String>,

    /// Only TCP
    #[arg(short = 't', long)]
    tcp: bool,

    /// Only UDP
    #[arg(short = 'u', long)]
    udp: bool,

    /// Show how the data was collected
    #[arg(short = 'v', long)]
    verbose: bool,

    /// Print no header; notes go to standard error
    #[arg(short = 'H', long)]
    no_header: bool,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Shows the ports that the system has reserved, and which license managers use them. Such a port is not chosen for a \
         program that asks for any port; some are refused even to a program that asks for the port by its number. On Windows \
         this is a frequent cause of error 10013 (WSAEACCES), because Hyper-V reserves ranges of ports at its start.",
    ],
    examples: &[
        ("whatlistens excluded", "every reserved port"),
        ("whatlistens excluded 27000-27009", "are any of these reserved?"),
        ("whatlistens excluded -t flex-lm", "the TCP ports of a service"),
        ("whatlistens excluded --json", "for scripts"),
    ],
    statuses: STATUSES,
    document: Some("Listing"),
    formats: OF_ANSWERS,
    takes_record: true,
};

#[derive(Debug, Clone)]
pub struct Excluded {
    filter: Filter,
    output: Output,
}

impl Excluded {
    pub(super) fn resolve(
        args: &ExcludedArgs,
        output: Output,
        knowledge: &Knowledge,
    ) -> Result<Excluded, UsageError> {
        let listing = ListArgs {
            what: args.what.clone(),
            tcp: args.tcp,
            udp: args.udp,
            verbose: args.verbose,
            no_header: args.no_header,
            ..ListArgs::default()
        };
        Excluded::from_listing(&listing, output, knowledge)
    }

    /// `--excluded-ports`, the option that this command was before it had a name. Excluded ports have no
    /// holders: what selects by holder would have no effect.
    pub(super) fn from_listing(
        args: &ListArgs,
        output: Output,
        knowledge: &Knowledge,
    ) -> Result<Excluded, UsageError> {
        output.only("excluded", MANUAL.formats)?;
        let by_holder = !args.pid.is_empty() || !args.process.is_empty() || !args.user.is_empty();
        let of_listeners = args.all
            || args.exposed
            || args.deleted
            || !args.address.is_empty()
            || args.licenses
            || args.flagged
            || args.args
            || args.connections
            || args.all_namespaces
            || args.report;
        let of_rows = args.wide || !args.columns.is_empty() || args.sort.is_some();
        let vouches = !args.trust_user.is_empty() || !args.trust_path.is_empty();
        if by_holder || of_listeners || of_rows || vouches || args.ipv4 || args.ipv6 {
            return Err(UsageError::OptionsOfListing { command: "excluded" });
        }
        let filter = Filter::resolve(args, knowledge)?;
        if let Some(word) = filter.names_without_ports().next() {
            return Err(UsageError::NoPorts { word: word.into() });
        }
        Ok(Excluded { filter, output: output.for_listing(args)? })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let observation = context.source.observe_port_rules()?;
        let report = report::excluded(&self.filter, observation, context.knowledge);
        context.write(Answer::Excluded(&report), &self.output)?;
        Ok(Exit::matched(!report.excluded.is_empty()))
    }
}
