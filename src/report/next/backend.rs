//! Programs that hold ports for what runs elsewhere: in a virtual machine, in containers, on another host. Whoever looks
//! for the program behind the port has to look there. They are known by name, which proves nothing.

use super::commands::program_of;
use crate::model::quoting::quoted;
use crate::model::{Os, Process};

struct Backend {
    /// Names in small letters and without `.exe`.
    programs: &'static [&'static str],
    /// What such a program does.
    role: &'static str,
    /// Where to look for what is behind it, with `PORT` for the port.
    look: &'static str,
}

const BACKENDS: &[Backend] = &[
    Backend {
        programs: &["wslrelay", "wslhost", "vmmem", "vmmemwsl"],
        role: "forwards ports of Linux distributions in WSL 2",
        look: "wsl -- ss -ltnp",
    },
    Backend {
        programs: &["com.docker.backend", "com.docker.vpnkit", "vpnkit", "vpnkit-bridge"],
        role: "forwards ports of Docker Desktop's containers",
        look: "docker ps --filter publish=PORT",
    },
    Backend {
        programs: &["rootlesskit", "rootlessport", "slirp4netns", "pasta", "pasta.avx2"],
        role: "forwards ports of a user's containers (rootless Docker or Podman)",
        look: "docker ps --filter publish=PORT, or podman ps --filter publish=PORT, as that user",
    },
    Backend {
        programs: &["gvproxy"],
        role: "forwards ports of a virtual machine for containers (Podman machine and others)",
        look: "podman ps --filter publish=PORT",
    },
    Backend {
        programs: &["limactl", "colima"],
        role: "forwards ports of a virtual machine (Lima, Colima)",
        look: "limactl list, then limactl shell INSTANCE ss -ltnp",
    },
];

/// What is behind a holder, as sentences; `None` for one that holds its ports for itself.
pub(super) fn behind(lead: &Process, port: u16, os: Os) -> Option<String> {
    let program = program_of(lead, os)?;
    let backend = BACKENDS.iter().find(|one| one.programs.contains(&program.as_str()))?;
    let called = quoted(lead.name.as_deref().unwrap_or(&program)).into_owned();
    let look = backend.look.replace("PORT", &port.to_string());
    Some(format!("A program called {called} {}. What is behind this port: {look}.", backend.role))
}
