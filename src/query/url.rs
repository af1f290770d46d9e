//! URLs, and the secrets in them.

use std::borrow::Cow;

pub(super) fn is_url(word: &str) -> bool {
    word.split_once("://").is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(is_of_scheme))
}

/// A URL without what may be a secret in it: the user with the password, and what stands behind the path.
pub(super) fn without_secrets(word: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = word.split_once("://").filter(|_| is_url(word)) else {
        return match word.contains("://") {
            // One of several.
            true => word.split(',').map(without_secrets).collect::<Vec<_>>().join(",").into(),
            false => Cow::Borrowed(word),
        };
    };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let is_port = |text: &str| text.ends_with(']') || text.bytes().all(|byte| byte.is_ascii_digit());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match (path.contains('@'), host.rsplit_once(':')) {
        // A password that is not encoded may have any sign in it.
        (true, Some((_, port))) if !is_port(port) => format!("{scheme}://…").into(),
        (true, _) => format!("{scheme}://{host}").into(),
        (false, _) => format!("{scheme}://{host}{path}").into(),
    }
}

fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+.-".contains(&byte)
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(without_secrets(word), shown, "{word}");
        }
    }
}
