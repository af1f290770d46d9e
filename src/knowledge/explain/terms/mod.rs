//! The words of this program's own answers: verdicts, states, problems, and what each means.

mod licenses;
mod ports;
mod term;

use self::licenses::{PROBLEMS, SERVERS, VERDICTS};
use self::ports::{NOTIONS, PORTS, PROCESSES};
use self::term::Term;
use crate::model::{ExplainedTerm, GapKind, TermKind, Word};

/// Every word with an explanation, in the JSON's spelling.
pub fn words() -> impl Iterator<Item = &'static str> {
    all().map(|term| term.word).chain(GapKind::ALL.map(GapKind::code))
}

fn all() -> impl Iterator<Item = &'static Term> {
    [VERDICTS, SERVERS, PROBLEMS, PORTS, PROCESSES, NOTIONS].into_iter().flatten()
}

/// What a word means in this program's answers, in each of its meanings. Empty where it is none of its words.
#[must_use]
pub fn explained(word: &str) -> Vec<ExplainedTerm> {
    let word = normal(word);
    let terms = all().filter(|term| term.word == word || term.also.contains(&&*word));
    let terms = terms.map(|term| ExplainedTerm {
        word: term.word.to_owned(),
        kind: term.kind,
        meaning: term.meaning.to_owned(),
    });
    let gaps = GapKind::ALL.into_iter().filter(|gap| gap.code() == word).map(|gap| ExplainedTerm {
        word: gap.code().to_owned(),
        kind: TermKind::Gap,
        meaning: format!("{}. {OF_GAPS}", capitalized(gap.meaning())),
    });
    terms.chain(gaps).collect()
}

const OF_GAPS: &str = "It is a gap: something that could not be seen, so that the answer may be incomplete. What would \
                       show more stands beside it.";

/// In small letters, with hyphens between: `Cannot tell` is `cannot-tell`.
fn normal(word: &str) -> String {
    word.to_lowercase().replace([' ', '_'], "-")
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
