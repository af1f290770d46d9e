//! Network interfaces and their addresses.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A network interface of the caller's own network namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    pub name: String,
    /// Whether it is switched on and connected; `None` where the system does not report it.
    pub is_up: Option<bool>,
    /// Whether only this machine sends through it.
    pub is_loopback: bool,
    /// The interface that it is a part of: a bridge, a bond or a VRF, which also has what arrives by it. `None` for none, or
    /// where the system does not report it.
    pub master: Option<String>,
    pub addresses: Vec<InterfaceAddress>,
}

/// An address of an interface, with its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceAddress {
    pub ip: IpAddr,
    /// The length of the network's prefix, in bits.
    pub prefix: u8,
}

impl InterfaceAddress {
    /// Its network, such as `192.168.7.0/24`; `None` if that is this address alone.
    #[must_use]
    pub fn network(&self) -> Option<String> {
        let prefix = u32::from(self.prefix);
        let first = match self.ip {
            IpAddr::V4(ip) if prefix < 32 => {
                IpAddr::from((ip.to_bits() & !(u32::MAX >> prefix)).to_be_bytes())
            }
            IpAddr::V6(ip) if prefix < 128 => {
                IpAddr::from((ip.to_bits() & !(u128::MAX >> prefix)).to_be_bytes())
            }
            _ => return None,
        };
        Some(format!("{first}/{prefix}"))
    }
}

/// Whether a socket with this address receives only if an interface has the address: it is no wildcard, no loopback and
/// no multicast address, and not that of all machines.
#[must_use]
pub fn needs_interface(ip: IpAddr) -> bool {
    let is_for_several = match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_broadcast() || ip.is_multicast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    };
    let ip = ip.to_canonical();
    !(ip.is_unspecified() || ip.is_loopback() || is_for_several)
}

/// Whether one of these interfaces has the address, or is in the network whose broadcast address it is.
#[must_use]
pub fn receives_at<'a>(interfaces: impl IntoIterator<Item = &'a Interface>, ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let is_it = |own: &InterfaceAddress| {
        let broadcast = match own.ip {
            IpAddr::V4(own_ip) if own.prefix < 31 => {
                Some(IpAddr::from((own_ip.to_bits() | (u32::MAX >> own.prefix)).to_be_bytes()))
            }
            _ => None,
        };
        own.ip.to_canonical() == ip || broadcast == Some(ip)
    };
    interfaces.into_iter().flat_map(|one| &one.addresses).any(is_it)
}

/// Whether a socket that is bound to an interface receives what is sent to an address. What this machine sends to an own
/// address arrives by the interface that has it; what others send, by whichever they are connected to, also if another one
/// has the address (the weak host model of RFC 1122, 3.3.4.2, which Linux follows). True where this is not known.
#[must_use]
pub fn device_receives_at(interfaces: Option<&[Interface]>, device: &str, ip: IpAddr) -> bool {
    const LOOPBACK: &str = "lo";
    let Some(all) = interfaces else { return !ip.is_loopback() || device == LOOPBACK };
    let parts = all.iter().filter(|one| one.name == device || one.master.as_deref() == Some(device));
    let is_loopback = parts.clone().any(|one| one.is_loopback);
    // What is for several machines arrives by any interface.
    let is_for_several = !needs_interface(ip) && !ip.is_loopback();
    let is_of_link = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let from_others = !(is_loopback || ip.is_loopback() || is_of_link) && receives_at(all, ip);
    is_for_several || (ip.is_loopback() && is_loopback) || from_others || receives_at(parts, ip)
}

/// The addresses at which other machines may reach a socket that takes all of these families: those of interfaces that
/// are up. Link-local ones come last.
#[must_use]
pub fn reached_at(interfaces: &[Interface], ipv4: bool, ipv6: bool) -> Vec<(IpAddr, &str)> {
    let is_linked = |one: &&Interface| !one.is_loopback && one.is_up != Some(false);
    let all = interfaces.iter().filter(is_linked).flat_map(|one| {
        let ips = one.addresses.iter().map(|address| address.ip);
        ips.map(|ip| (ip, one.name.as_str()))
    });
    let is_of_link = |ip: IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let taken = all.filter(|(ip, _)| if ip.is_ipv4() { ipv4 } else { ipv6 } && !ip.is_loopback());
    let (last, mut first): (Vec<_>, Vec<_>) = taken.partition(|&(ip, _)| is_of_link(ip));
    first.extend(last);
    first
}

/// An interface that has the address of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedTo {
    pub interface: String,
    /// As in [`Interface`].
    pub is_up: Option<bool>,
    pub address: InterfaceAddress,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_several_machines_need_no_interface() {
        let needs = |ip: &str| needs_interface(ip.parse().unwrap());
        for none in [
            "0.0.0.0",
            "::",
            "127.0.0.53",
            "::1",
            "224.0.0.251",
            "ff02::fb",
            "255.255.255.255",
            "::ffff:127.0.0.1",
        ] {
            assert!(!needs(none), "{none}");
        }
        assert!(
            ["192.0.2.7", "fe80::1", "fd00::1", "::ffff:192.0.2.7", "192.168.7.255"].into_iter().all(needs)
        );
        let address = InterfaceAddress { ip: "192.168.7.31".parse().unwrap(), prefix: 24 };
        let va = Interface {
            name: "va".to_owned(),
            is_up: None,
            is_loopback: false,
            master: None,
            addresses: vec![address],
        };
        let receives = |ip: &str| receives_at(std::slice::from_ref(&va), ip.parse().unwrap());
        assert!(["192.168.7.31", "::ffff:192.168.7.31", "192.168.7.255"].into_iter().all(receives));
        assert!(!receives("192.168.7.20") && !receives("fd00::1"));
    }

    #[test]
    fn a_network_is_its_first_address_and_its_length() {
        let of = |ip: &str, prefix| InterfaceAddress { ip: ip.parse().unwrap(), prefix }.network();
        assert_eq!(of("192.168.7.31", 24).as_deref(), Some("192.168.7.0/24"));
        assert_eq!(of("10.9.8.7", 0).as_deref(), Some("0.0.0.0/0"));
        assert_eq!(of("fd00:1:2:3:4::7", 64).as_deref(), Some("fd00:1:2:3::/64"));
        assert_eq!((of("10.8.0.2", 32), of("::1", 128), of("10.8.0.2", 200)), (None, None, None));
    }
}
