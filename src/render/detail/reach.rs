//! From where a socket can be reached.

use super::super::group::{RowGroup, written};
use crate::model::phrase::{and_more, list};
use crate::model::quoting::quoted;
use crate::model::{Exposure, Firewall, Interface, Row, Socket, reached_at as addresses_for};

/// More addresses than these are counted, not named.
const MOST_ADDRESSES: usize = 4;

/// The addresses, and from where they can be reached: the widest reach counts.
pub(super) fn reach(group: &RowGroup<'_>, interfaces: Option<&[Interface]>) -> String {
    let rows = group.rows();
    let widest = rows.iter().map(|row| row.exposure).max().unwrap_or(Exposure::AllInterfaces);
    let lost: Vec<&Row> = rows.iter().copied().filter(|row| row.exposure == Exposure::Unassigned).collect();
    let nobody = || format!("no interface has {} now", list(&each_once(&lost), "or"));
    if widest == Exposure::Unassigned {
        return format!("{}: nobody reaches it", nobody());
    }
    let through = through(group).filter(|_| widest > Exposure::LinkLocal);
    let meaning = match through {
        Some(interface) => {
            let is_down =
                interfaces.into_iter().flatten().any(|one| one.name == interface && one.is_up == Some(false));
            let interface = quoted(interface);
            match is_down {
                true => format!("the interface {interface} is down: no other machine reaches it"),
                false => {
                    format!("any machine that connects through {interface}, unless a firewall blocks it")
                }
            }
        }
        None => down(rows, widest, interfaces).unwrap_or_else(|| meaning(group, widest)),
    };
    let meaning = match firewall(rows) {
        Some(said) => meaning.replace(UNLESS, said),
        None => meaning,
    };
    let but = if lost.is_empty() { String::new() } else { format!("; {}", nobody()) };
    let addresses = group.addresses_as(on_interface).join(", ");
    format!("{addresses} ({}{meaning}{but})", families(group))
}

/// What is said of firewalls where none was asked.
const UNLESS: &str = ", unless a firewall blocks it";

/// What Windows Firewall does, if it does the same with all of the sockets that other machines could reach.
fn firewall(rows: &[&Row]) -> Option<&'static str> {
    let mut answers =
        rows.iter().filter(|row| row.exposure.is_beyond_loopback()).map(|row| row.socket.firewall);
    let first = answers.next()??;
    answers.all(|other| other == Some(first)).then_some(match first {
        Firewall::Allowed => "; Windows Firewall lets it through",
        Firewall::Restricted => "; Windows Firewall lets it through from some addresses only",
        Firewall::Blocked => ", but Windows Firewall blocks it",
    })
}

/// Where other machines reach a socket that is bound to all addresses; `None` if none is, or it is limited to an
/// interface.
pub(super) fn reached_at(group: &RowGroup<'_>, interfaces: &[Interface]) -> Option<String> {
    let sockets = group.rows().iter().map(|row| &row.socket);
    let is_wildcard = |socket: &&Socket| {
        socket.local.ip().is_unspecified() && socket.interface.is_none() && socket.namespace.is_none()
    };
    let wildcards: Vec<&Socket> = sockets.filter(is_wildcard).collect();
    let ipv6 = wildcards.iter().any(|socket| socket.local.is_ipv6());
    let ipv4 = wildcards.iter().any(|socket| socket.local.is_ipv4() || socket.dual_stack != Some(false));
    if wildcards.is_empty() {
        return None;
    }
    let all = addresses_for(interfaces, ipv4, ipv6);
    if all.is_empty() {
        return Some("no other address than loopback, because no other interface is up".to_owned());
    }
    let named =
        all.iter().take(MOST_ADDRESSES).map(|(ip, name)| format!("{ip} on {}", quoted(name))).collect();
    Some(list(&and_more(named, all.len().saturating_sub(MOST_ADDRESSES)), "and"))
}

/// The only interface that all sockets use.
fn through<'a>(group: &RowGroup<'a>) -> Option<&'a str> {
    let mut interfaces = group.rows().iter().map(|row| row.socket.interface.as_deref());
    let first = interfaces.next()??;
    interfaces.all(|other| other == Some(first)).then_some(first)
}

/// That the interfaces are down which have the most exposed addresses; `None` if one is up or not known.
fn down(rows: &[&Row], widest: Exposure, interfaces: Option<&[Interface]>) -> Option<String> {
    if widest <= Exposure::Loopback {
        return None;
    }
    let beyond = rows.iter().filter(|row| row.exposure.is_beyond_loopback());
    let assigned: Option<Vec<_>> = beyond.map(|row| row.assigned_to.as_deref()).collect();
    let assigned: Vec<_> = assigned?.into_iter().flatten().collect();
    if assigned.is_empty() || assigned.iter().any(|one| one.is_up != Some(false)) {
        return None;
    }
    let mut names: Vec<String> = assigned.iter().map(|one| quoted(&one.interface).into_owned()).collect();
    names.sort_unstable();
    names.dedup();
    let (interface, is) = if names.len() == 1 { ("interface", "is") } else { ("interfaces", "are") };
    // Linux answers for all its addresses at every interface (arp_ignore and the weak host model of RFC 1122, 3.3.4.2).
    let another_is_up =
        interfaces.is_none_or(|all| all.iter().any(|one| !one.is_loopback && one.is_up != Some(false)));
    let who = match another_is_up {
        true => "other machines reach it only through another interface",
        false => "no other machine reaches it",
    };
    Some(format!("the {interface} {} {is} down: {who}", list(&names, "and")))
}

fn meaning(group: &RowGroup<'_>, widest: Exposure) -> String {
    let is_here = group.lead_row().socket.namespace.is_none();
    match widest {
        Exposure::Unassigned => "nobody".to_owned(),
        Exposure::Loopback => "only programs on this machine".to_owned(),
        Exposure::LinkLocal => "machines on the same network segment".to_owned(),
        Exposure::Private => match network(group) {
            Some(network) => {
                format!("machines on {network} and networks connected to it, unless a firewall blocks it")
            }
            None => "machines on the private network, unless a firewall blocks it".to_owned(),
        },
        Exposure::Public => "any machine that can reach this address, unless a firewall blocks it".to_owned(),
        Exposure::AllInterfaces if is_here => "any other machine, unless a firewall blocks it".to_owned(),
        Exposure::AllInterfaces => {
            "any machine that can reach this namespace, unless a firewall blocks it".to_owned()
        }
    }
}

/// The only network of the private addresses.
fn network(group: &RowGroup<'_>) -> Option<String> {
    let private = group.rows().iter().filter(|row| row.exposure == Exposure::Private);
    let assigned = private.flat_map(|row| row.assigned_to.iter().flatten());
    let mut networks: Vec<Option<String>> = assigned.map(|one| one.address.network()).collect();
    networks.dedup();
    match &mut networks[..] {
        [network] => network.take(),
        _ => None,
    }
}

/// The address of a row, with the interfaces that have it unless the address says so.
fn on_interface(row: &Row) -> String {
    let address = written(&row.socket);
    let says_so = row.exposure == Exposure::Loopback || row.socket.interface.is_some();
    let interfaces = row.assigned_to.iter().flatten().filter(|_| !says_so);
    let names: Vec<String> = interfaces.map(|one| quoted(&one.interface).into_owned()).collect();
    if names.is_empty() { address } else { format!("{address} on {}", list(&names, "and")) }
}

fn each_once(rows: &[&Row]) -> Vec<String> {
    let mut addresses: Vec<String> = rows.iter().map(|row| written(&row.socket)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// Whether a lone IPv6 wildcard accepts IPv4 too.
fn families(group: &RowGroup<'_>) -> &'static str {
    let sockets: Vec<&Socket> = group.rows().iter().map(|row| &row.socket).collect();
    let accepts = |ipv4| !sockets.is_empty() && sockets.iter().all(|socket| socket.dual_stack == Some(ipv4));
    if accepts(true) {
        "IPv6 and IPv4; "
    } else if accepts(false) {
        "IPv6 only; "
    } else if group.addresses() == ["::"] {
        "IPv6, perhaps IPv4 too; "
    } else {
        ""
    }
}
