//! One port or service in words: who, since when, from where, how exposed, right or wrong, and
//! what to do next, as one would read it out to a caller.

use std::io::{self, Write};

use jiff::Timestamp;
use owo_colors::Style as Paint;

use super::Style;
use super::fold::Folded;
use super::page::Page;
use super::text::{counted, escape, list};
use crate::model::{
    Asked, Exposure, License, Manager, Owner, PortClass, Process, Protocol, Report, Service, Severity,
    Verdict,
};

/// So many other holders are named; the rest are counted.
const MOST_OTHERS: usize = 8;

pub(super) fn write(
    report: &Report,
    lines: &[Folded<'_>],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        Page { style, out }.listener(line, report.taken_at)?;
    }
    let Some(asked) = &report.asked else { return Ok(()) };
    if lines.is_empty() {
        let all_seen = !report.gaps.iter().any(|gap| gap.kind.hides_sockets());
        return Page { style, out }.free(asked, all_seen);
    }
    for manager in &asked.managers {
        let mut licenses = report.rows.iter().filter_map(|row| row.license.as_ref());
        if !licenses.any(|license| license.managers.contains(manager)) {
            writeln!(out)?;
            Page { style, out }.absent(manager)?;
        }
    }
    Ok(())
}

impl Page<'_> {
    fn listener(&mut self, line: &Folded<'_>, now: Timestamp) -> io::Result<()> {
        let row = line.first();
        let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
        let service = row.service.as_ref().map(|service| service.name.as_str());
        self.title(&format!("{port}/{protocol}"), service, row.license.as_ref())?;
        self.prose(&held(line, port, protocol))?;
        writeln!(self.out)?;

        if let Some(lead) = line.lead() {
            self.process(lead, line, now)?;
        } else if let Some(user) = row.user() {
            self.field("User", &user)?;
        }
        self.field("Reach", &reach(line))?;
        self.registry(row.service.as_ref(), port)?;
        if let Some(license) = &row.license {
            self.license(license)?;
        }
        Ok(())
    }

    fn process(&mut self, lead: &Process, line: &Folded<'_>, now: Timestamp) -> io::Result<()> {
        let others = line.others();
        if !others.is_empty() {
            let named = others.iter().take(MOST_OTHERS).map(|p| called(p));
            let mut named: Vec<String> = named.collect();
            if others.len() > MOST_OTHERS {
                named.push(format!("{} more", others.len() - MOST_OTHERS));
            }
            self.field("Also", &list(&named, "and"))?;
        }
        if let Some(started) = lead.started_at {
            self.field("Started", &self.since(started, now))?;
        }
        if let Some(parent) = &line.first().parent {
            self.field("Parent", &called(parent))?;
        }
        match &lead.exe {
            Some(exe) if exe.deleted == Some(true) => {
                self.field("Runs", &format!("{}, a file deleted or replaced since it started", exe.path))?;
            }
            Some(exe) => self.field("Runs", &exe.path)?,
            None => self.field("Runs", "a file that could not be read")?,
        }
        if let Some(args) = &lead.args {
            self.field("Command", &args.join(" "))?;
        }
        self.field("User", lead.user.as_deref().unwrap_or("unknown"))
    }

    fn license(&mut self, license: &License) -> io::Result<()> {
        let managers: Vec<String> = license.managers.iter().map(Manager::called).collect();
        let expected = match &license.expected[..] {
            // A program that its command line tells has no executable of its own.
            [] if license.verdict == Verdict::Expected => String::new(),
            [] => "; which process is right on this system is not known".to_owned(),
            names => format!("; the right process is {}", list(names, "or")),
        };
        self.field("License", &format!("{}{expected}", list(&managers, "or")))?;
        let severity = match license.severity {
            Severity::Critical => " (critical)",
            Severity::Warning => " (warning)",
            Severity::Info => "",
        };
        self.field("Verdict", &format!("{}{severity}: {}", license.verdict.code(), license.reason))?;
        for manager in &license.managers {
            self.field("Note", &manager.note)?;
        }
        match &license.advice {
            Some(advice) => self.field("Next", advice),
            None => Ok(()),
        }
    }

    /// A license manager that has the number under another protocol than those who listen.
    fn absent(&mut self, manager: &Manager) -> io::Result<()> {
        let ports = manager.ports;
        self.prose(&format!("{} is not seen to listen on port {ports} here.", manager.called()))?;
        self.field("Note", &manager.note)
    }

    fn free(&mut self, asked: &Asked, all_seen: bool) -> io::Result<()> {
        let service = asked.service.as_ref();
        let named =
            service.filter(|service| service.name != asked.typed).map(|service| service.name.as_str());
        self.title(&asked.typed, named, None)?;
        self.prose(&free(asked, all_seen))?;
        if let Some(name) = &asked.process_of_that_number {
            let number = &asked.typed;
            self.prose(&format!(
                "{number} is also the number of a process, {name}: whatlistens --pid {number}"
            ))?;
        }
        writeln!(self.out)?;
        let first = asked.ports.first().map_or(0, |range| range.first);
        self.registry(service, first)?;
        for manager in &asked.managers {
            self.field("License", &manager.called())?;
            self.field("Note", &manager.note)?;
        }
        if asked.managers.is_empty() {
            return Ok(());
        }
        let who = match &asked.expected[..] {
            [] => "the license server".to_owned(),
            names => format!("the license server ({})", list(names, "or")),
        };
        let by_name = asked
            .expected
            .first()
            .map_or(String::new(), |name| format!(", or look for it by name: whatlistens {}", escape(name)));
        self.field(
            "Next",
            &format!(
                "If {who} should run on this machine, it is not running, or it uses another port: look in \
                 its log{by_name}. If it runs elsewhere, ask that machine."
            ),
        )
    }

    fn registry(&mut self, service: Option<&Service>, port: u16) -> io::Result<()> {
        match service {
            Some(service) => self.field("Registry", &registered(service, port)),
            None => self.field("Registry", unregistered(port)),
        }
    }

    fn title(&mut self, what: &str, service: Option<&str>, license: Option<&License>) -> io::Result<()> {
        let mut title = self.style.paint(&escape(what), Paint::new().bold());
        if let Some(service) = service {
            title += &format!("  {}", escape(service));
        }
        if let Some(license) = license {
            title += &format!("  {}", self.style.verdict(license));
        }
        writeln!(self.out, "{title}")
    }

    /// `2026-11-22 04:00:01 (2 hours ago)`, in the user's time zone.
    fn since(&self, started: Timestamp, now: Timestamp) -> String {
        let local = started.to_zoned(self.style.time_zone.clone());
        format!("{} ({})", local.strftime("%Y-%m-%d %H:%M:%S"), age(started, now))
    }
}

/// How long ago, in the one unit that a person would use.
fn age(started: Timestamp, now: Timestamp) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = now.duration_since(started).unsigned_abs().as_secs();
    let (unit, noun) = match seconds {
        0..120 => (1, "second"),
        120..7_200 => (MINUTE, "minute"),
        7_200..172_800 => (HOUR, "hour"),
        _ => (DAY, "day"),
    };
    format!("{} ago", counted(usize::try_from(seconds / unit).unwrap_or(usize::MAX), noun))
}

fn held(line: &Folded<'_>, port: u16, protocol: Protocol) -> String {
    let (verb, protocol) = match protocol {
        Protocol::Tcp => ("listens on", "TCP"),
        Protocol::Udp => ("receives on", "UDP"),
    };
    match (&line.first().owner, line.lead()) {
        (Owner::Hidden, _) => format!(
            "Something {verb} {protocol} port {port}, and who owns it cannot be seen from here. The port is not free."
        ),
        (Owner::Unattributed, _) | (_, None) => format!(
            "{protocol} port {port} is in use, but no process here owns it: it may belong to the kernel \
             itself, or to a process in another PID namespace, such as a container's."
        ),
        (Owner::Identified(_), Some(lead)) => {
            let exe = lead.name.as_deref().unwrap_or_default();
            let alias = lead.short_name.as_deref().filter(|short| !exe.starts_with(short));
            let alias = alias.map_or(String::new(), |short| format!(", which calls itself “{short}”,"));
            format!("{}{alias} {verb} {protocol} port {port}.", called(lead))
        }
    }
}

fn free(asked: &Asked, all_seen: bool) -> String {
    let single = matches!(&asked.ports[..], [range] if range.first == range.last);
    let (noun, verb) = if single { ("port", "is") } else { ("ports", "are") };
    let by = asked.protocol.map_or(", neither by TCP nor by UDP".to_owned(), |protocol| {
        format!(" by {}", protocol.name().to_uppercase())
    });
    let ports: Vec<String> = asked.ports.iter().map(ToString::to_string).collect();
    let ports = list(&ports, "and");
    match asked.family {
        _ if !all_seen => format!(
            "Nothing is seen to listen on {noun} {ports} of this machine{by}, but not every listener could \
             be seen: whether it is free cannot be told."
        ),
        // An IPv6 wildcard usually takes IPv4 too, so nothing is said to be free.
        Some(family) => format!(
            "Nothing listens on {noun} {ports} of this machine at an {family} address{by}. The other \
             addresses were not looked at: an IPv6 listener may take IPv4 too."
        ),
        None => format!(
            "P{} {ports} {verb} free: nothing listens there on this machine{by}. A connection, or a socket that \
             does not listen, may still keep a program from opening it.",
            &noun[1..]
        ),
    }
}

fn called(process: &Process) -> String {
    match &process.name {
        Some(name) => format!("{name} (PID {})", process.pid),
        None => format!("PID {}, of which nothing could be seen", process.pid),
    }
}

fn reach(line: &Folded<'_>) -> String {
    let widest = line.rows().iter().map(|row| row.exposure).max().unwrap_or(Exposure::AllInterfaces);
    let meaning = match widest {
        Exposure::Loopback => "only programs on this machine can reach it",
        Exposure::LinkLocal => "machines on the same network segment can reach it",
        Exposure::Private => "machines on the private network can reach it, if no firewall stops them",
        Exposure::Public => "any machine that can reach this address can reach it, if no firewall stops it",
        Exposure::AllInterfaces => {
            "any machine that can reach this one can reach it, if no firewall stops it"
        }
    };
    format!("{} ({meaning})", line.addresses().join(", "))
}

fn registered(Service { name, description }: &Service, port: u16) -> String {
    let class = class(port);
    if description.is_empty() || description.eq_ignore_ascii_case(name) {
        format!("{name} (IANA, {class})")
    } else {
        format!("{name}, {description} (IANA, {class})")
    }
}

fn unregistered(port: u16) -> &'static str {
    match PortClass::of(port) {
        PortClass::System => "no service known here (system port)",
        PortClass::Registered => "no service known here (registered port)",
        PortClass::Dynamic => "none: ports from 49152 up are for anyone's use and are never assigned",
    }
}

fn class(port: u16) -> &'static str {
    match PortClass::of(port) {
        PortClass::System => "system port",
        PortClass::Registered => "registered port",
        PortClass::Dynamic => "dynamic port",
    }
}
