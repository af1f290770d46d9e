//! `ss` as an oracle: whatlistens shows every listener that it shows, with the same processes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;

use crate::document::read;
use crate::network::Net;
use crate::started::{Listening, in_the_end, listener_program, program};

/// Protocol, address, port, interface.
type Place = (String, IpAddr, u16, Option<String>);

/// The holders of each place, and how many such sockets there are.
pub type Listing = BTreeMap<Place, (BTreeSet<u32>, usize)>;

/// The output of `ss -Htulnpe`.
fn ss(mut ss: Command) -> Option<Listing> {
    let output = ss.arg("-Htulnpe").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut listing = Listing::new();
    // ss does not escape a line break in a process name.
    for line in text.replace("\ntcp", "\0tcp").replace("\nudp", "\0udp").split('\0') {
        let fields: Vec<_> = line.split_whitespace().collect();
        let Some((address, port)) = fields.get(4).and_then(|place| place.rsplit_once(':')) else { continue };
        let (address, interface) = match address.split_once('%') {
            Some((address, interface)) => (address, Some(interface.to_owned())),
            None => (address, None),
        };
        let address = address.trim_matches(['[', ']']);
        // ss shows an IPv6 wildcard that also takes IPv4 as `*`.
        let address: IpAddr =
            if address == "*" { Ipv6Addr::UNSPECIFIED.into() } else { address.parse().unwrap() };
        let pids =
            line.split("pid=").skip(1).map(|rest| rest.split(',').next().unwrap().parse::<u32>().unwrap());
        // whatlistens shows an IPv4-mapped address as IPv4, because it takes nothing else.
        let place = (fields[0].to_owned(), address.to_canonical(), port.parse().unwrap(), interface);
        let entry = listing.entry(place).or_default();
        entry.0.extend(pids);
        entry.1 += 1;
    }
    Some(listing)
}

/// The output of whatlistens, except ports that are bound without listening: ss 6.1 cannot list them.
fn ours(mut whatlistens: Command) -> Listing {
    let output = whatlistens.arg("--json").output().unwrap();
    let document = read(&String::from_utf8(output.stdout).unwrap());
    let mut listing = Listing::new();
    for listener in document.listeners.into_iter().filter(|listener| listener.state != "bound") {
        let address: IpAddr = listener.address.parse().unwrap();
        let place = (listener.protocol, address, listener.port, listener.interface);
        let entry = listing.entry(place).or_default();
        entry.0.extend(listener.processes.iter().map(|process| process.pid));
        entry.1 += 1;
    }
    listing
}

/// Asserts that ss and whatlistens agree in a namespace where nothing changes.
pub fn assert_like_ss(net: &Net) {
    let (ss, ours) = (ss(net.command("ss")).unwrap(), ours(net.command(program())));
    assert!(!ss.is_empty(), "ss shows a listener");
    assert_eq!(ss, ours);
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
    if ss(Command::new("ss")).is_none() {
        eprintln!("skipped: ss is not installed");
        return;
    }
    // Other tests open and close listeners: those that ss shows before and after were there in between.
    let scan = || {
        let ss = || ss(Command::new("ss")).unwrap();
        let (before, ours, after) = (ss(), ours(Command::new(program())), ss());
        let lasting: Listing =
            before.into_iter().filter(|(place, holders)| after.get(place) == Some(holders)).collect();
        (lasting, ours)
    };
    // ss finds no holder of a socket in a thread's own file table, and there may be some.
    let agrees = |ours: Option<&(BTreeSet<u32>, usize)>, seen: &(BTreeSet<u32>, usize)| {
        ours.is_some_and(|ours| ours.1 == seen.1 && (ours == seen || seen.0.is_empty()))
    };
    let all_agree = |(lasting, ours): &(Listing, Listing)| {
        lasting.iter().all(|(place, seen)| agrees(ours.get(place), seen))
    };
    let (lasting, ours) = in_the_end(scan, all_agree);
    for (place, seen) in &lasting {
        assert!(agrees(ours.get(place), seen), "{place:?}: {:?} and {seen:?}", ours.get(place));
    }
    // Another program may have the same port of the other protocol.
    for (place, address) in places.iter().zip(&listening.addresses[..5]) {
        let protocol = place.split(':').next().unwrap();
        let at =
            |place: &Place| (place.0.as_str(), place.1, place.2) == (protocol, address.ip(), address.port());
        let shown = lasting.iter().find(|(place, _)| at(place)).map(|(_, seen)| &seen.0);
        assert_eq!(shown, Some(&BTreeSet::from([listening.pid()])), "ss shows {address}");
    }
    let client = ("udp".to_owned(), Ipv4Addr::LOCALHOST.into(), listening.addresses[5].port(), None);
    assert!(!ours.contains_key(&client), "a connected socket is no listener");
}
