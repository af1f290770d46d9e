//! A word that names nothing here, and what may have been meant.

use std::fmt;

use super::typed::Typed;
use crate::model::phrase::list;

/// A word that is no service, and no process that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    pub word: Typed,
    /// Whether all processes were searched, and not only those that listen.
    pub is_searched: bool,
    /// Whether it may be the name of a container that this user may not see.
    pub may_be_container: bool,
    /// What to type in its place, where that is known: a sentence.
    pub right: Option<String>,
    pub nearest: Vec<String>,
    /// License managers with the word in their names, and their ports.
    pub managers: Vec<(String, String)>,
    /// Whether the command has `--process`.
    pub has_process: bool,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownName { word, is_searched, may_be_container, right, nearest, managers, has_process } = self;
        let does = if *is_searched { "was found" } else { "listens here" };
        write!(f, "‘{word}’ is not a known service, and no process of that name {does}.")?;
        if let Some(right) = right {
            return write!(f, " {right}");
        }
        if *may_be_container {
            f.write_str(
                " The names of other users' containers, scripts and folders are shown to root only.",
            )?;
        }
        did_you_mean(nearest, f)?;
        for (manager, ports) in managers.iter().filter(|_| nearest.is_empty()) {
            write!(f, " {manager} uses {ports}.")?;
        }
        match word.for_shell() {
            _ if !has_process => {
                f.write_str(" (A process that may not be running: by the full path of its file)")
            }
            Some(word) => write!(f, " (For a process that may not be running: --process {word})"),
            None => Ok(()),
        }
    }
}

pub(super) fn did_you_mean(nearest: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match nearest {
        [] => Ok(()),
        names => write!(f, " Did you mean {}?", list(names, "or")),
    }
}
