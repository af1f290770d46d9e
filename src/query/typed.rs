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
    fn a_message_quotes_the_beginning_of_a_long_word() {
        assert_eq!(Typed::from("größe").to_string(), "größe");
        assert_eq!(Typed::from("é".repeat(60)).to_string(), "é".repeat(60));
        assert_eq!(Typed::from("é".repeat(61)).to_string(), "é".repeat(60) + "…");
    }
}
