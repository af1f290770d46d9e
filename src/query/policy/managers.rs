//! The license managers of a site, in the form of `data/licenses.toml`.

use toml::de::{DeTable, DeValue};

use super::source::Source;
use super::table::Table;
use crate::knowledge::{Knowledge, LicenseManager};
use crate::model::sorting::sort_by_key;

pub(super) fn read(
    table: &Table<'_, '_>,
    source: &mut Source<'_>,
    knowledge: &Knowledge,
    before: &[LicenseManager],
) -> Option<LicenseManager> {
    let first = source.line(table.at);
    let mut json = Json { source, line: first, text: String::new() };
    json.table(table.entries);
    let manager: LicenseManager = match serde_json::from_str(&json.text) {
        Ok(manager) => manager,
        Err(error) => {
            let message = error.to_string();
            let text = message.rsplit_once(" at line ").map_or(&*message, |(text, _)| text);
            let key = text.split('`').nth(1).unwrap_or("manager");
            let is_missing = text.starts_with("missing field");
            let line = if is_missing { first } else { first + error.line().saturating_sub(1) };
            source.add_to_line(line, key, format!("{text}; data/README.md describes the keys"));
            return None;
        }
    };
    let Some((key, text)) = wrong(&manager, knowledge, before) else { return Some(manager) };
    let at = table.value(key).map_or(table.at, |(at, _)| at);
    source.add(at, key, text);
    None
}

/// What its form does not show.
fn wrong(
    manager: &LicenseManager,
    knowledge: &Knowledge,
    before: &[LicenseManager],
) -> Option<(&'static str, String)> {
    let licenses = knowledge.licenses();
    let id = &manager.id;
    let is_kebab = !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_kebab {
        return Some(("id", format!("‘{id}’: write it in small letters, digits and hyphens")));
    }
    if licenses.manager(id).is_some() || before.iter().any(|other| other.id == *id) {
        return Some(("id", format!("‘{id}’ is the id of another license manager: choose one of your own")));
    }
    let technology = manager.technology.as_deref()?;
    let known: Vec<&str> = licenses.technologies.iter().map(|one| one.id.as_str()).collect();
    (!known.contains(&technology)).then(|| {
        ("technology", format!("‘{technology}’ is not known; the licensing systems are {}", known.join(", ")))
    })
}

/// A table as JSON, in which every value stands in the line that it has in the file: so an error names that line.
struct Json<'a, 's> {
    source: &'a Source<'s>,
    line: usize,
    text: String,
}

impl Json<'_, '_> {
    fn table(&mut self, entries: &DeTable<'_>) {
        let mut entries: Vec<_> = entries.iter().collect();
        sort_by_key(&mut entries, |(key, _)| key.span().start);
        self.text.push('{');
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.go_to(key.span().start);
            self.string(key.get_ref());
            self.text.push(':');
            self.value(value.span().start, value.get_ref());
        }
        self.text.push('}');
    }

    fn value(&mut self, at: usize, value: &DeValue<'_>) {
        self.go_to(at);
        match value {
            DeValue::String(text) => self.string(text),
            DeValue::Boolean(is_on) => self.text.push_str(if *is_on { "true" } else { "false" }),
            DeValue::Integer(number) => self.string(number.as_str()),
            DeValue::Float(number) => self.string(number.as_str()),
            DeValue::Datetime(moment) => self.string(&moment.to_string()),
            DeValue::Table(entries) => self.table(entries),
            DeValue::Array(all) => {
                self.text.push('[');
                for (index, one) in all.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.value(one.span().start, one.get_ref());
                }
                self.text.push(']');
            }
        }
    }

    fn go_to(&mut self, at: usize) {
        while self.line < self.source.line(at) {
            self.text.push('\n');
            self.line += 1;
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push_str(&serde_json::Value::from(text).to_string());
    }
}
