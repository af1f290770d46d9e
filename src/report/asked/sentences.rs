//! What to say about ports that nothing listens on: whether they are free, what may still block them, and what to do.

use std::collections::BTreeSet;

use crate::model::phrase::{first_few, list};
use crate::model::{
    Asked, ConnectionState, Excluded, ExcludedPorts, Family, Gap, GapKind, Manager, Note, NoteKind,
    Observation, Os, PacketRules, PortConnection, PortRange, PortRules, PortStatus,
};

/// What the sentences rest on, besides what is [`Asked`].
pub(super) struct Facts<'a> {
    pub(super) os: Os,
    /// The only address family that was scanned; `None` where both were.
    pub(super) family: Option<Family>,
    pub(super) rules: &'a PortRules,
    /// The selected ports that the system excludes.
    pub(super) excluded: &'a [Excluded],
    pub(super) gaps: &'a [Gap],
    /// Whether the scan was of the whole machine, and not of a single network namespace, except for the gaps.
    pub(super) is_about_machine: bool,
    /// The executables of the license managers on this system.
    pub(super) expected: &'a [String],
}

impl Facts<'_> {
    pub(super) fn has_gap(&self, kind: GapKind) -> bool {
        self.gaps.iter().any(|gap| gap.kind == kind)
    }

    /// Whether nothing on the machine is out of sight.
    fn is_everywhere(&self) -> bool {
        self.is_about_machine && !self.has_gap(GapKind::NamespacesHidden)
    }

    /// Whether sockets that do not listen were scanned too: systems that report their ephemeral ports report them.
    fn all_scanned(&self) -> bool {
        self.rules.ephemeral.is_some()
            && !self.has_gap(GapKind::BoundSocketsHidden)
            && !self.has_gap(GapKind::ConnectionsUnreadable)
    }

    /// Who keeps ports back from other programs, in a sentence without its full stop.
    pub(super) fn has_reserved(&self, ports: &str) -> String {
        match self.os {
            Os::Macos => format!("macOS keeps {ports} for Apple's own programs"),
            // Linux refuses nobody a port that it has reserved.
            Os::Windows | Os::Linux => format!("Windows has reserved {ports} for another program"),
        }
    }

    /// What limits the word "free", in a few words.
    pub(super) fn how_free(&self) -> &'static str {
        match (self.is_everywhere(), self.all_scanned()) {
            _ if self.has_gap(GapKind::GuestsHidden) && self.all_scanned() => {
                ", unless a program in a virtual machine or container has it"
            }
            _ if self.has_gap(GapKind::GuestsHidden) => {
                ", unless a program in a virtual machine or container has it, or a socket that does not listen"
            }
            (true, true) => "",
            (false, true) => " in this network namespace",
            (true, false) => ", unless a socket that does not listen still blocks it",
            (false, false) => {
                " in this network namespace, unless a socket that does not listen still blocks it"
            }
        }
    }
}

/// Of more license managers than these, the usual ports are left out.
const MOST_MANAGERS: usize = 3;

/// On which ports the license managers of `what` listen unless they are set up otherwise. Several ranges of one follow
/// each other.
pub(super) fn usual_ports(managers: &[Manager], what: &str) -> Vec<String> {
    let of_one: Vec<&[Manager]> = managers.chunk_by(|one, next| one.id == next.id).collect();
    let (shown, more) = first_few(&of_one, MOST_MANAGERS);
    let sentences = shown.iter().filter_map(|ports| {
        let mut ranges: Vec<String> = ports.iter().map(|manager| manager.ports.to_string()).collect();
        ranges.dedup();
        let name = ports.first()?.called();
        Some(format!("{name} usually listens on {}.", list(&ranges, "and")))
    });
    let more = (more > 0).then(|| {
        let (managers, are) = if more == 1 { ("manager", "is") } else { ("managers", "are") };
        format!("{more} more license {managers} of ‘{what}’ {are} known: whatlistens explain {what}")
    });
    sentences.chain(more).collect()
}

/// Whether the ports are free, as one sentence.
pub(super) fn whether_free(asked: &Asked, facts: &Facts<'_>) -> String {
    let ports: Vec<String> = asked.ports.iter().map(ToString::to_string).collect();
    let ports = list(&ports, "and");
    let is_one = asked.is_one_port();
    let (noun, is, it) = if is_one { ("port", "is", "it") } else { ("ports", "are", "them") };
    let (kind, free) = match asked.protocol {
        Some(protocol) => {
            let protocol = protocol.title();
            (protocol.to_owned(), format!("{protocol} {noun} {ports} {is} free"))
        }
        None => {
            let begins = if is_one { "Port" } else { "Ports" };
            ("TCP or UDP".to_owned(), format!("{begins} {ports} {is} free for TCP and UDP"))
        }
    };
    let here = if facts.is_everywhere() { "on this machine" } else { "in this network namespace" };
    let nothing_listens = format!("Nothing {here} listens on {kind} {noun} {ports}");
    let refused: Vec<(&ExcludedPorts, PortRange)> = refused(asked, facts).collect();
    let used: Vec<&PortConnection> = used(asked).collect();
    match facts.family {
        _ if facts.gaps.iter().any(|gap| gap.kind.hides_sockets()) => format!(
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
            format!("{nothing_listens}, but {}: opening {it}{reserved} fails.", facts.has_reserved(&what))
        }
        // An IPv6 wildcard may accept IPv4 too, and not every system says so: no port is called free here.
        Some(Family::Ipv4) => format!(
            "{nothing_listens} at an IPv4 address. Of the IPv6 sockets, only those that are known to accept IPv4 too \
             were scanned."
        ),
        Some(Family::Ipv6) => {
            format!("{nothing_listens} at an IPv6 address. IPv4 sockets were not scanned.")
        }
        None if !used.is_empty() => {
            format!("{nothing_listens}, but a program may be unable to open {it}: {}.", blocked_by(&used, it))
        }
        None if facts.has_gap(GapKind::PortRulesUnreadable) => format!(
            "{nothing_listens}, but the system may have reserved {it}: its rules for ports could not be read."
        ),
        None if facts.all_scanned() => {
            format!("{free}: nothing {here} listens on {it}, and no other {kind} socket uses {it}.")
        }
        None => format!(
            "{free}: nothing {here} listens on {it}. A connection, or a socket that does not listen, may \
             still block {it}."
        ),
    }
}

/// The first port behind the system ports (RFC 6335).
const FIRST_REGISTERED: u16 = 1024;

/// `in_pcbbind` in `bsd/netinet/in_pcb.c` and `in6_pcbbind` in `bsd/netinet6/in6_pcb.c`, since xnu-4903: they look at the
/// rights only if an address is given.
const ON_MACOS: &str = "since macOS 10.14 any program can open a port below 1024 on all addresses (0.0.0.0 or ::); on a \
                        single address, such as 127.0.0.1, only root can";

/// What the system's rules say about the first of the ports.
pub(super) fn rules(asked: &Asked, facts: &Facts<'_>) -> Vec<Note> {
    let port = asked.ports.first().map_or(0, |range| range.first);
    let mut notes = Vec::new();
    if let Some(least) = facts.rules.unprivileged_from.filter(|&least| port < least) {
        notes.push(Note::new(
            NoteKind::Rights,
            format!(
                "only root, or a program with CAP_NET_BIND_SERVICE, can open a port below {least} \
                 (net.ipv4.ip_unprivileged_port_start)"
            ),
        ));
    }
    if let Some(ephemeral) = facts.rules.ephemeral.filter(|range| range.contains(port)) {
        let is_reserved = facts.excluded.iter().any(|excluded| excluded.ports.ports.contains(port));
        let text = match is_reserved {
            true => format!(
                "outgoing connections use {ephemeral} except this port, which is reserved \
                 (net.ipv4.ip_local_reserved_ports)"
            ),
            false => format!(
                "outgoing connections use {ephemeral}, so one may take it at any time \
                 (net.ipv4.ip_local_port_range). To reserve it, add it to \
                 net.ipv4.ip_local_reserved_ports"
            ),
        };
        notes.push(Note::new(NoteKind::Ephemeral, text));
    }
    if facts.os == Os::Macos && port < FIRST_REGISTERED {
        notes.push(Note::new(NoteKind::Rights, ON_MACOS));
    }
    notes.extend(exclusions(asked, facts));
    notes
}

/// What packet rules may do with the ports that are free. Those that may redirect are a gap.
pub(super) fn packet_rules(asked: &Asked, observation: &Observation) -> Option<Note> {
    let text = match observation.packet_rules.filter(|_| is_free(asked))? {
        PacketRules::Hidden if observation.privileged => {
            "packet rules were not examined: that takes CAP_NET_ADMIN"
        }
        PacketRules::Hidden => "packet rules were not examined: only root may see them",
        PacketRules::Seen { may_filter: true, .. } => {
            "packet filters exist that may block it (not looked at)"
        }
        PacketRules::Seen { may_filter: false, .. } => return None,
    };
    Some(Note::new(NoteKind::PacketRules, text))
}

/// Whether any of the ports is free.
fn is_free(asked: &Asked) -> bool {
    asked.may_be_free()
        && (asked.more_free.is_some_and(|more| more > 0)
            || asked.with_status(PortStatus::Free).next().is_some())
}

/// The rules of Windows and macOS that exclude the ports.
fn exclusions(asked: &Asked, facts: &Facts<'_>) -> impl Iterator<Item = Note> {
    let os = facts.os;
    let excluded = facts.excluded.iter().map(|excluded| &excluded.ports).filter(move |excluded| {
        os != Os::Linux && asked.ports.iter().any(|range| range.overlaps(excluded.ports))
    });
    excluded.map(move |excluded| {
        let one = if excluded.ports.single().is_some() { "it" } else { "one of these ports" };
        let on_family = match excluded.family {
            Some(Family::Ipv4) => " on IPv4 addresses",
            Some(Family::Ipv6) => " on IPv6 addresses",
            None => "",
        };
        let text = match excluded.by_number {
            true => format!(
                "an administrator has excluded {excluded}{on_family} from automatic assignment. Programs that \
                 request {one} by number can open it"
            ),
            false if os == Os::Macos => format!(
                "{excluded} is reserved for programs with an entitlement from Apple. For any other program, even \
                 root's, opening {one} fails"
            ),
            false => format!(
                "{excluded} is reserved for another program. Opening {one}{on_family} fails with \
                 error 10013, \u{201c}An attempt was made to access a socket in a way forbidden by its access \
                 permissions\u{201d}. Hyper-V, WSL and Docker reserve such blocks through the service winnat; \
                 the blocks change with every restart"
            ),
        };
        Note::new(NoteKind::Excluded, text)
    })
}

/// The protocol and the addresses that a reservation is limited to, unless the question named them.
fn reserved_for(excluded: &ExcludedPorts, asked: &Asked) -> String {
    let protocol = excluded.protocol.filter(|_| asked.protocol.is_none());
    let protocol = protocol.map(|protocol| format!("with {}", protocol.title()));
    let family = excluded.family.map(|family| format!("on {} addresses", family.name()));
    protocol.into_iter().chain(family).collect::<Vec<_>>().join(" ")
}

/// The reservations that refuse other programs, each with the requested ports that it contains.
pub(super) fn refused<'a>(
    asked: &'a Asked,
    facts: &'a Facts<'_>,
) -> impl Iterator<Item = (&'a ExcludedPorts, PortRange)> {
    let refused = facts.excluded.iter().map(|excluded| &excluded.ports);
    let refused = refused.filter(|excluded| !excluded.by_number);
    refused.flat_map(|excluded| {
        let common = asked.ports.iter().filter_map(|range| range.common(excluded.ports));
        common.map(move |range| (excluded, range))
    })
}

fn used(asked: &Asked) -> impl Iterator<Item = &PortConnection> {
    asked.with_status(PortStatus::InUse).flat_map(|answer| &answer.by).map(|by| &by.connection)
}

/// The connections that have the port, or one of the ports (`it`), in one phrase.
fn blocked_by(used: &[&PortConnection], it: &str) -> String {
    let closed = used.iter().filter(|connection| connection.state == ConnectionState::TimeWait).count();
    let live = match used.len() - closed {
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
