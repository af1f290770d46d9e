//! Writes the table of license managers into `data/README.md`, between its two marks:
//!
//! ```sh
//! cargo run --example managers
//! ```

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use whatlistens::knowledge::{Knowledge, LicenseManager};

/// Writes the table of license managers into data/README.md.
#[derive(Parser)]
struct Cli {
    /// The file to write it into
    #[arg(long, default_value = "data/README.md")]
    into: PathBuf,
}

const FROM: &str = "<!-- managers: written by cargo run --example managers -->\n";
const TO: &str = "<!-- end of managers -->\n";

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let text = fs::read_to_string(&cli.into)?;
    let (before, rest) = text.split_once(FROM).ok_or("the first mark is missing")?;
    let (_, after) = rest.split_once(TO).ok_or("the second mark is missing")?;
    fs::write(&cli.into, format!("{before}{FROM}{}{TO}{after}", table()))?;
    Ok(())
}

fn table() -> String {
    let mut table =
        "| id | license manager | ports | confidence | sources |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    let knowledge = Knowledge::embedded();
    let licenses = knowledge.licenses();
    for manager in &licenses.managers {
        let sources: Vec<String> = licenses.sources_of(manager).iter().map(|source| cell(source)).collect();
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {} | {} |",
            manager.id,
            cell(&manager.called()),
            ports(manager),
            manager.confidence.code(),
            sources.join("<br>")
        );
    }
    table
}

fn ports(manager: &LicenseManager) -> String {
    let ports = manager.ports.iter().map(|port| {
        let protocols: Vec<_> = port.protocols.iter().map(|protocol| protocol.name()).collect();
        let range = port.range.map_or("any".to_owned(), |range| range.to_string());
        format!("{range}/{}", protocols.join("+"))
    });
    ports.collect::<Vec<_>>().join(", ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
