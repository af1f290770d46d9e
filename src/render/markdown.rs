//! A table for a wiki or a ticket, in Markdown as GitHub, GitLab and most wikis take it (GFM 0.29).

use std::io::{self, Write};

use super::Style;
use super::columns::Listing;
use super::group::RowGroup;
use super::preamble::{Origin, processes};
use super::servers::state;
use crate::model::{LicenseServer, Os};

/// Writes where the answer is from: a line, or with `--report` a list.
pub(super) fn origin(origin: &Origin<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if !style.report {
        let (machine, time) = (in_markdown(&origin.machine()), in_markdown(&origin.time()));
        return writeln!(out, "**{machine}**, {time}, {}\n", origin.program());
    }
    writeln!(out, "### Report from {}\n", in_markdown(&origin.machine()))?;
    for (label, text) in origin.lines() {
        writeln!(out, "- **{label}:** {}", in_markdown(&text))?;
    }
    writeln!(out)
}

/// Writes the rows as a table, if there are any.
pub(super) fn table(groups: &[RowGroup<'_>], os: Os, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let listing = Listing { groups, os, style };
    let columns = listing.columns();
    let titles = columns.iter().map(|column| column.title.to_owned());
    line(titles, out)?;
    line(columns.iter().map(|column| if column.is_right { "---:" } else { "---" }.to_owned()), out)?;
    groups.iter().try_for_each(|group| {
        line(columns.iter().map(|column| in_markdown(&column.text(group, &listing))), out)
    })?;
    writeln!(out)
}

/// Writes a row for each license server, and below them what is wrong and what to do.
pub(super) fn servers(servers: &[LicenseServer], out: &mut dyn Write) -> io::Result<()> {
    if servers.is_empty() {
        return Ok(());
    }
    line(["LICENSE SERVER", "STATE", "PROCESSES"].map(str::to_owned).into_iter(), out)?;
    line(["---"; 3].map(str::to_owned).into_iter(), out)?;
    for server in servers {
        let processes: Vec<String> = processes(server).iter().map(|one| in_markdown(one)).collect();
        let cells = [in_markdown(&server.called()), in_markdown(&state(server)), processes.join("<br>")];
        line(cells.into_iter(), out)?;
    }
    writeln!(out)?;
    let problems = servers.iter().flat_map(|server| server.problems.iter().map(move |one| (server, one)));
    let remarks = servers.iter().flat_map(|server| server.notes.iter().map(move |note| (server, note)));
    let remarks = remarks.map(|(server, note)| in_markdown(&format!("{}: {note}", server.called())));
    let lines = problems.map(|(server, problem)| {
        let severity = problem.code.severity().code();
        let text = in_markdown(&format!("{}: {}", server.called(), problem.in_full()));
        format!("**{severity}** {text}")
    });
    list_of(&lines.chain(remarks).collect::<Vec<_>>(), out)
}

/// Writes sentences that are escaped for a terminal as a list.
pub(super) fn notes(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    list_of(&lines.iter().map(|line| in_markdown(line)).collect::<Vec<_>>(), out)
}

fn list_of(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "- {line}"))?;
    if lines.is_empty() { Ok(()) } else { writeln!(out) }
}

fn line(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// A text that Markdown shows as it is. Some wikis take HTML in it, so that its signs become entities.
fn in_markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in super::text::escape(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '|' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '~' | '!' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_of_markdown_or_html_is_left() {
        for (text, written) in [
            ("0.0.0.0:80, [::]:80", "0.0.0.0:80, \\[::\\]:80"),
            ("*:443", "\\*:443"),
            ("a|b`c`", "a\\|b\\`c\\`"),
            ("<script>&", "&lt;script&gt;&amp;"),
            ("![x](http://y)", "\\!\\[x\\](http://y)"),
            ("C:\\a_b", "C:\\\\a\\_b"),
            ("a\nb\u{1b}[1m\u{202e}", "a\\\\nb\\\\u\\{1b\\}\\[1m\\\\u\\{202e\\}"),
        ] {
            assert_eq!(in_markdown(text), written);
        }
    }
}
