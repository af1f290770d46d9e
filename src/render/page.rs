//! A page of text: sentences, and labels with their values.

use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::text::{beginning, escape, fill, unbroken};
use super::width::display_width;
use super::{Style, list};

/// The column at which values begin.
const INDENT: usize = 13;

/// The most characters of a value on a terminal. Elsewhere it is whole, as it was read.
const MOST_ON_TERMINAL: usize = 4000;

pub(super) struct Page<'a> {
    pub(super) style: &'a Style,
    pub(super) out: &'a mut dyn Write,
}

impl Page<'_> {
    /// Bold text, followed by an aside that is not bold.
    pub(super) fn heading(&mut self, text: &str, aside: &str) -> io::Result<()> {
        let heading = self.style.paint(&escape(text), Paint::new().bold());
        let aside = escape(aside);
        if self.style.plain {
            let parts: Vec<&str> = [&*heading, &*aside].into_iter().filter(|part| !part.is_empty()).collect();
            return list::line("About", &parts.join(", "), self.out);
        }
        match display_width(text) + 2 + display_width(&aside) {
            _ if aside.is_empty() => writeln!(self.out, "{heading}"),
            columns if self.style.fits(columns) => writeln!(self.out, "{heading}  {aside}"),
            _ => {
                let options = unbroken(self.style.prose_width()).initial_indent("  ").subsequent_indent("  ");
                writeln!(self.out, "{heading}\n{}", fill(&aside, options))
            }
        }
    }

    /// Sentences. `label` is for lines that each have one.
    pub(super) fn prose(&mut self, label: &str, text: &str) -> io::Result<()> {
        let text = escape(self.within(text));
        if self.style.plain {
            return list::line(label, &text, self.out);
        }
        writeln!(self.out, "{}", fill(&text, unbroken(self.style.prose_width())))
    }

    /// What a terminal is shown of a text: all, unless it is longer than a person would read there.
    fn within<'t>(&self, text: &'t str) -> &'t str {
        if self.style.width.is_some() { beginning(text, MOST_ON_TERMINAL) } else { text }
    }

    /// What to do next: its commands end its lines.
    pub(super) fn next(&mut self, next: &str) -> io::Result<()> {
        if self.style.plain {
            return next.lines().try_for_each(|line| self.field("Next", line));
        }
        let lines: Vec<_> = next.lines().map(escape).collect();
        self.wrapped("Next", &lines.join("\n"))
    }

    /// A label and its value; the value is wrapped and indented.
    pub(super) fn field(&mut self, label: &str, value: &str) -> io::Result<()> {
        let within = self.within(value);
        let mut shown = escape(within);
        if within.len() < value.len() {
            shown.to_mut().push('…');
        }
        if self.style.plain {
            return list::line(label.trim_start(), &shown, self.out);
        }
        self.wrapped(label, &shown)
    }

    fn wrapped(&mut self, label: &str, shown: &str) -> io::Result<()> {
        let margin = " ".repeat(INDENT);
        let first = format!("{label:<INDENT$}");
        let options = unbroken(self.style.prose_width()).initial_indent(&first).subsequent_indent(&margin);
        let filled = fill(shown, options);
        // Painted after filling: colour codes would count as width.
        let painted = filled.replacen(label, &self.style.paint(label, Paint::new().dimmed()), 1);
        writeln!(self.out, "{painted}")
    }
}
