//! Names near to one that is not known.

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
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.cmp(other)));
    alike.dedup_by(|a, b| a.1 == b.1);
    alike.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
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
        assert!(nearest("qqqqq", std::iter::empty()).is_empty());
        let long = "https".repeat(100_000);
        assert!(nearest(&long, [long.as_str()].into_iter()).is_empty(), "it is not even compared");
    }
}
