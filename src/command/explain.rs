//! `whatlistens explain WHAT...`: what is known about a port, a service, a license manager or a license error.
//! It scans nothing, unless it is to say which causes of an error hold on this machine (`--servers`).

use std::borrow::Cow;
use std::ffi::OsString;

use clap::{ArgAction, Args};

use super::manual::{Manual, OF_ANSWERS};
use super::{Context, Error, Exit};
use crate::cli::GlobalArgs;
use crate::knowledge::Knowledge;
use crate::knowledge::explain::{Topic, explain, names, terms};
use crate::model::{Explanation, Vouched};
use crate::os::ScanScope;
use crate::query::{Output, UsageError, topics};
use crate::render::Answer;
use crate::report;

/// Explain a port, a service, a license manager or a license error, without scanning the machine
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct ExplainArgs {
    /// A port (1538), a range (27000-27009), a service (flex-lm), a process (lmgrd), a license
    /// manager or its vendor (autodesk), a license error (-15, -15,570:115, H0007, rms 5), an error of the system
    /// (error 10013, EADDRINUSE), or a word of the answers (mismatch, orphan)
    #[arg(value_name = "WHAT", required = true)]
    what: Vec<String>,

    /// Look at this machine's license servers: the causes of a license error that hold here come first
    #[arg(long)]
    servers: bool,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Explains what is known about a port, a range, a service of the IANA registry, a license manager, its vendor or one \
         of its programs, a license error, an error of the system, or a word of the answers of this program. No machine is \
         looked at, so it answers about other machines, too.",
        "A license error begins with a minus, as the program shows it. With --servers the license servers of this machine \
         are looked at, and the causes that hold here come first.",
    ],
    examples: &[
        ("whatlistens explain 1538", "what is port 1538 for?"),
        ("whatlistens explain autodesk", "the license managers of a vendor: ports, programs, sources"),
        ("whatlistens explain lmgrd", "the license managers that run this program"),
        ("whatlistens explain -15", "what FlexNet's error -15 means, and how to find its cause"),
        ("whatlistens explain -15 --servers", "the same, with the causes that hold on this machine first"),
        ("whatlistens explain error 10013", "an error of Windows sockets"),
        ("whatlistens explain mismatch", "a word of the answers"),
    ],
    statuses: &[
        ("0", "it was explained"),
        ("2", "wrong usage, or nothing is known about one of the words"),
        ("3", "with --servers: this machine cannot be observed"),
    ],
    document: Some("Explanations"),
    formats: OF_ANSWERS,
    takes_record: true,
};

#[derive(Debug, Clone)]
pub struct Explain {
    /// The topics, each with the words that were typed for it.
    topics: Vec<(String, Topic)>,
    /// How to look at the license servers, if they are to be looked at.
    scope: Option<ScanScope>,
    output: Output,
    /// The command line, quoted for a shell, to be typed again with more rights.
    repeat: String,
}

impl Explain {
    pub(super) fn resolve(
        args: &ExplainArgs,
        global: &GlobalArgs,
        output: Output,
        knowledge: &Knowledge,
        repeat: String,
    ) -> Result<Explain, UsageError> {
        output.only("explain", MANUAL.formats)?;
        let topics = topics(&args.what, knowledge)?;
        if let Some((word, _)) =
            topics.iter().find(|(_, topic)| args.servers && !matches!(topic, Topic::LicenseError(_)))
        {
            return Err(UsageError::NoLicenseError { word: word.as_str().into() });
        }
        let scope = args.servers.then(|| ScanScope {
            license_servers: true,
            deadline: global.deadline,
            ..ScanScope::default()
        });
        Ok(Explain { topics, scope, output, repeat })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut explanations = self.explanations(context.knowledge)?;
        if let Some(scope) = &self.scope {
            let observation = context.source.observe(scope)?;
            let rerun = context.source.rerun();
            let about = report::ServersQuestion {
                vouched: &Vouched::default(),
                products: &[],
                expiry_days: report::EXPIRY_DAYS,
                repeat: rerun.as_deref().unwrap_or(&self.repeat),
            };
            let servers = report::servers(&about, &observation, context.knowledge)?;
            let errors = explanations.iter_mut().flat_map(|explanation| &mut explanation.license_errors);
            for error in errors {
                report::add_causes_here(error, &servers);
                if let Some(program) = context.source.program() {
                    error.type_at(&program);
                }
            }
        }
        context.write(Answer::Explanations(&explanations), &self.output)?;
        Ok(Exit::Matched)
    }

    fn explanations(&self, knowledge: &Knowledge) -> Result<Vec<Explanation>, UsageError> {
        self.topics.iter().map(|(typed, topic)| explained(typed, topic, knowledge)).collect()
    }
}

fn explained(typed: &str, topic: &Topic, knowledge: &Knowledge) -> Result<Explanation, UsageError> {
    let explanation = explain(typed, topic, knowledge);
    if !explanation.is_empty() {
        return Ok(explanation);
    }
    Err(match topic {
        Topic::LicenseError(code) => {
            let systems = knowledge.license_errors().near(code);
            UsageError::UnknownLicenseError { word: typed.into(), systems }
        }
        Topic::Ports(..) | Topic::Name(_) | Topic::SystemError(_) => {
            let terms: Vec<&str> = terms::words().collect();
            let known = names(knowledge.licenses()).chain(terms.iter().copied());
            let nearest = knowledge.registry.nearest(typed, known);
            UsageError::UnknownTopic { word: typed.into(), nearest }
        }
    })
}

/// Behind the name of this command, a minus and a digit begin a license error. clap would take `-15,570` for four
/// options, so their minus becomes U+2212, which to clap is none.
pub(super) fn keep_codes(args: &[OsString]) -> Cow<'_, [OsString]> {
    let begins_code = |arg: &OsString| -> Option<OsString> {
        let rest = arg.to_str()?.strip_prefix('-')?;
        rest.starts_with(|c: char| c.is_ascii_digit()).then(|| format!("\u{2212}{rest}").into())
    };
    let Some(name) = position(args) else { return Cow::Borrowed(args) };
    let (before, behind) = args.split_at(name);
    let end = behind.iter().position(|arg| arg == "--").unwrap_or(behind.len());
    let kept = behind[..end].iter().map(|arg| begins_code(arg).unwrap_or_else(|| arg.clone()));
    Cow::Owned(before.iter().cloned().chain(kept).chain(behind[end..].iter().cloned()).collect())
}

/// Where the name of this command stands: behind nothing but the options of every command.
fn position(args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += match args.get(at)?.to_str()? {
            "explain" => return Some(at),
            "--color" | "--deadline" | "--from" | "--output" => 2,
            "--json" => 1,
            option
                if option.starts_with("--output=")
                    || option.starts_with("--from=")
                    || option.starts_with("--color=")
                    || option.starts_with("--deadline=") =>
            {
                1
            }
            _ => return None,
        };
    }
}
