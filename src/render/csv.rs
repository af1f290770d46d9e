//! A listener a line, with commas between its values (RFC 4180), for spreadsheets and databases.

use std::borrow::Cow;
use std::io::{self, Write};

use super::Style;
use super::json::{FlatListener, flat_listeners};
use super::text::escape;
use crate::model::Report;

/// Writes the names of the fields, unless no header is wanted, and a line for each listener. Lines end as the standard
/// says: with CR LF.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if style.header {
        write!(out, "{}\r\n", FlatListener::NAMES.join(","))?;
    }
    flat_listeners(report).try_for_each(|listener| {
        let cells = listener.texts().map(|text| cell(&text).into_owned());
        write!(out, "{}\r\n", cells.join(","))
    })
}

/// A value as it stands between two commas. What a terminal would obey is escaped, line breaks too, so that each
/// listener is one line.
fn cell(text: &str) -> Cow<'_, str> {
    let harmless = without_formulas(text);
    let shown = escape(&harmless);
    match shown.contains([',', ';', '"']) {
        true => format!("\"{}\"", shown.replace('"', "\"\"")).into(),
        false => shown.into_owned().into(),
    }
}

/// With an apostrophe before whatever a spreadsheet would take for a formula: at the beginning, and behind a semicolon,
/// where many of them end a cell. A process chooses its name (OWASP, "CSV Injection").
fn without_formulas(text: &str) -> Cow<'_, str> {
    let begins = |part: &str| part.trim_start_matches([' ', '"']).starts_with(FORMULA);
    if !text.split(';').any(begins) {
        return Cow::Borrowed(text);
    }
    let part = |part| if begins(part) { format!("'{part}") } else { part.to_owned() };
    Cow::Owned(text.split(';').map(part).collect::<Vec<_>>().join(";"))
}

/// With which formulas begin, also in East Asian spreadsheets.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_value_and_no_formula() {
        for (text, written) in [
            ("nginx", "nginx"),
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("a;=1", "\"a;'=1\""),
            ("a; b=1", "\"a; b=1\""),
            ("a=1", "a=1"),
            ("a\nb", "a\\nb"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("größe日🦀", "größe日🦀"),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
