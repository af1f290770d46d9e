//! What the caller wants to know about some processes beyond what is shown of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{LicenseSystem, Os, PortRange, Process, Protocol};

/// Says which files and command lines to read: to read all of them would take long, and command lines may hold
/// secrets.
pub trait Inspect: Sync {
    /// What to check about the file that a process runs.
    fn interest(&self, holder: PortHolder<'_>, parent: Option<PortHolder<'_>>, os: Os) -> FileChecks;

    /// The texts to search for in such a file, in addition to those that identify an interpreter.
    fn texts(&self) -> Vec<&str>;

    /// Whether the command line of an executable with this file name says what it runs, or where it forwards to.
    fn reads_command_line_of(&self, exe: &str) -> bool;

    /// What an executable with this file name runs, by its command line. Nothing else of the command line is kept.
    fn program(&self, exe: &str, args: &[String]) -> Option<String>;

    /// The programs that serve licenses on a system, by their file names.
    fn license_programs(&self, os: Os) -> LicensePrograms;

    /// The TCP ports of license servers: the scan counts the connections to them, and finds attempts that got no
    /// answer.
    fn license_ports(&self) -> Vec<PortRange>;
}

/// A process, and the ports that it holds.
#[derive(Debug, Clone, Copy)]
pub struct PortHolder<'a> {
    pub process: &'a Process,
    pub ports: &'a [(Protocol, u16)],
}

/// What to check about the file that a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct FileChecks {
    /// Whether it is the file that its path leads to, and who could have put another in its place.
    pub place: bool,
    /// Whether it is an interpreter, and which of [`Inspect::texts`] it contains.
    pub content: bool,
    /// What other files' code the process may run.
    pub loaded: bool,
}

/// The programs that serve licenses on one system, by their file names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LicensePrograms {
    /// In a fixed order: of several names that are part of another, always the same one counts.
    named: BTreeMap<String, ServerProgram>,
    /// Those that vendors ship under longer names too: `lmgrd.intel`.
    beginnings: Vec<(String, ServerProgram)>,
}

/// A program that serves licenses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServerProgram {
    /// The licensing system whose license files it reads; `None` where that is not known, or of a daemon.
    pub system: Option<LicenseSystem>,
}

/// Shorter names are part of the names of other programs.
const SHORTEST: usize = 5;

impl LicensePrograms {
    pub fn add(&mut self, name: &str, program: ServerProgram) {
        self.named.insert(name.to_owned(), program);
    }

    /// Adds all programs whose names begin so, up to a character that is no letter.
    pub fn add_beginning(&mut self, name: &str, program: ServerProgram) {
        self.beginnings.push((name.to_owned(), program));
    }

    /// The program of this file name.
    #[must_use]
    pub fn of_name(&self, name: &str) -> Option<&ServerProgram> {
        let is_longer = |beginning: &str| {
            name.strip_prefix(beginning).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
        };
        let longer =
            || self.beginnings.iter().find(|(beginning, _)| is_longer(beginning)).map(|(_, one)| one);
        // As phenyx-lmgrd. Whether it is one, its file shows.
        let within = || {
            let mut servers =
                self.named.iter().filter(|(known, one)| one.system.is_some() && known.len() >= SHORTEST);
            servers.find(|(known, _)| name.contains(known.trim_end_matches(".exe"))).map(|(_, one)| one)
        };
        self.named.get(name).or_else(longer).or_else(within)
    }
}
