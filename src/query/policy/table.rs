//! A table of a policy, read key by key. What is wrong with a value is said, and the value is left out.

use toml::de::{DeTable, DeValue};

use super::ports;
use super::source::Source;
use crate::model::Exposure;
use crate::model::phrase::list;

/// A table and where it begins.
pub(super) struct Table<'t, 'i> {
    pub(super) entries: &'t DeTable<'i>,
    /// In bytes from the beginning of the file.
    pub(super) at: usize,
    /// Its name in the file; empty of the file itself.
    pub(super) name: &'t str,
}

impl<'t, 'i> Table<'t, 'i> {
    pub(super) fn new(entries: &'t DeTable<'i>, at: usize, name: &'t str) -> Table<'t, 'i> {
        Table { entries, at, name }
    }

    /// The value of a key, and where the key stands.
    pub(super) fn value(&self, key: &str) -> Option<(usize, &'t DeValue<'i>)> {
        let (name, value) = self.entries.iter().find(|(name, _)| name.get_ref() == key)?;
        Some((name.span().start, value.get_ref()))
    }

    pub(super) fn refuse_others(&self, known: &[&str], source: &mut Source<'_>) {
        let of = if self.name.is_empty() { String::new() } else { format!(" of [[{}]]", self.name) };
        let of = if self.name == "trust" { " of [trust]".to_owned() } else { of };
        for name in self.entries.keys().filter(|name| !known.contains(&&**name.get_ref())) {
            let right = format!("there is no such key{of}; the keys are {}", list(known, "and"));
            source.add(name.span().start, name.get_ref(), right);
        }
    }

    pub(super) fn table(&self, key: &'t str, source: &mut Source<'_>) -> Option<Table<'t, 'i>> {
        let (at, value) = self.value(key)?;
        match value {
            DeValue::Table(entries) => Some(Table::new(entries, at, key)),
            other => wrong(at, key, other, &format!("write a table: [{key}]"), source),
        }
    }

    /// The tables under `[[key]]`.
    pub(super) fn tables(&self, key: &'t str, source: &mut Source<'_>) -> Vec<Table<'t, 'i>> {
        let Some((at, value)) = self.value(key) else { return Vec::new() };
        let right = format!("write a table for each: [[{key}]]");
        let DeValue::Array(all) = value else {
            add_wrong(at, key, value, &right, source);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for one in all {
            match one.get_ref() {
                DeValue::Table(entries) => tables.push(Table::new(entries, one.span().start, key)),
                other => add_wrong(one.span().start, key, other, &right, source),
            }
        }
        tables
    }

    pub(super) fn switch(&self, key: &str, source: &mut Source<'_>) -> Option<bool> {
        let (at, value) = self.value(key)?;
        match value {
            DeValue::Boolean(is_on) => Some(*is_on),
            other => wrong(at, key, other, "write true or false", source),
        }
    }

    /// A text, which must not be empty.
    pub(super) fn string(&self, key: &str, source: &mut Source<'_>) -> Option<String> {
        let (at, value) = self.value(key)?;
        match value {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
            DeValue::String(_) => {
                source.add(at, key, "it is empty: write something between the quotes");
                None
            }
            other => wrong(at, key, other, "write it between quotes", source),
        }
    }

    pub(super) fn exposure(&self, key: &str, source: &mut Source<'_>) -> Option<Exposure> {
        let (at, word) = (self.value(key)?.0, self.string(key, source)?);
        let exposure = ports::named_exposure(&word);
        if exposure.is_none() {
            source.add(at, key, ports::no_exposure(&word));
        }
        exposure
    }

    /// One text, or several in brackets, each with where it stands. Whole numbers count as texts.
    pub(super) fn strings(&self, key: &str, source: &mut Source<'_>) -> Vec<(usize, String)> {
        let Some((at, value)) = self.value(key) else { return Vec::new() };
        let mut strings = Vec::new();
        let mut add = |at: usize, value: &DeValue<'_>| match value {
            DeValue::String(text) if !text.trim().is_empty() => strings.push((at, text.to_string())),
            DeValue::String(_) => source.add(at, key, "it is empty: write something between the quotes"),
            DeValue::Integer(number) if number.radix() == 10 => {
                strings.push((at, number.as_str().to_owned()))
            }
            other => add_wrong(at, key, other, "write one between quotes, or several in brackets", source),
        };
        match value {
            DeValue::Array(all) => all.iter().for_each(|one| add(one.span().start, one.get_ref())),
            one => add(at, one),
        }
        if matches!(value, DeValue::Array(all) if all.is_empty()) {
            source.add(at, key, "it is empty: leave it out, or write something between the brackets");
        }
        strings
    }
}

/// Says that a value is of another type than it should be.
fn wrong<T>(at: usize, key: &str, value: &DeValue<'_>, right: &str, source: &mut Source<'_>) -> Option<T> {
    add_wrong(at, key, value, right, source);
    None
}

fn add_wrong(at: usize, key: &str, value: &DeValue<'_>, right: &str, source: &mut Source<'_>) {
    source.add(at, key, format!("a value of the type {} means nothing here: {right}", value.type_str()));
}
