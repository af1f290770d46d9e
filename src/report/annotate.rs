//! Port → service and class; address → exposure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::knowledge::{Entry, Registry, is_usual};
use crate::model::{
    Attributed, Exposure, License, Os, Owner, Presence, Process, Row, Service, ServiceManager, Socket,
    Verdict,
};

/// The loopback interface of Linux; the other backends report no interfaces.
const LOOPBACK: &str = "lo";

/// Makes a row of an attributed socket and its verdict: adds what the registry says of its port, and how
/// exposed it is.
#[must_use]
pub(super) fn annotate(
    attributed: Attributed,
    license: Option<License>,
    registry: Registry<'_>,
    os: Os,
) -> Row {
    let Attributed { socket, owner, ancestors, more_holders, in_flight_to } = attributed;
    let entry = registry.service(socket.local.port(), socket.protocol);
    Row {
        service: entry.map(service),
        known_for_service: entry
            .and_then(|entry| known_for(entry, &socket, &owner, license.as_ref(), registry, os)),
        exposure: match socket.interface.as_deref() {
            // Whatever the address: only this machine sends through it.
            Some(LOOPBACK) => Exposure::Loopback,
            _ => exposure(socket.local.ip()),
        },
        license,
        socket,
        owner,
        ancestors,
        more_holders,
        in_flight_to,
    }
}

#[must_use]
pub(super) fn service(entry: Entry<'_>) -> Service {
    Service { name: entry.name.to_owned(), description: entry.description.to_owned() }
}

/// Whether the program that holds a socket is known for the service of its port. `None` where it is not known which
/// program that is.
fn known_for(
    entry: Entry<'_>,
    socket: &Socket,
    owner: &Owner,
    license: Option<&License>,
    registry: Registry<'_>,
    os: Os,
) -> Option<bool> {
    if let Some(license) = license.filter(|_| entry.license.is_some()) {
        match license.verdict {
            Verdict::Expected => return Some(true),
            Verdict::Mismatch | Verdict::OtherLicenseManager => return Some(false),
            Verdict::CannotTell => {}
        }
    }
    let is_known = |name: &str| {
        let mut entries = registry.of_port(socket.local.port());
        entries.any(|entry| entry.is_for(socket.protocol.registered_as()) && is_usual(name, entry))
    };
    let by_unit = unit_of_the_system(socket).is_some_and(is_known);
    let is_believed =
        |lead: &&Process| !lead.claims_its_name(os) && !matches!(lead.presence, Presence::Ended { .. });
    match owner.lead().filter(is_believed).and_then(|lead| lead.name.as_deref()) {
        Some(name) => Some(is_known(name) || (socket.activation.is_some() && by_unit)),
        None => by_unit.then_some(true),
    }
}

/// The name of the unit that opened a socket, without its kind. Only root names the units of the system.
fn unit_of_the_system(socket: &Socket) -> Option<&str> {
    let is_of_system = |manager| manager == ServiceManager::Systemd;
    match (&socket.activation, &socket.made_in) {
        (Some(activation), _) if is_of_system(activation.manager) => {
            Some(activation.socket.trim_end_matches(".socket"))
        }
        (None, Some(made_in)) if is_of_system(made_in.manager) => {
            Some(made_in.name.trim_end_matches(".service"))
        }
        _ => None,
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
