//! License managers by the words that people use: `autodesk`, `matlab`, `flexlm`, `sentinel`.

use super::{LicenseManager, LicenseProgram, Licenses};
use crate::model::Os;

/// Words in the names of many products that name none of them.
const NAME_NOTHING: [&str; 14] = [
    "and",
    "edition",
    "floating",
    "for",
    "flexible",
    "license",
    "licence",
    "licensing",
    "manager",
    "network",
    "of",
    "server",
    "service",
    "the",
];

impl Licenses {
    /// Whether a word is a name of a licensing system that vendors build on, or the first word of it: `flexlm`, `sentinel`.
    #[must_use]
    pub fn is_system(&self, word: &str) -> bool {
        let is_it = |name: &str| name.eq_ignore_ascii_case(word);
        self.technologies.iter().any(|technology| {
            let first = technology.name.split(' ').next().unwrap_or_default();
            is_it(&technology.id) || is_it(first) || technology.aliases.iter().any(|alias| is_it(alias))
        })
    }

    /// The license program that a word names, in any case if none is exactly so.
    #[must_use]
    pub fn program_called(&self, word: &str, os: Os) -> Option<LicenseProgram<'_>> {
        self.recognise_name(word, os).or_else(|| {
            let name = self.executables(os).find(|name| name.eq_ignore_ascii_case(word))?;
            self.recognise_name(name, os)
        })
    }

    /// The license managers of a vendor, a product or a licensing system, by its name, a word of it, or the id.
    #[must_use]
    pub fn products(&self, word: &str) -> Vec<&LicenseManager> {
        let word = word.trim().to_lowercase();
        if word.len() < 2 || NAME_NOTHING.contains(&word.as_str()) {
            return Vec::new();
        }
        let is_meant = |manager: &&LicenseManager| {
            manager.id == word
                || manager.licenses(&word)
                || has_words(&manager.called(), &word)
                || self.technology_of(manager).is_some_and(|technology| {
                    technology.id == word
                        || has_words(&technology.name, &word)
                        || technology.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&word))
                })
        };
        self.managers.iter().filter(is_meant).collect()
    }
}

impl LicenseManager {
    /// Whether it licenses a program of this name.
    #[must_use]
    pub fn licenses(&self, program: &str) -> bool {
        self.licenses.iter().any(|licensed| licensed.eq_ignore_ascii_case(program))
    }
}

/// Whether a name has these words one after another. `words` is in small letters.
fn has_words(name: &str, words: &str) -> bool {
    let name = name.to_lowercase();
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    name.match_indices(words).any(|(at, found)| {
        is_edge(name[..at].chars().next_back()) && is_edge(name[at + found.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_go_by_the_words_that_people_use() {
        let licenses = Licenses::embedded();
        let ids = |word: &str| -> Vec<String> {
            licenses.products(word).into_iter().map(|manager| manager.id.clone()).collect()
        };
        assert!(ids("autodesk").contains(&"autodesk-nlm".to_owned()), "{:?}", ids("autodesk"));
        assert_eq!(ids("MATLAB"), ["mathworks"]);
        assert_eq!(ids("mathworks"), ["mathworks"]);
        assert_eq!(ids("autocad"), ["autodesk-nlm"]);
        assert_eq!(ids("Solid Edge"), ["siemens-nx"]);
        let flexlm = ids("flexlm");
        assert!(flexlm.len() > 50 && flexlm.contains(&"flexnet".to_owned()), "{flexlm:?}");
        assert!(flexlm.iter().all(|id| ids("flexnet").contains(id)));
        assert!(ids("sentinel").iter().any(|id| id.starts_with("sentinel-ldk")), "{:?}", ids("sentinel"));
        assert!(ids("license").is_empty() && ids("").is_empty() && ids("mat").is_empty());
    }
}
