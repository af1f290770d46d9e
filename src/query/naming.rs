//! Which processes the typed names mean: those that a name is most like, of what listens first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{Likeness, Observation, Pid, Process, Row, Socket, unit_is_called};

/// What kind of name was typed: by that it is taken more or less freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// Of a service, a product or a program: it is no beginning of another name, and no script or folder.
    Known,
    /// Of `--process`: it is no folder.
    Process,
    Word,
}

impl NameKind {
    fn allows(self, likeness: Likeness) -> bool {
        match likeness {
            Likeness::Exact | Likeness::Case | Likeness::Unit => true,
            Likeness::Beginning | Likeness::Script => self != NameKind::Known,
            // Of what is known by this name too.
            Likeness::Cut => true,
            Likeness::Folder => self == NameKind::Word,
        }
    }
}

/// How well each name that was typed names something that was observed.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    likeness: HashMap<String, Likeness>,
    /// The processes of the license servers of each product that was named.
    of_products: HashMap<String, BTreeSet<Pid>>,
}

impl Naming {
    /// Compares these [`names`](super::Filter::names) with all holders of these rows, and with the other processes that
    /// were sought. A process may hold many sockets, and is compared once.
    #[must_use]
    pub fn of<'a>(
        names: impl Iterator<Item = (&'a str, NameKind)>,
        rows: &[Row],
        observation: &Observation,
    ) -> Naming {
        let mut names = names.peekable();
        if names.peek().is_none() {
            return Naming::default();
        }
        let holders = rows.iter().flat_map(|row| row.owner.processes()).map(|one| &**one);
        let holders: BTreeMap<Pid, &Process> = holders.map(|process| (process.pid, process)).collect();
        let sought = observation.sought.iter().flat_map(|sought| &sought.found);
        let sought = sought.filter_map(|one| observation.processes.get(&one.pid)).map(|one| &**one);
        let others: BTreeMap<Pid, &Process> = sought.map(|process| (process.pid, process)).collect();
        let likeness = |word: &str, kind: NameKind| {
            let best = |processes: &BTreeMap<Pid, &Process>| {
                let found = processes.values().filter_map(|process| Likeness::of_process(process, word));
                found.min().filter(|&found| kind.allows(found))
            };
            // One that listens nowhere must not keep the others from being found: of two processes of the same
            // program, `python3` may be what one calls itself, and the beginning of the other's name.
            let of_processes = best(&holders).or_else(|| best(&others));
            let is_label = || rows.iter().any(|row| is_labelled(&row.socket, word));
            match of_processes {
                Some(Likeness::Exact) => of_processes,
                _ if is_label() => Some(Likeness::Exact),
                _ => of_processes,
            }
        };
        let found = names.filter_map(|(word, kind)| Some((word.to_owned(), likeness(word, kind)?)));
        Naming { likeness: found.collect(), of_products: HashMap::new() }
    }

    /// Adds the processes of the license servers of a product, whatever they are called.
    pub fn add_of_product(&mut self, word: &str, processes: BTreeSet<Pid>) {
        self.of_products.insert(word.to_owned(), processes);
    }

    /// Whether a process belongs to a license server of a product.
    #[must_use]
    pub fn is_of_product(&self, process: &Process, word: &str) -> bool {
        self.of_products.get(word).is_some_and(|processes| processes.contains(&process.pid))
    }

    /// Whether a name means this process: it is like it at least as well as the name is taken.
    #[must_use]
    pub fn means(&self, process: &Process, word: &str) -> bool {
        let Some(taken) = self.likeness(word) else { return false };
        Likeness::of_process(process, word).is_some_and(|likeness| likeness <= taken)
    }

    /// How well a name names anything; `None` if it names nothing.
    #[must_use]
    pub fn likeness(&self, word: &str) -> Option<Likeness> {
        self.likeness.get(word).copied()
    }
}

/// Whether a socket is of a unit: the one that systemd holds it for, or the service in which it was made.
pub(super) fn is_labelled(socket: &Socket, word: &str) -> bool {
    let activation = socket.activation.iter();
    let mut units = activation.flat_map(|unit| [Some(unit.socket.as_str()), unit.service.as_deref()]);
    let is_it = |unit: &str| unit_is_called(unit, word);
    units.any(|unit| unit.is_some_and(is_it)) || socket.made_in.as_ref().is_some_and(|made| is_it(&made.name))
}
