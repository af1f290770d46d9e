//! Makes JSON of what is written in TOML: it is read at every start, in a fifth of the time. Names the system that
//! it is built for, shortens the schema of the JSON, and gives a program of Windows its version resource.

use std::path::Path;
use std::{env, fs};

/// Files of `data/`, without their ending.
const FACTS: [&str; 2] = ["licenses", "license_errors"];

fn main() {
    for facts in FACTS {
        make_json(facts);
    }
    shorten_schema();
    let target = env::var("TARGET").expect("cargo says for what");
    println!("cargo::rustc-env=TARGET={target}");
    if env::var_os("CARGO_CFG_WINDOWS").is_some() {
        version_resource();
    }
}

/// Writes `data/NAME.toml` as `NAME.json`.
fn make_json(name: &str) {
    let path = format!("data/{name}.toml");
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let facts: toml::Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let folder = env::var_os("OUT_DIR").expect("cargo says where to");
    let json = serde_json::to_string(&facts).expect("TOML says nothing that JSON cannot, but for times");
    fs::write(Path::new(&folder).join(format!("{name}.json")), json).expect("the JSON is written");
}

/// Writes `data/schema.json` without its line breaks and indents.
fn shorten_schema() {
    let path = "data/schema.json";
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let schema: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let folder = env::var_os("OUT_DIR").expect("cargo says where to");
    fs::write(Path::new(&folder).join("schema.json"), schema.to_string()).expect("the schema is written");
}

/// What the properties of the file show in the Explorer; name, version and description are Cargo.toml's.
fn version_resource() {
    let mut resource = winresource::WindowsResource::new();
    resource
        .set("CompanyName", "The whatlistens project")
        .set("OriginalFilename", "whatlistens.exe")
        .set("LegalCopyright", "MIT OR Apache-2.0");
    // Without it the program does all the same; the compiler of resources may not be installed.
    if let Err(error) = resource.compile_for("whatlistens") {
        println!("cargo::warning=the program will have no version resource: {error}");
    }
}
