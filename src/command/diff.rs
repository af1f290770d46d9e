//! `whatlistens diff BEFORE [AFTER]`: what appeared, went and changed between before and after, each a record, what
//! `--json` printed, or, without AFTER, this machine now.

use clap::{ArgAction, Args, Parser, ValueHint};

use super::look::{Looker, Seen};
use super::manual::{Manual, OF_ANSWERS};
use super::{Context, Error, Exit};
use crate::cli::{GlobalArgs, ListArgs};
use crate::knowledge::Knowledge;
use crate::query::{Filter, Output, Query, UsageError};
use crate::render::Answer;
use crate::report::{self, DiffQuestion};

/// Compare a machine before and after: what appeared, went, or changed
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct DiffArgs {
    /// How it was: a record or a listing (--json), or - for standard input
    #[arg(value_name = "BEFORE", value_hint = ValueHint::FilePath)]
    before: String,

    /// How it is, of the same kinds; without it this machine now
    #[arg(value_name = "AFTER", value_hint = ValueHint::FilePath)]
    after: Option<String>,

    /// Also ephemeral ports of which only the number is another
    #[arg(long)]
    all: bool,

    /// Also listeners of other network namespaces, such as those of containers (this machine: root)
    #[arg(long)]
    all_namespaces: bool,

    /// Believe files that this user could have replaced (name or number; repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_hint = ValueHint::Username)]
    trust_user: Vec<String>,

    /// Believe files in this folder, whoever could have replaced them (repeatable)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    trust_path: Vec<String>,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Says which listeners appeared, which went, and of which the owner (another program or another user), the verdict, the \
         exposure or the state changed, and what became of license servers. BEFORE and AFTER are each a record, or what a \
         listing or ‘servers’ printed with --json.",
        "A listener is known by its protocol, port and address. A service that was started again is no difference: its process \
         ID does not count, and neither does the script that an interpreter runs. Of an ephemeral port, which the system \
         chose, program and user count in place of the number; changes of the number alone are counted, and --all shows them.",
        "What one side could not see is no difference: it says that this is not known. Compare records of root, or run it as \
         root.",
    ],
    examples: &[
        ("whatlistens diff before.json", "what is different now"),
        ("whatlistens diff monday.json friday.json", "two records, here or elsewhere"),
        (
            "whatlistens diff before.json -",
            "with standard input: ssh lic01 sudo whatlistens record | whatlistens diff before.json -",
        ),
        ("whatlistens diff --json before.json", "for scripts"),
    ],
    statuses: &[
        ("0", "nothing is different"),
        ("1", "something is different"),
        ("2", "wrong usage, or a file cannot be read"),
        (
            "3",
            "no difference was seen, but one side does not show enough, or this machine cannot be observed",
        ),
    ],
    document: Some("Diff"),
    formats: OF_ANSWERS,
    takes_record: true,
};

#[derive(Debug, Clone)]
pub struct DiffCommand {
    before: String,
    /// `None`: this machine now.
    after: Option<String>,
    all: bool,
    all_namespaces: bool,
    query: Query,
    output: Output,
    /// The command line, quoted for a shell, to be typed again with more rights.
    repeat: String,
}

impl DiffCommand {
    pub(super) fn resolve(
        args: &DiffArgs,
        global: &GlobalArgs,
        output: Output,
        knowledge: &Knowledge,
        repeat: String,
    ) -> Result<DiffCommand, UsageError> {
        output.only("diff", MANUAL.formats)?;
        if let (Some(after), Some(_)) = (&args.after, &global.from) {
            let right = "--from stands for AFTER too: leave out one of the two";
            return Err(UsageError::instead(after, right));
        }
        let before = args.before.clone();
        let after = args.after.clone().or_else(|| global.from.clone());
        if before == "-" && after.as_deref() == Some("-") {
            let right = "standard input can be BEFORE or AFTER, not both: write one of them to a file";
            return Err(UsageError::instead("- -", right));
        }
        let listing = ListArgs {
            trust_user: args.trust_user.clone(),
            trust_path: args.trust_path.clone(),
            all_namespaces: args.all_namespaces,
            ..ListArgs::default()
        };
        let mut query = Query::resolve(&listing, knowledge)?;
        query.scope.deadline = global.deadline;
        query.scope.interfaces = true;
        query.scope.host_id = true;
        // A listing in JSON has them: whoever holds one is a process that is seen.
        query.scope.other_sockets = true;
        let (all, all_namespaces) = (args.all, args.all_namespaces);
        let output = output.for_listing(&ListArgs::default())?;
        Ok(DiffCommand { before, after, all, all_namespaces, query, output, repeat })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let knowledge = context.knowledge;
        let looker = Looker { query: &self.query, knowledge, repeat: &self.repeat };
        let before = Seen::read(&self.before)?;
        let after = self.after.as_deref().map(Seen::read).transpose()?;
        let after = after.unwrap_or(Seen::Live(context.source));
        // What a listing says of license servers comes from no file, so that the other side must not know more.
        let with_files = before.may_have_license_files() && after.may_have_license_files();
        let before = looker.look(before, with_files)?;
        let after = looker.look(after, with_files)?;
        let filters = [&before, &after].map(|look| filter_of(look.selection.as_deref()?, knowledge));
        let [of_before, of_after] = filters.each_ref().map(Option::as_ref);
        let question = DiffQuestion {
            all: self.all,
            all_namespaces: self.all_namespaces,
            before: of_before,
            after: of_after,
        };
        let diff = report::diff(question, before, after);
        context.write(Answer::Diff(&diff), &self.output)?;
        Ok(match (diff.is_same(), diff.is_complete()) {
            (false, _) => Exit::NothingMatched,
            (true, true) => Exit::Matched,
            (true, false) => Exit::Unobservable,
        })
    }
}

const MOST_SELECTION: usize = 64;
const LONGEST_SELECTION: usize = 256;

/// What chose the listeners of a look.
#[derive(Parser)]
struct Selection {
    #[command(flatten)]
    list: ListArgs,
}

/// What these words and options of a listing keep; `None` where they are no such.
fn filter_of(selection: &[String], knowledge: &Knowledge) -> Option<Filter> {
    // Longer than what a person types is what somebody made up.
    if selection.len() > MOST_SELECTION || selection.iter().any(|word| word.len() > LONGEST_SELECTION) {
        return None;
    }
    let words = ["whatlistens"].into_iter().chain(selection.iter().map(String::as_str));
    Filter::resolve(&Selection::try_parse_from(words).ok()?.list, knowledge).ok()
}
