//! `ss` as an oracle: every listener that it shows is shown here, with the same processes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;

use crate::document::read;
use crate::started::{Listening, in_the_end, listener_program, whatlistens};

/// Protocol, address, port → the holders, and how many such sockets there are.
type Listing = BTreeMap<(String, IpAddr, u16), (BTreeSet<u32>, usize)>;

/// What `ss -Htulnpe` shows; `None` where it is not installed.
fn ss() -> Option<Listing> {
    let output = Command::new("ss").arg("-Htulnpe").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut listing = Listing::new();
    // A line break in a process's name, which ss lets through, breaks its line.
    for line in text.replace("\ntcp", "\0tcp").replace("\nudp", "\0udp").split('\0') {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (address, port) = fields[4].rsplit_once(':').unwrap();
        let address = address.split('%').next().unwrap().trim_matches(['[', ']']);
        // A v6 wildcard that also takes IPv4 is shown as `*`.
        let address = if address == "*" { Ipv6Addr::UNSPECIFIED.into() } else { address.parse().unwrap() };
        let pids =
            line.split("pid=").skip(1).map(|rest| rest.split(',').next().unwrap().parse::<u32>().unwrap());
        let entry = listing.entry((fields[0].to_owned(), address, port.parse().unwrap())).or_default();
        entry.0.extend(pids);
        entry.1 += 1;
    }
    Some(listing)
}

fn ours() -> Listing {
    let (stdout, ..) = whatlistens(&["--json"]);
    let document = read(&stdout);
    let mut listing = Listing::new();
    for listener in document.listeners {
        let address: IpAddr = listener.address.parse().unwrap();
        let entry = listing.entry((listener.protocol, address, listener.port)).or_default();
        entry.0.extend(listener.processes.iter().map(|process| process.pid));
        entry.1 += 1;
    }
    listing
}

#[test]
fn every_listener_that_ss_shows_is_shown_with_the_same_processes() {
    let places = [
        "tcp:127.0.0.1:0",
        "tcp:[::1]:0",
        "udp:0.0.0.0:0",
        "udp:[::]:0",
        "tcp:[::]:0",
        "udp-connected:127.0.0.1:0",
    ];
    let listening = Listening::at(&listener_program(), &places);
    if ss().is_none() {
        eprintln!("skipped: ss is not installed");
        return;
    }
    // Other tests open and close listeners all the while: what ss shows alike before and after was
    // there in between.
    let look = || {
        let (before, ours, after) = (ss().unwrap(), ours(), ss().unwrap());
        let lasting: Listing =
            before.into_iter().filter(|(place, seen)| after.get(place) == Some(seen)).collect();
        (lasting, ours)
    };
    let differing = |(lasting, ours): &(Listing, Listing)| {
        lasting.iter().find(|(place, seen)| ours.get(place) != Some(seen)).map(|(place, _)| place.clone())
    };
    let (lasting, ours) = in_the_end(look, |both| differing(both).is_none());
    for (place, seen) in &lasting {
        assert_eq!(ours.get(place), Some(seen), "{place:?}");
    }
    for address in &listening.addresses[..5] {
        let shown = lasting.keys().any(|(_, ip, port)| *ip == address.ip() && *port == address.port());
        assert!(shown, "ss shows {address}");
    }
    let client = ("udp".to_owned(), Ipv4Addr::LOCALHOST.into(), listening.addresses[5].port());
    assert!(!ours.contains_key(&client), "a connected socket is no listener");
}
