//! Address → exposure, and the interfaces that have it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::{AssignedTo, Exposure, Interface, Socket};

/// The loopback interface of Linux; the other backends report no interfaces.
const LOOPBACK: &str = "lo";

/// From where a socket can be reached.
pub(super) fn of_socket(socket: &Socket) -> Exposure {
    match socket.interface.as_deref() {
        _ if socket.assigned == Some(false) => Exposure::Unassigned,
        // Whatever the address: only this machine sends through it.
        Some(LOOPBACK) => Exposure::Loopback,
        _ => exposure(socket.local.ip()),
    }
}

/// The addresses of the caller's network namespace, each with its interfaces.
pub(super) struct OwnAddresses(HashMap<IpAddr, Vec<AssignedTo>>);

impl OwnAddresses {
    pub(super) fn new(interfaces: &[Interface]) -> OwnAddresses {
        let mut all: HashMap<IpAddr, Vec<AssignedTo>> = HashMap::new();
        for Interface { name, is_up, addresses, .. } in interfaces {
            for &address in addresses {
                let one = AssignedTo { interface: name.clone(), is_up: *is_up, address };
                all.entry(address.ip).or_default().push(one);
            }
        }
        OwnAddresses(all)
    }

    /// The interfaces that have the address of a socket, as in [`Row`](crate::model::Row).
    pub(super) fn of(&self, socket: &Socket) -> Option<Vec<AssignedTo>> {
        let ip = socket.local.ip().to_canonical();
        if socket.namespace.is_some() || ip.is_unspecified() || ip.is_multicast() {
            return None;
        }
        let all = self.0.get(&ip).map_or(&[][..], Vec::as_slice);
        // Each link has its own.
        let only = socket.interface.as_deref().filter(|_| exposure(ip) == Exposure::LinkLocal);
        let is_it = |one: &&AssignedTo| only.is_none_or(|only| only == one.interface);
        Some(all.iter().filter(is_it).cloned().collect())
    }
}

/// From where an address can be reached. A multicast address counts by its scope (RFC 4291,
/// section 2.7; RFC 2365 for IPv4), an IPv4-mapped one as IPv4.
#[must_use]
pub fn exposure(address: IpAddr) -> Exposure {
    match address.to_canonical() {
        IpAddr::V4(address) => exposure_v4(address),
        IpAddr::V6(address) => exposure_v6(address),
    }
}

fn exposure_v4(address: Ipv4Addr) -> Exposure {
    match address.octets() {
        _ if address.is_unspecified() => Exposure::AllInterfaces,
        _ if address.is_loopback() => Exposure::Loopback,
        // 224.0.0.0/24 is never forwarded (RFC 5771, section 4).
        [224, 0, 0, _] => Exposure::LinkLocal,
        _ if address.is_link_local() || address.is_broadcast() => Exposure::LinkLocal,
        // Shared address space behind a provider's NAT (RFC 6598); administratively scoped multicast.
        [100, 64..=127, ..] | [239, ..] => Exposure::Private,
        _ if address.is_private() => Exposure::Private,
        _ => Exposure::Public,
    }
}

fn exposure_v6(address: Ipv6Addr) -> Exposure {
    if address.is_unspecified() {
        Exposure::AllInterfaces
    } else if address.is_loopback() {
        Exposure::Loopback
    } else if address.is_multicast() {
        match address.segments()[0] & 0xf {
            0x0 | 0x1 => Exposure::Loopback,
            0x2 => Exposure::LinkLocal,
            0xe => Exposure::Public,
            _ => Exposure::Private,
        }
    } else if address.is_unicast_link_local() {
        Exposure::LinkLocal
    } else if address.is_unique_local() {
        Exposure::Private
    } else {
        Exposure::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exposure_of_each_kind_of_address() {
        use Exposure::*;
        for (address, expected) in [
            ("0.0.0.0", AllInterfaces),
            ("::", AllInterfaces),
            ("::ffff:0.0.0.0", AllInterfaces),
            ("127.0.0.53", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("169.254.7.7", LinkLocal),
            ("fe80::1", LinkLocal),
            ("224.0.0.251", LinkLocal),
            ("255.255.255.255", LinkLocal),
            ("ff02::fb", LinkLocal),
            ("10.1.2.3", Private),
            ("172.31.0.1", Private),
            ("192.168.1.1", Private),
            ("100.64.0.1", Private),
            ("239.255.255.250", Private),
            ("fd00::1", Private),
            ("ff05::1", Private),
            ("172.32.0.1", Public),
            ("100.128.0.1", Public),
            ("8.8.8.8", Public),
            ("2001:db8::1", Public),
            ("ff0e::1", Public),
        ] {
            assert_eq!(exposure(address.parse().unwrap()), expected, "{address}");
        }
    }
}
