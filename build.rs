//! Makes JSON of what is written in TOML: it is read at every start, in a fifth of the time. Names the system that
//! it is built for, and gives a program of Windows its version resource.

use std::path::Path;
use std::{env, fs};

const FACTS: &str = "data/licenses.toml";

fn main() {
    println!("cargo::rerun-if-changed={FACTS}");
    let text = fs::read_to_string(FACTS).expect(FACTS);
    let facts: toml::Table = text.parse().unwrap_or_else(|error| panic!("{FACTS}: {error}"));
    let folder = env::var_os("OUT_DIR").expect("cargo says where to");
    let json = serde_json::to_string(&facts).expect("TOML says nothing that JSON cannot, but for times");
    fs::write(Path::new(&folder).join("licenses.json"), json).expect("licenses.json is written");

    let target = env::var("TARGET").expect("cargo says for what");
    println!("cargo::rustc-env=TARGET={target}");
    if env::var_os("CARGO_CFG_WINDOWS").is_some() {
        version_resource();
    }
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
