//! A port without a listener: whether it is free, and what may still block it.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::super::excluded::range;
use super::super::page::Page;
use super::super::text::{escape, first_few};
use super::holder::process_called;
use crate::model::phrase::{counted, list};
use crate::model::{
    Asked, ConnectionState, ExcludedPorts, Family, GapKind, Os, PortConnection, PortRange, Process, Protocol,
    Report,
};

/// More sockets than these are counted, not named.
const MOST_CONNECTIONS: usize = 5;

impl Page<'_> {
    pub(super) fn free(&mut self, asked: &Asked, report: &Report) -> io::Result<()> {
        let service = asked.service.as_ref();
        let named =
            service.filter(|service| service.name != asked.typed).map(|service| service.name.as_str());
        self.title(&asked.typed, named, None)?;
        self.prose(&free(asked, report))?;
        if let Some(name) = &asked.process_of_that_number {
            let number = &asked.typed;
            self.prose(&format!("{number} is also the ID of a process, {name}: whatlistens --pid {number}"))?;
        }
        writeln!(self.out)?;
        let (shown, more) = first_few(&asked.port_connections, MOST_CONNECTIONS);
        for (connection, holders) in shown {
            self.field("In use", &in_use(connection, holders))?;
        }
        if more > 0 {
            self.field("In use", &counted(more, "more connection"))?;
        }
        let first = asked.ports.first().map_or(0, |range| range.first);
        self.rules(asked, report, first)?;
        self.excluded(report)?;
        self.registry(service, first)?;
        for manager in &asked.managers {
            self.field("License", &manager.called())?;
            self.field("Note", &manager.note)?;
        }
        if asked.managers.is_empty() {
            return Ok(());
        }
        // Where some of the ports can be opened, the server may use one of those.
        if let Some((excluded, range)) = refused(asked, report).next().filter(|_| all_refused(asked, report))
        {
            let protocol = excluded.protocol.unwrap_or(Protocol::Tcp);
            let family = if excluded.family == Some(Family::Ipv6) { "ipv6" } else { "ipv4" };
            let (first, count) = (range.first, range.last - range.first + 1);
            return self.field(
                "Next",
                &format!(
                    "If winnat has reserved it, run as administrator: net stop winnat, then netsh interface {family} \
                     add excludedportrange {protocol} startport={first} numberofports={count} store=persistent, then \
                     net start winnat. This briefly interrupts the network of Docker, WSL and virtual machines. \
                     Afterwards programs can use {range}."
                ),
            );
        }
        let who = match &asked.expected[..] {
            [] => "the license server".to_owned(),
            names => format!("the license server ({})", list(names, "or")),
        };
        let by_name = asked
            .expected
            .first()
            .map_or(String::new(), |name| format!(", or search by name: whatlistens {}", escape(name)));
        // Most use TCP alone, and TCP was not scanned.
        let with_udp = if asked.protocol == Some(Protocol::Udp) { " with UDP" } else { "" };
        self.field(
            "Next",
            &format!(
                "If {who} should run on this machine{with_udp}, it is not running or uses another port: check its \
                 log{by_name}. If it runs on another machine, check there."
            ),
        )
    }

    /// The rules of Windows that exclude the ports.
    fn excluded(&mut self, report: &Report) -> io::Result<()> {
        if report.host.os != Os::Windows {
            return Ok(());
        }
        for excluded in report.excluded.iter().flatten().map(|excluded| &excluded.ports) {
            let ports = range(excluded);
            let one = if excluded.ports.single().is_some() { "it" } else { "one of these ports" };
            let on_family = match excluded.family {
                Some(Family::Ipv4) => " on IPv4 addresses",
                Some(Family::Ipv6) => " on IPv6 addresses",
                None => "",
            };
            self.field(
                "Excluded",
                &match excluded.by_number {
                    true => format!(
                        "an administrator has excluded {ports}{on_family} from automatic assignment. Programs that \
                         request {one} by number can open it"
                    ),
                    false => format!(
                        "{ports} is reserved for another program. Opening {one}{on_family} fails with \
                         error 10013, \u{201c}An attempt was made to access a socket in a way forbidden by its access \
                         permissions\u{201d}. Hyper-V, WSL and Docker reserve such blocks through the service winnat; \
                         the blocks change with every restart"
                    ),
                },
            )?;
        }
        Ok(())
    }

    fn rules(&mut self, asked: &Asked, report: &Report, port: u16) -> io::Result<()> {
        let rules = &asked.rules;
        if let Some(least) = rules.unprivileged_from.filter(|&least| port < least) {
            self.field(
                "Rights",
                &format!(
                    "only root, or a program with CAP_NET_BIND_SERVICE, can open a port below {least} \
                     (net.ipv4.ip_unprivileged_port_start)"
                ),
            )?;
        }
        let Some(ephemeral) = rules.ephemeral.filter(|range| range.contains(port)) else { return Ok(()) };
        let mut excluded = report.excluded.iter().flatten();
        let is_reserved = excluded.any(|excluded| excluded.ports.ports.contains(port));
        self.field(
            "Ephemeral",
            &match is_reserved {
                true => format!(
                    "outgoing connections use {ephemeral} except this port, which is reserved \
                     (net.ipv4.ip_local_reserved_ports)"
                ),
                false => format!(
                    "outgoing connections use {ephemeral}, so one may take it at any time \
                     (net.ipv4.ip_local_port_range). To reserve it, add it to \
                     net.ipv4.ip_local_reserved_ports"
                ),
            },
        )
    }
}

/// The protocol and the addresses that a reservation is limited to, unless the question named them.
fn reserved_for(excluded: &ExcludedPorts, asked: &Asked) -> String {
    let protocol = excluded.protocol.filter(|_| asked.protocol.is_none());
    let protocol = protocol.map(|protocol| format!("with {}", protocol.name().to_uppercase()));
    let family = excluded.family.map(|family| format!("on {} addresses", family.name()));
    protocol.into_iter().chain(family).collect::<Vec<_>>().join(" ")
}

/// The reservations that refuse other programs, each with the requested ports that it contains.
fn refused<'a>(asked: &'a Asked, report: &'a Report) -> impl Iterator<Item = (&'a ExcludedPorts, PortRange)> {
    let refused = report.excluded.iter().flatten().map(|excluded| &excluded.ports);
    let refused = refused.filter(|excluded| !excluded.by_number);
    refused.flat_map(|excluded| {
        let common = asked.ports.iter().filter_map(|range| range.common(excluded.ports));
        common.map(move |range| (excluded, range))
    })
}

fn all_refused(asked: &Asked, report: &Report) -> bool {
    let is_refused = |port| refused(asked, report).any(|(_, range)| range.contains(port));
    asked.ports.iter().flat_map(|range| range.first..=range.last).all(is_refused)
}

fn free(asked: &Asked, report: &Report) -> String {
    let gaps = &report.gaps;
    let ports: Vec<String> = asked.ports.iter().map(ToString::to_string).collect();
    let ports = list(&ports, "and");
    let is_one = matches!(&asked.ports[..], [range] if range.single().is_some());
    let (noun, is, it) = if is_one { ("port", "is", "it") } else { ("ports", "are", "them") };
    let (kind, free) = match asked.protocol {
        Some(protocol) => {
            let protocol = protocol.name().to_uppercase();
            (protocol.clone(), format!("{protocol} {noun} {ports} {is} free"))
        }
        None => {
            let begins = if is_one { "Port" } else { "Ports" };
            ("TCP or UDP".to_owned(), format!("{begins} {ports} {is} free for TCP and UDP"))
        }
    };
    let here =
        if report.other_namespaces.is_empty() { "on this machine" } else { "in this network namespace" };
    let nothing_listens = format!("Nothing {here} listens on {kind} {noun} {ports}");
    let has_gap = |kind: GapKind| gaps.iter().any(|gap| gap.kind == kind);
    let all_scanned = !has_gap(GapKind::BoundSocketsHidden) && !has_gap(GapKind::ConnectionsUnreadable);
    let refused: Vec<(&ExcludedPorts, PortRange)> = refused(asked, report).collect();
    match asked.family {
        _ if gaps.iter().any(|gap| gap.kind.hides_sockets()) => format!(
            "No listener was found on {kind} {noun} {ports} {here}, but not all sockets are visible: whether \
             {} free is unknown.",
            if is_one { "it is" } else { "they are" }
        ),
        _ if !refused.is_empty() => {
            let reserved: BTreeSet<String> =
                refused.iter().map(|(excluded, _)| reserved_for(excluded, asked)).collect();
            // One without limits covers the others.
            let reserved = match reserved.contains("") {
                true => String::new(),
                false => format!(" {}", list(&reserved.into_iter().collect::<Vec<_>>(), "or")),
            };
            let ranges: BTreeSet<PortRange> = refused.iter().map(|&(_, range)| range).collect();
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            let (what, it) = if is_one { ("it".to_owned(), "it") } else { (list(&ranges, "and"), "them") };
            format!(
                "{nothing_listens}, but Windows has reserved {what} for another program: opening {it}{reserved} \
                 fails."
            )
        }
        // An IPv6 wildcard usually accepts IPv4 too, so no port is called free here.
        Some(Family::Ipv4) => format!(
            "{nothing_listens} at an IPv4 address. IPv6 sockets were not scanned, and they may accept IPv4 too."
        ),
        Some(Family::Ipv6) => {
            format!("{nothing_listens} at an IPv6 address. IPv4 sockets were not scanned.")
        }
        None if !asked.port_connections.is_empty() => format!(
            "{nothing_listens}, but a program may be unable to open {it}: {}.",
            blocked_by(&asked.port_connections, it)
        ),
        None if has_gap(GapKind::PortRulesUnreadable) => format!(
            "{nothing_listens}, but the system may have reserved {it}: its rules for ports could not be read."
        ),
        // Systems that report their ephemeral ports report the other sockets of a port, too.
        None if asked.rules.ephemeral.is_some() && all_scanned => {
            format!("{free}: nothing {here} listens on {it}, and no other socket uses {it}.")
        }
        None => format!(
            "{free}: nothing {here} listens on {it}. A connection, or a socket that does not listen, may \
             still block {it}."
        ),
    }
}

/// The connections that have the port, or one of the ports (`it`), in one phrase.
fn blocked_by(port_connections: &[(PortConnection, Vec<Arc<Process>>)], it: &str) -> String {
    let is_closed = |connection: &PortConnection| connection.state == ConnectionState::TimeWait;
    let closed = port_connections.iter().filter(|(connection, _)| is_closed(connection)).count();
    let live = match port_connections.len() - closed {
        0 => None,
        1 => Some(format!("1 connection still uses {it}")),
        several => Some(format!("{several} connections still use {it}")),
    };
    let closed = match closed {
        0 => None,
        1 => Some(format!("a closed connection still holds {it} for up to a minute (TIME_WAIT)")),
        several => {
            Some(format!("{several} closed connections still hold {it} for up to a minute (TIME_WAIT)"))
        }
    };
    let parts: Vec<String> = live.into_iter().chain(closed).collect();
    parts.join(", and ")
}

/// One connection that has the port, and who holds it.
fn in_use(connection: &PortConnection, holders: &[Arc<Process>]) -> String {
    let holder = match holders {
        [] => String::new(),
        [one, ..] => format!("{}: ", process_called(one)),
    };
    let PortConnection { protocol, state, local, peer, .. } = connection;
    let (what, until) = match state {
        ConnectionState::Connected => ("connected to", ""),
        ConnectionState::Requesting => ("unanswered connection request to", ""),
        ConnectionState::Closing => ("closing a connection to", ""),
        ConnectionState::TimeWait => (
            "closed connection to",
            " (TIME_WAIT): for up to a minute, only programs that set SO_REUSEADDR can open the port",
        ),
    };
    format!("{holder}{what} {peer} from {local}/{protocol}{until}")
}
