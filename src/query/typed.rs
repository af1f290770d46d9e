//! A word as it was typed.

use std::fmt;

use super::url::without_secrets;

/// So many characters of a word are quoted in a message.
const QUOTED: usize = 60;

/// A word to quote in a message: its beginning, without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed(String);

impl From<&str> for Typed {
    fn from(word: &str) -> Typed {
        Typed(without_secrets(word).into_owned())
    }
}

impl From<String> for Typed {
    fn from(word: String) -> Typed {
        Typed::from(&*word)
    }
}

impl Typed {
    /// As it is typed for a shell; `None` for a text that is cut, or that needs more than quotes.
    pub(super) fn for_shell(&self) -> Option<String> {
        let is_plain = |c: char| c.is_alphanumeric() || "._-/:@+,%=".contains(c);
        let is_strange = |c: char| c == '\'' || c.is_control();
        match &self.0 {
            word if word.chars().all(is_plain) => Some(self.to_string()),
            word if word.contains(is_strange) || word.chars().count() > QUOTED => None,
            word => Some(format!("'{word}'")),
        }
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(QUOTED) {
            Some((end, _)) => write!(f, "{}…", &self.0[..end]),
            None => f.write_str(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_suggested_as_a_shell_takes_it() {
        let suggested = |word: &str| Typed::from(word).for_shell();
        assert_eq!(suggested("nginx").as_deref(), Some("nginx"));
        assert_eq!(suggested("my app").as_deref(), Some("'my app'"));
        assert_eq!(suggested("$(x); y").as_deref(), Some("'$(x); y'"));
        assert_eq!(suggested("it's"), None);
        assert_eq!(suggested(&"a b".repeat(30)), None);
    }

    #[test]
    fn a_message_quotes_the_beginning_of_a_long_word() {
        assert_eq!(Typed::from("größe").to_string(), "größe");
        assert_eq!(Typed::from("é".repeat(60)).to_string(), "é".repeat(60));
        assert_eq!(Typed::from("é".repeat(61)).to_string(), "é".repeat(60) + "…");
    }
}
