//! Names that strangers chose, as they stand among this program's own words.
//!
//! A process, a control group or a file can be called `(hidden)`, `→ docker web` or `nginx (PID 800)`. So that none passes
//! for what this program says itself, a name is quoted if it has anything in it that this program writes between names:
//! a blank, a parenthesis, an arrow. Within quotes, `\` begins an escape. Without quotes it is itself.

use std::borrow::Cow;

/// Letters and symbols by their Unicode class, but blank: Hangul fillers and the empty Braille pattern.
const LOOKS_EMPTY: [char; 5] = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}'];

/// Whether a character may reach a terminal unescaped. Control characters move the cursor and change
/// colours; bidirectional and zero-width ones deceive the reader. `char::escape_debug` escapes all that
/// Unicode calls control, format, private, unassigned, a separator, or combining.
#[must_use]
pub fn is_printable(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\' | ' '..='~') || (c.escape_debug().len() == 1 && !LOOKS_EMPTY.contains(&c))
}

/// One character that is not printable, as `\u{1b}` or the like.
pub fn escaped(c: char) -> impl Iterator<Item = char> {
    let (unicode, debug) = match LOOKS_EMPTY.contains(&c) {
        true => (Some(c.escape_unicode()), None),
        false => (None, Some(c.escape_debug())),
    };
    unicode.into_iter().flatten().chain(debug.into_iter().flatten())
}

/// A name as a stranger chose it: of a process, a unit, a container, an interface.
#[must_use]
pub fn quoted(name: &str) -> Cow<'_, str> {
    quoted_unless(name, |name| name.chars().all(is_plain) && !is_word_of_ours(name))
}

/// A name from the system's own data, which only an administrator changes: of a user, or a display name. It may have
/// single blanks.
#[must_use]
pub fn quoted_account(name: &str) -> Cow<'_, str> {
    quoted_unless(name, |name| {
        name.split(' ').all(|word| !word.is_empty() && word.chars().all(is_plain) && !is_word_of_ours(word))
    })
}

/// A path. It may have single blanks, and the parentheses of `C:\Program Files (x86)`.
#[must_use]
pub fn quoted_path(path: &str) -> Cow<'_, str> {
    quoted_unless(path, |path| {
        let is_absolute = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
        let is_plain = |c| is_plain(c) || c == ' ';
        let is_blank_alone = !path.contains("  ") && !path.ends_with(' ');
        is_absolute && is_blank_alone && path.replace("(x86)", "").chars().all(is_plain)
    })
}

fn quoted_unless(name: &str, is_plain: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if is_plain(name) {
        return Cow::Borrowed(name);
    }
    let mut quoted = String::with_capacity(name.len() + 8);
    quoted.push('"');
    let mut chars = name.chars().peekable();
    let mut follows_blank = true;
    while let Some(c) = chars.next() {
        let is_lone = !follows_blank && chars.peek().is_some_and(|next| *next != ' ');
        follows_blank = c == ' ';
        match c {
            // Several in a row would look like the gap between two columns.
            ' ' if !is_lone => quoted.extend(c.escape_unicode()),
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_printable(c) => quoted.push(c),
            c => quoted.extend(escaped(c)),
        }
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

/// What no word of this program's own begins or ends with, and nothing that looks like it: letters and digits of all
/// languages, and the signs in the names of programs.
fn is_plain(c: char) -> bool {
    match c {
        '"' | '(' | ')' | ' ' => false,
        '!'..='~' => true,
        c => c.is_alphanumeric() && is_printable(c),
    }
}

/// Nothing, `-` and `unknown` stand for what is unknown, and `+2` counts others.
fn is_word_of_ours(name: &str) -> bool {
    let counts = |count: &str| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
    matches!(name, "" | "-" | "unknown") || name.rsplit_once('+').is_some_and(|(_, count)| counts(count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_names_of_programs_are_themselves() {
        for name in [
            "nginx",
            "python3.11",
            "notepad++",
            "kworker/0:1-events",
            "getty@tty1.service",
            r"my\x2dweb.scope",
            "größe",
            "日本",
        ] {
            assert!(matches!(quoted(name), Cow::Borrowed(same) if same == name), "{name}");
        }
        for account in ["NT AUTHORITY\\NETWORK SERVICE", "alice", "DNS Client"] {
            assert_eq!(quoted_account(account), account);
        }
        for path in ["/usr/sbin/nginx", r"C:\Program Files (x86)\Tool's\a.exe", r"\Device\x\a b.exe"] {
            assert_eq!(quoted_path(path), path);
        }
    }

    #[test]
    fn what_could_be_a_word_of_this_program_s_is_quoted() {
        for (name, shown) in [
            ("", r#""""#),
            ("-", r#""-""#),
            ("unknown", r#""unknown""#),
            ("nginx+2", r#""nginx+2""#),
            ("(hidden)", r#""(hidden)""#),
            ("→ docker web", r#""→ docker web""#),
            ("（hidden）", r#""（hidden）""#),
            ("Web Content", r#""Web Content""#),
            ("a  b ", r#""a\u{20}\u{20}b\u{20}""#),
            ("a\"\\\n\u{1b}\u{202e}", r#""a\"\\\n\u{1b}\u{202e}""#),
            (r"a\u{20}b c", r#""a\\u{20}b c""#),
        ] {
            assert_eq!(quoted(name), shown);
        }
        for account in ["(hidden)", "a  b", " a", "", "unknown", "a (PID 7)"] {
            assert!(quoted_account(account).starts_with('"'), "{account}");
        }
        for path in ["/x (deleted)", "a file", "/x ", "/a  b", "/(x86", "/\u{202e}x"] {
            assert!(quoted_path(path).starts_with('"'), "{path}");
        }
    }

    proptest! {
        #[test]
        fn two_names_never_look_the_same(
            one in "[ab \"\\\\\\\\n(\\n\u{1b}{}u02-]{0,6}",
            other in "[ab \"\\\\\\\\n(\\n\u{1b}{}u02-]{0,6}",
        ) {
            for quote in [quoted, quoted_account, quoted_path] {
                prop_assert!(one == other || quote(&one) != quote(&other), "{}", quote(&one));
                prop_assert!(quote(&one).chars().all(is_printable));
            }
        }
    }
}
