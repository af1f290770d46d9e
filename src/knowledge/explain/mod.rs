//! Explains a port or a name from the registry and the license facts, without scanning the machine.

mod profile;
pub mod terms;

use std::collections::BTreeSet;

use self::profile::{correction, emulator_facts, manager_facts, registered_only, services};
use crate::knowledge::{
    Emulator, Executables, LicenseCode, LicenseErrors, LicenseManager, Licenses, PortClaims, RegisteredTo,
    Technology,
};
use crate::knowledge::{Knowledge, Registry, called_otherwise};
use crate::model::phrase::list;
use crate::model::{Explanation, ManagerFacts, Os, PortRange, Protocol};

/// What to explain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Ports by number, with the protocol if one was typed.
    Ports(PortRange, Option<Protocol>),
    /// A service, a process, a license manager, its vendor or its technology.
    Name(String),
    /// The code of a license error.
    LicenseError(LicenseCode),
    /// The number of an operating system's error.
    SystemError(u32),
}

/// Up to this many license managers with a word in their names are explained in full.
const IN_FULL: usize = 4;

/// Whether a word has a meaning here though nothing on a machine is called so: it is one of this program's own, or the name
/// of an error.
#[must_use]
pub fn is_term(word: &str, knowledge: &Knowledge) -> bool {
    let errors = knowledge.license_errors();
    !terms::explained(word).is_empty()
        || errors.system_errors_called(word).next().is_some()
        || errors.of_symbol(word).is_some()
}

/// Explains a topic; `asked` is how it was typed. Empty where nothing has that name.
#[must_use]
pub fn explain(asked: &str, topic: &Topic, knowledge: &Knowledge) -> Explanation {
    let mut explanation = Explanation { asked: asked.to_owned(), ..Explanation::default() };
    if let Topic::LicenseError(code) = topic {
        explanation.license_errors = knowledge.license_errors().explained(code);
        return explanation;
    }
    let errors = knowledge.license_errors();
    match topic {
        Topic::SystemError(number) => {
            explanation.system_errors.extend(errors.system_error(*number).cloned());
            return explanation;
        }
        Topic::Name(word) => {
            explanation.terms = terms::explained(word);
            explanation.system_errors.extend(errors.system_errors_called(word).cloned());
        }
        Topic::Ports(range, None) => {
            let port = range.single();
            explanation.system_errors.extend(port.and_then(|port| errors.system_error(port.into())).cloned());
            explanation.hint = port.and_then(|port| hint(port, errors));
        }
        Topic::Ports(..) | Topic::LicenseError(_) => {}
    }
    let (licenses, registry) = (knowledge.licenses(), knowledge.registry);
    let mut explainer = Explainer { licenses, registry, explanation };
    match topic {
        Topic::Ports(range, protocol) => explainer.ports(*range, *protocol),
        Topic::Name(word) => explainer.name(word),
        Topic::LicenseError(_) | Topic::SystemError(_) => {}
    }
    explainer.explanation
}

/// For whoever leaves out the minus of a license error.
fn hint(number: u16, errors: &LicenseErrors) -> Option<String> {
    let found = errors.explained(&LicenseCode::new(-i64::from(number)));
    let systems: Vec<&str> = found.iter().map(|error| error.system_name.as_str()).collect();
    let systems = (!systems.is_empty()).then(|| list(&systems, "and"))?;
    Some(format!("For the license error -{number} of {systems}: whatlistens explain -{number}"))
}

/// The ids of all license managers, and the names of all known executables.
pub fn names(licenses: &Licenses) -> impl Iterator<Item = &str> {
    let managers = licenses.managers.iter().map(|manager| manager.id.as_str());
    managers.chain(Os::ALL.into_iter().flat_map(|os| licenses.executables(os)))
}

struct Explainer<'a> {
    licenses: &'a Licenses,
    registry: Registry<'a>,
    explanation: Explanation,
}

impl<'a> Explainer<'a> {
    fn ports(&mut self, range: PortRange, protocol: Option<Protocol>) {
        self.explanation.ports.push(range);
        let entries = self
            .registry
            .of_ports(range)
            .filter(|entry| protocol.is_none_or(|protocol| entry.is_for(protocol)));
        self.explanation.services.extend(services(entries));
        let beliefs = self.licenses.beliefs.iter().filter(|belief| belief.port.overlaps(range));
        self.explanation.beliefs.extend(beliefs.map(|belief| correction(self.licenses, belief)));
        for port in self.interesting(range) {
            self.claims_on(port, protocol);
        }
    }

    /// The ports of a range at which an entry or a manager's range begins: the others have the same claims.
    fn interesting(&self, range: PortRange) -> BTreeSet<u16> {
        let of_managers = self.licenses.managers.iter().flat_map(|manager| &manager.ports);
        let of_managers = of_managers.filter_map(|known| known.range);
        let all = self.registry.of_ports(range).map(|entry| entry.ports);
        all.chain(of_managers.filter(|ports| ports.overlaps(range)))
            .map(|ports| ports.first.max(range.first))
            .collect()
    }

    fn claims_on(&mut self, port: u16, protocol: Option<Protocol>) {
        let claims = PortClaims::of(port, protocol, self.licenses, self.registry);
        for manager in &claims.managers {
            self.manager(manager, Some(&claims));
        }
        let covered = self.licenses.on_port(port, protocol);
        for manager in covered.filter(|known| !claims.managers.iter().any(|here| here.id == known.id)) {
            self.other(manager);
        }
        if let (RegisteredTo::License(entry), []) = (claims.registered, &claims.managers[..]) {
            self.add(registered_only(entry, &claims, self.registry));
        }
    }

    fn name(&mut self, word: &str) {
        let licenses = self.licenses;
        let mut ranges: Vec<PortRange> = self.registry.of_name(word).map(|entry| entry.ports).collect();
        ranges.dedup();
        if ranges.is_empty() {
            ranges.extend(called_otherwise(word).map(|(range, _)| range));
        }
        for range in ranges {
            self.ports(range, None);
        }
        for technology in licenses.technologies.iter().filter(|technology| names_technology(technology, word))
        {
            self.technology(technology);
        }
        for manager in licenses.managers.iter().filter(|manager| names_manager(manager, word)) {
            self.manager(manager, None);
        }
        let emulators = licenses.emulators.iter().filter(|emulator| names_emulator(emulator, word));
        self.explanation.emulators.extend(emulators.map(|emulator| emulator_facts(licenses, emulator)));
        self.by_word(word);
    }

    /// Adds the license managers with a word in their name, or for the program of that name, or, failing that, with it in
    /// their notes. In full where nothing else was found and they are few, else by name.
    fn by_word(&mut self, word: &str) {
        let nothing = self.explanation.is_empty();
        let named = |manager: &&LicenseManager| {
            has_word(&manager.called(), word) || has_word(&manager.id, word) || manager.licenses(word)
        };
        let mut found: Vec<&LicenseManager> = self.licenses.managers.iter().filter(named).collect();
        if found.is_empty() {
            found = self.licenses.managers.iter().filter(|manager| mentions(manager, word)).collect();
        }
        let named = |manager: &&&LicenseManager| manager.licenses(word);
        let licensed: Vec<String> = found.iter().filter(named).map(|manager| manager.called()).collect();
        if !licensed.is_empty() && licensed.len() == found.len() {
            self.explanation.licensed_by = Some(list(&licensed, "or"));
        }
        for manager in &found {
            if nothing && found.len() <= IN_FULL { self.manager(manager, None) } else { self.other(manager) }
        }
    }

    fn technology(&mut self, technology: &Technology) {
        if let Some(manager) = self.licenses.manager_of(technology) {
            self.manager(manager, None);
        }
        let of_it = |manager: &&LicenseManager| manager.technology.as_deref() == Some(&technology.id);
        for manager in self.licenses.managers.iter().filter(of_it).filter(|manager| !manager.any_vendor) {
            self.other(manager);
        }
    }

    fn manager(&mut self, manager: &'a LicenseManager, claims: Option<&PortClaims<'_>>) {
        self.add(manager_facts(self.licenses, self.registry, manager));
        let mine = |range: PortRange| manager.ports.iter().any(|known| known.range == Some(range));
        let known: BTreeSet<_> = self.explanation.beliefs.iter().map(|belief| belief.claim.clone()).collect();
        if claims.is_none() {
            let beliefs = self.licenses.beliefs.iter().filter(|belief| mine(belief.port));
            let new = beliefs.filter(|belief| !known.contains(&belief.claim));
            self.explanation.beliefs.extend(new.map(|belief| correction(self.licenses, belief)));
        }
        let emulators = self.licenses.emulators.iter().filter(|emulator| emulator.emulates == manager.id);
        for emulator in emulators.map(|emulator| emulator_facts(self.licenses, emulator)) {
            if !self.explanation.emulators.contains(&emulator) {
                self.explanation.emulators.push(emulator);
            }
        }
    }

    fn add(&mut self, manager: ManagerFacts) {
        self.explanation.others.retain(|(id, _)| *id != manager.id);
        if !self.explanation.managers.iter().any(|known| known.id == manager.id) {
            self.explanation.managers.push(manager);
        }
    }

    fn other(&mut self, manager: &LicenseManager) {
        let other = (manager.id.clone(), manager.called());
        let in_full = self.explanation.managers.iter().any(|known| known.id == manager.id);
        if !in_full && !self.explanation.others.contains(&other) {
            self.explanation.others.push(other);
        }
    }
}

/// Whether a word names an executable on any system, with or without Windows's `.exe`.
fn names_executable(executables: &Executables, word: &str) -> bool {
    Os::ALL.into_iter().any(|os| executables.have(word, os))
        || executables.have(&format!("{word}.exe"), Os::Windows)
}

fn names_technology(technology: &Technology, word: &str) -> bool {
    technology.id.eq_ignore_ascii_case(word)
        || technology.name.eq_ignore_ascii_case(word)
        || names_executable(&technology.servers, word)
        || Os::ALL.into_iter().any(|os| technology.has_server(word, os))
}

fn names_manager(manager: &LicenseManager, word: &str) -> bool {
    manager.id.eq_ignore_ascii_case(word)
        || manager.called().eq_ignore_ascii_case(word)
        || names_executable(&manager.executables, word)
        || manager.windows.services.iter().any(|service| service.eq_ignore_ascii_case(word))
}

fn names_emulator(emulator: &Emulator, word: &str) -> bool {
    emulator.id.eq_ignore_ascii_case(word)
        || emulator.name.eq_ignore_ascii_case(word)
        || names_executable(&emulator.executables, word)
        || emulator.scripts.iter().any(|script| script == word)
        || emulator.folders.iter().any(|folder| folder.eq_ignore_ascii_case(word))
}

/// Whether a word occurs in the notes on a license manager.
fn mentions(manager: &LicenseManager, word: &str) -> bool {
    let notes = [Some(&manager.note), manager.healthy.as_ref(), manager.safety.as_ref()];
    notes.into_iter().flatten().any(|text| has_word(text, word))
}

/// Whether the words of a name follow each other in a phrase, in any case.
fn has_word(phrase: &str, name: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (phrase, name) = (words(phrase), words(name));
    !name.is_empty() && phrase.windows(name.len()).any(|window| window == name)
}
