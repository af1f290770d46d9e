//! The closed sets of words in the JSON, each declared once: the word with its meaning.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// One of a closed set of words that are permanent: scripts may rely on them.
pub trait Word: Copy + 'static {
    /// The name of the set.
    const SET: &'static str;
    /// All of them, in the order in which a reader is shown them.
    const WORDS: &'static [Self];

    /// The word itself.
    fn word(self) -> &'static str;

    /// What it says, as part of a sentence; empty where the word says it all.
    fn meaning(self) -> &'static str;
}

/// Declares an enum whose variants are words: each with its word, and with its meaning as the doc comment, which
/// docs/json.md and the schema show to the reader.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $Name:ident {
            $( $(#[doc = $meaning:literal])* $(#[serde($serde:meta)])? $Variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        $vis enum $Name {
            $( $(#[doc = $meaning])* $(#[serde($serde)])? $Variant, )+
        }

        impl $Name {
            $vis const ALL: [$Name; [$($word),+].len()] = [$($Name::$Variant),+];

            /// The word in the JSON. It never changes, though the names here may.
            #[must_use]
            $vis const fn code(self) -> &'static str {
                match self {
                    $( $Name::$Variant => $word, )+
                }
            }
        }

        impl $crate::model::Word for $Name {
            const SET: &'static str = stringify!($Name);
            const WORDS: &'static [$Name] = &$Name::ALL;

            fn word(self) -> &'static str {
                self.code()
            }

            fn meaning(self) -> &'static str {
                match self {
                    $( $Name::$Variant => concat!("", $($meaning),*).trim_ascii(), )+
                }
            }
        }
    };
}

pub(crate) use words;

/// Reads a set of words by the words themselves, with the same few instructions for all sets: what `derive(Deserialize)` makes
/// is many times as large.
macro_rules! read_as_word {
    ($Name:ident) => {
        impl<'de> serde::Deserialize<'de> for $Name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$Name, D::Error> {
                $crate::model::word::read(from)
            }
        }
    };
}

pub(crate) use read_as_word;

/// # Errors
///
/// If it is another word, or none.
pub(crate) fn read<'de, W: Word, D: Deserializer<'de>>(from: D) -> Result<W, D::Error> {
    from.deserialize_str(WordVisitor(PhantomData))
}

struct WordVisitor<W>(PhantomData<W>);

impl<W: Word> Visitor<'_> for WordVisitor<W> {
    type Value = W;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a word of {}", W::SET)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<W, E> {
        let found = W::WORDS.iter().find(|one| one.word() == text);
        found.copied().ok_or_else(|| E::custom(unknown(text)))
    }
}

fn unknown(word: &str) -> String {
    format!("unknown variant `{word}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    words! {
        #[derive(Debug, Clone, Copy, PartialEq)]
        enum Answer {
            /// it is so,
            /// beyond doubt
            Yes = "yes",
            No = "no-way",
        }
    }

    #[test]
    fn a_word_has_the_meaning_of_its_comment() {
        assert_eq!(Answer::ALL.map(Answer::code), ["yes", "no-way"]);
        assert_eq!(Answer::SET, "Answer");
        assert_eq!(Answer::Yes.meaning(), "it is so, beyond doubt");
        assert_eq!(Answer::No.meaning(), "");
        assert_eq!(Answer::WORDS, Answer::ALL);
    }
}
