//! What a command's help and manual page say below its options. It is written in the command's own file.

use crate::render::Format;

/// What the definition of its arguments does not say of a command.
pub(super) struct Manual {
    /// What it does, a paragraph each.
    pub(super) description: &'static [&'static str],
    /// What can be typed, each with what it is for. The tests read them as command lines.
    pub(super) examples: &'static [(&'static str, &'static str)],
    /// The exit statuses, each with its meaning.
    pub(super) statuses: &'static [(&'static str, &'static str)],
    /// The type of the object that it prints with `--json`, in the schema; `None` where it has no JSON.
    pub(super) document: Option<&'static str>,
    /// The formats of `--output` that it takes. Help and completions offer these, and it refuses the others.
    pub(super) formats: &'static [Format],
    /// Whether it answers from a record (`--from`).
    pub(super) takes_record: bool,
}

/// The formats of an answer that is no list.
pub(super) const OF_ANSWERS: &[Format] = &[Format::Text, Format::List, Format::Json];

/// The exit statuses of whatever answers like a listing.
pub(super) const STATUSES: &[(&str, &str)] = &[
    ("0", "something matched"),
    ("1", "nothing matched"),
    ("2", "wrong usage"),
    ("3", "this machine cannot be observed"),
];
