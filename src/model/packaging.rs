//! What a process runs inside of: a container, an application package.

use serde::{Deserialize, Serialize};

use super::quoting::quoted;
use super::word::{read_as_word, words};

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Runtime {
        Docker = "docker",
        Podman = "podman",
        Containerd = "containerd",
        CriO = "cri-o",
        /// a pod's container of unknown runtime
        Kubernetes = "kubernetes",
        Lxc = "lxc",
        SystemdNspawn = "systemd-nspawn",
    }
}

read_as_word!(Runtime);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    pub runtime: Runtime,
    pub id: String,
    /// The name that a person gave it; `None` where it could not be found.
    pub name: Option<String>,
    /// What it was made of, as the runtime names it: `nginx:1.25`. `None` where it could not be found.
    pub image: Option<String>,
    /// The UID of its Kubernetes pod.
    pub pod: Option<String>,
    /// The user whose container it is: without root's rights, a user chooses its id. `None` for one of root's.
    pub user: Option<String>,
    /// Whether it is inside another container, which could choose its id.
    pub nested: bool,
}

impl Container {
    /// As a person says it: `docker web`, or the first 12 digits of a long id, as the runtimes show it. A user's own is
    /// `rootless docker 3f4e8f1c2b7a`.
    #[must_use]
    pub fn called(&self) -> String {
        let id = self.id.get(..12).filter(|_| self.id.len() == 64).unwrap_or(&self.id);
        let rootless = if self.user.is_some() { "rootless " } else { "" };
        format!("{rootless}{} {}", self.runtime.code(), quoted(self.name.as_deref().unwrap_or(id)))
    }
}

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum ApplicationKind {
        Snap = "snap",
        Flatpak = "flatpak",
        /// a macOS bundle
        App = "app",
    }
}

read_as_word!(ApplicationKind);

/// The sandboxed or bundled application that a process is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub kind: ApplicationKind,
    /// The packaging's own id: `firefox`, `org.mozilla.firefox`, `Safari`.
    pub id: String,
    /// The user who could choose that id; `None` where only root could.
    pub user: Option<String>,
}
