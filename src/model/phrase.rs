//! Phrases that several stages write: lists of words, and counts.

use jiff::Timestamp;

/// "a", "a or b", "a, b or c".
pub fn list(words: &[impl AsRef<str>], conjunction: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match &words[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// Sentences in a row. One that ends with a command or an address has no full stop, which would be copied with it, and a
/// line of its own.
#[must_use]
pub fn in_a_row<T: AsRef<str>>(sentences: impl IntoIterator<Item = T>) -> String {
    let mut row = String::new();
    for sentence in sentences {
        let sentence = sentence.as_ref();
        if !row.is_empty() {
            row.push(if row.ends_with('.') && sentence.ends_with('.') { ' ' } else { '\n' });
        }
        row.push_str(sentence);
    }
    row
}

/// `1 socket`, `2 sockets`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The first items, at `most` so many, and the number of the others.
#[must_use]
pub fn first_few<T>(items: &[T], most: usize) -> (&[T], usize) {
    let (shown, rest) = items.split_at(most.min(items.len()));
    (shown, rest.len())
}

/// The names of the first items; the others are counted: "a", "b", "3 more".
pub fn named<T>(items: &[T], most: usize, name: impl Fn(&T) -> String) -> Vec<String> {
    let (shown, more) = first_few(items, most);
    and_more(shown.iter().map(name).collect(), more)
}

/// Adds "3 more" to names, if there are more.
#[must_use]
pub fn and_more(mut names: Vec<String>, more: usize) -> Vec<String> {
    names.extend((more > 0).then(|| format!("{more} more")));
    names
}

/// The age in one unit, the one that a person would use.
#[must_use]
pub fn age(started: Timestamp, now: Timestamp) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = now.duration_since(started).unsigned_abs().as_secs();
    let (unit, noun) = match seconds {
        0..120 => (1, "second"),
        120..7_200 => (MINUTE, "minute"),
        7_200..172_800 => (HOUR, "hour"),
        _ => (DAY, "day"),
    };
    format!("{} ago", counted(usize::try_from(seconds / unit).unwrap_or(usize::MAX), noun))
}

/// A sentence as it stands after a full stop.
#[must_use]
pub fn capitalized(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// A reason as a sentence of its own: one that begins with the name of a program keeps the name's case.
#[must_use]
pub fn sentence(reason: &str) -> String {
    const WORDS: [&str; 6] = ["the ", "this ", "a ", "any ", "whoever ", "it "];
    if WORDS.iter().any(|word| reason.starts_with(word)) { capitalized(reason) } else { reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_a_person_says_them() {
        assert_eq!(list(&["a"], "or"), "a");
        assert_eq!(list(&["a", "b"], "or"), "a or b");
        assert_eq!(list(&["a", "b", "c"], "and"), "a, b and c");
        assert_eq!(list(&[] as &[&str], "or"), "");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "socket")), ["0 sockets", "1 socket", "2 sockets"]);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let few = |most| named(&["a", "b", "c"], most, |name| (*name).to_owned());
        assert_eq!(few(3), ["a", "b", "c"]);
        assert_eq!(few(1), ["a", "2 more"]);
        assert_eq!(first_few(&["a", "b"], 1), (&["a"][..], 1));
    }
}
