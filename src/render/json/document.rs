//! What every document of the contract has, and how one is written.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::super::text::printable;

pub(super) const SCHEMA_VERSION: u32 = 1;

pub(super) const TOOL: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

#[derive(Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(super) fn print(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", harmless(&serde_json::to_string_pretty(document)?))
}

/// Escapes what a terminal would interpret. Everything beyond ASCII is inside a string, where JSON
/// allows `\u` escapes (RFC 8259, section 7).
fn harmless(json: &str) -> Cow<'_, str> {
    let harmful = |c: char| c == '\x7f' || (!c.is_ascii() && !printable(c));
    if !json.contains(harmful) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 32);
    for c in json.chars() {
        if harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// RFC 3339 in UTC, whole seconds.
pub(super) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_reads_back_the_same() {
        let hostile = "a\u{9b}31m\u{7f}\u{202e}\u{e0041}\u{1b}\n\"é日";
        let json = serde_json::to_string(hostile).unwrap();
        let safe = harmless(&json);
        assert_eq!(safe, r#""a\u009b31m\u007f\u202e\udb40\udc41\u001b\n\"é日""#);
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }
}
