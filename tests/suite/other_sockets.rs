//! The sockets without an IP address and port, which only the JSON of everything has.

use whatlistens::model::{HiddenProcesses, OtherSocket, OtherSocketKind};

use crate::document::{Document, read};
use crate::recorded::{Machine, office, process};

fn other(kind: OtherSocketKind, address: &str, pids: &[u32]) -> OtherSocket {
    let user = Some("root".to_owned());
    OtherSocket {
        kind,
        address: address.to_owned(),
        namespace: None,
        uid: Some(0),
        user,
        pids: pids.to_vec(),
    }
}

/// A DHCP client with a packet socket, and a raw socket of nobody's.
fn machine() -> Machine {
    office().with(process(71, "/sbin/dhclient")).with(process(72, "/sbin/dhclient")).seen(|seen| {
        seen.other_sockets = Some(vec![
            other(OtherSocketKind::Packet, "interface eth0 ethertype 0x0003", &[71, 72]),
            other(OtherSocketKind::Raw, "ipv6 protocol 58", &[]),
        ]);
    })
}

fn told(document: &Document) -> Vec<String> {
    let others = document.other_sockets.as_ref().unwrap();
    let one = others.iter().map(|one| {
        let pids: Vec<u32> = one.processes.iter().map(|process| process.pid).collect();
        let address = one.address.as_deref().unwrap();
        format!("{} {address} {} {pids:?}", one.kind, one.owner_status)
    });
    one.collect()
}

#[test]
fn each_is_listed_with_its_owner_in_a_fixed_order() {
    let document = read(&machine().printed("--json", None));
    assert_eq!(
        told(&document),
        [
            "raw ipv6 protocol 58 unattributed []",
            "packet interface eth0 ethertype 0x0003 identified [71, 72]"
        ]
    );
    let first = &document.other_sockets.as_ref().unwrap()[0];
    assert_eq!((first.uid, first.user.as_deref(), document.complete), (Some(0), Some("root"), true));
}

#[test]
fn a_hidden_owner_is_a_gap() {
    let hidden = |machine: Machine| {
        let machine = machine.seen(|seen| seen.hidden = HiddenProcesses::Unlisted);
        let document = read(&machine.printed("--json", None));
        let gap = document.gaps.iter().find(|gap| gap.kind == "owner-hidden");
        (gap.and_then(|gap| gap.count).unwrap_or_default(), document)
    };
    let (count, document) = hidden(machine());
    assert_eq!(told(&document)[0], "raw ipv6 protocol 58 hidden []");
    assert_eq!(count, hidden(office()).0 + 1, "{document:?}");
}

#[test]
fn what_was_not_read_is_null_and_not_empty() {
    assert!(read(&office().printed("--json", None)).other_sockets.is_none());
    let none = office().seen(|seen| seen.other_sockets = Some(Vec::new()));
    assert_eq!(read(&none.printed("--json", None)).other_sockets.map(|others| others.len()), Some(0));
}
