//! Decodes `/proc/net/sctp/eps`, the endpoints of SCTP (`sctp_eps_seq_show` in `net/sctp/proc.c`). The kernel lists those
//! that listen.

use std::net::{IpAddr, SocketAddr};

use super::socket::{LinuxKey, LinuxSocket, tcp_state};
use crate::model::Protocol;
use crate::os::socket_record::TcpState;

/// Decodes the table with its heading: the listeners, one for each address of a socket, and how many lines were not
/// understood.
#[must_use]
pub fn read(table: &str) -> (Vec<LinuxSocket>, usize) {
    let lines = table.lines().skip(1).filter(|line| !line.trim().is_empty());
    let (mut sockets, mut failed) = (Vec::new(), 0);
    for line in lines {
        match endpoint(line) {
            Some(listeners) => sockets.extend(listeners),
            None => failed += 1,
        }
    }
    (sockets, failed)
}

fn endpoint(line: &str) -> Option<Vec<LinuxSocket>> {
    // ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS
    let mut fields = line.split_ascii_whitespace().skip(3);
    // SCTP numbers the states of its sockets as TCP does (`enum sctp_sock_state` in `include/net/sctp/constants.h`).
    let state = tcp_state(fields.next()?.parse().ok()?)?;
    let port: u16 = fields.nth(1)?.parse().ok()?;
    let uid = fields.next()?.parse().ok()?;
    let inode: u32 = fields.next()?.parse().ok()?;
    let addresses: Option<Vec<IpAddr>> = fields.map(|address| address.parse().ok()).collect();
    // Every endpoint has an address, if only a wildcard.
    let addresses = addresses.filter(|addresses| !addresses.is_empty())?;
    if state != TcpState::Listening {
        return Some(Vec::new());
    }
    let listener = |address: IpAddr| LinuxSocket {
        protocol: Protocol::Sctp,
        state,
        local: SocketAddr::new(address.to_canonical(), port),
        peer: None,
        interface: None,
        dual_stack: None,
        uid: Some(uid),
        accept_queue: None,
        retransmits: None,
        key: LinuxKey { inode: Some(inode).filter(|&inode| inode != 0), cgroup: None, transparent: None },
    };
    Some(addresses.into_iter().map(listener).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::State;

    /// Written by the kernel's format, without its pointers, which only root sees: a wildcard of IPv4, a socket with two
    /// addresses, a wildcard of IPv6, and one that does not listen.
    const TABLE: &str = "\
 ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
       0        0 2   10  6    3868    0 31971 0.0.0.0 \n\
       0        0 0   10  7    2905   102 31972 192.0.2.1 2001:0db8:0000:0000:0000:0000:0000:0001 \n\
       0        0 2   10  8    36412   0 31973 0000:0000:0000:0000:0000:0000:0000:0000 \n\
       0        0 2   7   9    3869    0 31974 127.0.0.1 \n";

    #[test]
    fn each_address_of_a_listener_is_one() {
        let (found, failed) = read(TABLE);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.local.to_string(), one.uid.unwrap(), one.key.inode.unwrap(), one.listed_state()))
            .collect();
        let listen = Some(State::Listen);
        let expected = [
            ("0.0.0.0:3868", 0, 31971),
            ("192.0.2.1:2905", 102, 31972),
            ("[2001:db8::1]:2905", 102, 31972),
            ("[::]:36412", 0, 31973),
        ];
        assert_eq!(told, expected.map(|(local, uid, inode)| (local.to_owned(), uid, inode, listen)));
        assert_eq!((failed, read("").0.len()), (0, 0));
    }

    #[test]
    fn a_line_that_is_not_understood_is_counted() {
        for line in [
            "x",
            "a b 2 10 6 70000 0 1 0.0.0.0",
            "a b 2 10 6 3868 0 1",
            "a b 2 10 6 3868 0 1 0.0.0.0 nowhere",
        ] {
            assert_eq!(read(&format!("heading\n{line}\n")), (Vec::new(), 1), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_table_is_too_strange(lines in prop::collection::vec("[ 0-9a-f:.]{0,60}", 0..4)) {
            let _ = read(&lines.join("\n"));
        }
    }
}
