//! The registry's data: the rules of `data/README.md`, and that it is made of what it says it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use whatlistens::knowledge::{LicenseBasis, called_otherwise};
use whatlistens::model::{PortRange, Protocol};

use crate::recorded::knowledge;
use crate::started::example;

const SERVICES: &str = include_str!("../../data/services.tsv");
#[cfg(not(windows))]
const SOURCES: &str = include_str!("../../data/sources.toml");

fn columns(line: &str) -> [&str; 5] {
    let columns: Vec<_> = line.split('\t').collect();
    columns.try_into().unwrap_or_else(|_| panic!("five columns: {line:?}"))
}

#[test]
fn every_line_of_the_registry_is_an_entry() {
    for line in SERVICES.lines() {
        let [ports, protocol, name, description, flags] = columns(line);
        assert!(PortRange::parse(ports).is_some(), "{line:?}");
        assert!(["tcp", "udp", "sctp", "dccp", "-"].contains(&protocol), "{line:?}");
        assert!(!name.is_empty() && name == name.trim(), "{line:?}");
        assert_eq!(description, description.trim(), "{line:?}");
        let known = ["alias", "license", "license-by-name", "unauthorized-use"];
        let flags: Vec<_> = flags.split(',').collect();
        assert!(flags == ["-"] || flags.iter().all(|flag| known.contains(flag)), "{line:?}");
        assert!(flags.is_sorted() && flags.iter().collect::<BTreeSet<_>>().len() == flags.len(), "{line:?}");
    }
    assert_eq!(knowledge().registry.entries().count(), SERVICES.lines().count());
    assert!(SERVICES.ends_with('\n') && !SERVICES.contains('\r'));
}

#[test]
fn another_name_stands_for_a_port_of_the_registry() {
    let lines = include_str!("../../data/other_names.tsv").lines();
    assert!(lines.clone().map(|line| columns(line)[0]).is_sorted());
    for [name, ports, protocol, service, source] in lines.map(columns) {
        let found = called_otherwise(&name.to_uppercase()).unwrap();
        assert_eq!(
            (found.0.to_string(), found.1),
            (ports.to_owned(), Protocol::from_name(protocol)),
            "{name}"
        );
        assert!(["tcp", "udp", "-"].contains(&protocol) && source.len() > 10, "{name}");
        let registry = knowledge().registry;
        assert!(registry.of_name(name).next().is_none(), "{name} is one of the registry's");
        assert!(knowledge().licenses().products(name).is_empty(), "{name} is a license manager's");
        let mut registered = registry.of_port(found.0.first).filter(|entry| entry.name == service);
        let is_right = registered.any(|entry| found.1.is_none_or(|protocol| entry.is_for(protocol)));
        assert!(is_right, "{name}");
    }
}

/// IANA's copy of 2024-06-12 has 11,716 named entries with a port, counted in the file itself; newer.tsv
/// has 46 more.
#[test]
fn the_whole_registry_is_there() {
    let mut by_protocol: BTreeMap<&str, usize> = BTreeMap::new();
    for line in SERVICES.lines() {
        *by_protocol.entry(columns(line)[1]).or_default() += 1;
    }
    let counted: Vec<_> = by_protocol.into_iter().collect();
    assert_eq!(counted, [("-", 16), ("dccp", 9), ("sctp", 88), ("tcp", 6022), ("udp", 5627)]);
    let ranges = knowledge().registry.entries().filter(|entry| entry.ports.first != entry.ports.last);
    let ranges: BTreeSet<String> = ranges.map(|entry| format!("{} {}", entry.ports, entry.name)).collect();
    insta::assert_snapshot!(ranges.into_iter().collect::<Vec<_>>().join("\n"), @"
    27000-27009 flex-lm
    3322-3325 active-net
    3367-3371 satvid-datalnk
    4200-4299 vrml-multi-use
    6000-6063 x11
    6665-6669 ircu
    7300-7359 swx
    ");
}

#[test]
fn the_registry_is_in_order_and_no_range_overlaps_another_group() {
    let entries: Vec<_> = knowledge().registry.entries().collect();
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
        assert!(seen.insert(columns(line)[..3].join("\t")), "{line:?}");
    }
}

#[test]
fn the_first_name_of_a_port_is_a_well_formed_one() {
    for port in 0..=u16::MAX {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            if let Some(entry) = knowledge().registry.service(port, protocol) {
                assert!(!entry.alias && !entry.name.contains(char::is_whitespace), "{port}: {}", entry.name);
            }
        }
    }
}

/// 169 ports by their description or their makers' documents and 44 by their name alone, each range
/// one: whoever adds one says so here.
#[test]
fn every_port_of_a_license_manager_is_marked() {
    let marked = |wanted| -> BTreeSet<PortRange> {
        let entries = knowledge().registry.entries().filter(move |entry| entry.license == Some(wanted));
        entries.map(|entry| entry.ports).collect()
    };
    let (described, by_name) = (marked(LicenseBasis::Described), marked(LicenseBasis::ByName));
    assert_eq!(described.union(&by_name).count(), 213);
    assert_eq!(described.intersection(&by_name).count(), 0);
    assert_eq!((described.len(), by_name.len()), (169, 44));
}

#[test]
fn look_alikes_are_no_license_managers() {
    for (port, name) in [
        (584, "keyserver"),
        (701, "lmp"),
        (1111, "lmsocialserver"),
        (1606, "slm-api"),
        (3588, "sentinel"),
        (3712, "sentinel-ent"),
        (4056, "lms"),
        (4119, "assuria-slm"),
        (5355, "llmnr"),
        (6600, "mshvlm"),
        (8204, "lm-perfworks"),
        (11371, "hkp"),
    ] {
        let entry = knowledge().registry.service(port, Protocol::Tcp).unwrap();
        assert_eq!((entry.name, entry.license), (name, None), "{port}");
    }
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
        let entry = knowledge().registry.service(port, Protocol::Tcp).unwrap();
        assert_eq!((entry.name, entry.unauthorized_use), (name, noted), "{port}");
    }
}

/// IANA's own file, in the copy that the crate port-desc carries. The data is the same on every system,
/// and a program that was cross-built for Windows finds no cargo there.
#[cfg(not(windows))]
fn upstream() -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "port-desc").unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    manifest.with_file_name("assets").join("service-names-port-numbers.csv")
}

/// A folder with what the registry is made of, besides IANA's file.
fn ingredients() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["newer.tsv", "license_services.tsv"] {
        let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data");
        fs::copy(data.join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn made_of(csv: &PathBuf, folder: &tempfile::TempDir) -> (String, String) {
    let made = Command::new(example("registry")).arg(csv).arg("--data").arg(folder.path()).output().unwrap();
    let said = String::from_utf8(made.stdout).unwrap() + &String::from_utf8(made.stderr).unwrap();
    (said, fs::read_to_string(folder.path().join("services.tsv")).unwrap_or_default())
}

#[cfg(not(windows))]
#[test]
fn the_registry_is_made_of_its_sources_to_the_byte() {
    let (said, made) = made_of(&upstream(), &ingredients());
    // Not assert_eq: it would print half a megabyte.
    assert!(made == SERVICES, "data/services.tsv differs from what examples/registry.rs makes: {said}");
    let sha256 = said.split('"').nth(1).unwrap();
    assert!(sha256.len() == 64 && SOURCES.contains(sha256), "{said}");
}

/// A fresher list, one name a port: it adds ports and names, and nothing where the registry names no
/// protocol.
#[test]
fn what_is_newer_is_added_and_a_name_that_changed_becomes_the_former_one() {
    let csv = "\
Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,Registration Date,Modification Date,Reference,Service Code,Unauthorized Use Reported,Assignment Notes
old name,1980,tcp,Old,,,,,,,,
swx,7300-7302,,Swiss Exchange,,,,,,,,
";
    let json = r#"{"1980/tcp": ["new-name", "New"], "7301/tcp": ["swx", "Swiss Exchange"], "9/udp": ["", "Reserved"],
        "11434/tcp": ["ollama", "Ollama"]}"#;
    let folder = ingredients();
    let (here, list) = (folder.path().join("iana.csv"), folder.path().join("index.json"));
    fs::write(&here, csv).unwrap();
    fs::write(&list, json).unwrap();
    fs::write(folder.path().join("license_services.tsv"), "").unwrap();
    let mut make = Command::new(example("registry"));
    let made = make.arg(&here).arg("--newer").arg(&list).arg("--data").arg(folder.path()).status().unwrap();
    assert!(made.success());
    let read = |file| fs::read_to_string(folder.path().join(file)).unwrap();
    assert_eq!(read("newer.tsv"), "1980\ttcp\tnew-name\tNew\n11434\ttcp\tollama\tOllama\n");
    assert_eq!(
        read("services.tsv"),
        "\
1980\ttcp\tnew-name\tNew\t-
1980\ttcp\told name\tOld\talias
7300-7302\t-\tswx\tSwiss Exchange\t-
11434\ttcp\tollama\tOllama\t-
"
    );
}

/// Ranges, an empty protocol, two names of a port, an alias, remarks, and what is left out: people,
/// reserved ports, names without a port.
#[test]
fn what_iana_writes_becomes_a_line() {
    let csv = "\
Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,Registration Date,Modification Date,Reference,Service Code,Unauthorized Use Reported,Assignment Notes
,4,tcp,Unassigned,,,,,,,,
www-http,80,tcp,World Wide Web HTTP,[Tim],[Tim],,,,,,\"This is a duplicate of the \"\"http\"\" service.\"
http,80,tcp,\"World Wide
   Web HTTP\",[IESG],[IETF],,,,,,
lm-x,6200,tcp,LM-X License Manager,[X],[Y],,,,,Known Unauthorized Use on port 6200,
pra-elmd,1587,tcp,pra_elmd IANA assigned this well-formed service name as a replacement for \"\"pra_elmd\"\".,[D],[D],,,,,,
pra_elmd,1587,tcp,pra_elmd,[D],[D],,,,,,\"This entry is an alias to \"\"pra-elmd\"\".\"
flex-lm,27000-27009,,FLEX LM (1-10),[F],[P],,,,,,
rtsp,,tcp,Real Time,[A],[B],,,,,,
";
    let folder = ingredients();
    let here = folder.path().join("iana.csv");
    fs::write(&here, csv).unwrap();
    fs::write(folder.path().join("newer.tsv"), "80\ttcp\thttp\tHTTP\n81\tudp\tfresh\tFresh\n").unwrap();
    let list = "flex-lm\tyes\twhy\nlm-x\tyes\twhy\npra-elmd\tprobable\twhy\n";
    fs::write(folder.path().join("license_services.tsv"), list).unwrap();
    let (said, made) = made_of(&here, &folder);
    assert_eq!(
        made,
        "\
80\ttcp\twww-http\tWorld Wide Web HTTP\t-
80\ttcp\thttp\tWorld Wide Web HTTP\t-
81\tudp\tfresh\tFresh\t-
1587\ttcp\tpra-elmd\tpra_elmd\tlicense-by-name
1587\ttcp\tpra_elmd\tpra_elmd\talias,license-by-name
6200\ttcp\tlm-x\tLM-X License Manager\tlicense,unauthorized-use
27000-27009\t-\tflex-lm\tFLEX LM (1-10)\tlicense
",
        "{said}"
    );
    // A name that the registry no longer has is told, not passed over.
    fs::write(folder.path().join("license_services.tsv"), "gone-lm\tyes\twhy\n").unwrap();
    assert!(made_of(&here, &folder).0.contains("the registry has no gone-lm"));
}
