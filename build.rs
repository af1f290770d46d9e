//! Makes JSON of what is written in TOML: it is read at every start, in a fifth of the time. Shortens the registry, packs what
//! few runs need, names the system that it is built for, and gives a program of Windows its version resource and manifest.

use std::path::Path;
use std::{env, fs};

fn main() {
    let mut licenses = facts("licenses");
    let sources = sources_of_managers(&mut licenses);
    write("licenses.json", json(&licenses));
    write("license_sources.json.packed", packed(&json(&sources)));
    write("license_errors.json.packed", packed(&json(&facts("license_errors"))));
    write("schema.json.packed", packed(&read("data/schema.json")));
    write("services.tsv", with_joined_protocols(&read("data/services.tsv")));
    let target = env::var("TARGET").expect("cargo says for what");
    println!("cargo::rustc-env=TARGET={target}");
    if env::var_os("CARGO_CFG_WINDOWS").is_some() {
        resources();
    }
    leave_out_unwinding();
}

fn read(path: &str) -> String {
    println!("cargo::rerun-if-changed={path}");
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn write(name: &str, contents: impl AsRef<[u8]>) {
    let folder = env::var_os("OUT_DIR").expect("cargo says where to");
    fs::write(Path::new(&folder).join(name), contents).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// For `model::packed`.
fn packed(text: &str) -> Vec<u8> {
    const BEST: u8 = 10;
    miniz_oxide::deflate::compress_to_vec(text.as_bytes(), BEST)
}

/// `data/NAME.toml`.
fn facts(name: &str) -> toml::Table {
    let path = format!("data/{name}.toml");
    read(&path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(facts: &toml::Table) -> String {
    serde_json::to_string(facts).expect("TOML says nothing that JSON cannot, but for times")
}

/// Takes the sources of the license managers out, by their ids: what few runs show need not be read at every start.
fn sources_of_managers(licenses: &mut toml::Table) -> toml::Table {
    let managers = licenses["manager"].as_array_mut().expect("a list");
    let sources = managers.iter_mut().filter_map(toml::Value::as_table_mut).map(|manager| {
        let id = manager["id"].as_str().expect("a text").to_owned();
        (id, manager.remove("sources").expect("every manager has sources"))
    });
    sources.collect()
}

/// The registry with one line for what differs in nothing but the protocol, `*` for TCP and UDP, and no column of flags where
/// there are none: it is less than half as long.
fn with_joined_protocols(services: &str) -> String {
    let mut joined: Vec<(&str, String, &str)> = Vec::new();
    for line in services.lines() {
        let mut columns = line.splitn(3, '\t');
        let mut next = || columns.next().unwrap_or_else(|| panic!("{line:?} has too few columns"));
        let (ports, protocol, rest) = (next(), next(), next());
        match joined.last_mut() {
            Some((same, protocols, as_before)) if (*same, *as_before) == (ports, rest) => {
                *protocols += ",";
                *protocols += protocol;
            }
            _ => joined.push((ports, protocol.to_owned(), rest)),
        }
    }
    let line = |(ports, protocols, rest): &(&str, String, &str)| {
        let rest = rest.strip_suffix("\t-").unwrap_or(rest);
        let protocols = if protocols == "tcp,udp" { "*" } else { protocols };
        format!("{ports}\t{protocols}\t{rest}\n")
    };
    joined.iter().map(line).collect()
}

/// What the properties of the file show in the Explorer, where name, version and description are Cargo.toml's; and what
/// Windows has to know before it starts the program (Application Manifests, learn.microsoft.com). The manifest begins
/// without an XML declaration, for the crate writes a blank before it.
fn resources() {
    let mut resource = winresource::WindowsResource::new();
    resource
        .set("CompanyName", "The whatlistens project")
        .set("OriginalFilename", "whatlistens.exe")
        .set("LegalCopyright", "MIT OR Apache-2.0")
        .set_manifest(&read("src/windows.manifest"));
    // Without it the program does all the same; the compiler of resources may not be installed.
    if let Err(error) = resource.compile_for("whatlistens") {
        println!("cargo::warning=the program will have no version resource and no manifest: {error}");
    }
}

/// Leaves out the tables that unwinding needs, a fourteenth of the program: as released, it ends where it panics, which the
/// compiler has no stable option to rely on.
fn leave_out_unwinding() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|has| has == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") {
        let script = "src/no_unwinding.ld";
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins={}/{script}", env!("CARGO_MANIFEST_DIR"));
    }
}
