//! What is known about a port, a service or a license manager, as text.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::page::Page;
use super::text::system;
use super::{Style, license_error};
use crate::model::phrase::list;
use crate::model::{
    Correction, EmulatorFacts, Explanation, ManagerFacts, ManagerPort, ManagerProcesses, PortClass,
    PortRange, PortRole, RegisteredService, TermKind,
};

pub(super) fn write(explanation: &Explanation, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, out };
    page.top(explanation)?;
    page.own_words(explanation)?;
    for error in &explanation.license_errors {
        writeln!(page.out)?;
        page.license_error(error)?;
    }
    for manager in &explanation.managers {
        writeln!(page.out)?;
        page.manager(manager)?;
    }
    if !explanation.others.is_empty() {
        writeln!(page.out)?;
        let others: Vec<String> =
            explanation.others.iter().map(|(id, called)| format!("{called} ({id})")).collect();
        page.field("See also", &list(&others, "and"))?;
    }
    for emulator in &explanation.emulators {
        writeln!(page.out)?;
        page.emulator(emulator)?;
    }
    Ok(())
}

impl Page<'_> {
    fn top(&mut self, explanation: &Explanation) -> io::Result<()> {
        self.heading(&explanation.asked, &summary(explanation))?;
        let classes = explanation.ports.iter().flat_map(|range| range.classes());
        for class in classes.collect::<BTreeSet<_>>() {
            self.prose("Meaning", meaning(class))?;
        }
        if explanation.ports.iter().any(|range| range.contains(LIGHTS_OUT)) {
            self.prose("Meaning", ON_LIGHTS_OUT)?;
        }
        let nothing = explanation.services.is_empty() && explanation.ports.len() == 1;
        if !explanation.services.is_empty() || nothing || !explanation.beliefs.is_empty() {
            writeln!(self.out)?;
        }
        if nothing {
            self.field("Registry", "no service assigned")?;
        }
        for service in explanation.services.iter().filter(|service| !service.alias) {
            self.field("Registry", &registered(service))?;
        }
        let aliases = explanation.services.iter().filter(|service| service.alias);
        let aliases: Vec<&str> = aliases.map(|service| service.name.as_str()).collect();
        if !aliases.is_empty() {
            self.field("Formerly", &list(&aliases, "and"))?;
        }
        for Correction { port, claim, fact, sources } in &explanation.beliefs {
            self.field("Beware", &format!("It is often said of {port} that {claim}. {fact}"))?;
            self.sources(sources)?;
        }
        Ok(())
    }

    /// The words of the answers, and the errors of the system.
    fn own_words(&mut self, explanation: &Explanation) -> io::Result<()> {
        let Explanation { terms, system_errors, hint, .. } = explanation;
        if !terms.is_empty() || !system_errors.is_empty() || hint.is_some() {
            writeln!(self.out)?;
        }
        for term in terms {
            self.field(about(term.kind), &term.meaning)?;
        }
        for error in system_errors {
            self.field("Error", &license_error::known_in_words(error))?;
        }
        hint.iter().try_for_each(|hint| self.field("See also", hint))
    }

    fn manager(&mut self, manager: &ManagerFacts) -> io::Result<()> {
        self.heading(&manager.called(), &manager.id)?;
        if let Some(technology) = &manager.technology {
            self.field("Built on", technology)?;
        }
        for port in &manager.ports {
            self.field("Port", &port_in_words(port))?;
        }
        for processes in &manager.processes {
            self.field(system(processes.os), &processes_in_words(processes))?;
        }
        if !manager.windows_services.is_empty() {
            self.field("Service", &format!("on Windows: {}", list(&manager.windows_services, "or")))?;
        }
        if !manager.windows_companies.is_empty() {
            let companies = list(&manager.windows_companies, "or");
            self.field("Made by", &format!("{companies}, according to the files on Windows"))?;
        }
        if manager.clients {
            self.field("Clients", "it also runs on machines that only use licenses")?;
        }
        self.field("Note", &manager.note)?;
        self.field("Healthy", &manager.healthy)?;
        self.field("Safety", &manager.safety)?;
        self.field("Certainty", &format!("{}. {}", manager.confidence.code(), manager.unsure))?;
        self.sources(&manager.sources)
    }

    fn emulator(&mut self, emulator: &EmulatorFacts) -> io::Result<()> {
        self.heading(&emulator.name, &format!("an emulator of {}", emulator.emulates))?;
        self.field("Files", &list(&emulator.files, "or"))?;
        self.field("Note", &emulator.note)?;
        self.sources(&emulator.sources)
    }

    pub(super) fn sources(&mut self, sources: &[String]) -> io::Result<()> {
        for (index, source) in sources.iter().enumerate() {
            self.field(if index == 0 || self.style.plain { "Source" } else { "" }, source)?;
        }
        Ok(())
    }
}

/// What a word of the answers is.
const WORD: &str = "a word that whatlistens uses";

/// What the typed words stand for.
fn summary(explanation: &Explanation) -> String {
    if !explanation.license_errors.is_empty() {
        return license_error::summary(&explanation.license_errors);
    }
    if let Some(managers) = &explanation.licensed_by {
        return format!("a program licensed by {managers}");
    }
    let is_term = explanation.ports.is_empty() && explanation.managers.is_empty();
    match (&explanation.terms[..], &explanation.system_errors[..]) {
        ([_, ..], _) if is_term => return WORD.to_owned(),
        ([_, ..], _) => {
            let ranges: Vec<String> = explanation.ports.iter().map(ToString::to_string).collect();
            let ports = (!ranges.is_empty()).then(|| format!(", and port {}", list(&ranges, "and")));
            return format!("{WORD}{}", ports.unwrap_or_default());
        }
        ([], [_, ..]) if is_term => return "an error of the operating system".to_owned(),
        _ => {}
    }
    match (&explanation.ports[..], &explanation.managers[..], &explanation.emulators[..]) {
        ([range], ..) if explanation.asked.starts_with(|c: char| c.is_ascii_digit()) => {
            let classes: Vec<&str> = range.classes().into_iter().map(PortClass::code).collect();
            format!("{} port{}", list(&classes, "and"), plural(*range))
        }
        (ranges, ..) if !ranges.is_empty() => {
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            let s = if ranges.len() > 1 || ranges[0].contains('-') { "s" } else { "" };
            format!("port{s} {}", list(&ranges, "and"))
        }
        (_, [], [_, ..]) => "an emulator of a license manager".to_owned(),
        (_, [_], _) => "a license manager".to_owned(),
        _ => "license managers".to_owned(),
    }
}

fn about(kind: TermKind) -> &'static str {
    match kind {
        TermKind::Verdict => "Verdict",
        TermKind::Severity => "Severity",
        TermKind::ServerState => "Server",
        TermKind::Problem => "Problem",
        TermKind::Exposure => "Reach",
        TermKind::PortStatus => "Port",
        TermKind::SocketState => "Socket",
        TermKind::ConnectionState => "Connection",
        TermKind::ProcessState => "Process",
        TermKind::FileTrust => "File",
        TermKind::Owner => "Owner",
        TermKind::Confidence => "Certainty",
        TermKind::Gap => "Gap",
        TermKind::Notion => "Meaning",
    }
}

fn plural(range: PortRange) -> &'static str {
    if range.first == range.last { "" } else { "s" }
}

/// The only port that macOS keeps for programs with an entitlement (`bsd/net/restricted_in_port.c` of XNU).
const LIGHTS_OUT: u16 = 55555;
const ON_LIGHTS_OUT: &str = "On macOS only a program with an entitlement from Apple (lights-out management) can open \
                             TCP port 55555.";

/// What the class of a port means (RFC 6335, section 6; and `ip_unprivileged_port_start` in ip(7)).
fn meaning(class: PortClass) -> &'static str {
    match class {
        PortClass::System => {
            "IANA assigns ports 0 to 1023 to standard Internet services. On Linux only programs with administrator \
             rights can open them, unless the system is configured otherwise. On macOS (since 10.14) this is so for a \
             single address, such as 127.0.0.1; any program can open them on all addresses."
        }
        PortClass::Registered => {
            "IANA assigns ports 1024 to 49151 on request. An assignment reserves the name, not the port: any \
             program of any user can open it."
        }
        PortClass::Dynamic => {
            "IANA never assigns ports from 49152 up. Programs use them for a while, such as servers that let \
             the system choose a port, so the number does not show which program uses it."
        }
    }
}

fn registered(service: &RegisteredService) -> String {
    let RegisteredService { ports, name, description, .. } = service;
    let protocols: Vec<String> = service.protocols.iter().map(|p| p.to_uppercase()).collect();
    let protocols = match &protocols[..] {
        [] => "no protocol given".to_owned(),
        protocols => list(protocols, "and"),
    };
    let description = match description.is_empty() || description.eq_ignore_ascii_case(name) {
        true => String::new(),
        false => format!(", {description}"),
    };
    let license = if service.license { "; a license manager" } else { "" };
    let others = if service.unauthorized_use {
        "; the registry notes that other programs use the number too"
    } else {
        ""
    };
    format!("{ports} {name}{description} ({protocols}){license}{others}")
}

fn port_in_words(port: &ManagerPort) -> String {
    let protocols: Vec<&str> = port.protocols.iter().map(|protocol| protocol.name()).collect();
    let protocols = list(&protocols, "and");
    let role = match port.role {
        PortRole::Server => "the license server",
        PortRole::VendorDaemon => "the vendor daemon",
        PortRole::Web => "a web page for administrators",
        PortRole::Admin => "administration",
        PortRole::Discovery => "clients find servers here by broadcast",
        PortRole::Helper => "a helper of programs that use licenses, not a server",
    };
    match port.range {
        Some(range) => format!("{range}/{protocols}: {role}"),
        None => {
            format!("any {protocols} port, unless the license file or the configuration sets one: {role}")
        }
    }
}

fn processes_in_words(processes: &ManagerProcesses) -> String {
    let servers = list(&processes.servers, "or");
    match &processes.daemons[..] {
        [] => servers,
        daemons if processes.servers.is_empty() => list(daemons, "or"),
        daemons => format!("{servers}, which starts {}", list(daemons, "or")),
    }
}
