//! URLs, and the secrets in them.

use std::borrow::Cow;

pub(super) fn is_url(word: &str) -> bool {
    word.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphanumeric()) && scheme.bytes().all(is_of_scheme)
    })
}

/// What was typed without what may be a secret in it: in a URL the user with the password, and what stands behind the
/// path; and the like in what is almost a URL.
pub(super) fn without_secrets(word: &str) -> Cow<'_, str> {
    // In a URL, a comma may be part of the password.
    if !is_url(word) && word.contains(',') {
        return word.split(',').map(of_one).collect::<Vec<_>>().join(",").into();
    }
    of_one(word)
}

fn of_one(word: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = word.split_once("://") else { return of_no_url(word) };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#', ';']).unwrap_or(rest.len()));
    let path = rest.split(['?', '#', ';']).next().unwrap_or_default();
    let is_port = |text: &str| text.ends_with(']') || text.bytes().all(|byte| byte.is_ascii_digit());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match (path.contains('@'), host.rsplit_once(':')) {
        // A password that is not encoded may have any sign in it.
        (true, Some((_, port))) if !is_port(port) => format!("{scheme}://…").into(),
        (true, _) => format!("{scheme}://{host}").into(),
        (false, _) => format!("{scheme}://{host}{path}").into(),
    }
}

/// `u:secret@host:80`, `http:/u:secret@host` and `host:80?token=secret`.
fn of_no_url(word: &str) -> Cow<'_, str> {
    let is_query = |at: usize| word[..at].contains([':', '/']) && word[at..].contains('=');
    let word = word.find('?').filter(|&at| is_query(at)).map_or(word, |at| &word[..at]);
    let host = word.rsplit_once('@').filter(|(user, _)| user.contains(':'));
    Cow::Borrowed(host.map_or(word, |(_, host)| host))
}

/// One scheme may stand behind another, as in `jdbc:postgresql`.
fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+.-:".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_in_a_url_is_not_repeated() {
        for (word, shown) in [
            ("http://u:secret@host:3000/", "http://host:3000/"),
            ("postgres://app:secret@db/shop?sslpassword=secret", "postgres://db/shop"),
            ("redis://:secret@localhost:6379/0#secret", "redis://localhost:6379/0"),
            ("https://secret@host", "https://host"),
            ("http://u:se@cret@host:80", "http://host:80"),
            ("postgres://u:se/cret@host/db", "postgres://…"),
            ("postgres://u:secret@h1/a@b", "postgres://h1"),
            ("80,http://u:secret@host/", "80,http://host/"),
            ("http://host:80/a/b?c=d", "http://host:80/a/b"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("27000@lic01", "27000@lic01"),
            ("a://b://u:secret@c", "a://b:"),
            ("jdbc:postgresql://u:secret@h:7016/d?x=y", "jdbc:postgresql://h:7016/d"),
            ("jdbc:sqlserver://h:1433;password=secret", "jdbc:sqlserver://h:1433"),
            ("://u:secret@h", "://h"),
            ("x:://y", "x:://y"),
            ("u:secret@localhost:7016", "localhost:7016"),
            ("http:/u:secret@localhost:7016", "localhost:7016"),
            ("localhost:7016?token=secret", "localhost:7016"),
            ("80,u:secret@h:1,://", "80,h:1,://"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("who?", "who?"),
        ] {
            assert_eq!(without_secrets(word), shown, "{word}");
        }
    }

    proptest! {
        #[test]
        fn no_word_is_too_strange(word in "[a:/@,?#;=%0é-]{0,24}") {
            let shown = without_secrets(&word);
            prop_assert!(shown.len() <= word.len() + '…'.len_utf8(), "{shown}");
        }
    }
}
