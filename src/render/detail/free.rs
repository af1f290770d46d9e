//! A port that nobody listens on, in words: whether it is free, and what may keep a program from it.

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

/// So many sockets that have the port are named; the rest are counted.
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
            self.prose(&format!(
                "{number} is also the number of a process, {name}: whatlistens --pid {number}"
            ))?;
        }
        writeln!(self.out)?;
        let (shown, more) = first_few(&asked.port_connections, MOST_CONNECTIONS);
        for (connection, holders) in shown {
            self.field("In use", &told(connection, holders))?;
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
        // Where others of the ports can be had, the server may take one of those.
        if let Some((excluded, range)) = refused(asked, report).next().filter(|_| all_refused(asked, report))
        {
            let protocol = excluded.protocol.unwrap_or(Protocol::Tcp);
            let family = if excluded.family == Some(Family::Ipv6) { "ipv6" } else { "ipv4" };
            let (first, count) = (range.first, range.last - range.first + 1);
            return self.field(
                "Next",
                &format!(
                    "If winnat has reserved it, as an administrator: net stop winnat, then netsh interface {family} add \
                     excludedportrange {protocol} startport={first} numberofports={count} store=persistent, then net \
                     start winnat. That interrupts the network of Docker, WSL and virtual machines for a moment; from \
                     then on a program that asks for {range} gets it."
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
            .map_or(String::new(), |name| format!(", or look for it by name: whatlistens {}", escape(name)));
        // Most use TCP alone, of which nothing was asked.
        let by_this = if asked.protocol == Some(Protocol::Udp) { " and uses UDP" } else { "" };
        self.field(
            "Next",
            &format!(
                "If {who} should run on this machine{by_this}, it is not running, or it uses another port: look in \
                 its log{by_name}. If it runs elsewhere, ask that machine."
            ),
        )
    }

    /// What Windows excludes of the ports.
    fn excluded(&mut self, report: &Report) -> io::Result<()> {
        if report.host.os != Os::Windows {
            return Ok(());
        }
        for excluded in report.excluded.iter().flatten().map(|excluded| &excluded.ports) {
            let ports = range(excluded);
            let by_family = match excluded.family {
                Some(Family::Ipv4) => " at IPv4 addresses",
                Some(Family::Ipv6) => " at IPv6 addresses",
                None => "",
            };
            self.field(
                "Excluded",
                &match excluded.by_number {
                    true => format!(
                        "an administrator keeps {ports}{by_family} for programs that ask for one of them by its \
                         number, so it can be opened"
                    ),
                    false => format!(
                        "somebody has reserved {ports}{by_family}, and any other program that wants to open one \
                         is refused: \u{201c}An attempt was made to access a socket in a way forbidden by its access \
                         permissions\u{201d} (10013). Hyper-V, WSL and Docker reserve such blocks through the \
                         service winnat, different ones after each start of the machine"
                    ),
                },
            )?;
        }
        Ok(())
    }

    /// The system's rules for the port.
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
                    "it is kept back from the ports given to outgoing connections, {ephemeral} \
                     (net.ipv4.ip_local_reserved_ports)"
                ),
                false => format!(
                    "{ephemeral} are given to outgoing connections, so one may take it at any time \
                     (net.ipv4.ip_local_port_range); to keep it back, add it to \
                     net.ipv4.ip_local_reserved_ports"
                ),
            },
        )
    }
}

/// By which protocol, and at which addresses, a reservation refuses programs, as far as the question was not
/// about those alone.
fn asked_by(excluded: &ExcludedPorts, asked: &Asked) -> String {
    let protocol = excluded.protocol.filter(|_| asked.protocol.is_none());
    let by = protocol.map_or(String::new(), |protocol| format!(" by {}", protocol.name().to_uppercase()));
    match excluded.family {
        Some(Family::Ipv4) => format!("{by} at an IPv4 address"),
        Some(Family::Ipv6) => format!("{by} at an IPv6 address"),
        None => by,
    }
}

/// What no program gets that asks for it, with those of the ports that were asked for.
fn refused<'a>(asked: &'a Asked, report: &'a Report) -> impl Iterator<Item = (&'a ExcludedPorts, PortRange)> {
    let refused = report.excluded.iter().flatten().map(|excluded| &excluded.ports);
    let refused = refused.filter(|excluded| !excluded.by_number);
    refused.flat_map(|excluded| {
        let common = asked.ports.iter().filter_map(|range| range.common(excluded.ports));
        common.map(move |range| (excluded, range))
    })
}

/// Whether no program gets any of the ports.
fn all_refused(asked: &Asked, report: &Report) -> bool {
    let is_refused = |port| refused(asked, report).any(|(_, range)| range.contains(port));
    asked.ports.iter().flat_map(|range| range.first..=range.last).all(is_refused)
}

fn free(asked: &Asked, report: &Report) -> String {
    let gaps = &report.gaps;
    let single = matches!(&asked.ports[..], [range] if range.single().is_some());
    let (noun, verb) = if single { ("port", "is") } else { ("ports", "are") };
    let (kind, by) = match asked.protocol {
        Some(protocol) => (format!("{} {noun}", protocol.name().to_uppercase()), String::new()),
        None => (noun.to_owned(), ", neither by TCP nor by UDP".to_owned()),
    };
    let ports: Vec<String> = asked.ports.iter().map(ToString::to_string).collect();
    let ports = format!("{kind} {}", list(&ports, "and"));
    let begins = if asked.protocol.is_some() { ports.clone() } else { format!("P{}", &ports[1..]) };
    let here =
        if report.other_namespaces.is_empty() { "on this machine" } else { "in this network namespace" };
    let has_gap = |kind: GapKind| gaps.iter().any(|gap| gap.kind == kind);
    let all_told = !has_gap(GapKind::BoundSocketsHidden) && !has_gap(GapKind::ConnectionsUnreadable);
    let refused: Vec<(&ExcludedPorts, PortRange)> = refused(asked, report).collect();
    match asked.family {
        _ if gaps.iter().any(|gap| gap.kind.hides_sockets()) => format!(
            "Nothing is seen to listen on {ports} {here}{by}, but not every listener could be seen: whether it \
             is free cannot be told."
        ),
        _ if !refused.is_empty() => {
            let by_whom: BTreeSet<String> =
                refused.iter().map(|(excluded, _)| asked_by(excluded, asked)).collect();
            let by_whom = list(&by_whom.into_iter().collect::<Vec<_>>(), "or");
            let ranges: BTreeSet<PortRange> = refused.iter().map(|&(_, range)| range).collect();
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            let (what, those) =
                if single { ("it".to_owned(), "for it") } else { (list(&ranges, "and"), "for one of them") };
            format!(
                "Nothing listens on {ports} {here}{by}, but Windows has reserved {what} for somebody else: no other \
                 program that asks {those}{by_whom} gets it."
            )
        }
        // An IPv6 wildcard usually takes IPv4 too, so nothing is said to be free.
        Some(family) => format!(
            "Nothing listens on {ports} {here} at an {} address{by}. The other addresses were not looked \
             at: an IPv6 listener may take IPv4 too.",
            family.name()
        ),
        None if !asked.port_connections.is_empty() => format!(
            "Nothing listens on {ports} {here}{by}, but {}: that may keep a program from opening it.",
            in_the_way(&asked.port_connections)
        ),
        None if has_gap(GapKind::PortRulesUnreadable) => format!(
            "Nothing listens on {ports} {here}{by}. Whether a program that asks for {} gets it is not known.",
            if single { "it" } else { "one of them" }
        ),
        // What holds a port otherwise was looked at where the system tells its rules for ports, too.
        None if asked.rules.ephemeral.is_some() && all_told => {
            format!("{begins} {verb} free: nothing listens there {here}{by}, and no other socket has it.")
        }
        None => format!(
            "{begins} {verb} free: nothing listens there {here}{by}. A connection, or a socket that does not \
             listen, may still keep a program from opening it."
        ),
    }
}

/// The sockets that have the port, summed up.
fn in_the_way(port_connections: &[(PortConnection, Vec<Arc<Process>>)]) -> String {
    let resting = port_connections
        .iter()
        .filter(|(connection, _)| connection.state == ConnectionState::TimeWait)
        .count();
    let live = port_connections.len() - resting;
    let agreed = |count: usize, one: &str, several: &str| {
        format!("{count} {}", if count == 1 { one } else { several })
    };
    let mut parts = Vec::new();
    if live > 0 {
        parts.push(agreed(live, "connection is still open there", "connections are still open there"));
    }
    if resting > 0 {
        parts.push(agreed(
            resting,
            "that has ended rests there (TIME_WAIT)",
            "that have ended rest there (TIME_WAIT)",
        ));
    }
    if live == 0 {
        parts = vec![agreed(
            resting,
            "connection that has ended rests there (TIME_WAIT)",
            "connections that have ended rest there (TIME_WAIT)",
        )];
    }
    list(&parts, "and")
}

/// One socket that has the port.
fn told(connection: &PortConnection, holders: &[Arc<Process>]) -> String {
    let who = match holders {
        [] => String::new(),
        [one, ..] => format!("{}: ", process_called(one)),
    };
    let PortConnection { protocol, state, local, peer, .. } = connection;
    let what = match state {
        ConnectionState::Connected => "a connection with",
        ConnectionState::Requesting => "an unanswered request for a connection to",
        ConnectionState::Closing => "a connection that is being closed, with",
        ConnectionState::TimeWait => {
            "an ended connection, which keeps the port for a minute from all programs that do not set \
             SO_REUSEADDR (TIME_WAIT), with"
        }
    };
    format!("{who}{what} {peer}, from {local}/{protocol}")
}
