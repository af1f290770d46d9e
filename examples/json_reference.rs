//! Writes the tables of `docs/json.md` from the types that are printed, each between its two marks, and `data/schema.json`:
//!
//! ```sh
//! cargo run --example json_reference
//! ```
//!
//! A type without a table of its own stands in the tables of those that contain it: its fields as `parent.field`, its
//! words in the meaning of the field.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use serde_json::Value;

/// Writes the tables of fields and words into docs/json.md, and the schema.
#[derive(Parser)]
struct Cli {
    /// The file to write them into
    #[arg(long, default_value = "docs/json.md")]
    into: PathBuf,
    /// The file to write the schema into
    #[arg(long, default_value = "data/schema.json")]
    schema: PathBuf,
}

const BY: &str = ": written by cargo run --example json_reference -->";
const TO: &str = "<!-- end of table -->";
/// The objects that a run prints.
const DOCUMENTS: [&str; 9] = [
    "Listing",
    "Hosts",
    "Explanations",
    "FlatListener",
    "CheckResult",
    "Wait",
    "WatchEvent",
    "Diff",
    "Failure",
];

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let schema = whatlistens::render::json_schema().to_value();
    fs::write(&cli.schema, format!("{schema:#}\n"))?;
    let text = fs::read_to_string(&cli.into)?;
    let reference = Reference { types: &schema["$defs"], places: places(&text) };
    if let Some(missing) = DOCUMENTS.iter().find(|name| !reference.places.contains_key(**name)) {
        return Err(format!("there is no mark: <!-- fields of {missing}{BY}").into());
    }
    fs::write(&cli.into, rewritten(&text, &reference)?)?;
    Ok(())
}

/// The document with new tables.
fn rewritten(text: &str, reference: &Reference<'_>) -> Result<String, Box<dyn Error>> {
    let mut lines = text.lines();
    let mut new = String::new();
    while let Some(line) = lines.next() {
        let _ = writeln!(new, "{line}");
        if let Some(name) = marked(line) {
            new.push_str(&reference.table(name)?);
            let _ = writeln!(new, "{TO}");
            lines.find(|line| *line == TO).ok_or_else(|| format!("the table of {name} has no end"))?;
        }
    }
    Ok(new)
}

/// The type whose table begins with this line.
fn marked(line: &str) -> Option<&str> {
    let name = line.strip_suffix(BY)?;
    name.strip_prefix("<!-- fields of ").or_else(|| name.strip_prefix("<!-- words of "))
}

/// The types that have a table of their own, with the anchor of its heading.
fn places(text: &str) -> BTreeMap<&str, String> {
    let mut anchor = String::new();
    let mut places = BTreeMap::new();
    for line in text.lines() {
        if line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim();
            anchor = heading.to_lowercase().replace(' ', "-").replace('`', "");
        }
        if let Some(name) = marked(line) {
            places.insert(name, anchor.clone());
        }
    }
    places
}

/// The types by name, and where the document has a table of one.
struct Reference<'a> {
    types: &'a Value,
    places: BTreeMap<&'a str, String>,
}

impl<'a> Reference<'a> {
    fn table(&self, name: &str) -> Result<String, Box<dyn Error>> {
        let shape = self.types.get(name).ok_or_else(|| format!("the JSON has no type {name}"))?;
        let mut table = String::new();
        if let Some(words) = words(shape) {
            table.push_str("| word | meaning |\n| --- | --- |\n");
            for (word, meaning) in words {
                let _ = writeln!(table, "| `{word}` | {} |", cell(meaning));
            }
        } else {
            table.push_str("| field | type | meaning |\n| --- | --- | --- |\n");
            self.rows(shape, "", &mut table);
        }
        Ok(table)
    }

    /// A row for each field of an object, and for those of the objects in it that have no table.
    fn rows(&self, object: &Value, parent: &str, table: &mut String) {
        for name in list(&object["required"]).filter_map(Value::as_str) {
            let field = self.field(&object["properties"][name]);
            let path = format!("{parent}{name}");
            let _ = writeln!(table, "| `{path}` | {} | {} |", field.written_type(), cell(&field.meaning()));
            if let (Some(inner), None) = (field.object(), &field.place) {
                let step = if field.is_list { "[]." } else { "." };
                self.rows(inner, &format!("{path}{step}"), table);
            }
        }
    }

    fn field(&self, schema: &'a Value) -> Field<'a> {
        let (shape, is_nullable) = without_null(schema);
        let is_list = is_of(shape, "array");
        let item = if is_list { &shape["items"] } else { shape };
        let name = item["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        Field {
            description: schema["description"].as_str().unwrap_or_default(),
            is_nullable,
            is_list,
            item: name.map_or(item, |name| &self.types[name]),
            place: name.and_then(|name| self.places.get(name)).cloned(),
        }
    }
}

/// A field of an object.
struct Field<'a> {
    description: &'a str,
    is_nullable: bool,
    is_list: bool,
    /// Its value, or those in its list.
    item: &'a Value,
    /// The anchor of the table of that type.
    place: Option<String>,
}

impl<'a> Field<'a> {
    fn object(&self) -> Option<&'a Value> {
        self.item.get("properties").map(|_| self.item)
    }

    fn written_type(&self) -> String {
        let kinds = [("integer", "number"), ("boolean", "boolean"), ("string", "string")];
        let kind = kinds.iter().find(|(kind, _)| is_of(self.item, kind)).map_or("object", |(_, word)| word);
        let linked = |word: &str| match (&self.place, self.object()) {
            (Some(anchor), Some(_)) => format!("[{word}](#{anchor})"),
            _ => word.to_owned(),
        };
        let mark = if self.is_nullable { "?" } else { "" };
        if self.is_list {
            format!("list{mark} of {}", linked(&format!("{kind}s")))
        } else {
            format!("{}{mark}", linked(kind))
        }
    }

    /// The description, with the words that the field can have after its first sentence.
    fn meaning(&self) -> String {
        let Some(words) = words(self.item) else { return self.description.to_owned() };
        if words.iter().any(|(word, _)| self.description.starts_with(&format!("`{word}`"))) {
            return self.description.to_owned();
        }
        let (first, rest) = match self.description.split_once(". ") {
            Some((first, rest)) => (first, format!(". {rest}")),
            None => (self.description, String::new()),
        };
        let is_long = |(_, meaning): &(&str, &str)| meaning.contains(['(', ';', '.', ':']);
        match &self.place {
            Some(anchor) => format!("{first}: one of [these words](#{anchor}){rest}"),
            None if words.iter().any(is_long) || words.iter().all(|(_, meaning)| !meaning.is_empty()) => {
                let each: Vec<String> =
                    words.iter().map(|(word, meaning)| format!("`{word}`: {meaning}")).collect();
                format!("{first}. {}{rest}", each.join(". "))
            }
            None => {
                let each: Vec<String> = words
                    .iter()
                    .map(|(word, meaning)| match *meaning {
                        "" => format!("`{word}`"),
                        meaning => format!("`{word}` ({meaning})"),
                    })
                    .collect();
                format!("{first}: {}{rest}", alternatives(&each))
            }
        }
    }
}

/// `a, b or c`.
fn alternatives(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// What a value is when it is not `null`, and whether it can be.
fn without_null(schema: &Value) -> (&Value, bool) {
    let is_null = |one: &&Value| one["type"] == "null";
    if let Some(all) = schema["anyOf"].as_array().filter(|all| all.iter().any(|one| is_null(&one))) {
        return (all.iter().find(|one| !is_null(one)).unwrap_or(schema), true);
    }
    (schema, is_of(schema, "null"))
}

/// Whether a value may be of a type of JSON.
fn is_of(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || list(&schema["type"]).any(|one| one == kind)
}

/// The words of a closed set, with their meanings.
fn words(shape: &Value) -> Option<Vec<(&str, &str)>> {
    let all = shape["oneOf"].as_array()?.iter();
    all.map(|one| Some((one["const"].as_str()?, one["description"].as_str().unwrap_or_default()))).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
