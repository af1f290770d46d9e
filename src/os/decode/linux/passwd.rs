//! Decodes `/etc/passwd` (`passwd(5)`).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What this program uses of a user's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub home: Option<PathBuf>,
}

/// The accounts in a file, each with its user id, in order. Lines that are no accounts are left out: comments, and
/// the `+` lines that refer to a directory.
pub fn accounts(text: &str) -> impl Iterator<Item = (u32, Account)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with(['#', '+', '-']))?;
        let uid = fields.nth(1)?.parse().ok()?;
        let home = fields.nth(2)?;
        Some((uid, Account { name: name.to_owned(), home: (!home.is_empty()).then(|| home.into()) }))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/bash
# a comment:x:7:7::/:/bin/sh
+@office:x:8:8:::
alice:x:1000:1000:Alice, Room 5:/home/alice:/bin/bash
lic:x:990:990:::/usr/sbin/nologin
broken:x:nine:9::/:/bin/sh
cut:x:11
";

    #[test]
    fn accounts_are_found_by_number_and_other_lines_are_none() {
        let found: Vec<(u32, String, Option<PathBuf>)> =
            accounts(PASSWD).map(|(uid, account)| (uid, account.name, account.home)).collect();
        let home = |path: &str| Some(PathBuf::from(path));
        assert_eq!(
            found,
            [
                (0, "root".to_owned(), home("/root")),
                (1000, "alice".to_owned(), home("/home/alice")),
                (990, "lic".to_owned(), None),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "([a-z+#]{0,3}:){0,8}\\PC{0,9}\n?") {
            for (_, account) in accounts(&text) {
                prop_assert!(!account.name.is_empty() && text.contains(&account.name));
            }
        }
    }
}
