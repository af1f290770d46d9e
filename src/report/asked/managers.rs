//! The license managers that a word stands for, or whose ports it names.

use super::Question;
use crate::knowledge::{LicenseManager, LicenseProgram};
use crate::model::{Asked, Manager, Note, NoteKind, Row};
use crate::query::Target;

impl Question<'_> {
    /// The license managers whose program has this name, with each range of their ports.
    pub(super) fn managers_of(&self, program: &str) -> Vec<Manager> {
        let licenses = self.knowledge.licenses();
        let manager = match licenses.program_called(program, self.observation.host.os) {
            Some(LicenseProgram::Server(technology)) => licenses.manager_of(technology),
            Some(LicenseProgram::Own(manager)) => Some(manager),
            Some(LicenseProgram::Emulator(_) | LicenseProgram::UnlistedDaemon(_)) | None => None,
        };
        manager.into_iter().flat_map(at_its_ports).collect()
    }

    /// The license managers that use the ports with another protocol than what listens there.
    pub(super) fn absent(&self, asked: &Asked, shown: &[&Row]) -> Vec<Note> {
        let mut there: Vec<String> = Vec::new();
        for row in shown.iter().filter(|row| row.license.is_some()) {
            let claims = self.knowledge.claims(row.socket.local.port(), Some(row.socket.protocol));
            there.extend(claims.managers_reported().into_iter().map(|manager| manager.id));
        }
        let absent = asked.managers.iter().filter(|manager| !there.contains(&manager.id));
        // Whether a socket is at a port of the manager's own programs.
        let is_at_its = |row: &Row, manager: &Manager| {
            let own = self.knowledge.licenses().manager(&manager.id);
            let ports = own.into_iter().flat_map(|own| &own.ports);
            let mut ports = ports.filter(|own| own.protocols.contains(&row.socket.protocol));
            ports.any(|own| own.range.is_some_and(|range| range.contains(row.socket.local.port())))
        };
        let notes = absent.flat_map(|manager| {
            let (called, ports) = (manager.called(), manager.ports);
            let said = match shown.iter().any(|row| row.hides_holders() && is_at_its(row, manager)) {
                true => {
                    format!("Whether {called} has port {ports} is not known: not all holders are visible.")
                }
                false => format!("{called} was not found on port {ports}."),
            };
            [Note::sentence(said), Note::new(NoteKind::License, &*manager.note)]
        });
        notes.collect()
    }

    /// What is known of the license managers whose ports are shown, which the text says beside the verdict.
    pub(super) fn notes_of_managers(&self, shown: &[&Row]) -> Vec<Note> {
        let licenses = shown.iter().filter_map(|row| row.license.as_ref());
        let mut notes: Vec<&str> = Vec::new();
        for manager in licenses.flat_map(|license| &license.managers) {
            if !notes.contains(&manager.note.as_str()) {
                notes.push(&manager.note);
            }
        }
        notes.into_iter().map(|note| Note::new(NoteKind::BesideVerdict, note)).collect()
    }

    /// The license managers of a product, with each range of their ports.
    pub(super) fn of_product(&self, target: &Target) -> Vec<Manager> {
        let ids = match target {
            Target::Name { managers, .. } => &managers[..],
            Target::Ports(_) | Target::At(..) => &[],
        };
        ids.iter().filter_map(|id| self.knowledge.licenses().manager(id)).flat_map(at_its_ports).collect()
    }
}

/// A license manager, with each range of its ports.
fn at_its_ports(manager: &LicenseManager) -> impl Iterator<Item = Manager> {
    manager.ports.iter().filter_map(|known| known.range).map(|range| manager.at(range))
}
