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

    /// The license program that a word names, in any case if none is exactly so: one of this system, else of another one,
    /// because people also type the name that they know from there.
    #[must_use]
    pub fn program_called(&self, word: &str, os: Os) -> Option<LicenseProgram<'_>> {
        let on = |os: Os| {
            self.recognise_name(word, os).or_else(|| {
                // Nobody types the ending on Windows.
                let is_it = |name: &str| name.eq_ignore_ascii_case(word);
                let name = self.executables(os).find(|name| {
                    is_it(name)
                        || name.strip_suffix(".exe").is_some_and(|stem| os == Os::Windows && is_it(stem))
                })?;
                self.recognise_name(name, os)
            })
        };
        on(os).or_else(|| Os::ALL.into_iter().filter(|other| *other != os).find_map(on))
    }

    /// The license managers of a vendor, a product or a licensing system, by its name, a word of it, or the id. Those that
    /// have the word themselves come before those that are only built on such a system.
    #[must_use]
    pub fn products(&self, word: &str) -> Vec<&LicenseManager> {
        let word = word.trim().to_lowercase();
        if word.len() < 2 || NAME_NOTHING.contains(&word.as_str()) {
            return Vec::new();
        }
        let has_it = |manager: &&LicenseManager| {
            manager.id == word || manager.licenses(&word) || has_words(&manager.called(), &word)
        };
        let is_built_on_it = |manager: &&LicenseManager| {
            self.technology_of(manager).is_some_and(|technology| {
                technology.id == word
                    || has_words(&technology.name, &word)
                    || technology.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&word))
            })
        };
        let (own, others): (Vec<_>, Vec<_>) = self.managers.iter().partition(has_it);
        own.into_iter().chain(others.into_iter().filter(is_built_on_it)).collect()
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
        let [ref first @ .., _] = ids("sentinel")[..] else { panic!() };
        assert!(first[..4].iter().all(|id| id.starts_with("sentinel-")), "{first:?}");
        assert!(ids("license").is_empty() && ids("").is_empty() && ids("mat").is_empty());
    }

    #[test]
    fn a_program_is_known_by_the_name_that_it_has_on_another_system() {
        let licenses = Licenses::embedded();
        let own = |word: &str, os: Os| match licenses.program_called(word, os) {
            Some(LicenseProgram::Own(manager)) => Some(manager.id.as_str()),
            _ => None,
        };
        for os in Os::ALL {
            for word in ["hasplms", "hasplms.exe", "HASPLMS", "hasplmd_x86_64"] {
                assert_eq!(own(word, os), Some("sentinel-ldk"), "{word} {os:?}");
            }
        }
        assert_eq!(own("hasp", Os::Linux), None);
    }
}
