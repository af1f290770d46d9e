//! `whatlistens [WHAT]...`: the listeners as rows, or as one JSON object.

use super::{Context, Error, Exit};
use crate::query::{Output, Query};
use crate::render::Answer;

#[derive(Debug, Clone)]
pub struct List {
    query: Query,
    output: Output,
    /// The command line, quoted for a shell, to be typed again with more rights.
    repeat: String,
}

impl List {
    pub(super) fn new(query: Query, output: Output, repeat: String) -> List {
        List { query, output, repeat }
    }

    pub(super) fn query(&self) -> &Query {
        &self.query
    }

    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let report = context.report(&self.query, &self.repeat)?;
        context.write(Answer::Listing(&report), &self.output)?;
        Ok(Exit::matched(report.has_match(self.query.all)))
    }
}
