//! Data that is wrong cannot land: the rules of `data/README.md`.

use std::collections::BTreeSet;

use whatlistens::license::{Confidence, Facts};
use whatlistens::model::{Os, PortRange, Protocol};
use whatlistens::registry::Registry;

const SERVICES: &str = include_str!("../../data/services.tsv");

#[test]
fn every_line_of_the_registry_is_an_entry() {
    for line in SERVICES.lines() {
        let columns: Vec<_> = line.split('\t').collect();
        let [ports, protocol, name, description, flags] = columns[..] else {
            panic!("five columns: {line:?}")
        };
        assert!(PortRange::parse(ports).is_some(), "{line:?}");
        assert!(["tcp", "udp", "-"].contains(&protocol), "{line:?}");
        assert!(!name.is_empty() && !name.contains(char::is_whitespace), "{line:?}");
        assert_eq!(description, description.trim(), "{line:?}");
        let known = ["-", "alias", "unauthorized-use", "alias,unauthorized-use"];
        assert!(known.contains(&flags), "{line:?}");
    }
    assert_eq!(Registry::embedded().entries().count(), SERVICES.lines().count());
    assert!(SERVICES.ends_with('\n') && !SERVICES.contains('\r'));
}

#[test]
fn the_registry_is_in_order_and_no_range_overlaps_another_group() {
    let entries: Vec<_> = Registry::embedded().entries().collect();
    for pair in entries.windows(2) {
        let (one, next) = (pair[0].ports, pair[1].ports);
        assert!(one.first <= next.first, "{one} before {next}");
        assert!(one.first == next.first || one.last < next.first, "{one} overlaps {next}");
    }
}

#[test]
fn no_entry_stands_twice() {
    let mut seen = BTreeSet::new();
    for line in SERVICES.lines() {
        let key: Vec<_> = line.split('\t').take(3).collect();
        assert!(seen.insert(key), "{line:?}");
    }
}

#[test]
fn managers_are_sorted_by_ids_in_kebab_case() {
    let ids: Vec<_> = Facts::embedded().managers.iter().map(|manager| manager.id.as_str()).collect();
    assert!(ids.is_sorted() && ids.iter().collect::<BTreeSet<_>>().len() == ids.len(), "{ids:?}");
    for id in ids {
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
    }
}

#[test]
fn every_fact_has_a_source_a_place_and_words() {
    let facts = Facts::embedded();
    for technology in &facts.technologies {
        assert!(!technology.sources.is_empty() && !technology.servers.linux.is_empty(), "{}", technology.id);
    }
    for manager in &facts.managers {
        let id = &manager.id;
        assert!(
            manager.vendor.as_ref().is_none_or(|vendor| !vendor.is_empty())
                && !manager.product.is_empty()
                && manager.note.ends_with('.'),
            "{id}"
        );
        assert!(
            manager.sources.iter().all(|source| source.len() > 10) && !manager.sources.is_empty(),
            "{id}"
        );
        assert!(!manager.ports.is_empty(), "{id}");
        assert!(manager.ports.iter().all(|port| !port.protocols.is_empty() && port.range.first > 0), "{id}");
        let known = manager.technology.as_ref();
        assert!(known.is_none_or(|id| facts.technologies.iter().any(|t| t.id == *id)), "{id}");
    }
}

#[test]
fn where_a_process_can_be_wrong_one_is_known_to_be_right() {
    let facts = Facts::embedded();
    for manager in &facts.managers {
        let known = !facts.expected(&[manager], Os::Linux).is_empty();
        assert_eq!(known, manager.confidence > Confidence::Low, "{}", manager.id);
    }
}

#[test]
fn every_manager_of_the_brief_is_there() {
    for (port, protocol, id) in [
        (1538, Protocol::Tcp, "autodesk-3ds-lm"),
        (1493, Protocol::Tcp, "netmap-lm"),
        (27000, Protocol::Tcp, "flexnet"),
        (27009, Protocol::Tcp, "flexnet"),
        (2080, Protocol::Tcp, "autodesk-nlm"),
        (1055, Protocol::Tcp, "ansys"),
        (7279, Protocol::Tcp, "citrix"),
        (5093, Protocol::Udp, "sentinel-rms"),
        (1947, Protocol::Tcp, "sentinel-ldk"),
        (1947, Protocol::Udp, "sentinel-ldk"),
    ] {
        let found: Vec<_> =
            Facts::embedded().on_port(port, Some(protocol)).map(|(m, _)| m.id.as_str()).collect();
        assert_eq!(found, [id], "{port}/{protocol}");
    }
}

#[test]
fn the_registry_names_every_licensed_port() {
    for manager in &Facts::embedded().managers {
        for port in &manager.ports {
            for protocol in &port.protocols {
                let named = Registry::embedded().service(port.range.last, *protocol);
                assert!(named.is_some(), "{} {}/{protocol}", manager.id, port.range);
            }
        }
    }
}

#[test]
fn data_in_the_wrong_form_is_refused() {
    let good = include_str!("../../data/licenses.toml");
    for (from, to) in [
        ("port = \"1055\"", "port = \"1055-1050\""),
        ("protocols = [\"udp\"]", "protocols = [\"sctp\"]"),
        ("confidence = \"low\"", "confidence = \"certain\""),
        ("role = \"vendor-daemon\"", "role = \"daemon\""),
        ("vendor = \"Ansys\"", "vendr = \"Ansys\""),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(Facts::parse(&good.replacen(from, to, 1)).is_err(), "{to}");
    }
}

/// What is known, on one screen: a slip in a name or number shows here.
#[test]
fn the_facts_at_a_glance() {
    let mut glance = String::new();
    for manager in &Facts::embedded().managers {
        let ports = manager.ports.iter().flat_map(|port| {
            port.protocols.iter().map(move |protocol| format!("{}/{protocol} {:?}", port.range, port.role))
        });
        let executables = [Os::Linux, Os::Windows, Os::Macos].map(|os| manager.executables.on(os).join(" "));
        glance += &format!(
            "{} {:?}: {} | {}\n",
            manager.id,
            manager.confidence,
            ports.collect::<Vec<_>>().join(", "),
            executables.join(" | ")
        );
    }
    insta::assert_snapshot!(glance, @"
    ansys High: 1055/tcp Server | ansyslmd | ansyslmd.exe | 
    autodesk-3ds-lm Medium: 1538/tcp Server, 1538/udp Server | adskflex | adskflex.exe | adskflex
    autodesk-nlm High: 2080/tcp VendorDaemon | adskflex | adskflex.exe | adskflex
    citrix High: 7279/tcp VendorDaemon | CITRIX | CITRIX.exe | 
    flexnet High: 27000-27009/tcp Server |  |  | 
    netmap-lm Low: 1493/tcp Server, 1493/udp Server |  |  | 
    sentinel-ldk High: 1947/tcp Server, 1947/udp Server | hasplmd hasplmd_x86_64 | hasplms.exe | hasplmd
    sentinel-rms High: 5093/udp Server | lserv | lservnt.exe |
    ");
}

#[test]
fn the_registry_says_where_others_use_a_number() {
    for (port, name, noted) in [
        (1521, "ncube-lm", true),
        (1947, "sentinelsrm", true),
        (6200, "lm-x", true),
        (28000, "nxlmd", true),
        (1538, "3ds-lm", false),
        (2080, "autodesk-nlm", false),
    ] {
        let entry = Registry::embedded().service(port, Protocol::Tcp).unwrap();
        assert_eq!((entry.name, entry.unauthorized_use), (name, noted), "{port}");
    }
}
