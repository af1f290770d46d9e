//! The program a process runs, and its file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Os;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// `None` where it could not be read.
    pub exe: Option<Executable>,
    /// The command line, if it was requested.
    pub args: Option<Vec<String>>,
    /// The id of the license manager or emulator that an interpreter runs, if its command line names one.
    /// Without a request nothing else of a command line is kept: it may hold secrets.
    pub interpreted: Option<String>,
}

/// The file that a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executable {
    /// The full path. U+FFFD replaces bytes that are not UTF-8.
    pub path: String,
    /// The interpreter that the file is, whatever its name. Only files with certain names are inspected for it.
    pub interpreter: Option<Interpreter>,
    /// The texts found in the file, of those it was searched for.
    pub texts: Vec<String>,
    /// Whether the file was deleted or replaced since the process started; `None` where that is not known.
    pub deleted: Option<bool>,
    /// The file or folder through which any user of the machine could have replaced this file; `None` where
    /// there is none, or where that is not known.
    pub replaceable_at: Option<String>,
    /// Why neither the file nor its folders were inspected, if they should have been.
    pub not_inspected: Option<NotInspected>,
    /// The version resource, if the file has one and was inspected for it: Windows programs have one.
    pub version: Option<FileVersion>,
}

/// What a file says about itself in its version resource (`VERSIONINFO` in Microsoft's documentation of
/// resource files). The maker of a file can write anything there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileVersion {
    /// `CompanyName`.
    pub company: Option<String>,
    /// `ProductName`.
    pub product: Option<String>,
    /// `OriginalFilename`: the name of the file when it was made.
    pub original_name: Option<String>,
}

/// Why a file was not inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotInspected {
    /// It is on a file server, or a program serves it (FUSE): that may not answer for hours.
    MayNotAnswer,
    /// The process is in another user namespace (`user_namespaces(7)`), where any user can arrange the file
    /// system at will.
    AnotherUserNamespace,
    /// The system refused access.
    Unreadable,
}

impl FileVersion {
    /// The original file name, with the `.exe` that many makers leave out.
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
    /// The name that people use.
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

/// The last component of a path of `os`, whatever system this program runs on.
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
