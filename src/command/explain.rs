//! `whatlistens explain WHAT...`: what is known about a port, a service or a license manager. It scans
//! nothing.

use clap::{ArgAction, Args};

use super::{Context, Error, Exit};
use crate::knowledge::Knowledge;
use crate::knowledge::explain::{Topic, explain, names};
use crate::model::Explanation;
use crate::query::{Output, UsageError, topics};
use crate::render::Answer;

/// Explain a port, a service or a license manager, without scanning the machine
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(super) struct ExplainArgs {
    /// A port (1538), a range (27000-27009), a service (flex-lm), a process (lmgrd), or a license
    /// manager or its vendor (autodesk)
    #[arg(value_name = "WHAT", required = true)]
    what: Vec<String>,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

#[derive(Debug, Clone)]
pub struct Explain {
    /// The topics, each with the words that were typed for it.
    topics: Vec<(String, Topic)>,
    output: Output,
}

impl Explain {
    pub(super) fn resolve(args: &ExplainArgs, output: Output) -> Result<Explain, UsageError> {
        Ok(Explain { topics: topics(&args.what)?, output })
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let explained = self.topics.iter().map(|(typed, topic)| explained(typed, topic, context.knowledge));
        let explanations = explained.collect::<Result<Vec<_>, _>>()?;
        context.write(Answer::Explanations(&explanations), &self.output)?;
        Ok(Exit::Matched)
    }
}

fn explained(typed: &str, topic: &Topic, knowledge: &Knowledge) -> Result<Explanation, UsageError> {
    let explanation = explain(typed, topic, knowledge);
    if explanation.is_empty() {
        let nearest = knowledge.registry.nearest(typed, names(knowledge.licenses()));
        return Err(UsageError::UnknownTopic { word: typed.into(), nearest });
    }
    Ok(explanation)
}
