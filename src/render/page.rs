//! A page of words: sentences, and labels with values beside them.

use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::Style;
use super::text::{escape, unbroken};

/// How far the values stand from the margin.
const INDENT: usize = 13;

pub(super) struct Page<'a> {
    pub(super) style: &'a Style,
    pub(super) out: &'a mut dyn Write,
}

impl Page<'_> {
    /// A line in bold, with words behind it that are not.
    pub(super) fn heading(&mut self, text: &str, aside: &str) -> io::Result<()> {
        let heading = self.style.paint(&escape(text), Paint::new().bold());
        let aside = if aside.is_empty() { String::new() } else { format!("  {}", escape(aside)) };
        writeln!(self.out, "{heading}{aside}")
    }

    /// A sentence or several.
    pub(super) fn prose(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", textwrap::fill(&escape(text), unbroken(self.style.prose_width())))
    }

    /// A label, and its value beside it; further lines stand below the value.
    pub(super) fn field(&mut self, label: &str, value: &str) -> io::Result<()> {
        let margin = " ".repeat(INDENT);
        let first = format!("{label:<INDENT$}");
        let options = unbroken(self.style.prose_width()).initial_indent(&first).subsequent_indent(&margin);
        let filled = textwrap::fill(&escape(value), options);
        // Painted after filling, so that colour takes no part in measuring.
        let painted = filled.replacen(label, &self.style.paint(label, Paint::new().dimmed()), 1);
        writeln!(self.out, "{painted}")
    }
}
