//! The network interfaces of Windows and macOS, and which sockets have an address that none has any more.

use if_addrs::{IfAddr, IfOperStatus, get_if_addrs};

use super::{ScanScope, in_words};
use crate::model::{Gap, GapKind, Interface, InterfaceAddress, Observation, needs_interface, receives_at};

/// Adds the interfaces to an observation if they are wanted, and to each socket whether its address is still assigned.
/// They are read only if one of both is needed.
pub(super) fn add(observation: &mut Observation, scope: &ScanScope) {
    if !scope.interfaces && !observation.sockets.iter().any(|socket| needs_interface(socket.local.ip())) {
        return;
    }
    let interfaces = match get_if_addrs() {
        Ok(all) => grouped(all),
        Err(error) => {
            let detail = format!(
                "the network interfaces could not be read ({}), so some addresses may be no longer assigned",
                in_words(&error)
            );
            observation.gaps.push(Gap::new(GapKind::InterfacesUnreadable, detail));
            return;
        }
    };
    for socket in observation.sockets.iter_mut().filter(|socket| needs_interface(socket.local.ip())) {
        socket.assigned = Some(receives_at(&interfaces, socket.local.ip()));
    }
    observation.interfaces = Some(interfaces).filter(|_| scope.interfaces);
}

/// The system lists addresses, each with its interface.
fn grouped(all: Vec<if_addrs::Interface>) -> Vec<Interface> {
    let mut interfaces: Vec<Interface> = Vec::new();
    for if_addrs::Interface { name, addr, oper_status, .. } in all {
        let (ip, prefix) = match addr {
            IfAddr::V4(of) => (of.ip.into(), of.prefixlen),
            IfAddr::V6(of) => (of.ip.into(), of.prefixlen),
        };
        let address = InterfaceAddress { ip, prefix };
        match interfaces.iter_mut().find(|one| one.name == name) {
            Some(one) => one.addresses.push(address),
            None => interfaces.push(Interface {
                name,
                is_up: match oper_status {
                    IfOperStatus::Up => Some(true),
                    IfOperStatus::Unknown | IfOperStatus::Testing => None,
                    _ => Some(false),
                },
                is_loopback: ip.is_loopback(),
                master: None,
                addresses: vec![address],
            }),
        }
    }
    interfaces
}
