//! Lines of `label: value`, for screen readers and for whoever reads no tables: one listener after the other.

use std::io::{self, Write};

use super::Style;
use super::columns::{Column, Listing};
use super::group::RowGroup;
use super::signs::Speech;
use super::table::{Filling, filled};
use crate::model::Os;
use crate::model::phrase::capitalized;

/// One block of lines for each group; what has no value has no line.
pub(super) fn write(groups: &[RowGroup<'_>], os: Os, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_filled(&filled(&Listing { groups, os, style }), out)
}

/// One for each row of these columns.
pub(super) fn write_filled(columns: &[Filling], out: &mut dyn Write) -> io::Result<()> {
    for at in 0..columns.first().map_or(0, |column| column.texts.len()) {
        if at > 0 {
            writeln!(out)?;
        }
        for Filling { column, texts, .. } in columns.iter().filter(|column| !column.texts[at].is_empty()) {
            line(&label(column), &texts[at], out)?;
        }
    }
    Ok(())
}

pub(super) fn line(label: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{label}: {value}")
}

/// The title of a column in ordinary letters and whole words.
fn label(column: &Column) -> String {
    match column.key {
        "pid" | "uid" => column.title.to_owned(),
        "service" => "IANA name".to_owned(),
        "exposed" => "Exposed to".to_owned(),
        key => capitalized(key),
    }
}

/// A text without signs that a screen reader spells or skips. Names in quotes stay as they are: they are others' words.
pub(super) fn in_plain_signs(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut speech = Speech::default();
    for c in text.chars() {
        match c {
            c if !speech.is_own(c) => plain.push(c),
            '→' if plain.is_empty() || plain.ends_with([':', '\n']) || plain.ends_with(": ") => {
                plain.push_str("to")
            }
            '→' => {
                plain.truncate(plain.trim_end_matches(' ').len());
                plain.push_str(", then");
            }
            '…' => plain.push_str("..."),
            '‘' | '’' => plain.push('\''),
            '“' | '”' => plain.push('"'),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_words() {
        assert_eq!(
            in_plain_signs("Parents: systemd (PID 1) → a.service → a"),
            "Parents: systemd (PID 1), then a.service, then a"
        );
        assert_eq!(in_plain_signs("Unit: → docker web (10.0.0.2:80)"), "Unit: to docker web (10.0.0.2:80)");
        assert_eq!(in_plain_signs("‘80’ is “x”…"), "'80' is \"x\"...");
        assert_eq!(in_plain_signs("Process: \"→ docker\""), "Process: \"→ docker\"");
    }
}
