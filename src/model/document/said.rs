//! Values as a document writes them.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::model::Word;

/// A word of a closed set.
pub(super) struct Said<T>(pub(super) T);

impl<'de, T: Word> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Said<T>, D::Error> {
        let text = String::deserialize(from)?;
        let known = T::WORDS.iter().find(|word| word.word() == text);
        known
            .map(|word| Said(*word))
            .ok_or_else(|| D::Error::custom(format!("‘{text}’ is no word of {}", T::SET)))
    }
}

/// `null` may stand for what is unknown, but the field itself may not be left out.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}
