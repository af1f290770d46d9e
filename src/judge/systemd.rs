//! systemd, which opens sockets for other programs and is passed over as a holder.

use crate::model::{CodeFile, FileTrust, Os, Process};

/// Where distributions install it.
const PATHS: [&str; 2] = ["/lib/systemd/systemd", "/usr/lib/systemd/systemd"];

/// Whether a process is the system's own systemd: process 1, or the file that only root could have put there,
/// with no code of others in it, run by root. A user's own systemd runs that file too, and what it holds is that
/// user's: whoever runs a program may change its memory.
pub(super) fn is_systemd(process: &Process, os: Os) -> bool {
    let Some(program) = process.program() else { return false };
    let Some(file) = &program.exe else { return false };
    let is_roots = |code: &CodeFile| FileTrust::of(&code.writers, None) == FileTrust::System;
    let is_first = || process.pid == 1 && file.path.ends_with("/lib/systemd/systemd");
    let is_genuine = || {
        PATHS.contains(&file.path.as_str())
            && process.uid == Some(0)
            && file.trust(None) == FileTrust::System
            && program.loaded.done().is_some_and(|loaded| loaded.iter().all(is_roots))
    };
    os == Os::Linux && (is_first() || is_genuine())
}

/// Whether a process may be systemd by its path, so that the rest is worth checking.
pub(super) fn may_be_systemd(process: &Process) -> bool {
    process.exe().is_some_and(|exe| PATHS.contains(&exe.path.as_str()))
}
