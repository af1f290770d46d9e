//! Whether this thread's network namespace has packet rules, and whether they can do more than filter. What they say is
//! not read.

use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::net::netlink::NETFILTER;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::decode::linux::netlink::Ask;
use super::super::decode::linux::packet_rules::{self, Effect, TABLE_INFO};
use super::netlink::Netlink;
use super::nonblocking;
use crate::model::PacketRules;

/// No more is read of one file, in bytes.
const MOST: u64 = 1024 * 1024;

/// `IPT_SO_GET_INFO` and `IP6T_SO_GET_INFO`.
const GET_INFO: libc::c_int = 64;
/// The file with the names of the tables, the family, and the level of its options.
const TABLES: [(&str, AddressFamily, libc::c_int); 2] = [
    ("ip_tables_names", AddressFamily::INET, libc::IPPROTO_IP),
    ("ip6_tables_names", AddressFamily::INET6, libc::IPPROTO_IPV6),
];

/// Asks the kernel. It is not made to load a module for the answer.
pub(super) fn read() -> PacketRules {
    let found = [of_nftables(), of_iptables(), of_ipvs()];
    let is_hidden = found.iter().any(Result::is_err);
    let effects: Vec<Effect> = found.into_iter().flatten().flatten().collect();
    let may_redirect = effects.iter().any(|&effect| effect > Effect::Filter);
    // What is known to be there is worth more than what may be.
    if is_hidden && !may_redirect {
        return PacketRules::Hidden;
    }
    PacketRules::Seen { may_redirect, may_filter: effects.contains(&Effect::Filter) }
}

fn of_nftables() -> io::Result<Vec<Effect>> {
    if !packet_rules::has_nfnetlink(&text("netlink")?)
        || packet_rules::lacks_nftables(&optional(nonblocking::text("/proc/modules", MOST))?)
    {
        return Ok(Vec::new());
    }
    let mut netlink = Netlink::open(Some(NETFILTER))?;
    let chains = match netlink.ask(Ask::Dump, packet_rules::chains_request, packet_rules::chain) {
        // The kernel has no nftables.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return Ok(Vec::new()),
        chains => chains?,
    };
    let mut effects = Vec::new();
    let mut checked: Vec<(u8, &str)> = Vec::new();
    for chain in &chains {
        let table = (chain.family, chain.table.as_str());
        if chain.effect != Effect::FilterOrRedirect {
            effects.push(chain.effect);
        } else if !checked.contains(&table) {
            checked.push(table);
            let request = |sequence| packet_rules::rules_request(chain, sequence);
            let redirects = match netlink.ask(Ask::Dump, request, packet_rules::redirects) {
                Ok(rules) => rules.contains(&true),
                // There are more than are read, or they keep changing: they may be any.
                Err(_) => true,
            };
            effects.push(if redirects { Effect::FilterOrRedirect } else { Effect::Filter });
        }
    }
    Ok(effects)
}

fn of_iptables() -> io::Result<Vec<Effect>> {
    let mut effects = Vec::new();
    for (file, family, level) in TABLES {
        let names = text(file)?;
        let mut names = names.lines().peekable();
        if names.peek().is_none() {
            continue;
        }
        let socket = socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        for name in names {
            effects.extend(packet_rules::of_table(name, &table_info(&socket, level, name)?));
        }
    }
    Ok(effects)
}

fn of_ipvs() -> io::Result<Vec<Effect>> {
    let has_any = packet_rules::has_virtual_service(&text("ip_vs")?);
    Ok(has_any.then_some(Effect::Redirect).into_iter().collect())
}

/// A file of this thread's `/proc/net`; empty if there is none.
fn text(name: &str) -> io::Result<String> {
    optional(nonblocking::text(format!("/proc/thread-self/net/{name}"), MOST))
}

fn optional(text: io::Result<String>) -> io::Result<String> {
    match text {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        text => text,
    }
}

/// What the kernel says of a table that is loaded.
#[expect(unsafe_code, reason = "no crate has this option")]
fn table_info(socket: &OwnedFd, level: libc::c_int, name: &str) -> io::Result<[u8; TABLE_INFO]> {
    let mut info = [0_u8; TABLE_INFO];
    let bytes = name.as_bytes();
    info.get_mut(..bytes.len()).ok_or(ErrorKind::InvalidInput)?.copy_from_slice(bytes);
    let mut length = TABLE_INFO as libc::socklen_t;
    // SAFETY: `info` has `length` bytes, which the kernel reads the name from and then overwrites, and `length` is one
    // number.
    let refused = unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, GET_INFO, info.as_mut_ptr().cast(), &raw mut length)
    };
    if refused == 0 { Ok(info) } else { Err(io::Error::last_os_error()) }
}
