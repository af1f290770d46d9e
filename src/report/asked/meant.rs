//! Which processes a word or an option means, and which of them the other options ask for.

use super::Question;
use super::names::{self, Sought};
use crate::model::quoting::quoted;
use crate::model::{Asked, AskedProcess, Note, Pid, PortUse, Process, Row};
use crate::query::Target;

impl Question<'_> {
    pub(super) fn is_sought(&self, process: &Process, sought: Sought<'_>) -> bool {
        match sought {
            Sought::Pid(pid) => process.pid == pid,
            Sought::Name(name) => self.naming.means(process, name),
        }
    }

    /// Whether a name means this process: by the name itself, or as a program of the product.
    pub(super) fn is_meant(&self, process: &Process, target: &Target) -> bool {
        match target {
            Target::Name { word, programs, .. } => {
                programs.iter().chain([word]).any(|name| self.naming.means(process, name))
            }
            Target::Ports(_) | Target::At(..) => false,
        }
    }

    /// Whether a process fulfils the options that are about processes.
    pub(super) fn asks_for(&self, process: &Process) -> bool {
        self.query.filter.asks_for(process, self.naming, self.observation.host.os)
    }

    /// Whether what uses a port fulfils all options. It has none of a listener's properties.
    pub(super) fn asks_for_use(&self, port_use: &PortUse) -> bool {
        let filter = &self.query.filter;
        match filter.by_holder() {
            _ if filter.by_listener() => false,
            true => port_use.processes.iter().any(|process| self.asks_for(process)),
            false => true,
        }
    }

    /// Adds how to let its processes continue that listen nowhere. Where one name or id alone has no row, their
    /// description says it; else a line does.
    pub(super) fn add_next(&self, asked: &mut Asked) {
        asked.next = names::next(&asked.processes);
        let filter = &self.query.filter;
        // Of ids with a name, only the ids are answered.
        let options = if filter.pids.is_empty() { filter.processes.len() } else { filter.pids.len() };
        let answers = if filter.targets.is_empty() { options } else { filter.targets.len() };
        if asked.is_matched || answers > 1 {
            asked.notes.extend(asked.next.clone().map(Note::line));
        }
    }

    /// The processes that `is_it` means and the options ask for.
    pub(super) fn processes(&self, rows: &[Row], is_it: impl Fn(&Process) -> bool) -> Vec<AskedProcess> {
        names::processes(|process| is_it(process) && self.asks_for(process), rows, self.observation)
    }

    /// Those that `is_it` means and the options do not ask for, of the processes that were sought.
    pub(super) fn not_asked_for(&self, is_it: impl Fn(&Process) -> bool) -> Vec<&Process> {
        let sought = self.observation.sought.iter().flat_map(|sought| &sought.found);
        let all = sought.filter_map(|one| self.observation.processes.get(&one.pid)).map(AsRef::as_ref);
        all.filter(|process: &&Process| is_it(process) && !self.asks_for(process)).collect()
    }

    /// Users of `lsof -p` may type a process's id for a port.
    pub(super) fn process_of_that_number(&self, asked: &Asked) -> Option<String> {
        let pid: Pid = asked.what.parse().ok()?;
        let name = self.observation.processes.get(&pid)?.name.as_ref()?;
        let name = quoted(name);
        Some(format!("{pid} is also the ID of a process, {name}"))
    }

    /// Who sees `error 10013` in a message may type the number alone.
    pub(super) fn error_of_that_number(&self, asked: &Asked) -> Option<Note> {
        let number = asked.what.parse().ok()?;
        let error = self.knowledge.license_errors().system_error(number)?;
        let error = quoted(&error.name);
        let what = &asked.what;
        Some(Note::sentence(format!(
            "{what} is also the number of an error, {error}: whatlistens explain {what}"
        )))
    }
}
