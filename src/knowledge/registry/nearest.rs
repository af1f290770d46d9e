//! Names near to one that is not known.

use crate::model::sorting::sort_by;

/// How alike two names must be to be offered (Jaro-Winkler, 0 to 1): one slip in a short name.
const ALIKE: f64 = 0.87;
const MOST: usize = 3;
/// A longer word is no slip of a name, and the comparison takes the square of its length.
const LONGEST: usize = 64;

/// The names most like `word`, the nearest first.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    if word.len() > LONGEST {
        return Vec::new();
    }
    let word = word.to_lowercase();
    let mut alike: Vec<(f64, &str)> = names
        .map(|name| (strsim::jaro_winkler(&word, &name.to_lowercase()), name))
        .filter(|(likeness, name)| *likeness >= ALIKE && is_slip(&word, name))
        .collect();
    sort_by(&mut alike, |(a, one), (b, other)| b.total_cmp(a).then_with(|| one.cmp(other)));
    alike.dedup_by(|a, b| a.1 == b.1);
    alike.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

/// Whether a word is a name mistyped: a slip in every four letters, and none in the first. A name that is only somewhat
/// like it is rather another word, as `watchdoc` is for `watch`.
fn is_slip(word: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let most = (word.len() / 4).max(1);
    word.chars().next() == name.chars().next() && strsim::damerau_levenshtein(word, &name) <= most
}

#[cfg(test)]
mod tests {
    use super::super::Registry;

    fn nearest<'a>(word: &str, processes: impl Iterator<Item = &'a str>) -> Vec<String> {
        Registry::embedded().nearest(word, processes)
    }

    #[test]
    fn a_slip_finds_the_name() {
        for (slip, name) in
            [("3ds-ml", "3ds-lm"), ("3dslm", "3ds-lm"), ("HTTPS2", "https"), ("pstgresql", "postgresql")]
        {
            assert_eq!(nearest(slip, std::iter::empty()).first().map(String::as_str), Some(name), "{slip}");
        }
        assert_eq!(nearest("ngnix", ["nginx"].into_iter()), ["nginx"]);
    }

    #[test]
    fn nothing_is_offered_for_what_is_like_nothing() {
        for word in ["qqqqq", "kill", "watch", "server"] {
            let found = nearest(word, std::iter::empty());
            assert!(found.is_empty(), "{word}: {found:?}");
        }
        let long = "https".repeat(100_000);
        assert!(nearest(&long, [long.as_str()].into_iter()).is_empty(), "it is not even compared");
    }
}
