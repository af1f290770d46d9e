//! Which part of a line is a name in quotes.

/// Follows a text, and says what is within a quoted name.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    is_open: bool,
    is_escaped: bool,
}

impl Quotes {
    /// Whether the next character, this one, is within quotes.
    pub(super) fn before(&mut self, next: char) -> bool {
        let was_open = self.is_open;
        self.is_open ^= next == '"' && !self.is_escaped;
        self.is_escaped = self.is_open && next == '\\' && !self.is_escaped;
        was_open
    }
}
