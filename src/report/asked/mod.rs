//! What there is to say about each word of the question, even where nothing listens.

mod addresses;
mod advice;
mod answers;
mod describe;
mod dropped;
mod elsewhere;
mod lines;
mod managers;
mod meant;
mod names;
mod places;
mod sentences;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;

pub(super) use self::advice::in_other_namespaces;
use self::answers::{Answers, PortUses};
pub(super) use self::names::may_be_hidden;
use self::names::{Scene, Sought};
use self::sentences::Facts;
use super::annotate::service;
use crate::knowledge::Knowledge;
use crate::model::phrase::in_a_row;
use crate::model::quoting::quoted;
use crate::model::sorting::sort_by_key;
use crate::model::{
    Asked, Excluded, Family, Gap, Note, NoteKind, Observation, Os, PortRange, PortStatus, Protocol, Row,
    is_path,
};
use crate::query::{Dropped, Filtered, Naming, Ports, Query, Target, UsageError};

/// What is known before the rows are filtered.
pub(super) struct Question<'a> {
    pub(super) query: &'a Query,
    pub(super) observation: &'a Observation,
    pub(super) knowledge: &'a Knowledge,
    pub(super) naming: &'a Naming,
    /// What is wrong with names that are not known, by their index among the targets.
    pub(super) unknown: &'a BTreeMap<usize, UsageError>,
}

/// What the sentences are about, besides the words: what was found.
pub(super) struct Found<'a> {
    pub(super) filtered: &'a Filtered,
    pub(super) gaps: &'a [Gap],
    pub(super) excluded: &'a [Excluded],
    /// The dropped rows of each target.
    dropped: BTreeMap<usize, Vec<&'a Dropped>>,
}

impl<'a> Found<'a> {
    pub(super) fn new(filtered: &'a Filtered, gaps: &'a [Gap], excluded: &'a [Excluded]) -> Found<'a> {
        let mut dropped: BTreeMap<usize, Vec<&Dropped>> = BTreeMap::new();
        for one in &filtered.dropped {
            one.targets.iter().for_each(|&target| dropped.entry(target).or_default().push(one));
        }
        Found { filtered, gaps, excluded, dropped }
    }
}

impl Question<'_> {
    /// The answers to each word, in the order of the words, without sentences. `rows` are all sockets that were
    /// listed, whether or not they will be shown.
    pub(super) fn answers(&self, rows: &[Row]) -> Vec<Asked> {
        let uses = PortUses::of(self.observation, rows, &self.query.scope);
        let words = self.targets().map(|(_, target)| self.about(target, &uses, rows));
        let options = self.options().map(|(what, sought)| Asked {
            what,
            is_option: true,
            more_free: Some(0),
            processes: self.processes(rows, |process| self.is_sought(process, sought)),
            ..Asked::default()
        });
        words.chain(options).collect()
    }

    /// The ids and names of options, where no word narrows the question to other things.
    fn options(&self) -> impl Iterator<Item = (String, Sought<'_>)> {
        let filter = &self.query.filter;
        let pids = filter.pids.iter().map(|&pid| (format!("--pid {pid}"), Sought::Pid(pid)));
        let names = filter.processes.iter().map(|name| (format!("--process {name}"), Sought::Name(name)));
        pids.chain(names).filter(|_| filter.targets.is_empty())
    }

    fn scene(&self, sought: Sought<'_>, asked: &Asked) -> Scene<'_> {
        let protocol = self.query.scope.protocol.or(self.query.filter.protocol);
        let likeness = match sought {
            Sought::Pid(_) => None,
            Sought::Name(name) => self.naming.likeness(name),
        };
        let family = self.query.filter.family;
        let is_shown = asked.is_matched;
        Scene { observation: self.observation, protocol, family, is_shown, likeness, is_folder: false }
    }

    /// The words that are answered, each with its index among the targets.
    fn targets(&self) -> impl Iterator<Item = (usize, &Target)> {
        // `-i udp` names no port.
        let names_ports =
            |target: &Target| !matches!(target, Target::Ports(ports) if ports.range == PortRange::ALL);
        self.query.filter.targets.iter().enumerate().filter(move |(_, target)| names_ports(target))
    }

    fn about(&self, target: &Target, uses: &PortUses<'_>, rows: &[Row]) -> Asked {
        let (filter, registry) = (&self.query.filter, self.knowledge.registry);
        let (ports, name) = match target {
            Target::Ports(ports) | Target::At(_, ports) => (std::slice::from_ref(ports), None),
            Target::Name { word, ports, .. } => (&ports[..], Some(word)),
        };
        let Answers { answers, more_free } = uses.answers(ports, filter.protocol);
        let asked = Asked {
            what: self.query.alone.clone().unwrap_or_else(|| target.to_string()),
            answers,
            more_free,
            notes: match target {
                Target::At(place, ports) => places::sentences(place, ports, rows, self.observation)
                    .into_iter()
                    .map(if self.query.alone.is_some() { Note::sentence } else { Note::line })
                    .collect(),
                Target::Ports(_) | Target::Name { .. } => Vec::new(),
            },
            processes: match name {
                None => Vec::new(),
                Some(_) => self.processes(rows, |process| self.is_meant(process, target)),
            },
            ..Asked::default()
        };
        let Some(&first) = ports.first() else {
            return Asked { managers: self.of_product(target), ..asked };
        };
        let mut ranges: Vec<PortRange> = ports.iter().map(|ports| ports.range).collect();
        ranges.sort_unstable();
        ranges.dedup();
        let protocol = protocol_of(ports, filter.protocol);
        let entries = || {
            let all = registry.of_port(first.range.first);
            all.filter(|entry| protocol.is_none_or(|protocol| entry.is_for(protocol)))
        };
        let called = entries().find(|entry| name.is_none_or(|name| entry.name.eq_ignore_ascii_case(name)));
        let entry = called.or_else(|| entries().next());
        Asked {
            ports: ranges,
            protocol,
            service: entry.map(service),
            managers: self.knowledge.claims(first.range.first, protocol).managers_reported(),
            ..asked
        }
    }

    /// Adds to all words what there is to say.
    pub(super) fn add_sentences(&self, all: &mut Vec<Asked>, found: &Found<'_>) {
        let targets: Vec<usize> = self.targets().map(|(target, _)| target).collect();
        for (asked, target) in all.iter_mut().zip(targets) {
            // A UDP socket with a peer holds its port as much as one without: no other program can use it. A TCP port
            // that only connections have can be listened on again.
            let is_in_use = asked
                .with_status(PortStatus::InUse)
                .filter(|answer| answer.protocol == Protocol::Udp)
                .any(|answer| answer.by.iter().any(|one| self.asks_for_use(one)));
            asked.is_matched = found.filtered.matched[target] || is_in_use;
            match asked.ports.is_empty() {
                true => self.add_about_name(asked, target, found),
                false => self.add_about_ports(asked, target, found),
            }
        }
        let options = all.iter_mut().filter(|asked| asked.is_option);
        for (asked, (_, sought)) in options.zip(self.options()) {
            self.add_about_option(asked, sought, found);
        }
        let (filter, scope) = (&self.query.filter, &self.query.scope);
        let interfaces = self.observation.interfaces.as_deref();
        let rows = &found.filtered.rows;
        all.extend(addresses::not_own(&filter.addresses, interfaces, rows, scope.all_namespaces));
    }

    /// What to say of a name: of processes that listen nowhere, or that there is none.
    fn add_about_name(&self, asked: &mut Asked, target: usize, found: &Found<'_>) {
        let dropped = found.dropped.get(&target).map_or(&[][..], Vec::as_slice);
        let word = self.word(target);
        let is_folder = matches!(self.query.filter.targets[target], Target::Name { is_folder: true, .. });
        let scene = Scene { is_folder, ..self.scene(Sought::Name(word), asked) };
        let others = match asked.processes.is_empty() {
            true => self.not_asked_for(|process| self.is_meant(process, &self.query.filter.targets[target])),
            false => Vec::new(),
        };
        let of_processes = || match &others[..] {
            [] => names::sentences(Sought::Name(word), &asked.processes, &scene),
            others => dropped::processes(others, &self.query.filter, self.naming, self.observation),
        };
        let name = quoted(&asked.what);
        let lines: Vec<String> = match (self.unknown.get(&target), dropped) {
            _ if asked.is_matched => of_processes(),
            (Some(wrong), _) => vec![wrong.to_string()],
            (None, [_, ..]) => dropped::sentences(asked, dropped, &self.query.filter),
            (None, []) if !asked.managers.is_empty() => {
                let nothing = format!("No listener of {name} was found.");
                let is_none = asked.processes.is_empty() && others.is_empty();
                let of_processes = if is_none { Vec::new() } else { of_processes() };
                let usual = sentences::usual_ports(&asked.managers, &name);
                iter::once(nothing).chain(of_processes).chain(usual).collect()
            }
            (None, []) if self.observation.sought.is_none() => {
                vec![format!("No process called {name} was found listening.")]
            }
            (None, []) => {
                let is_none = asked.processes.is_empty() && others.is_empty();
                let managers = if is_none { self.managers_of(word) } else { Vec::new() };
                of_processes().into_iter().chain(sentences::usual_ports(&managers, &name)).collect()
            }
        };
        asked.notes = lines.into_iter().map(Note::line).collect();
        self.add_next(asked);
    }

    /// The name that the word was taken as: itself, or of a path what that leads to.
    fn word(&self, target: usize) -> &str {
        let means = |name: &&String| self.naming.likeness(name).is_some();
        match &self.query.filter.targets[target] {
            Target::Name { word, programs, .. } if is_path(word) => {
                [word].into_iter().chain(programs).find(means).unwrap_or(word)
            }
            Target::Name { word, .. } => word,
            Target::Ports(_) | Target::At(..) => "",
        }
    }

    /// What to say of processes that were asked about by an option.
    fn add_about_option(&self, asked: &mut Asked, sought: Sought<'_>, found: &Found<'_>) {
        let mut holders = found.filtered.rows.iter().flat_map(|row| row.owner.processes());
        asked.is_matched = holders.any(|process| self.is_sought(process, sought));
        let filter = &self.query.filter;
        let others = match asked.processes.is_empty() {
            true => self.not_asked_for(|process| self.is_sought(process, sought)),
            false => Vec::new(),
        };
        let said = match (sought, &others[..]) {
            // What is said of each id is about its name too.
            (Sought::Name(_), _) if !filter.pids.is_empty() => Vec::new(),
            (_, []) => names::sentences(sought, &asked.processes, &self.scene(sought, asked)),
            (_, others) => dropped::processes(others, filter, self.naming, self.observation),
        };
        asked.notes = said.into_iter().map(Note::line).collect();
        self.add_next(asked);
    }

    /// What to say of what listens, or of ports on which nothing does.
    fn add_about_ports(&self, asked: &mut Asked, target: usize, found: &Found<'_>) {
        let Some(first) = asked.ports.first().copied() else { return };
        let rows = found.filtered.rows.iter();
        let shown = rows.filter(|row| asked.has_port(row.socket.protocol, row.socket.local.port()));
        let shown: Vec<&Row> = shown.collect();
        let (scope, os) = (&self.query.scope, self.observation.host.os);
        let claims = self.knowledge.claims(first.first, asked.protocol);
        let facts = Facts {
            os,
            family: match (scope.ipv4, scope.ipv6) {
                (true, false) => Some(Family::Ipv4),
                (false, true) => Some(Family::Ipv6),
                _ => None,
            },
            rules: &self.observation.port_rules,
            excluded: found.excluded,
            gaps: found.gaps,
            is_about_machine: self.is_about_machine(),
            expected: &claims.expected(self.knowledge.licenses(), os),
        };
        let is_alone = self.query.alone.is_some();
        let dropped = found.dropped.get(&target).filter(|_| !asked.is_matched);
        let dropped = dropped.map(|dropped| dropped::sentences(asked, dropped, &self.query.filter));
        let mut notes = std::mem::take(&mut asked.notes);
        notes.extend(match dropped {
            _ if is_alone => Vec::new(),
            Some(ref sentences) => sentences.iter().map(Note::line).collect(),
            None => lines::line(asked, &facts).map(Note::line).into_iter().collect(),
        });
        if !shown.is_empty() {
            asked.next = next_of(asked, &shown);
            notes.extend(self.absent(asked, &shown));
            notes.extend(if is_alone { self.notes_of_managers(&shown) } else { Vec::new() });
        // A filter may have dropped what listens.
        } else {
            let may_be_free = asked.may_be_free();
            if is_alone {
                notes.extend(may_be_free.then(|| {
                    let whether_free = sentences::whether_free(asked, &facts);
                    match self.process_of_that_number(asked).filter(|_| self.query.may_mean_pids) {
                        Some(process) => {
                            let option = format!("--pid {}", asked.what);
                            Note::sentence(format!("{process} (for its ports: {option}). {whether_free}"))
                        }
                        None => Note::sentence(whether_free),
                    }
                }));
                notes.extend(dropped.into_iter().flatten().map(Note::sentence));
            }
            if may_be_free && !asked.processes.is_empty() {
                let named = Sought::Name(self.word(target));
                let said = names::sentences(named, &asked.processes, &self.scene(named, asked));
                notes.extend(said.into_iter().map(if is_alone { Note::sentence } else { Note::line }));
            }
            if may_be_free {
                let is_said = is_alone && self.query.may_mean_pids;
                let process = self.process_of_that_number(asked).filter(|_| !is_said);
                notes.extend(
                    process.map(|process| {
                        Note::sentence(format!("{process}: whatlistens --pid {}", asked.what))
                    }),
                );
                notes.extend(self.error_of_that_number(asked));
                notes.extend(sentences::rules(asked, &facts));
                notes.extend(sentences::packet_rules(asked, self.observation));
                notes.extend(
                    asked.managers.iter().map(|manager| Note::new(NoteKind::License, &*manager.note)),
                );
                asked.next = advice::advice(asked, &facts, self.observation);
            }
        }
        asked.notes = notes;
    }

    /// Whether all was read that could have a port on this machine, as far as anybody can know. Of other network
    /// namespaces that are not listed, too little is read to say what is free there, and an ordinary user does not know
    /// whether there are any.
    fn is_about_machine(&self) -> bool {
        let Observation { host, privileged, other_namespaces, .. } = self.observation;
        host.os != Os::Linux || (*privileged && other_namespaces.is_empty())
    }
}

/// What to do about the sockets on a single port, as their detail views say it, each once; of more ports only what the
/// most severe verdict advises.
fn next_of(asked: &Asked, shown: &[&Row]) -> Option<String> {
    if !asked.is_one_port() {
        let licenses = shown.iter().filter_map(|row| row.license.as_ref());
        let advised = licenses.filter(|license| license.advice.is_some());
        return advised.max_by_key(|license| license.severity).and_then(|license| license.advice.clone());
    }
    let mut rows = shown.to_vec();
    sort_by_key(&mut rows, |row| Reverse(row.license.as_ref().map(|license| license.severity)));
    let mut known = BTreeSet::new();
    let lines = rows.iter().filter_map(|row| row.next.as_deref()).flat_map(str::lines);
    let each: Vec<&str> = lines.filter(|line| known.insert(*line)).collect();
    (!each.is_empty()).then(|| in_a_row(each))
}

/// The protocol of all ports, if they share one.
fn protocol_of(ports: &[Ports], only: Option<Protocol>) -> Option<Protocol> {
    let first = ports.first()?.protocol;
    ports.iter().all(|ports| ports.protocol == first).then_some(first).flatten().or(only)
}
