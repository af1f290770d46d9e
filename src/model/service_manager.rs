//! Services as systemd, launchd and Windows know them.

use serde::{Deserialize, Serialize};

use super::word::{read_as_word, words};

words! {
    /// A program that starts and supervises services.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum ServiceManager {
        Systemd = "systemd",
        /// a user's own systemd
        SystemdUser = "systemd-user",
        Launchd = "launchd",
        Windows = "windows",
    }
}

read_as_word!(ServiceManager);

/// The service that a process belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessService {
    pub manager: ServiceManager,
    /// The service manager's own name, such as `nginx.service`.
    pub name: String,
    /// The name that people know, where it differs: `DNS Client` for `Dnscache` on Windows.
    pub display_name: Option<String>,
    /// The user whose own service manager it is, of [`ServiceManager::SystemdUser`].
    pub user: Option<String>,
}

impl ProcessService {
    /// A service without a display name.
    #[must_use]
    pub fn new(manager: ServiceManager, name: &str) -> ProcessService {
        ProcessService { manager, name: name.to_owned(), display_name: None, user: None }
    }
}
