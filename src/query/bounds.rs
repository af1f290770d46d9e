//! How much may be typed: every word is compared with all that is known, and with every process.

use std::collections::HashSet;
use std::ffi::OsString;
use std::hash::Hash;

use super::UsageError;

/// The longest argument, in bytes: as long as a path may be (`PATH_MAX` in Linux's `limits.h`).
const LONGEST: usize = 4096;
/// The most different words. A range of ports is one.
const MOST: usize = 1000;
/// Refuses a command line with an argument that is too long. The program's name comes first.
///
/// # Errors
///
/// Where there is such an argument.
pub fn refuse_long(args: &[OsString]) -> Result<(), UsageError> {
    match args.iter().skip(1).find(|arg| arg.len() > LONGEST) {
        None => Ok(()),
        Some(long) => Err(UsageError::TooLong { word: (*long.to_string_lossy()).into(), longest: LONGEST }),
    }
}

/// Each once, in the order of the first.
///
/// # Errors
///
/// Where they are too many.
pub(super) fn distinct<T: Hash + Eq + Clone>(
    words: impl IntoIterator<Item = T>,
) -> Result<Vec<T>, UsageError> {
    at_most(MOST, words)
}

fn at_most<T: Hash + Eq + Clone>(
    most: usize,
    words: impl IntoIterator<Item = T>,
) -> Result<Vec<T>, UsageError> {
    let mut known = HashSet::new();
    let mut each_once = Vec::new();
    for word in words {
        if known.insert(word.clone()) {
            each_once.push(word);
        }
        if each_once.len() > most {
            return Err(UsageError::TooMany { most });
        }
    }
    Ok(each_once)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_bounded_in_length_and_number() {
        let args =
            |longest: usize| ["w".repeat(9000), "80".to_owned(), "a".repeat(longest)].map(OsString::from);
        assert!(refuse_long(&args(LONGEST)).is_ok(), "the name of the program has no bound");
        let refused = refuse_long(&args(LONGEST + 1)).unwrap_err().to_string();
        assert_eq!(refused, format!("‘{}…’ is too long: an argument has at most 4096 bytes", "a".repeat(60)));
        assert_eq!(at_most(2, [80, 443, 80, 80]).unwrap(), [80, 443]);
        let refused = at_most(2, [80, 443, 80, 22]).unwrap_err().to_string();
        assert_eq!(
            refused,
            "more than 2 different words were given: ports in a row can be a range, as in 27000-27009"
        );
    }
}
