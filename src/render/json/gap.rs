//! What could not be read, in the contract.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::Code;
use crate::model::{Gap, GapKind};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gap")]
pub(super) struct GapOut<'a> {
    /// what kind of gap it is
    kind: Code<GapKind>,
    /// what is missing, as a sentence without its full stop
    detail: &'a str,
    /// how many are affected. `null`: it cannot be counted
    count: Option<u64>,
    /// what to type or to do to see more. `null`: nothing would help
    remedy: Option<&'a str>,
}

pub(super) fn each_gap<S: Serializer>(gaps: &[Gap], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(gaps.iter().map(gap))
}

fn gap(gap: &Gap) -> GapOut<'_> {
    GapOut { kind: Code(gap.kind), detail: &gap.detail, count: gap.count, remedy: gap.remedy.as_deref() }
}
