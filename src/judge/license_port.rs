//! The port to judge, with everything that the rules consult.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::JudgedSocket;
use super::holder::Holder;
use super::systemd::is_systemd;
use crate::knowledge::{LicenseManager, LicenseProgram, Licenses, PortClaims, RegisteredTo};
use crate::model::{Confidence, Manager, PortRange, PortRole, Process, Vouched};

/// A port of a license manager, or one on which a license program listens.
pub(super) struct LicensePort<'a> {
    pub(super) socket: JudgedSocket<'a>,
    pub(super) vouched: &'a Vouched,
    pub(super) licenses: &'a Licenses,
    pub(super) claims: &'a PortClaims<'a>,
    /// The managers whose program would be right here.
    pub(super) managers: Vec<Manager>,
    /// Their executables on this system; empty where none is known.
    pub(super) expected: Vec<String>,
    /// The holder to judge; `None` where none is visible.
    pub(super) lead: Option<Holder<'a>>,
    /// The other holders.
    pub(super) others: Vec<&'a Process>,
    /// Whether no rule doubts a process that has the name of a license program.
    is_believed: IsBelieved,
}

type IsBelieved = fn(&LicensePort<'_>, &Holder<'_>) -> bool;

impl<'a> LicensePort<'a> {
    /// `None` where no license manager uses the port and no license program holds it.
    pub(super) fn of(
        socket: JudgedSocket<'a>,
        vouched: &'a Vouched,
        licenses: &'a Licenses,
        claims: &'a PortClaims<'a>,
        is_believed: IsBelieved,
    ) -> Option<LicensePort<'a>> {
        let mut holders = to_judge(&socket);
        let lead = holders.next().map(|lead| Holder::of(lead, licenses, socket.os));
        let (managers, expected, needs_starter) = if claims.is_license_port() {
            (claims.managers_reported(), claims.expected(licenses, socket.os), false)
        } else {
            let brought = brought_by(lead?.program?, licenses, claims)?;
            let managers = vec![reported(brought.manager, claims, socket.local.port())];
            (managers, licenses.expected(&[brought.manager], socket.os), brought.needs_starter)
        };
        let others = holders.collect();
        let port =
            LicensePort { socket, vouched, licenses, claims, managers, expected, lead, others, is_believed };
        let is_sure = !needs_starter || lead.is_some_and(|lead| port.starter(&lead).is_some());
        is_sure.then_some(port)
    }

    pub(super) fn manager_names(&self) -> Vec<String> {
        self.managers.iter().map(Manager::called).collect()
    }

    /// Whether the registry gives the port to a license manager.
    pub(super) fn is_registered(&self) -> bool {
        matches!(self.claims.registered, RegisteredTo::License(_))
    }

    /// A co-holder as the rules judge it.
    pub(super) fn holder(&self, process: &'a Process) -> Holder<'a> {
        Holder::of(process, self.licenses, self.socket.os)
    }

    /// The co-holders that another holder started and that may have inherited the socket, and the rest, which came
    /// by it in another way.
    pub(super) fn heirs_and_strangers(&self) -> (Vec<&'a Process>, Vec<&'a Process>) {
        let lead = self.lead.iter().map(|lead| lead.process.pid);
        let holders: BTreeSet<_> = lead.chain(self.others.iter().map(|process| process.pid)).collect();
        self.others.iter().partition(|process| process.ppid.is_some_and(|ppid| holders.contains(&ppid)))
    }

    /// The license server that started a vendor's daemon; `None` where its file does not bear out its name. Of a
    /// parent that is neither root's nor of the same user a program is no child by its own doing.
    pub(super) fn starter(&self, holder: &Holder<'a>) -> Option<&'a Process> {
        let daemon = holder.process;
        let parent = self.parent(daemon)?;
        let technology = self.licenses.technology_of_daemon(holder.program?)?;
        let os = self.socket.os;
        let is_server = technology.has_server(parent.exe_name(os)?, os);
        let may_start_it = parent.uid == Some(0) || parent.uid == daemon.uid;
        let server = Holder::server(parent, technology, self.licenses, os);
        (is_server && may_start_it && (self.is_believed)(self, &server)).then_some(parent)
    }

    /// The parent of a holder: the lead's, or another holder. One that is younger has the id of the parent, which
    /// has ended.
    fn parent(&self, holder: &Process) -> Option<&'a Process> {
        let lead = self.lead.map(|lead| lead.process);
        let mut known = self.socket.parent.into_iter().chain(lead).chain(self.others.iter().copied());
        let parent = known.find(|other| holder.ppid == Some(other.pid) && other.pid != holder.pid)?;
        let is_older = holder.started_at.is_none() || parent.started_at <= holder.started_at;
        is_older.then_some(parent)
    }

    /// The users and folders that the caller vouches for and without which a holder, or the server that started it,
    /// would be in doubt: as they were typed.
    pub(super) fn vouched_for(&self) -> Vec<&'a str> {
        if *self.vouched == Vouched::default() {
            return Vec::new();
        }
        let lead = self.lead.iter().map(|lead| lead.process);
        let server = self.lead.as_ref().and_then(|lead| self.starter(lead));
        let mut needed = BTreeSet::new();
        for process in lead.chain(server).chain(self.others.iter().copied()) {
            let Some(program) = process.program() else { continue };
            let file = program.exe.iter().map(|exe| (&exe.path, &exe.writers));
            let code = program.script.iter().chain(program.loaded.done().into_iter().flatten());
            for (path, writers) in file.chain(code.map(|code| (&code.path, &code.writers))) {
                needed.extend(self.vouched.needed(path, writers, process.uid, self.socket.os));
            }
        }
        needed.into_iter().collect()
    }

    /// What listens on this port for a manager.
    pub(super) fn role(&self, manager: &LicenseManager) -> Option<PortRole> {
        let (port, protocol) = (self.socket.local.port(), Some(self.socket.protocol));
        manager.ports.iter().find(|known| known.is_at(port, protocol)).map(|known| known.role)
    }
}

/// The holders to judge, the lead first. systemd is not one where it opened the socket for another program.
fn to_judge<'a>(socket: &JudgedSocket<'a>) -> impl Iterator<Item = &'a Process> + use<'a> {
    let os = socket.os;
    let holders = socket.owner.processes().map(Arc::as_ref);
    let (openers, others): (Vec<_>, Vec<_>) = holders.partition(|process| is_systemd(process, os));
    if others.is_empty() { openers.into_iter() } else { others.into_iter() }
}

/// The manager that a license program brings to a port which is not a license port itself.
struct Brought<'a> {
    manager: &'a LicenseManager,
    /// Whether the program is known for certain only where its license server started it.
    needs_starter: bool,
}

/// `None` where this program does not make it a license port.
fn brought_by<'a>(
    program: LicenseProgram<'a>,
    licenses: &'a Licenses,
    claims: &PortClaims<'a>,
) -> Option<Brought<'a>> {
    let sure = |manager| Brought { manager, needs_starter: false };
    let if_started = |manager| Brought { manager, needs_starter: true };
    match program {
        LicenseProgram::Emulator(emulator) => licenses.manager(&emulator.emulates).map(sure),
        LicenseProgram::Server(technology) => {
            let mut here = claims.managers.iter().copied();
            let here = here.find(|manager| manager.technology.as_deref() == Some(&technology.id));
            here.or_else(|| licenses.manager_of(technology)).map(sure)
        }
        LicenseProgram::Own(own) if claims.managers.iter().any(|manager| manager.id == own.id) => {
            Some(sure(own))
        }
        // A daemon's name is a short word that other programs have too: its parent makes it certain.
        LicenseProgram::Own(own) if licenses.technology_of(own).is_some() => Some(if_started(own)),
        LicenseProgram::Own(own) => (own.confidence > Confidence::RegistryOnly).then_some(sure(own)),
        LicenseProgram::UnlistedDaemon(technology) => licenses.manager_of(technology).map(if_started),
    }
}

/// The report's form of a manager on a port which is not a license port itself.
fn reported(manager: &LicenseManager, claims: &PortClaims<'_>, port: u16) -> Manager {
    let here = claims.managers_reported().into_iter().find(|reported| reported.id == manager.id);
    here.unwrap_or_else(|| manager.at(PortRange::one(port)))
}
