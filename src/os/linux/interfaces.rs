//! The interfaces of this thread's network namespace, and which sockets have an address that it has no more.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::num::NonZeroU32;

use super::super::decode::linux::netlink::Ask;
use super::super::decode::linux::rtnetlink::{self, Link, LinkAddress};
use super::super::in_words;
use super::listeners::ScannedSocket;
use super::netlink::Netlink;
use crate::model::{Gap, GapKind, Interface, InterfaceAddress, needs_interface};

/// The interfaces, in the order of the kernel.
///
/// # Errors
///
/// If the kernel refuses, or keeps changing them.
pub(super) fn read() -> io::Result<Vec<Interface>> {
    let mut netlink = Netlink::open(None)?;
    let links = netlink.ask(Ask::Dump, rtnetlink::links_request, rtnetlink::link)?;
    let mut addresses: BTreeMap<u32, Vec<InterfaceAddress>> = BTreeMap::new();
    for LinkAddress { link, address, prefix } in addresses_of(&mut netlink)? {
        addresses.entry(link).or_default().push(InterfaceAddress { ip: address, prefix });
    }
    let names: HashMap<u32, String> = links.iter().map(|link| (link.index, link.name.clone())).collect();
    let interfaces = links.into_iter().map(|Link { index, name, is_up, is_loopback, master }| Interface {
        name,
        is_up: Some(is_up),
        is_loopback,
        master: master.and_then(|index| names.get(&index).cloned()),
        addresses: addresses.remove(&index).unwrap_or_default(),
    });
    Ok(interfaces.collect())
}

fn addresses_of(netlink: &mut Netlink) -> io::Result<Vec<LinkAddress>> {
    netlink.ask(Ask::Dump, rtnetlink::addresses_request, rtnetlink::address)
}

/// The gap that the interfaces could not be read.
pub(super) fn unreadable(error: &io::Error) -> Gap {
    let detail = format!(
        "the network interfaces could not be read ({}), so some addresses may be no longer assigned",
        in_words(error)
    );
    Gap::new(GapKind::InterfacesUnreadable, detail)
}

/// Finds out whether this namespace still has the addresses that single sockets are bound to. Costs nothing where all
/// are bound to all addresses or to the loopback interface, and one question for each other address.
///
/// # Errors
///
/// If the kernel does not say so.
pub(super) fn check_addresses(found: &mut [ScannedSocket]) -> io::Result<()> {
    let mut places = found.iter().filter_map(place).peekable();
    if places.peek().is_none() {
        return Ok(());
    }
    let mut netlink = Netlink::open(None)?;
    let mut assigned: HashMap<Place, bool> = HashMap::new();
    for place in places {
        if let Entry::Vacant(unknown) = assigned.entry(place) {
            unknown.insert(is_own(&mut netlink, place)?);
        }
    }
    // Rules may send packets to an own address elsewhere, and an address that is being probed has no route yet.
    if assigned.values().any(|is_own| !is_own) {
        let all = addresses_of(&mut netlink)?;
        let all: HashSet<IpAddr> = all.into_iter().map(|one| one.address).collect();
        assigned.iter_mut().for_each(|((ip, _), is_own)| *is_own |= all.contains(ip));
    }
    for socket in found {
        socket.socket.assigned = place(socket).and_then(|place| assigned.get(&place).copied());
    }
    Ok(())
}

/// An address, and the only interface that it is used on, by its index.
type Place = (IpAddr, Option<NonZeroU32>);

/// The place of a socket that receives only where an interface has its address. Whoever may use addresses of other
/// machines receives what rules send to it.
fn place(found: &ScannedSocket) -> Option<Place> {
    let ip = found.socket.local.ip().to_canonical();
    (needs_interface(ip) && found.transparent != Some(true)).then_some((ip, found.device))
}

/// Whether this namespace receives what is sent to an address: because an interface has it, a local route, or because it
/// is the broadcast address of a network.
fn is_own(netlink: &mut Netlink, (ip, device): Place) -> io::Result<bool> {
    let is_link_local = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    // An interface may have its own table of routes (VRF), or a socket be bound to another than has the address.
    let any = Some(None).filter(|_| !is_link_local || device.is_none());
    for interface in any.into_iter().chain(device.map(Some)) {
        let request = |sequence| rtnetlink::route_request(ip, interface, sequence);
        match netlink.ask(Ask::One, request, rtnetlink::is_received) {
            Ok(answer) if answer.contains(&true) => return Ok(true),
            Ok(_) => {}
            Err(error) if is_no_route(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Whether the kernel has no route: none at all, one that refuses, or not by this interface, which may be gone.
fn is_no_route(error: &io::Error) -> bool {
    let none = [
        libc::ENETUNREACH,
        libc::EHOSTUNREACH,
        libc::EACCES,
        libc::EINVAL,
        libc::ENODEV,
        libc::ESRCH,
        libc::EADDRNOTAVAIL,
        libc::ENETDOWN,
        libc::EAFNOSUPPORT,
    ];
    error.raw_os_error().is_some_and(|number| none.contains(&number))
}
