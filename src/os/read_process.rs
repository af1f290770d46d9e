//! What the backends of Windows and macOS read of a process.

use std::path::PathBuf;

use super::users::UserId;
use crate::model::Process;

/// A process as the system reports it.
pub(super) struct ReadProcess {
    /// Without the names of users that are known by their id.
    pub(super) process: Process,
    /// The user it runs as.
    pub(super) owner: Option<UserId>,
}

/// How a license server was started.
#[derive(Default)]
pub(super) struct Launch {
    pub(super) args: Vec<String>,
    /// `None` where that may not be read, as in `environment`.
    pub(super) cwd: Option<PathBuf>,
    /// `NAME=VALUE`.
    pub(super) environment: Vec<String>,
}
