//! The program a process runs, and its file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Os;

/// What a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The file it runs; `None` where that could not be read.
    pub exe: Option<Executable>,
    /// Its command line, where it was asked for.
    pub args: Option<Vec<String>>,
    /// The id of the license manager or emulator that an interpreter runs, where its command line names one.
    /// Nothing else of a command line is kept that was not asked for: it may hold secrets.
    pub interpreted: Option<String>,
}

/// The file a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executable {
    /// The full path; bytes that are not UTF-8 are replaced by U+FFFD.
    pub path: String,
    /// The interpreter that the file is, whatever its name; looked for only under some names.
    pub interpreter: Option<Interpreter>,
    /// Of the texts that were looked for in the file, those that it has.
    pub texts: Vec<String>,
    /// Whether the file was deleted or replaced since the process started; `None` where not known.
    pub deleted: Option<bool>,
    /// The file or folder through which any user of the machine could have put another file in
    /// place of this one; `None` where there is none, or where it is not known.
    pub replaceable_at: Option<String>,
    /// Why neither the file nor its folders were looked at, where they would have been.
    pub not_inspected: Option<NotInspected>,
    /// What the file says of itself, where it does and was asked: programs of Windows do.
    pub version: Option<FileVersion>,
}

/// What a program's file says of itself in its version resource (`VERSIONINFO` in Microsoft's
/// documentation of resource files). Whoever makes the file can write there what they like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileVersion {
    /// Who made it (`CompanyName`).
    pub company: Option<String>,
    /// What it is part of (`ProductName`).
    pub product: Option<String>,
    /// What it was called when it was made (`OriginalFilename`).
    pub original_name: Option<String>,
}

/// Why a file is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotInspected {
    /// It lies on a file server, or a program serves it: that may not answer for hours.
    MayNotAnswer,
    /// The process is in another user namespace (`user_namespaces(7)`), where any user can put together
    /// a file system as they like.
    AnotherUserNamespace,
    /// The system refuses it.
    Unreadable,
}

impl FileVersion {
    /// The file name it had when it was made, with the ending that many leave out.
    #[must_use]
    pub fn program_name(&self) -> Option<Cow<'_, str>> {
        let name = self.original_name.as_deref()?;
        let ending = name.len().checked_sub(4).and_then(|at| name.get(at..));
        let is_whole = ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".exe"));
        Some(if is_whole { name.into() } else { format!("{name}.exe").into() })
    }
}

/// A program that runs scripts or other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpreter {
    Python,
    Perl,
    Ruby,
    NodeJs,
    Java,
    Bash,
    BusyBox,
}

impl Interpreter {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Interpreter::Python => "Python",
            Interpreter::Perl => "Perl",
            Interpreter::Ruby => "Ruby",
            Interpreter::NodeJs => "Node.js",
            Interpreter::Java => "Java",
            Interpreter::Bash => "bash",
            Interpreter::BusyBox => "BusyBox",
        }
    }
}

/// The last component of a path written in `os`'s way, whichever system this runs on.
#[must_use]
pub fn file_name(path: &str, os: Os) -> &str {
    let separator = |c| c == '/' || (os == Os::Windows && c == '\\');
    path.rsplit(separator).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_follow_the_observed_system() {
        assert_eq!(file_name("/usr/bin/python3.11", Os::Linux), "python3.11");
        assert_eq!(file_name(r"C:\Program Files\lmgrd.exe", Os::Windows), "lmgrd.exe");
        assert_eq!(file_name(r"/tmp/C:\lmgrd", Os::Linux), r"C:\lmgrd");
        assert_eq!(file_name("lmgrd", Os::Linux), "lmgrd");
    }
}
