//! How an interpreter reads its command line, and what it can run.

use serde::Serialize;

use super::super::word::{read_as_word, words};

words! {
    /// What an interpreter runs.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum ScriptKind {
        /// a file
        Script = "script",
        /// a module of Python or Java
        Module = "module",
        /// a main class of Java
        Class = "class",
        /// an archive of Java
        Jar = "jar",
        /// a program of .NET
        Assembly = "assembly",
        /// code in the command line
        Code = "code",
    }
}

read_as_word!(ScriptKind);

/// What an option means for the words behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It stands alone.
    Switch,
    /// It has a value: joined to it, or the next word.
    Value,
    /// Its value, if it has one, is joined to it.
    Joined,
    /// It may be followed by some of these characters; other letters may stand behind them, as in `perl -0777ne`.
    Chars(&'static str),
    /// Its value is what runs.
    Runs(ScriptKind),
    /// Its value is code, which is never kept.
    Code,
    /// With it nothing more is certain: code comes from elsewhere, or nothing runs.
    Unclear,
}

/// How one interpreter reads its command line.
#[derive(Debug)]
pub(super) struct Language {
    /// The names of its files, in small letters, without version and `.exe`.
    pub(super) names: &'static [&'static str],
    /// The options of a single letter, which may stand together: `-uB`. Without any, `-abc` is one long option.
    pub(super) letters: &'static [(&'static str, Meaning)],
    /// The options in words, with their hyphens. One that ends in `*` stands for all that begin so.
    pub(super) words: &'static [(&'static str, Meaning)],
    /// The first word that may stand before the options, as in `deno run`.
    pub(super) verbs: &'static [(&'static str, Meaning)],
    /// What the first word is that is no option.
    pub(super) plain: Meaning,
    /// How that word has to end to be certain of it; however it likes if empty.
    pub(super) endings: &'static [&'static str],
    /// Whether options are read in any case, and may begin with `/`.
    pub(super) any_case: bool,
}
