//! Services as systemd, launchd and Windows know them.

use serde::{Deserialize, Serialize};

/// A program that starts services and keeps track of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceManager {
    Systemd,
    /// One user's own systemd.
    SystemdUser,
    Launchd,
    /// The service control manager.
    Windows,
}

impl ServiceManager {
    /// The word for it in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ServiceManager::Systemd => "systemd",
            ServiceManager::SystemdUser => "systemd-user",
            ServiceManager::Launchd => "launchd",
            ServiceManager::Windows => "windows",
        }
    }
}

/// The service manager's name for what a process belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessService {
    /// Which service manager.
    pub manager: ServiceManager,
    /// Its name for the service, such as `nginx.service`.
    pub name: String,
    /// What people know it as, where that is something else: `DNS Client` for Windows' `Dnscache`.
    pub display_name: Option<String>,
}

impl ProcessService {
    /// A service that is known by that name alone.
    #[must_use]
    pub fn new(manager: ServiceManager, name: &str) -> ProcessService {
        ProcessService { manager, name: name.to_owned(), display_name: None }
    }
}
