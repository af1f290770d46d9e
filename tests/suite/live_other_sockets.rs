//! What can receive without a port, on Linux.

use crate::live_sockets::script;
use crate::network::Net;

const SERVER: &str = "
import signal
kept = [socket(AF_INET, SOCK_RAW, 1), socket(AF_INET6, SOCK_RAW, 58), socket(AF_PACKET, SOCK_RAW, htons(3))]
local = socket(AF_INET, SOCK_RAW, 6); local.bind(('127.0.0.1', 0))
arp = socket(AF_PACKET, SOCK_DGRAM, 0); arp.bind(('lo', 0x0806))
silent = [socket(AF_INET, SOCK_RAW, 255), socket(AF_PACKET, SOCK_RAW, 0)]
flying = socket(AF_INET, SOCK_RAW, 17); one, other = socketpair(AF_UNIX)
one.sendmsg([b'x'], [(SOL_SOCKET, SCM_RIGHTS, array.array('i', [flying.fileno()]))]); flying.close()
plain = socket(); plain.bind(('127.0.0.1', 7001)); plain.listen()
signal.pause()";

#[test]
#[ignore = "needs root: makes a network namespace"]
fn raw_and_packet_sockets_are_told_with_their_process_by_each_search() {
    let net = Net::new();
    let server = net.serving(net.command("python3").args(["-c", &script(SERVER)]), 7001);
    let holder = vec![server.0.id()];
    for flags in [&["--bpf=always"][..], &["--bpf=never"]] {
        let document = net.look(flags);
        let others = document.other_sockets.as_ref().unwrap();
        let told: Vec<(&str, &str, Vec<u32>)> = others
            .iter()
            .map(|one| {
                let pids = one.processes.iter().map(|process| process.pid).collect();
                (one.kind.as_str(), one.address.as_deref().unwrap(), pids)
            })
            .collect();
        let expected = [
            ("raw", "ipv4 protocol 1", holder.clone()),
            ("raw", "ipv4 protocol 17", vec![]),
            ("raw", "ipv4 protocol 6 at 127.0.0.1", holder.clone()),
            ("raw", "ipv6 protocol 58", holder.clone()),
            ("packet", "any interface ethertype 0x0003", holder.clone()),
            ("packet", "interface lo ethertype 0x0806", holder.clone()),
        ];
        assert_eq!(told, expected, "{flags:?}");
        // One is in flight. A container may have processes that even root may not inspect.
        let is_complete = others[1].owner_status == "unattributed";
        assert!(is_complete || others[1].owner_status == "hidden", "{document:?}");
        assert_eq!(document.complete, is_complete, "{document:?}");
    }
    for narrow in [&["-t"][..], &["-4"], &["7001"], &["--pid", "1"], &["--licenses"]] {
        assert!(net.look(narrow).other_sockets.is_none(), "{narrow:?}");
    }
    let namespaces = crate::started::whatlistens(&["--json", "--all-namespaces"]).0;
    let all = crate::document::read(&namespaces).other_sockets.unwrap();
    let here = all.iter().filter(|one| {
        one.namespace.as_ref().is_some_and(|namespace| namespace.name.as_ref() == Some(&net.name))
    });
    let addresses: Vec<&str> = here.filter_map(|one| one.address.as_deref()).collect();
    assert_eq!(addresses.len(), 6, "{addresses:?}");
    assert!(addresses.contains(&"interface lo ethertype 0x0806"), "{addresses:?}");
}

/// A packet socket that is read only where it is shown: it costs time.
#[test]
#[ignore = "needs root: makes a network namespace"]
fn they_are_read_only_where_they_are_shown() {
    if !crate::network::is_there("strace") {
        return;
    }
    let net = Net::new();
    let reads = |flags: &[&str]| {
        let opened = net.traced(&["-e", "trace=open,openat"], flags);
        opened.iter().any(|line| line.contains("/net/packet") || line.contains("/net/raw"))
    };
    assert!(reads(&["--json"]));
    assert!(!reads(&[]) && !reads(&["-H"]) && !reads(&["--json", "-t"]));
}
