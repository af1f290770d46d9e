//! `whatlistens check`: whether what listens is as it should be, for a monitoring system.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, ValueHint};

use super::manual::{Manual, OF_ANSWERS};
use super::{Context, Error, Exit};
use crate::cli::{GlobalArgs, ListArgs};
use crate::knowledge::Knowledge;
use crate::model::typed_at::type_at;
use crate::model::{CheckResult, CheckService, CheckStatus, Finding, Policy};
use crate::os;
use crate::query::{
    MOST_LINES, Output, Query, SitePolicy, Target, Typed, UsageError, expectation, exposure, follow_links,
    read_policy,
};
use crate::render::{self, Answer, Format};
use crate::report::{self, CheckQuestion, ServersQuestion};

/// Check for monitoring whether what listens is as it should be: one line, exit status 0 to 3
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct CheckArgs {
    /// Check only these listeners: ports, ranges, services or processes; what is expected is looked for everywhere
    #[arg(value_name = "WHAT")]
    what: Vec<String>,

    /// This port must listen, held by this program (the name or the full path of its file): 22, 27000/tcp=lmgrd
    /// (repeatable)
    #[arg(long, value_name = "PORT[=PROGRAM]")]
    expect: Vec<String>,

    /// No license port may be held by a process that may be the wrong one
    #[arg(long)]
    no_flagged: bool,

    /// Nothing may be reached from further away
    #[arg(long, value_name = "EXPOSURE", value_parser = PossibleValuesParser::new(["loopback", "link-local", "private", "public"]))]
    max_exposure: Option<String>,

    /// License servers must be up: all that are there, or those of this product (repeatable)
    #[arg(long, value_name = "PRODUCT", num_args = 0..=1, default_missing_value = "")]
    servers: Vec<String>,

    /// Warn of licenses that expire within so many days, 30 unless said otherwise (with --servers)
    #[arg(long, value_name = "DAYS", value_parser = super::servers::days)]
    expiry_days: Option<u16>,

    /// What must listen, what may, as whom, and how far it may be reached: a file as docs/policy.md describes it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    policy: Vec<String>,

    /// Print the policy that allows what listens now, and nothing else
    #[arg(long)]
    pub(super) suggest: bool,

    /// Believe files that this user could have replaced (name or number; repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_hint = ValueHint::Username)]
    trust_user: Vec<String>,

    /// Believe files in this folder, whoever could have replaced them (repeatable)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    trust_path: Vec<String>,

    /// Also in other network namespaces, such as those of containers (root)
    #[arg(long)]
    all_namespaces: bool,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Checks what listens against what you expect, as a monitoring plugin: it prints one line with the worst that was found \
         and values for graphs, a line for each further finding below it, and its exit status says how bad that is.",
        "What could not be seen and may be wrong is UNKNOWN, and never OK: run it as root. What was found to be wrong stays \
         CRITICAL, whatever else could not be seen; UNKNOWN outranks WARNING.",
        "A policy is a file that says what must listen, as whom, what may listen at all, why and until when, and what must not \
         be reached from other machines. --suggest prints one of what listens now, which then passes. docs/policy.md describes \
         the file, and shows how to call this from Nagios, Icinga and cron.",
    ],
    examples: &[
        (
            "whatlistens check --expect 27000/tcp=lmgrd --expect 2080=adskflex",
            "do these programs listen there?",
        ),
        ("whatlistens check --no-flagged --max-exposure private", "is anything where it should not be?"),
        ("whatlistens check --servers autodesk", "are its license servers up?"),
        ("whatlistens check --suggest > policy.toml", "a policy of what listens now"),
        ("whatlistens check --policy policy.toml", "does only that listen?"),
        ("whatlistens check --from ticket.json --policy policy.toml", "the same of a recorded machine"),
    ],
    statuses: &[
        ("0", "OK; with --suggest: the policy was printed"),
        ("1", "WARNING"),
        ("2", "CRITICAL"),
        ("3", "UNKNOWN: something could not be seen, the policy is wrong or has expired, or wrong usage"),
    ],
    document: Some("CheckResult"),
    formats: OF_ANSWERS,
    takes_record: true,
};

/// The largest policy, in bytes.
const LARGEST_POLICY: u64 = 1 << 20;

#[derive(Debug, Clone)]
pub struct Check {
    query: Query,
    /// What was said on the command line.
    policy: Policy,
    policy_file: Option<String>,
    /// The products whose license servers have to be up, empty for all; `None` where they are not asked about.
    servers: Option<Vec<String>>,
    expiry_days: u16,
    suggests: bool,
    output: Output,
    /// The command line, quoted for a shell, to be typed again with more rights.
    repeat: String,
}

impl Check {
    pub(super) fn resolve(
        args: &CheckArgs,
        global: &GlobalArgs,
        output: Output,
        knowledge: &Knowledge,
        repeat: String,
    ) -> Result<Check, UsageError> {
        match args.suggest {
            true => output.only("check --suggest", &[Format::Text])?,
            false => output.only("check", MANUAL.formats)?,
        }
        refuse_two_streams(args, global)?;
        if let [_, second, ..] = &args.policy[..] {
            return Err(UsageError::instead(second, "there is one --policy: write all rules into one file"));
        }
        if args.expiry_days.is_some() && args.servers.is_empty() {
            let right = "it is about the licenses of license servers: add --servers";
            return Err(UsageError::instead("--expiry-days", right));
        }
        let whole = ListArgs {
            trust_user: args.trust_user.clone(),
            trust_path: args.trust_path.clone(),
            all_namespaces: args.all_namespaces,
            ..ListArgs::default()
        };
        let is_expectation =
            |word: &&String| word.contains('=') && word.starts_with(|first: char| first.is_ascii_digit());
        if let Some(word) = args.what.iter().find(is_expectation) {
            let right = format!("what must listen stands behind --expect, as in check --expect {word}");
            return Err(UsageError::instead(word, right));
        }
        let narrow = Query::resolve(&ListArgs { what: args.what.clone(), ..whole.clone() }, knowledge)?;
        let whole = Query::resolve(&whole, knowledge)?;
        // What must listen is looked for among all, so all is scanned.
        let mut query = Query { scope: whole.scope, alone: None, ..narrow };
        query.scope.interfaces = narrow_needs_interfaces(&query);
        query.scope.deadline = global.deadline;
        query.scope.license_servers = !args.servers.is_empty();
        query.scope.connections = !args.servers.is_empty();
        query.scope.writers = true;
        query.scope.host_id = output.format == Format::Json;
        let expected = args.expect.iter().map(|typed| expectation(typed, knowledge));
        let policy = Policy {
            lines: expected.collect::<Result<_, _>>()?,
            max_exposure: args.max_exposure.as_ref().and_then(|typed| exposure(typed).ok()),
            no_flagged: args.no_flagged,
            nothing_else: false,
            vouched: query.vouched.clone(),
            unseen_files: BTreeSet::new(),
        };
        let products: Vec<String> = args.servers.iter().filter(|one| !one.is_empty()).cloned().collect();
        let servers = (!args.servers.is_empty()).then_some(products);
        let checks_nothing = policy.is_empty() && servers.is_none() && args.policy.is_empty();
        if checks_nothing && !args.suggest {
            return Err(nothing_to_check(&args.what));
        }
        if args.suggest && !checks_nothing {
            let right = "it prints a policy of what listens, and checks nothing: leave out what to check";
            return Err(UsageError::instead("--suggest", right));
        }
        if args.policy.is_empty() && !policy.forbids() && !args.suggest {
            refuse_without_effect(args)?;
        }
        Ok(Check {
            query,
            policy,
            policy_file: args.policy.first().cloned(),
            servers,
            expiry_days: args.expiry_days.unwrap_or(report::EXPIRY_DAYS),
            suggests: args.suggest,
            output,
            repeat,
        })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    /// Whether its answer is that of a monitoring plugin.
    pub(super) fn is_check(&self) -> bool {
        !self.suggests
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        if self.suggests {
            return self.suggest(context);
        }
        let result = match self.check(context) {
            Ok(result) => result,
            Err(error) if error.is_closed_pipe() => return Err(error),
            Err(error) if self.output.format == Format::Json => return Err(error.of_check()),
            // A monitoring system reads one line of the output, whatever went wrong.
            Err(error) => CheckResult::unknown(CheckService::Listeners, &error.to_string()),
        };
        context.write(Answer::Check(&result), &self.output)?;
        Ok(Exit::Checked(result.status))
    }

    fn check(&self, context: &Context<'_>) -> Result<CheckResult, Error> {
        self.query.refuse_unknown_users(|name| context.source.has_user(name))?;
        let site = match self.read_policy(context)? {
            Ok(site) => site,
            Err(faults) => return Ok(faulty(&faults)),
        };
        let own = (!site.managers.is_empty()).then(|| Knowledge::with_managers(&site.managers));
        let knowledge = own.as_ref().unwrap_or(context.knowledge);
        let mut policy = joined(&self.policy, site.policy);
        follow_links(&mut policy, |path| context.source.file_at(path));
        let query = self.query.with_files(|path| context.source.file_at(path));
        let observation = context.source.observe_knowing(&query.scope, knowledge)?;
        let rerun = context.source.rerun();
        let repeat = rerun.as_deref().unwrap_or(&self.repeat);
        let servers = self.servers.as_ref().map(|products| ServersQuestion {
            vouched: &policy.vouched,
            products,
            expiry_days: self.expiry_days,
            repeat,
        });
        let question = CheckQuestion { query: &query, policy: &policy, servers, repeat };
        let mut result = report::check(&question, &observation, knowledge)?;
        if let Some(program) = context.source.program() {
            result.type_at(&program);
        }
        Ok(result)
    }

    /// The policy of the file, or all that is wrong with it; an empty one where no file was named.
    fn read_policy(&self, context: &Context<'_>) -> Result<Result<SitePolicy, Vec<String>>, UsageError> {
        let Some(path) = &self.policy_file else { return Ok(Ok(SitePolicy::default())) };
        let wrong = |right: String| UsageError::instead(&format!("--policy {path}"), right);
        let contents = os::read_in_time(path, LARGEST_POLICY, self.query.scope.deadline)
            .map_err(|error| wrong(format!("the file could not be read: {}", os::in_words(&error))))?
            .ok_or_else(|| wrong(format!("a policy has at most {} KiB", LARGEST_POLICY >> 10)))?;
        let path = if path == "-" { "standard input" } else { path };
        let site = match read_policy(path, &contents, context.knowledge) {
            Ok(site) => site,
            Err(faults) => return Ok(Err(faults.iter().map(ToString::to_string).collect())),
        };
        let asks_nothing = self.policy.is_empty() && self.servers.is_none();
        let source = context.source;
        let unknown = site.unknown_name(path, |name| source.has_user(name), |path| source.file_at(path));
        let fault = unknown.or_else(|| site.without_rule(path).filter(|_| asks_nothing));
        Ok(fault.map_or(Ok(site), |fault| Err(vec![fault.to_string()])))
    }

    fn suggest(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        self.query.refuse_unknown_users(|name| context.source.has_user(name))?;
        let rules = context.source.observe_port_rules().ok();
        let ephemeral = rules.and_then(|observation| observation.port_rules.ephemeral);
        let query = self.query.with_files(|path| context.source.file_at(path));
        let observation = context.source.observe(&query.scope)?;
        let question =
            CheckQuestion { query: &query, policy: &self.policy, servers: None, repeat: &self.repeat };
        let mut suggested = report::suggested_policy(&question, &observation, ephemeral, context.knowledge)?;
        if let Some(program) = context.source.program() {
            suggested.notes.iter_mut().for_each(|note| type_at(note, &program));
        }
        let mut text = Vec::new();
        render::write(
            Answer::Policy(&suggested),
            Format::Text,
            &self.output.style,
            &mut text,
            context.notes,
        )?;
        if suggested.policy.lines.len() > MOST_LINES || text.len() as u64 > LARGEST_POLICY {
            let right = format!(
                "more listens here than one policy takes ({MOST_LINES} lines, {} KiB): name a part of it, as in check --suggest 1-1023",
                LARGEST_POLICY >> 10
            );
            return Err(UsageError::instead("--suggest", right).into());
        }
        context.out.write_all(&text)?;
        Ok(Exit::Matched)
    }
}

/// What is wrong with a policy: the first fault in the line, all of several below it.
fn faulty(faults: &[String]) -> CheckResult {
    let first = faults.first().map_or("", String::as_str);
    let more = match faults.len() {
        0 | 1 => String::new(),
        n => format!("; {} more", n - 1),
    };
    let details = if faults.len() > 1 { faults.to_vec() } else { Vec::new() };
    let findings = faults.iter().map(|fault| Finding::new(CheckStatus::Unknown, fault.as_str())).collect();
    let summary = format!("{first}{more}");
    CheckResult { details, findings, ..CheckResult::unknown(CheckService::Listeners, &summary) }
}

/// What was said on the command line and in a file.
fn joined(typed: &Policy, file: Policy) -> Policy {
    let mut lines = typed.lines.clone();
    lines.extend(file.lines);
    let mut vouched = typed.vouched.clone();
    vouched.users.extend(file.vouched.users);
    vouched.folders.extend(file.vouched.folders);
    Policy {
        lines,
        // Both hold.
        max_exposure: typed.max_exposure.into_iter().chain(file.max_exposure).min(),
        no_flagged: typed.no_flagged || file.no_flagged,
        nothing_else: file.nothing_else,
        vouched,
        unseen_files: BTreeSet::new(),
    }
}

fn narrow_needs_interfaces(query: &Query) -> bool {
    query.filter.targets.iter().any(|target| matches!(target, Target::At(..)))
}

fn refuse_two_streams(args: &CheckArgs, global: &GlobalArgs) -> Result<(), UsageError> {
    match args.policy.iter().any(|path| path == "-") && global.from.as_deref() == Some("-") {
        true => Err(UsageError::instead(
            "--policy - --from -",
            "only one of them can be read from standard input: name a file for the other",
        )),
        false => Ok(()),
    }
}

/// A word that narrows nothing is meant for something else.
fn refuse_without_effect(args: &CheckArgs) -> Result<(), UsageError> {
    let (Some(word), expected) = (args.what.first(), args.expect.first()) else { return Ok(()) };
    let right = match (expected, args.servers.last()) {
        (Some(port), _) if !port.contains('=') => {
            format!(
                "the program that must hold a port stands behind it: --expect {port}={}",
                Typed::from(word.as_str())
            )
        }
        (None, Some(product)) if !product.is_empty() => {
            format!(
                "for several products repeat the option: --servers {product} --servers {}",
                Typed::from(word.as_str())
            )
        }
        _ => "it narrows --no-flagged, --max-exposure and --policy, and none of them was given".to_owned(),
    };
    Err(UsageError::instead(word, right))
}

fn nothing_to_check(what: &[String]) -> UsageError {
    let rules = "--no-flagged, --max-exposure EXPOSURE, --servers or --policy FILE";
    match what {
        [] => UsageError::instead("check", format!("say what to check: --expect PORT, {rules}")),
        [first, ..] => {
            let typed = Typed::from(first.as_str());
            let right =
                format!("to check that it listens: --expect {typed}; to check what listens there: {rules}");
            UsageError::instead(first, right)
        }
    }
}
