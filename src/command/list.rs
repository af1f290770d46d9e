//! `whatlistens [WHAT]...`: the listeners as rows, or as one JSON object.

use super::{Context, Error, Exit};
use crate::query::{Format, Output, Query};
use crate::{render, report};

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

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let observation = context.source.observe(&self.query.scope)?;
        let report = report::report(&self.query, &observation, context.knowledge, &self.repeat)?;
        match self.output.format {
            Format::Text => render::table(&report, &self.output.style, context.out, context.notes)?,
            Format::Json => render::json(&report, &self.output.style, context.out, context.notes)?,
        }
        Ok(Exit::matched(!report.rows.is_empty()))
    }
}
