//! `whatlistens servers [PRODUCT]...`: license servers as wholes, and why one does not serve.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use super::manual::Manual;
use super::{Context, Error, Exit};
use crate::cli::{GlobalArgs, ListArgs};
use crate::knowledge::Knowledge;
use crate::model::{CheckResult, CheckService, ServersReport};
use crate::query::{Output, Query, UsageError, refuse_unknown_users};
use crate::render::{Answer, Format};
use crate::report;

/// Show license servers as wholes: what runs, what is missing, and why
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct ServersArgs {
    /// A vendor, product or licensing system (autodesk, matlab, flexlm), or a program (lmgrd); all without one
    #[arg(value_name = "PRODUCT")]
    products: Vec<String>,

    /// One line and the exit status of a monitoring plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    #[arg(long)]
    pub(super) check: bool,

    /// Also read this license file (repeatable)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    license_file: Vec<PathBuf>,

    /// Warn of licenses that expire within so many days
    #[arg(long, value_name = "DAYS", value_parser = days, default_value_t = report::EXPIRY_DAYS)]
    expiry_days: u16,

    /// Believe files that this user could have replaced (name or number; repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_hint = ValueHint::Username)]
    trust_user: Vec<String>,

    /// Believe files in this folder, whoever could have replaced them (repeatable)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    trust_path: Vec<String>,

    /// A block to paste into a ticket: machine, time, question, answer, advice
    #[arg(long)]
    report: bool,

    /// Also in other network namespaces, such as those of containers (root)
    #[arg(long)]
    all_namespaces: bool,

    /// Show how the data was collected
    #[arg(short = 'v', long)]
    verbose: bool,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Shows license servers as wholes (FlexNet, RLM, Sentinel and others): the server, its vendor daemons, their ports, \
         versions and clients, the license file, what is wrong, and what to do. It finds servers that run, and those that \
         are installed and do not run.",
        "With --check it is a monitoring plugin: it prints one line with the worst problem, and its exit status says how bad \
         that is. What could not be seen is UNKNOWN, and never OK.",
        "No license server is asked anything: everything is read from this machine's processes, sockets and files.",
    ],
    examples: &[
        ("whatlistens servers", "are the license servers up, and if not, why?"),
        ("whatlistens servers autodesk", "those of one vendor, product or licensing system"),
        ("whatlistens servers --license-file /opt/flexlm/a.lic", "with a license file that no process names"),
        (
            "whatlistens servers --check --expiry-days 60",
            "for monitoring: also WARNING two months before licenses expire",
        ),
        ("whatlistens servers --trust-user lic", "believe the files that the account lic owns"),
        ("whatlistens servers --json", "for scripts"),
    ],
    statuses: &[
        ("0", "a license server was found, whatever its state; with --check: OK"),
        ("1", "none was found; with --check: WARNING"),
        ("2", "wrong usage; with --check: CRITICAL"),
        ("3", "this machine cannot be observed; with --check: UNKNOWN, also for wrong usage"),
    ],
    document: Some("Listing"),
    formats: &[Format::Text, Format::List, Format::Json, Format::Markdown, Format::Prometheus, Format::Html],
    takes_record: true,
};

pub(super) fn days(typed: &str) -> Result<u16, String> {
    typed.parse().map_err(|_| "give a number of days, from 0 to 65535, as in --expiry-days 60".to_owned())
}

#[derive(Debug, Clone)]
pub struct Servers {
    query: Query,
    products: Vec<String>,
    expiry_days: u16,
    is_check: bool,
    output: Output,
    /// The command line, quoted for a shell, to be typed again with more rights.
    repeat: String,
}

impl Servers {
    pub(super) fn resolve(
        args: &ServersArgs,
        global: &GlobalArgs,
        output: Output,
        knowledge: &Knowledge,
        repeat: String,
    ) -> Result<Servers, UsageError> {
        output.only("servers", MANUAL.formats)?;
        let listing = ListArgs {
            trust_user: args.trust_user.clone(),
            trust_path: args.trust_path.clone(),
            verbose: args.verbose,
            connections: true,
            all_namespaces: args.all_namespaces,
            report: args.report,
            ..ListArgs::default()
        };
        let mut query = Query::resolve(&listing, knowledge)?;
        query.scope.deadline = global.deadline;
        query.scope.license_servers = true;
        query.scope.host_id = !output.format.is_for_terminal() || args.report;
        query.scope.license_files.clone_from(&args.license_file);
        Ok(Servers {
            query,
            products: args.products.clone(),
            expiry_days: args.expiry_days,
            is_check: args.check,
            output: output.for_listing(&ListArgs { connections: false, all_namespaces: false, ..listing })?,
            repeat,
        })
    }

    pub(super) fn is_check(&self) -> bool {
        self.is_check
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match self.answer(context) {
            // A monitoring system reads one line of the output, whatever went wrong.
            Err(error) if self.is_check && self.output.format != Format::Json && !error.is_closed_pipe() => {
                let check = CheckResult::unknown(CheckService::LicenseServers, &error.to_string());
                context.write(Answer::Check(&check), &self.output)?;
                Ok(Exit::Checked(check.status))
            }
            Err(error) if self.is_check && !error.is_closed_pipe() => Err(error.of_check()),
            answered => answered,
        }
    }

    fn answer(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        refuse_unknown_users(&self.query.vouched, |name| context.source.has_user(name))?;
        let observation = context.source.observe(&self.query.scope)?;
        let rerun = context.source.rerun();
        let about = report::ServersQuestion {
            vouched: &self.query.vouched,
            products: &self.products,
            expiry_days: self.expiry_days,
            repeat: rerun.as_deref().unwrap_or(&self.repeat),
        };
        let report = report::servers(&about, &observation, context.knowledge)?;
        let mut report = ServersReport { command: self.repeat.clone(), ..report };
        if let Some(program) = context.source.program() {
            report.type_at(&program);
        }
        if !self.is_check {
            context.write(Answer::Servers(&report), &self.output)?;
            return Ok(Exit::matched(!report.servers.is_empty()));
        }
        let check = report::check_servers(&report);
        let answer = match self.output.format {
            Format::Json => Answer::Servers(&report),
            _ => Answer::Check(&check),
        };
        context.write(answer, &self.output)?;
        Ok(Exit::Checked(check.status))
    }
}
