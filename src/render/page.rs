//! A page of text: sentences, and labels with their values.

use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::Style;
use super::text::{escape, unbroken};

/// The column at which values begin.
const INDENT: usize = 13;

pub(super) struct Page<'a> {
    pub(super) style: &'a Style,
    pub(super) out: &'a mut dyn Write,
}

impl Page<'_> {
    /// Bold text, followed by an aside that is not bold.
    pub(super) fn heading(&mut self, text: &str, aside: &str) -> io::Result<()> {
        let heading = self.style.paint(&escape(text), Paint::new().bold());
        let aside = if aside.is_empty() { String::new() } else { format!("  {}", escape(aside)) };
        writeln!(self.out, "{heading}{aside}")
    }

    pub(super) fn prose(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", textwrap::fill(&escape(text), unbroken(self.style.prose_width())))
    }

    /// A label and its value; the value is wrapped and indented.
    pub(super) fn field(&mut self, label: &str, value: &str) -> io::Result<()> {
        let margin = " ".repeat(INDENT);
        let first = format!("{label:<INDENT$}");
        let options = unbroken(self.style.prose_width()).initial_indent(&first).subsequent_indent(&margin);
        let filled = textwrap::fill(&escape(value), options);
        // Painted after filling: colour codes would count as width.
        let painted = filled.replacen(label, &self.style.paint(label, Paint::new().dimmed()), 1);
        writeln!(self.out, "{painted}")
    }
}
