//! `whatlistens record`: what this machine's scan found, and nothing that was concluded from it, as one line of JSON.

use clap::{ArgAction, Args};

use std::io;

use super::manual::Manual;
use super::{Context, Error, Exit};
use crate::cli::GlobalArgs;
use crate::model::phrase::{counted, list};
use crate::model::record;
use crate::model::redact::{self, Redacted};
use crate::os::ScanScope;
use crate::query::{Output, UsageError};
use crate::render::{self, Format};

/// Write what was observed here, to be judged elsewhere or later: whatlistens --from FILE
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct RecordArgs {
    /// Include the command lines of processes; they may contain secrets
    #[arg(long)]
    args: bool,

    /// Replace the names of hosts and people, and addresses, and say what was replaced
    #[arg(long)]
    redact: bool,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Writes what one scan of everything observed on this machine, as one line of JSON, and nothing that was concluded from \
         it. whatlistens --from FILE answers from it, with every command, on any system; --from DIR lists all records of a \
         folder.",
        "Run it as root, or as administrator: what is not in the record cannot be seen later. Of command lines it has only which \
         known words matched, and of license files no keys. docs/records.md says what else is in it.",
        "With --redact, hosts, people, addresses and host IDs have pseudonyms that stay the same in all records of the machine, and the \
         lines of logs are left out. What was replaced is said on standard error.",
    ],
    examples: &[
        ("whatlistens record > ticket.json", "to be judged elsewhere"),
        ("whatlistens record --redact > ticket.json", "without the names of hosts and people"),
        ("whatlistens record --from ticket.json --redact", "the same of a record that was made without"),
    ],
    statuses: &[
        ("0", "the record was written"),
        ("2", "wrong usage, or the record could not be written"),
        ("3", "this machine cannot be observed"),
    ],
    document: None,
    formats: &[Format::Json],
    takes_record: true,
};

#[derive(Debug, Clone)]
pub struct RecordCommand {
    scope: ScanScope,
    redacts: bool,
}

impl RecordCommand {
    pub(super) fn resolve(
        args: &RecordArgs,
        global: &GlobalArgs,
        output: &Output,
    ) -> Result<RecordCommand, UsageError> {
        let is_chosen = global.output.is_some() || global.json;
        if is_chosen && !MANUAL.formats.contains(&output.format) {
            let right = "a record is always JSON; whatlistens --from FILE shows it in any format";
            return Err(UsageError::instead(&format!("--output {}", output.format.name()), right));
        }
        let scope = ScanScope::of_everything(args.args, global.deadline);
        Ok(RecordCommand { scope, redacts: args.redact })
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let record = context.source.record(&self.scope)?;
        if !self.redacts {
            record::write(&record, context.out)?;
            return Ok(Exit::Matched);
        }
        let (record, redacted) = redact::redact(&record).map_err(io::Error::from)?;
        record::write(&record, context.out)?;
        context.out.flush()?;
        render::note(&in_words(redacted), Format::Text, context.notes)?;
        Ok(Exit::Matched)
    }
}

fn in_words(Redacted { hosts, users, addresses, hardware, log_lines }: Redacted) -> String {
    let addresses = if addresses == 1 { "1 address".to_owned() } else { format!("{addresses} addresses") };
    let hardware = match hardware {
        1 => "1 hardware address or host ID".to_owned(),
        count => format!("{count} hardware addresses or host IDs"),
    };
    let replaced = [counted(hosts, "host name"), counted(users, "user"), addresses, hardware];
    let replaced: Vec<String> = replaced.into_iter().filter(|count| !count.starts_with("0 ")).collect();
    let replaced = if replaced.is_empty() { "nothing".to_owned() } else { list(&replaced, "and") };
    let logs = match log_lines {
        0 => String::new(),
        count => format!(" Left out: {} of logs.", counted(count, "line")),
    };
    format!(
        "Replaced: {replaced}.{logs} The names of programs, services, units and features are as they were."
    )
}
