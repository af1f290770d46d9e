//! The program a process runs, and its file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Checked, ClaimedScript, FileTrust, Os, RelayTarget, Signature, Writer};

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
    /// What an interpreter runs, by its command line, if that was requested ([`claimed_script`](super::claimed_script)).
    pub claimed_script: Option<ClaimedScript>,
    /// Where a relay forwards to, if its command line says so ([`forward_targets`](super::forward_targets)).
    pub relays_to: Option<Vec<RelayTarget>>,
    /// Whether the user that an interpreter runs as is an account for a service; asked of those that run a license
    /// manager.
    pub by_service: Checked<bool>,
    /// The script or archive that the interpreter runs, if its command line names one.
    pub script: Option<CodeFile>,
    /// The files whose code is loaded into the process and that others than administrators could have written, or
    /// of which that is not known.
    pub loaded: Checked<Vec<CodeFile>>,
}

/// The file that a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executable {
    /// The full path. Each byte that is not UTF-8 is U+FFFD with its two hexadecimal digits.
    pub path: String,
    /// Whether the path leads to the very file that the process runs, in the process's view of the file system.
    /// A process can make the system report a path that leads to another file.
    pub path_confirmed: Checked<bool>,
    /// Whether the file was deleted or replaced since the process started; `None` where that is not known.
    pub deleted: Option<bool>,
    /// Of a deleted file, whether another stands at the path now, in the process's view of the file system; `None` where
    /// that was not looked at, or cannot be seen.
    pub replaced: Option<bool>,
    /// Who besides administrators could have put other content there, and through which file or folder. Nobody
    /// where the list is empty.
    pub writers: Checked<Vec<Writer>>,
    pub contents: Checked<Contents>,
    /// The version resource, if the file has one and was inspected for it: Windows programs have one.
    pub version: Option<FileVersion>,
    /// Who signed it, on Windows.
    pub signature: Checked<Signature>,
}

/// What a file contains, of what was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The interpreter that the file is, whatever its name.
    pub interpreter: Option<Interpreter>,
    pub texts: Vec<String>,
    /// The version of FlexNet that it was built with: `v11.19.5.0`.
    pub flexnet_version: Option<String>,
}

/// A file whose code a process runs besides its executable: a script, an archive, a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeFile {
    pub path: String,
    /// As in [`Executable::writers`].
    pub writers: Checked<Vec<Writer>>,
}

/// How the kernel names a file that a process made in memory (memfd_create(2)), and that has no other path.
const IN_MEMORY: &str = "/memfd:";

impl Executable {
    /// Whether it is in memory alone. A file at such a path that was deleted counts as well.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.deleted == Some(true) && self.path.starts_with(IN_MEMORY)
    }

    #[must_use]
    pub fn interpreter(&self) -> Option<Interpreter> {
        self.contents.done()?.interpreter
    }

    /// Who could have put other content there, of a process that runs as this user. Where the path may lead to another
    /// file, nothing is known of this one.
    #[must_use]
    pub fn trust(&self, runs_as: Option<u32>) -> FileTrust {
        match self.path_confirmed {
            Checked::Done(true) => FileTrust::of(&self.writers, runs_as),
            Checked::Done(false) | Checked::NotRequested | Checked::Failed(_) => FileTrust::Unknown,
        }
    }

    /// The texts found in the file, of those it was searched for.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        self.contents.done().map_or(&[], |contents| &contents.texts)
    }
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
    let before = if os == Os::Windows { path.rfind(['/', '\\']) } else { path.rfind('/') };
    before.map_or(path, |at| &path[at + 1..])
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
