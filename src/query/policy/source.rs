//! The text of a policy, and where in it something is wrong.

use std::fmt;

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyFault {
    path: String,
    /// From 1 on.
    line: usize,
    /// Empty where the file is not TOML.
    key: String,
    /// What is wrong, and what would be right.
    text: String,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PolicyFault { path, line, key, text } = self;
        let blank = if key.is_empty() { "" } else { ": " };
        write!(f, "{path}:{line}: {key}{blank}{text}")
    }
}

impl PolicyFault {
    pub(super) fn new(path: &str, line: usize, key: &str, text: impl Into<String>) -> PolicyFault {
        PolicyFault { path: path.to_owned(), line, key: key.to_owned(), text: text.into() }
    }
}

/// A program or user in a policy: only the machine can say whether it has one.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) line: usize,
    pub(super) key: &'static str,
    pub(super) name: String,
}

/// The text of a policy, and what is wrong with it.
pub(super) struct Source<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    /// The programs that were read, and the users that must exist.
    pub(super) names: Vec<Name>,
    pub(super) faults: Vec<PolicyFault>,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &'a str, contents: &'a [u8]) -> Result<Source<'a>, Vec<PolicyFault>> {
        let fault = |line: usize, text: &str| vec![PolicyFault::new(path, line, "", text)];
        let text = str::from_utf8(contents).map_err(|error| {
            let before = &contents[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            fault(line, "this is not TOML: it has bytes that are not UTF-8")
        })?;
        let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Ok(Source {
            path,
            text,
            lines: [0].into_iter().chain(lines).collect(),
            names: Vec::new(),
            faults: Vec::new(),
        })
    }

    /// The number of the line with this byte.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|&begin| begin <= at).max(1)
    }

    pub(super) fn add(&mut self, at: usize, key: &str, text: impl Into<String>) {
        let line = self.line(at);
        self.add_to_line(line, key, text);
    }

    pub(super) fn add_to_line(&mut self, line: usize, key: &str, text: impl Into<String>) {
        self.faults.push(PolicyFault::new(self.path, line, key, text));
    }
}
