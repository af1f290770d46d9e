//! Reading how license servers are set up: their files belong to strangers, and may be on servers that do not answer.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::license_setup::installed::Installed;
use super::super::license_setup::server_files::{FileReader, ServerFiles, ServerRequest};
use super::super::process_root::ProcessRoot;
use super::task::{Task, Tools};
use crate::model::{Checked, LicenseFile, NamedBy, NotInspected};
use crate::os::decode::text::os_text;
use crate::os::inspect::LicensePrograms;

#[derive(Serialize, Deserialize)]
pub(in super::super) enum SetupTask {
    /// The files of a running server.
    Server(ServerRequest),
    /// A license file that the caller names, or a folder of them.
    File(PathBuf),
    Installed(InstalledTask),
}

#[derive(Serialize, Deserialize)]
pub(in super::super) struct InstalledTask {
    pub(in super::super) programs: LicensePrograms,
}

#[derive(Serialize, Deserialize)]
pub(in super::super) enum SetupAnswer {
    Server(ServerFiles),
    Given { files: Vec<LicenseFile>, is_cut: bool },
    Installed(Installed),
}

impl Task for SetupTask {
    type Answer = SetupAnswer;
    const SUBJECT: &'static str = "license files";

    fn run(&self, tools: &Tools<'_>) -> SetupAnswer {
        match self {
            SetupTask::Server(request) => {
                SetupAnswer::Server(ServerFiles::of(request, tools.proc, tools.mounts))
            }
            SetupTask::File(path) => given(path, tools),
            SetupTask::Installed(InstalledTask { programs }) => {
                SetupAnswer::Installed(Installed::read(programs, tools.proc, tools.mounts))
            }
        }
    }
}

fn given(path: &Path, tools: &Tools<'_>) -> SetupAnswer {
    let unread = |why| SetupAnswer::Given {
        files: vec![LicenseFile {
            path: os_text(path),
            named_by: vec![NamedBy::Caller],
            contents: Checked::Failed(why),
        }],
        is_cut: false,
    };
    let root = match ProcessRoot::own(tools.proc, tools.mounts) {
        Ok(root) => root,
        Err(why) => return unread(why),
    };
    let cwd = tools.proc.link(std::process::id(), "cwd").unwrap_or_else(|_| PathBuf::from("/"));
    let mut reader = FileReader::new(&root, &cwd, "lic");
    reader.read(&os_text(path), &NamedBy::Caller);
    match reader.files.is_empty() && !reader.is_cut {
        // A folder without a license file.
        true => unread(NotInspected::NotAtItsPath),
        false => SetupAnswer::Given { files: reader.files, is_cut: reader.is_cut },
    }
}
