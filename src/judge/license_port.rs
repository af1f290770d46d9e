//! The port to judge, with everything that the rules consult.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::holder::Holder;
use super::judged_socket::{Behind, JudgedSocket};
use super::orphan::is_orphan;
use super::systemd::is_systemd;
use crate::knowledge::{LicenseManager, LicenseProgram, Licenses, PortClaims, RegisteredTo, Technology};
use crate::model::{Confidence, Manager, PortRole, Process, Verdict, Vouched};

/// A port of a license manager, or one on which a license program listens.
pub(super) struct LicensePort<'a> {
    pub(super) socket: JudgedSocket<'a>,
    pub(super) vouched: &'a Vouched,
    pub(super) licenses: &'a Licenses,
    pub(super) claims: &'a PortClaims<'a>,
    /// The managers whose program would be right here. Where only the registry knows one, none.
    managers: Vec<&'a LicenseManager>,
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
        let (others, managers) = (holders.collect(), Vec::new());
        let mut port = LicensePort { socket, vouched, licenses, claims, managers, lead, others, is_believed };
        // Where it is known who holds it, it is known who started whom.
        port.lead = lead.map(|lead| port.by_its_server(lead));
        if claims.is_license_port() {
            port.managers.clone_from(&claims.managers);
            return Some(port);
        }
        let lead = port.lead?;
        let is_sure = match certainty(lead.program?, licenses, claims) {
            Certainty::ByItself => true,
            Certainty::ByStarter => {
                port.starter(&lead).is_some()
                    || (is_orphan(&socket, licenses, &lead) && is_believed(&port, &lead))
            }
            Certainty::Hearsay => false,
        };
        port.managers = port.managers_of(&lead);
        (is_sure && !port.managers.is_empty()).then_some(port)
    }

    /// The same port as held by whoever receives what a holder forwards; `None` where that was not observed. Anybody may
    /// give a network namespace of their own any address, so it has to be a container of root's.
    pub(super) fn behind(&self, holder: &Holder<'a>) -> Option<LicensePort<'a>> {
        let Behind { owner, parent, more_holders } = self.socket.behind?;
        let is_lead = self.lead.is_some_and(|lead| lead.process.pid == holder.process.pid);
        let container = holder.process.forward.as_ref()?.container.as_ref()?;
        if !is_lead || container.user.is_some() {
            return None;
        }
        let socket = JudgedSocket {
            owner,
            made_in: None,
            opened_at: None,
            parent,
            ancestors: &[],
            more_holders,
            behind: None,
            ..self.socket
        };
        LicensePort::of(socket, self.vouched, self.licenses, self.claims, self.is_believed)
    }

    /// Whose port it is. One whose ports are those of a whole technology comes before those that use its number.
    pub(super) fn manager_names(&self) -> Vec<String> {
        let called = |managers: &mut dyn Iterator<Item = &&'a LicenseManager>| {
            managers.map(|manager| manager.called()).collect::<Vec<_>>()
        };
        let of_technology = called(&mut self.managers.iter().filter(|manager| manager.any_vendor));
        match (&of_technology[..], &self.managers[..]) {
            ([], []) => self.claims.managers_reported().iter().map(Manager::called).collect(),
            ([], managers) => called(&mut managers.iter()),
            _ => of_technology,
        }
    }

    /// Whether the executables of none of its managers are known on this system.
    pub(super) fn is_no_program_known(&self) -> bool {
        self.licenses.expected(&self.managers, self.socket.os).is_empty()
    }

    /// The managers in the report's form, and their executables. Where the process is right, it says whose port this
    /// is, and who else uses the number does not matter.
    pub(super) fn reported(&self, verdict: Verdict) -> (Vec<Manager>, Vec<String>) {
        let of_lead = self.lead.filter(|_| verdict == Verdict::Expected).map(|lead| self.managers_of(&lead));
        let managers = of_lead.unwrap_or_else(|| self.managers.clone());
        let expected = self.licenses.expected(&managers, self.socket.os);
        match managers.is_empty() {
            true => (self.claims.managers_reported(), expected),
            false => (managers.iter().map(|manager| self.claims.reported(manager)).collect(), expected),
        }
    }

    /// The managers for whom a program listens here: those of this port for which it is right, or else those that it
    /// belongs to.
    pub(super) fn managers_of(&self, holder: &Holder<'a>) -> Vec<&'a LicenseManager> {
        let here = self.right_for(holder);
        if !here.is_empty() {
            return here;
        }
        match holder.program {
            Some(LicenseProgram::Emulator(emulator)) => {
                self.licenses.manager(&emulator.emulates).into_iter().collect()
            }
            Some(LicenseProgram::Server(technology) | LicenseProgram::UnlistedDaemon(technology)) => {
                self.licenses.manager_of(technology).into_iter().collect()
            }
            Some(LicenseProgram::Own(_)) | None => holder.owners(),
        }
    }

    /// The managers of this port for which a program is right.
    pub(super) fn right_for(&self, holder: &Holder<'a>) -> Vec<&'a LicenseManager> {
        let (Some(program), Some(exe)) = (holder.program, holder.name()) else { return Vec::new() };
        let is_right =
            |manager: &&&LicenseManager| self.licenses.is_right_for(program, manager, &exe, self.socket.os);
        self.claims.managers.iter().filter(is_right).copied().collect()
    }

    /// Whose port it is, besides those for whom a program listens here.
    pub(super) fn others_than(&self, holder: &Holder<'a>) -> Vec<String> {
        if !self.claims.is_license_port() {
            return Vec::new();
        }
        let its_own: Vec<String> = self.managers_of(holder).into_iter().map(LicenseManager::called).collect();
        self.manager_names().into_iter().filter(|name| !its_own.contains(name)).collect()
    }

    /// Whether the registry gives the port to a license manager.
    pub(super) fn is_registered(&self) -> bool {
        matches!(self.claims.registered, RegisteredTo::License(_))
    }

    /// A co-holder as the rules judge it. Who has started it does not make it a daemon: whoever starts a genuine server
    /// may open a socket before, and pass it on to any program.
    pub(super) fn by_itself(&self, process: &'a Process) -> Holder<'a> {
        Holder::of(process, self.licenses, self.socket.os)
    }

    /// The lead, and what its license server shows it to be, if one started it.
    fn by_its_server(&self, lead: Holder<'a>) -> Holder<'a> {
        match self.server_behind(lead.process) {
            // Process 1 adopts what others have started and left behind: in a container it may be a license server.
            Some((server, technology)) if server.pid != 1 => {
                lead.started_by_server_of(technology, is_of_service(server))
            }
            _ => lead,
        }
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
        let (server, technology) = self.server_behind(holder.process)?;
        let is_its = self.licenses.technology_of_daemon(holder.program?)?.id == technology.id;
        is_its.then_some(server)
    }

    /// The license server that started a process, and its technology.
    fn server_behind(&self, process: &'a Process) -> Option<(&'a Process, &'a Technology)> {
        let parent = self.parent(process)?;
        let server = Holder::of(parent, self.licenses, self.socket.os);
        let Some(LicenseProgram::Server(technology)) = server.program else { return None };
        let may_start_it = parent.uid == Some(0) || parent.uid == process.uid;
        (may_start_it && (self.is_believed)(self, &server)).then_some((parent, technology))
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

/// What makes certain that a port which is not a license port itself is one because of its holder.
enum Certainty {
    ByItself,
    /// A daemon's name is a short word that other programs have too, and its file's text may be copied: the license
    /// server that started it makes it certain. Where that has ended, name and text together do, in a file that is believed.
    ByStarter,
    /// Too little is known of the program.
    Hearsay,
}

fn certainty(program: LicenseProgram<'_>, licenses: &Licenses, claims: &PortClaims<'_>) -> Certainty {
    match program {
        LicenseProgram::Emulator(_) | LicenseProgram::Server(_) => Certainty::ByItself,
        LicenseProgram::Own(own) if claims.managers.iter().any(|manager| manager.id == own.id) => {
            Certainty::ByItself
        }
        LicenseProgram::Own(own) if licenses.technology_of(own).is_some() => Certainty::ByStarter,
        LicenseProgram::Own(own) if own.confidence > Confidence::RegistryOnly => Certainty::ByItself,
        LicenseProgram::Own(_) => Certainty::Hearsay,
        LicenseProgram::UnlistedDaemon(_) => Certainty::ByStarter,
    }
}

/// Below this, the numbers of users are those of services (`UID_MIN` in login.defs(5), on every distribution).
const FIRST_PERSON: u32 = 1000;

/// Whether root or the account of a service runs a license server: the license file of any other user may name any
/// program as a vendor's daemon. Unknown on Windows.
fn is_of_service(server: &Process) -> bool {
    server.uid.is_none_or(|uid| uid < FIRST_PERSON)
}
