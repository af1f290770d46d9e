//! Vendors' daemons whose license server has ended.

use super::holder::Holder;
use super::judged_socket::JudgedSocket;
use crate::knowledge::{LicenseProgram, Licenses, Technology};
use crate::model::{Os, Process};

/// Whether a holder is a known daemon, by its name and by what its file contains, and no license server is among its
/// ancestors, as far as all of these are known.
pub(super) fn is_orphan(socket: &JudgedSocket<'_>, licenses: &Licenses, holder: &Holder<'_>) -> bool {
    let technology = match holder.program {
        Some(LicenseProgram::Own(manager)) => licenses.technology_of(manager),
        _ => None,
    };
    let is_shown = |technology: &&Technology| {
        holder.process.exe().is_some_and(|exe| technology.is_daemon_by(exe.texts()))
    };
    let Some(technology) = technology.filter(is_shown) else { return false };
    let oldest = socket.ancestors.last().map_or(holder.process, |oldest| oldest);
    // Nobody adopts on Windows what is left over.
    let are_known = socket.os == Os::Windows || oldest.pid == 1 || oldest.ppid == Some(1);
    let is_server = |process: &Process| may_be_server(process, technology, licenses, socket.os);
    are_known && !socket.ancestors.iter().any(|process| is_server(process))
}

/// Whether a process is a license server, or calls itself one where its file is not visible.
fn may_be_server(process: &Process, technology: &Technology, licenses: &Licenses, os: Os) -> bool {
    let by_claimed_name = || {
        let name = process.name.as_deref().filter(|_| process.exe().is_none())?;
        licenses.recognise_name(name, os)
    };
    let program = licenses.recognise(process, os).or_else(by_claimed_name);
    matches!(program, Some(LicenseProgram::Server(own)) if own.id == technology.id)
}
