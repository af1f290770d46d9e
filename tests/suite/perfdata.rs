//! The values for graphs, by the grammar of the Monitoring Plugins Development Guidelines:
//! `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by blanks.

/// Each label with its value.
pub fn values(text: &str) -> Result<Vec<(String, f64)>, String> {
    let mut values: Vec<(String, f64)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (label, behind) = label(rest)?;
        let end = behind.find(' ').unwrap_or(behind.len());
        let (measure, next) = behind.split_at(end);
        let mut parts = measure.split(';');
        let value = parts.next().unwrap_or_default();
        let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
        let unit = &value[number.len()..];
        if !["", "s", "us", "ms", "%", "B", "KB", "MB", "TB", "c"].contains(&unit) {
            return Err(format!("{unit:?} is no unit"));
        }
        let number = number.parse().map_err(|_| format!("{value:?} is no number"))?;
        let limits: Vec<&str> = parts.collect();
        if limits.len() > 4 || limits.iter().any(|one| !one.is_empty() && one.parse::<f64>().is_err()) {
            return Err(format!("{limits:?} are no limits"));
        }
        if values.iter().any(|(known, _)| *known == label) {
            return Err(format!("{label:?} twice"));
        }
        values.push((label, number));
        rest = next.trim_start();
    }
    Ok(values)
}

/// A label, and what is behind its equals sign. In quotes a doubled quote stands for one.
fn label(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let (label, rest) = text.split_once('=').ok_or_else(|| format!("no equals sign in {text:?}"))?;
        let is_plain = !label.is_empty() && !label.contains([' ', '\'', ';', '|']);
        return is_plain.then(|| (label.to_owned(), rest)).ok_or_else(|| format!("{label:?} needs quotes"));
    };
    let mut label = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if chars.next_if(|(_, next)| *next == '\'').is_some() => label.push('\''),
            '\'' => {
                let rest = quoted[at + 1..].strip_prefix('=').ok_or("no equals sign behind the quotes")?;
                return Ok((label, rest));
            }
            '=' => return Err("an equals sign in a label".to_owned()),
            c => label.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

#[test]
fn the_grammar_is_that_of_the_guidelines() {
    assert_eq!(
        values("time=0.3s;1;2;0;10 'a ''b'''=3%").unwrap(),
        [("time".to_owned(), 0.3), ("a 'b'".to_owned(), 3.0)]
    );
    assert_eq!(values("").unwrap(), []);
    for wrong in ["a", "a=", "a=x", "a b=1", "'a=1", "a=1;2;3;4;5;6", "a=1 a=2", "=1", "a=1|b=2"] {
        assert!(values(wrong).is_err(), "{wrong}");
    }
}
