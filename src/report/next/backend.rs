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
    /// What shows what is behind it, each command with what stands before it, and `PORT` for the port.
    look: &'static [(&'static str, &'static str)],
}

const BEHIND: &str = "What is behind this port";

const BACKENDS: &[Backend] = &[
    Backend {
        programs: &["wslrelay", "wslhost", "vmmem", "vmmemwsl"],
        role: "forwards ports of Linux distributions in WSL 2",
        look: &[(BEHIND, "wsl -- ss -ltnp")],
    },
    Backend {
        programs: &["com.docker.backend", "com.docker.vpnkit", "vpnkit", "vpnkit-bridge"],
        role: "forwards ports of Docker Desktop's containers",
        look: &[(BEHIND, "docker ps --filter publish=PORT")],
    },
    Backend {
        programs: &["rootlesskit", "rootlessport", "slirp4netns", "pasta", "pasta.avx2"],
        role: "forwards ports of a user's containers (rootless Docker or Podman)",
        look: &[
            ("What is behind this port, as that user, with Docker", "docker ps --filter publish=PORT"),
            ("With Podman", "podman ps --filter publish=PORT"),
        ],
    },
    Backend {
        programs: &["gvproxy"],
        role: "forwards ports of a virtual machine for containers (Podman machine and others)",
        look: &[(BEHIND, "podman ps --filter publish=PORT")],
    },
    Backend {
        programs: &["limactl", "colima"],
        role: "forwards ports of a virtual machine (Lima, Colima)",
        look: &[
            ("Its instances", "limactl list"),
            ("What is behind this port in one", "limactl shell INSTANCE ss -ltnp"),
        ],
    },
];

/// What is behind a holder, sentence by sentence; `None` for one that holds its ports for itself.
pub(super) fn behind(lead: &Process, port: u16, os: Os) -> Option<Vec<String>> {
    let program = program_of(lead, os)?;
    let backend = BACKENDS.iter().find(|one| one.programs.contains(&program.as_str()))?;
    let called = quoted(lead.name.as_deref().unwrap_or(&program)).into_owned();
    let look = backend.look.iter();
    let look =
        look.map(|(label, command)| format!("{label}: {}", command.replace("PORT", &port.to_string())));
    let role = format!("A program called {called} {}.", backend.role);
    Some(std::iter::once(role).chain(look).collect())
}
