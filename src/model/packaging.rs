//! What a process runs inside of: a container, an application's package.

use serde::{Deserialize, Serialize};

/// What runs a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    Docker,
    Podman,
    Containerd,
    CriO,
    /// A pod's container whose runtime does not show.
    Kubernetes,
    Lxc,
    SystemdNspawn,
}

impl Runtime {
    /// The word for it in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Runtime::Docker => "docker",
            Runtime::Podman => "podman",
            Runtime::Containerd => "containerd",
            Runtime::CriO => "cri-o",
            Runtime::Kubernetes => "kubernetes",
            Runtime::Lxc => "lxc",
            Runtime::SystemdNspawn => "systemd-nspawn",
        }
    }
}

/// The container a process runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// What runs it.
    pub runtime: Runtime,
    /// The runtime's identifier.
    pub id: String,
    /// The name a person gave it, where it can be had.
    pub name: Option<String>,
    /// The Kubernetes pod that it is part of, by its UID.
    pub pod: Option<String>,
}

impl Container {
    /// As a person says it: `docker web`, or by the first 12 digits of a long id, as the runtimes
    /// themselves show it.
    #[must_use]
    pub fn called(&self) -> String {
        let id = self.id.get(..12).filter(|_| self.id.len() == 64).unwrap_or(&self.id);
        format!("{} {}", self.runtime.code(), self.name.as_deref().unwrap_or(id))
    }
}

/// How an application is packaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationKind {
    Snap,
    Flatpak,
    /// A bundle of macOS.
    App,
}

impl ApplicationKind {
    /// The word for it in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ApplicationKind::Snap => "snap",
            ApplicationKind::Flatpak => "flatpak",
            ApplicationKind::App => "app",
        }
    }
}

/// The sandboxed or bundled application a process is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// How it is packaged.
    pub kind: ApplicationKind,
    /// Its id there: `firefox`, `org.mozilla.firefox`, `Safari`.
    pub id: String,
}
