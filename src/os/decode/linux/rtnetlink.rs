//! Encodes questions about interfaces, addresses and routes, and decodes the answers (`rtnetlink(7)`;
//! `include/uapi/linux/{rtnetlink,if_link,if_addr}.h`).

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::super::bytes::{bytes_at, u32_at};
use super::netlink::{self, Ask, attribute, attributes};
use crate::os::decode::text::text_of;

const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// The sizes of `ifinfomsg`, `ifaddrmsg` and `rtmsg`.
const LINK: usize = 16;
const ADDRESS: usize = 8;
const ROUTE: usize = 12;

const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFLA_EXT_MASK: u16 = 29;
/// Leaves out the counters of each interface, which are most of an answer.
const RTEXT_FILTER_SKIP_STATS: u32 = 1 << 3;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;

const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 1 << 3;
/// It has a carrier. The kernel sets `IFF_RUNNING` up to a second later.
const IFF_LOWER_UP: u32 = 1 << 16;

/// The kinds of routes that this machine itself receives by: local, broadcast, anycast and multicast.
const RECEIVING: std::ops::RangeInclusive<u8> = 2..=5;

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    /// Switched on, and connected.
    pub is_up: bool,
    pub is_loopback: bool,
    /// The index of the interface that it is a part of.
    pub master: Option<u32>,
}

/// An address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkAddress {
    /// The index of the interface.
    pub link: u32,
    pub address: IpAddr,
    /// The length of the network's prefix, in bits.
    pub prefix: u8,
}

/// Asks for all interfaces.
#[must_use]
pub fn links_request(sequence: u32) -> Vec<u8> {
    let mut body = vec![0; LINK];
    body.extend(attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes()));
    netlink::request(Ask::Dump, RTM_GETLINK, sequence, &body)
}

/// Asks for the addresses of all interfaces.
#[must_use]
pub fn addresses_request(sequence: u32) -> Vec<u8> {
    netlink::request(Ask::Dump, RTM_GETADDR, sequence, &[0; ADDRESS])
}

/// Asks where packets to an address go, if they leave by this interface, or by any.
#[must_use]
pub fn route_request(to: IpAddr, interface: Option<NonZeroU32>, sequence: u32) -> Vec<u8> {
    let mut body = vec![0; ROUTE];
    let (family, address) = match to {
        IpAddr::V4(to) => (AF_INET, to.octets().to_vec()),
        IpAddr::V6(to) => (AF_INET6, to.octets().to_vec()),
    };
    body[0] = family;
    body[1] = u8::try_from(address.len() * 8).unwrap_or_default();
    body.extend(attribute(RTA_DST, &address));
    if let Some(interface) = interface {
        body.extend(attribute(RTA_OIF, &interface.get().to_ne_bytes()));
    }
    netlink::request(Ask::One, RTM_GETROUTE, sequence, &body)
}

/// Decodes an interface; `None` if the message is another, or is not understood.
#[must_use]
pub fn link(kind: u16, body: &[u8]) -> Option<Link> {
    let (index, flags) = (u32_at(body, 4)?, u32_at(body, 8)?);
    let value = |wanted| Some(attributes(body.get(LINK..)?).find(|&(kind, _)| kind == wanted)?.1);
    let name = value(IFLA_IFNAME)?;
    let name = name.split(|&byte| byte == 0).next()?;
    (kind == RTM_NEWLINK && !name.is_empty()).then(|| Link {
        index,
        name: text_of(name).into_owned(),
        is_up: flags & (IFF_UP | IFF_LOWER_UP) == IFF_UP | IFF_LOWER_UP,
        is_loopback: flags & IFF_LOOPBACK != 0,
        master: value(IFLA_MASTER).and_then(|index| u32_at(index, 0)).filter(|&index| index > 0),
    })
}

/// Decodes an address; `None` if the message is another, or is not understood.
#[must_use]
pub fn address(kind: u16, body: &[u8]) -> Option<LinkAddress> {
    let (&family, &prefix, link) = (body.first()?, body.get(1)?, u32_at(body, 4)?);
    let decoded = |value: &[u8]| match family {
        AF_INET => Some(IpAddr::from(bytes_at::<4>(value, 0)?)),
        AF_INET6 => Some(IpAddr::from(bytes_at::<16>(value, 0)?)),
        _ => None,
    };
    let (mut own, mut other) = (None, None);
    for (kind, value) in attributes(body.get(ADDRESS..)?) {
        match kind {
            IFA_LOCAL => own = decoded(value),
            // Of a point-to-point interface, it is the other end's.
            IFA_ADDRESS => other = decoded(value),
            _ => {}
        }
    }
    let most = if family == AF_INET { 32 } else { 128 };
    let is_address = kind == RTM_NEWADDR && prefix <= most;
    is_address.then_some(LinkAddress { link, address: own.or(other)?, prefix })
}

/// Whether this machine itself receives what goes by a route; `None` if the message is another, or is not understood.
#[must_use]
pub fn is_received(kind: u16, body: &[u8]) -> Option<bool> {
    let route = body.get(..ROUTE).filter(|_| kind == RTM_NEWROUTE)?;
    Some(RECEIVING.contains(&route[7]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `ifinfomsg` of interface 7 with these flags, and its name.
    fn link_body(flags: u32, name: &[u8]) -> Vec<u8> {
        let mut body = vec![0; LINK];
        body[4..8].copy_from_slice(&7_u32.to_ne_bytes());
        body[8..12].copy_from_slice(&flags.to_ne_bytes());
        body.extend(attribute(IFLA_IFNAME, name));
        body
    }

    fn address_body(family: u8, prefix: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = vec![family, prefix, 0, 0];
        body.extend(7_u32.to_ne_bytes());
        attributes.iter().for_each(|&(kind, value)| body.extend(attribute(kind, value)));
        body
    }

    #[test]
    fn an_interface_is_up_only_if_it_is_connected() {
        let named = |flags| link(RTM_NEWLINK, &link_body(flags, b"va\0")).unwrap();
        assert_eq!(
            named(0x1_1043),
            Link { index: 7, name: "va".to_owned(), is_up: true, is_loopback: false, master: None }
        );
        assert!(named(0x1_0049).is_up && named(0x1_0049).is_loopback);
        let mut part = link_body(1, b"va\0");
        part.extend(attribute(IFLA_MASTER, &9_u32.to_ne_bytes()));
        assert_eq!(link(RTM_NEWLINK, &part).unwrap().master, Some(9));
        assert!(!named(0x1003).is_up, "it has no carrier");
        assert!(!named(0x1002).is_up, "it is switched off");
        assert_eq!(link(RTM_NEWADDR, &link_body(1, b"va\0")), None);
        assert_eq!(link(RTM_NEWLINK, &link_body(1, b"\0")), None);
    }

    #[test]
    fn the_own_end_of_a_point_to_point_interface_counts() {
        let of = |family, prefix, attributes: &[(u16, &[u8])]| {
            let one = address(RTM_NEWADDR, &address_body(family, prefix, attributes))?;
            Some((one.link, format!("{}/{}", one.address, one.prefix)))
        };
        let tunnel = of(AF_INET, 32, &[(IFA_ADDRESS, &[10, 8, 0, 1]), (IFA_LOCAL, &[10, 8, 0, 2])]);
        assert_eq!(tunnel, Some((7, "10.8.0.2/32".to_owned())));
        let mut v6 = [0; 16];
        (v6[0], v6[15]) = (0xfd, 1);
        assert_eq!(of(AF_INET6, 64, &[(IFA_ADDRESS, &v6)]), Some((7, "fd00::1/64".to_owned())));
        assert_eq!(of(AF_INET, 33, &[(IFA_LOCAL, &[10, 8, 0, 2])]), None);
        assert_eq!(of(AF_INET, 24, &[(IFA_LOCAL, &[10, 8])]), None);
        assert_eq!(of(7, 24, &[(IFA_LOCAL, &[10, 8, 0, 2])]), None);
    }

    #[test]
    fn a_route_to_this_machine_is_told_from_one_to_another() {
        let of = |kind: u8| {
            let mut body = [0; ROUTE];
            body[7] = kind;
            is_received(RTM_NEWROUTE, &body)
        };
        assert_eq!([1, 2, 3, 4, 5, 6, 7].map(of), [false, true, true, true, true, false, false].map(Some));
        assert_eq!((is_received(RTM_NEWROUTE, &[0; 7]), is_received(RTM_NEWLINK, &[2; 12])), (None, None));
    }

    #[test]
    fn a_request_has_what_it_asks_for() {
        let request = route_request([192, 0, 2, 7].into(), NonZeroU32::new(3), 9);
        assert_eq!((request.len(), request[16], request[17]), (16 + ROUTE + 8 + 8, AF_INET, 32));
        let asked: Vec<_> = attributes(&request[16 + ROUTE..]).collect();
        assert_eq!(asked, [(RTA_DST, &[192, 0, 2, 7][..]), (RTA_OIF, &3_u32.to_ne_bytes())]);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(kind in 16_u16..27, noise in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = (link(kind, &noise), address(kind, &noise), is_received(kind, &noise));
        }
    }
}
