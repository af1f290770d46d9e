//! Words that stand for one thing together: `udp 5514`, `80, 443`, `( sport = :80 )`, `port 80`.

use std::borrow::Cow;

use super::UsageError;
use super::message;
use super::parse::is_about_ports;
use super::place::looks_like_ports;
use crate::knowledge::called_otherwise;
use crate::model::Protocol;

/// The words of a listing, each with what belongs to it.
///
/// # Errors
///
/// Where a filter of ss says something else than ports.
pub(super) fn joined(words: &[String]) -> Result<Vec<Cow<'_, str>>, UsageError> {
    let words = without_state(words)?;
    if let Some(ports) = of_socket_filter(words)? {
        return Ok(ports.into_iter().map(Cow::Owned).collect());
    }
    if words.iter().any(|word| word.trim().contains(char::is_whitespace)) {
        let split = words.iter().map(|word| parts(word)).collect::<Result<Vec<_>, _>>()?.concat();
        if split != words {
            let joined = joined(&split)?;
            return Ok(joined.into_iter().map(|word| Cow::Owned(word.into_owned())).collect());
        }
    }
    let is_list = words.len() > 1;
    let words: Vec<&str> = words
        .iter()
        .map(|word| if is_list { without_comma(word) } else { word })
        .filter(|word| !(is_list && word.is_empty()))
        .collect();
    // Before the port or behind it, where nothing else was typed.
    if let [port, protocol] = &words[..]
        && is_port(port)
        && let Some(protocol) = Protocol::from_name(protocol)
    {
        return Ok(vec![Cow::Owned(format!("{port}/{protocol}"))]);
    }
    let mut joined = Vec::with_capacity(words.len());
    let mut rest = words.iter().copied().peekable();
    while let Some(word) = rest.next() {
        let port = rest.peek().copied().filter(|next| is_port(next));
        match (Protocol::from_name(word), port) {
            (None, Some(_)) if is_noun(word) => {}
            (Some(protocol), Some(port)) => {
                rest.next();
                // Of `tcp 80 443` it is not plain whether both are meant.
                match rest.peek().is_some_and(|next| is_port(next)) {
                    true => joined.extend([Cow::Borrowed(word), Cow::Borrowed(port)]),
                    false => joined.push(Cow::Owned(format!("{port}/{protocol}"))),
                }
            }
            // `remote desktop`, which is one name.
            _ => match rest.peek().map(|next| format!("{word} {next}")) {
                Some(both) if called_otherwise(&both).is_some() => {
                    rest.next();
                    joined.push(Cow::Owned(both));
                }
                _ => joined.push(Cow::Borrowed(word)),
            },
        }
    }
    Ok(joined)
}

/// The words that one in quotes stands for.
fn parts(word: &str) -> Result<Vec<String>, UsageError> {
    if are_quoted(word) {
        return Ok(word.split_whitespace().map(str::to_owned).collect());
    }
    Ok(vec![message::port(word)?.unwrap_or_else(|| word.to_owned())])
}

/// Whether a word is several in quotes, all about ports: `'3000 3001'`, `'port 80'`, `'udp 5514'`. A name may have blanks
/// in it, too.
fn are_quoted(word: &str) -> bool {
    let is_part = |part: &str| {
        let bare = part.trim_matches(',');
        bare.is_empty() || is_about_ports(bare) || is_noun(bare) || Protocol::from_name(bare).is_some()
    };
    word.trim().contains(char::is_whitespace)
        && word.split_whitespace().any(is_about_ports)
        && word.split_whitespace().all(is_part)
}

fn is_noun(word: &str) -> bool {
    ["port", "ports"].iter().any(|noun| word.eq_ignore_ascii_case(noun))
}

/// A port or a range without a protocol, as in `80`, `:80` or `1-1024`.
fn is_port(word: &str) -> bool {
    looks_like_ports(word.strip_prefix(':').unwrap_or(word))
}

/// A word of a list, which a shell has split behind its commas. Only ports have them there: a name may end in one.
fn without_comma(word: &str) -> &str {
    let bare = word.trim_matches(',');
    let is_of_ports = bare.is_empty() || bare.split(',').all(is_port);
    if is_of_ports { bare } else { word }
}

/// The words behind `state listening`, the filter of ss(8) that changes nothing here.
fn without_state(words: &[String]) -> Result<&[String], UsageError> {
    const STATES: [&str; 12] = [
        "all",
        "connected",
        "synchronized",
        "bucket",
        "big",
        "established",
        "syn-sent",
        "syn-recv",
        "time-wait",
        "close-wait",
        "fin-wait-1",
        "fin-wait-2",
    ];
    match words {
        [state, listening, rest @ ..]
            if state == "state" && ["listening", "listen"].contains(&&**listening) =>
        {
            Ok(rest)
        }
        [state, other, ..] if state == "state" && STATES.contains(&&**other) => {
            let right = "only listeners are listed; --connections counts the connections of each";
            Err(UsageError::instead(&format!("state {other}"), right))
        }
        _ => Ok(words),
    }
}

/// The ports of `( sport = :80 or sport = :443 )`, as ss(8) takes it, in one word or several; `None` for other words.
fn of_socket_filter(words: &[String]) -> Result<Option<Vec<String>>, UsageError> {
    const FIELDS: [&str; 4] = ["sport", "dport", "src", "dst"];
    let text = words.join(" ").replace(['(', ')'], " ").replace('=', " = ");
    let mut tokens = text.split_whitespace().peekable();
    if words.len() > MOST_WORDS || !tokens.peek().is_some_and(|first| FIELDS.contains(first)) {
        return Ok(None);
    }
    let wrong = || UsageError::SocketFilter { filter: words.join(" ").into() };
    let mut ports = Vec::new();
    while let Some(field) = tokens.next() {
        while tokens.next_if(|next| ["=", "eq", "is"].contains(next)).is_some() {}
        match (field, tokens.next()) {
            // A process may be called so.
            (_, None) if ports.is_empty() => return Ok(None),
            ("sport" | "src", Some(port)) if port.contains(|c: char| c.is_ascii_alphanumeric()) => {
                let is_comparison = ["ge", "gt", "le", "lt", "ne", "neq"].contains(&port);
                ports.push((!is_comparison).then(|| port.to_owned()).ok_or_else(wrong)?);
            }
            ("dport" | "dst", Some(port)) => return Err(of_other_side(words, port)),
            _ => return Err(wrong()),
        }
        while tokens.next_if(|next| ["or", "|", "||", ","].contains(next)).is_some() {}
    }
    Ok(Some(ports))
}

/// Of a connection only its side here is listed.
fn of_other_side(words: &[String], port: &str) -> UsageError {
    let here = if is_about_ports(port) { port } else { "80" };
    let right =
        format!("that is the port of the other side; for what listens here on it: whatlistens {here}");
    UsageError::instead(&words.join(" "), right)
}

/// No filter has more words.
const MOST_WORDS: usize = 64;

#[cfg(test)]
mod tests {
    fn joined(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        super::joined(&words).map_or_else(|error| error.to_string(), |words| words.join(" "))
    }

    #[test]
    fn what_belongs_together_is_one_word() {
        for (typed, meant) in [
            ("udp 5514", "5514/udp"),
            ("5514 udp", "5514/udp"),
            ("TCP 1-1024", "1-1024/tcp"),
            ("tcp 80 udp 53", "80/tcp 53/udp"),
            ("nginx tcp 80", "nginx 80/tcp"),
            ("80, 443", "80 443"),
            ("80 , 443", "80 443"),
            ("80,443, 22", "80,443 22"),
            ("80 ,443", "80 443"),
            ("port 80", "80"),
            ("ports 80 443", "80 443"),
            ("( sport = :80 )", ":80"),
            ("sport = :80", ":80"),
            ("sport == :http", ":http"),
            ("sport=80", "80"),
            ("remote desktop", "remote desktop"),
            ("80 SQL Server 443", "80 SQL Server 443"),
            ("sport eq :80 or sport eq :443", ":80 :443"),
            ("src 127.0.0.1:80", "127.0.0.1:80"),
        ] {
            assert_eq!(joined(typed), meant, "{typed}");
        }
        let quoted = ["( sport = :80 )".to_owned()];
        assert_eq!(super::joined(&quoted).unwrap(), [":80"]);
        assert_eq!(super::joined(&["port 80".to_owned()]).unwrap(), ["80"]);
        assert_eq!(super::joined(&["udp 5514".to_owned()]).unwrap(), ["5514/udp"]);
        assert_eq!(super::joined(&["Remote".to_owned(), "Desktop".to_owned()]).unwrap(), ["Remote Desktop"]);
        assert_eq!(super::joined(&["listen tcp :80: bind".to_owned()]).unwrap(), ["80"]);
        assert_eq!(super::joined(&["Port Manager".to_owned()]).unwrap(), ["Port Manager"]);
        for (quoted, meant) in [
            ("3000 3001", "3000 3001"),
            ("3000\n3001\n", "3000 3001"),
            (" 80  443 ", "80 443"),
            ("80, 443", "80 443"),
            ("80/tcp 53/udp", "80/tcp 53/udp"),
            ("127.0.0.1:80 [::]:443", "127.0.0.1:80 [::]:443"),
            ("80 udp", "80/udp"),
            ("tcp 80 udp 53", "80/tcp 53/udp"),
            ("Python 3", "Python 3"),
            ("my app", "my app"),
            ("tcp udp", "tcp udp"),
        ] {
            assert_eq!(super::joined(&[quoted.to_owned()]).unwrap().join(" "), meant, "{quoted}");
        }
        assert_eq!(
            super::joined(&["80 443".to_owned(), "nginx".to_owned()]).unwrap(),
            ["80", "443", "nginx"]
        );
    }

    #[test]
    fn what_is_not_plain_stays_as_it_is() {
        for typed in
            ["udp", "tcp 80 443", "80 443 tcp", "80,", "port", "a, b", "tcp nginx", "sport", "port nginx"]
        {
            assert_eq!(joined(typed), typed);
        }
        assert_eq!(joined("state listening"), "");
        assert_eq!(joined("state listening sport = :80"), ":80");
        assert_eq!(joined("state 80"), "state 80");
        insta::assert_snapshot!(joined("state established"), @"‘state established’: only listeners are listed; --connections counts the connections of each");
        insta::assert_snapshot!(joined("dport = :80"), @"‘dport = :80’: that is the port of the other side; for what listens here on it: whatlistens :80");
        insta::assert_snapshot!(joined("( dport eq :https )"), @"‘( dport eq :https )’: that is the port of the other side; for what listens here on it: whatlistens 80");
        insta::assert_snapshot!(joined("sport >= :1024"), @"‘sport >= :1024’: of the filters of ss only ‘sport = :80’ is understood; give ports and ranges, as in 80 27000-27009");
        insta::assert_snapshot!(joined("( sport ge :1024 )"), @"‘( sport ge :1024 )’: of the filters of ss only ‘sport = :80’ is understood; give ports and ranges, as in 80 27000-27009");
    }
}
