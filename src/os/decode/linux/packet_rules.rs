//! Whether the kernel has packet rules, without what they say: chains and rules of nftables
//! (`include/uapi/linux/netfilter/nf_tables.h`), tables of iptables (`include/uapi/linux/netfilter_ipv4/ip_tables.h`), and
//! services of IPVS.

use super::super::bytes::{bytes_at, u32_at};
use super::netlink::{self, Ask, attribute, attributes};
use crate::os::decode::text::text_of;

const NFT_MSG_NEWCHAIN: u16 = 10 << 8 | 3;
const NFT_MSG_GETCHAIN: u16 = 10 << 8 | 4;
const NFT_MSG_NEWRULE: u16 = 10 << 8 | 6;
const NFT_MSG_GETRULE: u16 = 10 << 8 | 7;
/// The size of `nfgenmsg`.
const HEAD: usize = 4;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_USE: u16 = 6;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_TARGET_NAME: u16 = 1;
const NFTA_PAYLOAD_BASE: u16 = 2;
const NFTA_PAYLOAD_OFFSET: u16 = 3;
const NFTA_PAYLOAD_LEN: u16 = 4;
const NFTA_PAYLOAD_SREG: u16 = 5;
const NFT_PAYLOAD_NETWORK_HEADER: u32 = 1;
const NFT_PAYLOAD_TRANSPORT_HEADER: u32 = 2;

/// IPv4 and IPv6 in one, IPv4, what a network device gets, and IPv6 (`NFPROTO_*` in
/// `include/uapi/linux/netfilter.h`).
const IP: [u8; 4] = [1, 2, 5, 10];

/// Where packets enter, and where those of this machine leave (`enum nf_inet_hooks`).
const PRE_ROUTING: usize = 0;
const LOCAL_OUT: usize = 3;
const HOOKS: usize = 5;

/// The ports come first in the headers of TCP, UDP and SCTP, in bytes.
const TRANSPORT_PORTS: u32 = 4;
/// The destination is the end of the IPv4 header, in bytes. In IPv6, both addresses end after this offset.
const IPV4_HEADER: u32 = 20;

/// The size of `ipt_getinfo` and `ip6t_getinfo`.
pub const TABLE_INFO: usize = 84;

/// What rules may do with a packet for a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    Filter,
    /// It depends on what the rules are.
    FilterOrRedirect,
    Redirect,
}

/// A chain of nftables with at least one rule, through which packets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub family: u8,
    pub table: String,
    pub effect: Effect,
}

/// Asks for all chains.
#[must_use]
pub fn chains_request(sequence: u32) -> Vec<u8> {
    netlink::request(Ask::Dump, NFT_MSG_GETCHAIN, sequence, &[0; HEAD])
}

/// Asks for the rules of a table.
#[must_use]
pub fn rules_request(chain: &Chain, sequence: u32) -> Vec<u8> {
    let mut body = vec![chain.family, 0, 0, 0];
    body.extend(attribute(NFTA_RULE_TABLE, format!("{}\0", chain.table).as_bytes()));
    netlink::request(Ask::Dump, NFT_MSG_GETRULE, sequence, &body)
}

/// Decodes a chain; `None` if the message is another or not understood, and for a chain without rules, one that only
/// other chains lead to, and one of another protocol than IP.
#[must_use]
pub fn chain(kind: u16, body: &[u8]) -> Option<Chain> {
    let family = *body.first().filter(|_| kind == NFT_MSG_NEWCHAIN)?;
    let (mut table, mut hook, mut uses, mut of_type) = (None, None, 0, None);
    for (kind, value) in attributes(body.get(HEAD..)?) {
        match kind {
            NFTA_CHAIN_TABLE => table = text(value),
            NFTA_CHAIN_HOOK => hook = attributes(value).find(|&(kind, _)| kind == NFTA_HOOK_HOOKNUM),
            // Each rule is a use; other chains cannot lead to one with a hook.
            NFTA_CHAIN_USE => uses = bytes_at(value, 0).map_or(0, u32::from_be_bytes),
            NFTA_CHAIN_TYPE => of_type = text(value),
            _ => {}
        }
    }
    let hook = usize::try_from(u32::from_be_bytes(bytes_at(hook?.1, 0)?)).ok()?;
    if uses == 0 || !IP.contains(&family) {
        return None;
    }
    let effect = match of_type.as_deref() {
        Some("nat") if hook == PRE_ROUTING || hook == LOCAL_OUT => Effect::Redirect,
        // It changes the source alone.
        Some("nat") => return None,
        _ => Effect::FilterOrRedirect,
    };
    Some(Chain { family, table: table?, effect })
}

/// Whether a rule of a filter may send packets elsewhere: to a socket of this machine (TPROXY), another network device or
/// a program, or by another address or port in them. `None` if the message is none about a rule.
#[must_use]
pub fn redirects(kind: u16, body: &[u8]) -> Option<bool> {
    let attributes_of_rule = attributes(body.get(HEAD..).filter(|_| kind == NFT_MSG_NEWRULE)?);
    let expressions = attributes_of_rule.filter(|&(kind, _)| kind == NFTA_RULE_EXPRESSIONS);
    let mut expressions = expressions.flat_map(|(_, list)| attributes(list));
    Some(expressions.any(|(_, expression)| {
        let part = |wanted| attributes(expression).find(|&(kind, _)| kind == wanted).map(|(_, value)| value);
        match part(NFTA_EXPR_NAME).and_then(text).as_deref() {
            Some("tproxy" | "fwd" | "queue") => true,
            Some("payload") => part(NFTA_EXPR_DATA).is_some_and(sets_destination),
            // As iptables writes it.
            Some("target") => part(NFTA_EXPR_DATA).is_some_and(|data| {
                let mut names = attributes(data).filter(|&(kind, _)| kind == NFTA_TARGET_NAME);
                names.any(|(_, name)| matches!(text(name).as_deref(), Some("TPROXY" | "NFQUEUE")))
            }),
            _ => false,
        }
    }))
}

/// Whether an expression writes into the ports or the addresses of a packet: not the lifetime or the class before them
/// in the header of IP.
fn sets_destination(payload: &[u8]) -> bool {
    let number = |wanted| {
        let (_, value) = attributes(payload).find(|&(kind, _)| kind == wanted)?;
        bytes_at(value, 0).map(u32::from_be_bytes)
    };
    let (Some(_), Some(offset), Some(length)) =
        (number(NFTA_PAYLOAD_SREG), number(NFTA_PAYLOAD_OFFSET), number(NFTA_PAYLOAD_LEN))
    else {
        return false;
    };
    match number(NFTA_PAYLOAD_BASE) {
        Some(NFT_PAYLOAD_TRANSPORT_HEADER) => offset < TRANSPORT_PORTS,
        Some(NFT_PAYLOAD_NETWORK_HEADER) => offset.saturating_add(length) >= IPV4_HEADER,
        _ => false,
    }
}

/// What the rules in a table of iptables may do, by its name and what the kernel says of it; `None` without any rule.
#[must_use]
pub fn of_table(name: &str, info: &[u8]) -> Option<Effect> {
    let valid = u32_at(info, 32)?;
    // A chain with its policy alone ends where it begins.
    let has_rules = |hook: usize| {
        let (first, policy) = (u32_at(info, 36 + 4 * hook), u32_at(info, 36 + 4 * (HOOKS + hook)));
        valid & (1 << hook) != 0 && first != policy
    };
    match name {
        "nat" => [PRE_ROUTING, LOCAL_OUT].into_iter().any(has_rules).then_some(Effect::Redirect),
        // TPROXY is allowed there alone.
        "mangle" if has_rules(PRE_ROUTING) => Some(Effect::FilterOrRedirect),
        _ => (0..HOOKS).any(has_rules).then_some(Effect::Filter),
    }
}

/// Whether `/proc/net/ip_vs` lists a service (`ip_vs_info_seq_show` in `net/netfilter/ipvs/ip_vs_ctl.c`).
#[must_use]
pub fn has_virtual_service(ip_vs: &str) -> bool {
    ip_vs.lines().any(|line| ["TCP ", "UDP ", "SCTP ", "FWM "].iter().any(|kind| line.starts_with(kind)))
}

/// Whether nfnetlink is there: `/proc/net/netlink` has its socket of the kernel (`netlink_native_seq_show` in
/// `net/netlink/af_netlink.c`).
#[must_use]
pub fn has_nfnetlink(netlink: &str) -> bool {
    netlink.lines().any(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        (words.next(), words.next()) == (Some("12"), Some("0"))
    })
}

/// Whether asking for chains would make the kernel load nftables: `/proc/modules` has the module that it needs, and
/// not its own.
#[must_use]
pub fn lacks_nftables(modules: &str) -> bool {
    let has = |name| modules.lines().any(|line| line.split(' ').next() == Some(name));
    has("nfnetlink") && !has("nf_tables")
}

fn text(value: &[u8]) -> Option<String> {
    let text = value.split(|&byte| byte == 0).next()?;
    Some(text_of(text).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain_body(family: u8, hook: Option<u32>, uses: u32, of_type: &str) -> Vec<u8> {
        let mut body = vec![family, 0, 0, 0];
        body.extend(attribute(NFTA_CHAIN_TABLE, b"t\0"));
        if let Some(hook) = hook {
            body.extend(attribute(NFTA_CHAIN_HOOK, &attribute(NFTA_HOOK_HOOKNUM, &hook.to_be_bytes())));
        }
        body.extend(attribute(NFTA_CHAIN_USE, &uses.to_be_bytes()));
        body.extend(attribute(NFTA_CHAIN_TYPE, format!("{of_type}\0").as_bytes()));
        body
    }

    #[test]
    fn only_chains_with_rules_that_a_packet_meets_count() {
        let effect = |family, hook, uses, of_type| {
            chain(NFT_MSG_NEWCHAIN, &chain_body(family, hook, uses, of_type)).map(|chain| chain.effect)
        };
        assert_eq!(effect(2, Some(0), 1, "nat"), Some(Effect::Redirect));
        assert_eq!(effect(1, Some(3), 2, "nat"), Some(Effect::Redirect));
        assert_eq!(effect(2, Some(4), 2, "nat"), None, "masquerading changes the source");
        assert_eq!(effect(10, Some(0), 1, "filter"), Some(Effect::FilterOrRedirect));
        assert_eq!(effect(2, Some(1), 1, "filter"), Some(Effect::FilterOrRedirect));
        assert_eq!(effect(2, Some(3), 1, "route"), Some(Effect::FilterOrRedirect));
        assert_eq!(effect(5, Some(0), 1, "filter"), Some(Effect::FilterOrRedirect), "of a device");
        assert_eq!(effect(1, Some(5), 1, "filter"), Some(Effect::FilterOrRedirect), "before all others");
        assert_eq!(effect(2, Some(0), 0, "nat"), None, "it is empty");
        assert_eq!(effect(2, None, 3, "nat"), None, "only others lead to it");
        assert_eq!(effect(3, Some(0), 3, "filter"), None, "it is about ARP");
        assert_eq!(chain(NFT_MSG_NEWRULE, &chain_body(2, Some(0), 1, "nat")), None);
    }

    fn rule(name: &str, data: &[u8]) -> Vec<u8> {
        let expression =
            [attribute(NFTA_EXPR_NAME, format!("{name}\0").as_bytes()), attribute(NFTA_EXPR_DATA, data)];
        let list = attribute(1, &expression.concat());
        [vec![2, 0, 0, 0], attribute(NFTA_RULE_EXPRESSIONS, &list)].concat()
    }

    #[test]
    fn what_redirects_is_recognised_as_nftables_and_as_iptables_write_it() {
        let is = |name: &str, data: &[u8]| redirects(NFT_MSG_NEWRULE, &rule(name, data));
        assert_eq!(is("tproxy", &[]), Some(true));
        assert_eq!(is("target", &attribute(NFTA_TARGET_NAME, b"TPROXY\0")), Some(true));
        assert_eq!(is("target", &attribute(NFTA_TARGET_NAME, b"CONNMARK\0")), Some(false));
        assert_eq!(is("counter", b"tproxy\0"), Some(false));
        assert_eq!(is("fwd", &[]), Some(true));
        assert_eq!(
            (is("queue", &[]), is("target", &attribute(NFTA_TARGET_NAME, b"NFQUEUE\0"))),
            (Some(true), Some(true))
        );
        assert_eq!(redirects(NFT_MSG_NEWCHAIN, &rule("tproxy", &[])), None);
    }

    #[test]
    fn a_filter_redirects_where_it_writes_into_addresses_or_ports() {
        let access = |register: u16, base: u32, offset: u32, length: u32| {
            let parts = [
                (register, 8),
                (NFTA_PAYLOAD_BASE, base),
                (NFTA_PAYLOAD_OFFSET, offset),
                (NFTA_PAYLOAD_LEN, length),
            ];
            let parts = parts.map(|(kind, number)| attribute(kind, &number.to_be_bytes()));
            redirects(NFT_MSG_NEWRULE, &rule("payload", &parts.concat())).unwrap()
        };
        let writes = |base, offset, length| access(NFTA_PAYLOAD_SREG, base, offset, length);
        let (network, transport) = (NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER);
        assert!(writes(transport, 2, 2), "tcp dport set");
        assert!(writes(network, 16, 4) && writes(network, 24, 16), "ip daddr set, ip6 daddr set");
        assert!(!writes(network, 1, 1) && !writes(network, 8, 1), "ip dscp set, ip ttl set");
        assert!(!writes(transport, 13, 1), "tcp flags set");
        let reads = 1;
        assert!(!access(reads, transport, 2, 2), "tcp dport");
        assert!(writes(network, u32::MAX, u32::MAX));
    }

    /// A table with a chain for each of these hooks, with so many bytes of rules in each.
    fn info(chains: &[(usize, u32)]) -> Vec<u8> {
        let mut info = vec![0; TABLE_INFO];
        let mut at = 0_u32;
        for &(hook, rules) in chains {
            info[32] |= 1 << hook;
            info[36 + 4 * hook..][..4].copy_from_slice(&at.to_ne_bytes());
            at += rules;
            info[56 + 4 * hook..][..4].copy_from_slice(&at.to_ne_bytes());
            at += 152;
        }
        info
    }

    #[test]
    fn a_table_of_iptables_is_empty_with_its_policies_alone() {
        let nat = |rules: [u32; 3]| of_table("nat", &info(&[(0, rules[0]), (3, rules[1]), (4, rules[2])]));
        assert_eq!(nat([0, 0, 0]), None);
        assert_eq!(nat([0, 0, 200]), None, "masquerading changes the source");
        assert_eq!((nat([200, 0, 0]), nat([0, 200, 0])), (Some(Effect::Redirect), Some(Effect::Redirect)));
        assert_eq!(of_table("mangle", &info(&[(0, 200), (1, 0)])), Some(Effect::FilterOrRedirect));
        assert_eq!(of_table("mangle", &info(&[(0, 0), (1, 200)])), Some(Effect::Filter));
        assert_eq!(of_table("filter", &info(&[(1, 200)])), Some(Effect::Filter));
        assert_eq!(of_table("filter", &info(&[(1, 0), (2, 0), (3, 0)])), None);
        assert_eq!(of_table("filter", &[0; 20]), None);
    }

    #[test]
    fn what_is_loaded_is_read_as_the_kernel_writes_it() {
        let netlink = "sk               Eth Pid        Groups   Rmem\n\
            0000000041ec9f5f 0   0          00000000 0\n0000000041ec9f60 12  0          00000000 0\n";
        assert!(has_nfnetlink(netlink) && !has_nfnetlink(&netlink.replace("12  0 ", "12  77")));
        assert!(!has_nfnetlink("") && !has_nfnetlink("sk Eth Pid\n"));
        let modules = "nf_conntrack 1 0 - Live 0x0\nnfnetlink 20480 1 - Live 0x0\n";
        assert!(lacks_nftables(modules) && !lacks_nftables(&format!("{modules}nf_tables 1 0 - Live 0x0\n")));
        assert!(!lacks_nftables(""), "it may be part of the kernel itself");
        let ip_vs = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port\n";
        assert!(
            !has_virtual_service(ip_vs) && has_virtual_service(&format!("{ip_vs}TCP  C0A80701:0050 rr\n"))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(kind in 2560_u16..2570, noise in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = (chain(kind, &noise), redirects(kind, &noise), of_table("nat", &noise));
        }
    }
}
