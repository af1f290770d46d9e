//! One word of the answers.

use crate::model::TermKind;

/// What is known of a word.
pub(super) struct Term {
    pub(super) kind: TermKind,
    /// The word of the JSON; of a notion, the usual one.
    pub(super) word: &'static str,
    /// What else it is called.
    pub(super) also: &'static [&'static str],
    /// In one to four sentences.
    pub(super) meaning: &'static str,
}

pub(super) const fn term(
    kind: TermKind,
    word: &'static str,
    also: &'static [&'static str],
    meaning: &'static str,
) -> Term {
    Term { kind, word, also, meaning }
}
