//! Makes JSON of what is written in TOML: it is read at every start, in a fifth of the time.

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
}
