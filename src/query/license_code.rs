//! Reads the code of a license error, as programs show it: `-15`, `-15,570:115`, `H0007`.

use super::UsageError;
use crate::knowledge::{Knowledge, LicenseCode};

/// How the symbols of license errors begin.
const SYMBOLS: [&str; 6] = ["LM_", "RLM_", "VLS_", "LS_", "HASP_", "LMX_"];

/// The minus, and what web pages and word processors make of it.
const MINUS: [char; 3] = ['-', '\u{2212}', '\u{2013}'];

/// The codes of Sentinel RMS that are not small numbers.
const UNIFIED: std::ops::Range<i64> = 210_000..220_000;

/// Reads a word as a code, with the name of its licensing system before it in the same word (`rlm -17`) or not.
/// `None`: it is meant as something else.
pub(super) fn read(word: &str, knowledge: &Knowledge) -> Option<Result<(String, LicenseCode), UsageError>> {
    let mut word = word.trim();
    while let Some((_, rest)) = word.split_once(char::is_whitespace).filter(|(first, _)| introduces(first)) {
        word = rest.trim();
    }
    // `FlexNet Licensing error:-15,570`, as many programs show it.
    let shown = word.rsplit_once("error:").map(|(_, code)| code.trim());
    word = shown.filter(|code| negative(code).is_some()).unwrap_or(word);
    let with_name = word.split_once(char::is_whitespace);
    if let Some(code) = with_name.and_then(|(name, code)| behind(name, code.trim(), knowledge)) {
        return Some(code);
    }
    if let Some(code) = number(word) {
        return Some(code.map(|code| (written(&code, word), code)));
    }
    let is_symbol = SYMBOLS.iter().any(|symbol| {
        word.get(..symbol.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(symbol))
    });
    if let Some(code) = is_symbol.then(|| knowledge.license_errors().of_symbol(word)).flatten() {
        return Some(Ok((word.to_owned(), code)));
    }
    in_text(word, knowledge)
}

/// The one code in a text: `RLM error -17`, `Sentinel key not found (H0007)`.
fn in_text(text: &str, knowledge: &Knowledge) -> Option<Result<(String, LicenseCode), UsageError>> {
    let bare =
        |word: &'_ str| word.trim_matches(['.', ',', ';', ':', '"', '\'', '(', ')', '[', ']']).to_owned();
    let words: Vec<String> = text.split_whitespace().take(MOST_WORDS).map(bare).collect();
    let mut codes = words.iter().filter(|word| number(word).is_some_and(|code| code.is_ok()));
    let code = codes.next().filter(|code| words.len() > 2 && codes.all(|other| other == *code))?;
    let system = words.iter().find_map(|name| behind(name, code, knowledge)?.ok());
    let known = system.filter(|(_, code)| !knowledge.license_errors().explained(code).is_empty());
    known.map(Ok).or_else(|| Some(number(code)?.map(|read| (written(&read, code), read))))
}

/// No message has more words.
const MOST_WORDS: usize = 256;

/// Whether a word only says that the code of an error follows: `License error -15`.
pub(super) fn introduces(word: &str) -> bool {
    let word = word.trim_end_matches(':');
    ["license", "licence", "error", "err", "code"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Reads the word behind the name of a licensing system: there a small number too is a code, if the system has it.
pub(super) fn behind(
    name: &str,
    word: &str,
    knowledge: &Knowledge,
) -> Option<Result<(String, LicenseCode), UsageError>> {
    if !name.starts_with(char::is_alphabetic) {
        return None;
    }
    let read = number(word);
    let plain = || word.parse().ok().filter(|_| word.bytes().all(|b| b.is_ascii_digit()));
    if read.is_none() && plain().is_none() || !knowledge.license_errors().has_system(name) {
        return None;
    }
    let system = Some(name.to_owned());
    let typed = |code: &LicenseCode| format!("{name} {}", written(code, word));
    if let Some(read) = read {
        return Some(read.map(|code| (typed(&code), LicenseCode { system, ..code })));
    }
    let code = LicenseCode { system, ..LicenseCode::new(plain()?) };
    let is_known = !knowledge.license_errors().explained(&code).is_empty();
    is_known.then(|| Ok((typed(&code), code)))
}

/// A code whose form is that of nothing else.
fn number(word: &str) -> Option<Result<LicenseCode, UsageError>> {
    let bare = word.trim_matches(['(', ')', '[', ']']);
    let wrong = || UsageError::NotALicenseCode { word: word.replacen(MINUS, "-", 1).into() };
    if let Some(code) = negative(bare) {
        return Some(parts(code).ok_or_else(wrong));
    }
    if let Some(code) = autodesk(bare) {
        let of_flexnet = |code| LicenseCode { system: Some("flexnet".to_owned()), ..code };
        return Some(parts(code).map(of_flexnet).ok_or_else(wrong));
    }
    let hex = bare.strip_prefix("0x").or(bare.strip_prefix("0X")).unwrap_or(bare);
    if hex.len() == 8 && hex.get(..5).is_some_and(|beginning| beginning.eq_ignore_ascii_case("c8001")) {
        return Some(Ok(LicenseCode::new(i64::from_str_radix(hex, 16).ok()?)));
    }
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if let Some(digits) = bare.strip_prefix(['H', 'h']).filter(|rest| rest.len() == 4 && is_digits(rest)) {
        return Some(Ok(LicenseCode { letter: Some('H'), ..LicenseCode::new(digits.parse().ok()?) }));
    }
    let number = bare.parse().ok().filter(|number| is_digits(bare) && UNIFIED.contains(number))?;
    Some(Ok(LicenseCode::new(number)))
}

/// What stands behind the minus of a negative number.
fn negative(text: &str) -> Option<&str> {
    text.strip_prefix(MINUS).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Autodesk's programs show `[1.5.-15]` for -15: what stands behind the minus.
fn autodesk(text: &str) -> Option<&str> {
    let code = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
    let before = text[..text.len() - code.len()].trim_end();
    negative(code).filter(|_| before.ends_with('.'))
}

/// `15`, `15,570`, `15.570`, `15,570:115`: the code, the minor number, the system's error.
fn parts(text: &str) -> Option<LicenseCode> {
    let (codes, system_error) = match text.split_once(':') {
        Some((codes, error)) => (codes, Some(digits(error)?)),
        None => (text, None),
    };
    let (code, minor) = match codes.split_once([',', '.']) {
        Some((code, minor)) => (code, Some(digits(minor)?)),
        None => (codes, None),
    };
    Some(LicenseCode { minor, system_error, ..LicenseCode::new(-i64::from(digits(code)?)) })
}

fn digits(text: &str) -> Option<u32> {
    let text = text.trim();
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A code as it was typed, in one form.
fn written(code: &LicenseCode, word: &str) -> String {
    let mut written = match code.letter {
        Some(letter) => format!("{letter}{:04}", code.number),
        None if code.number < 0 => code.number.to_string(),
        None => return word.to_owned(),
    };
    written.extend(code.minor.map(|minor| format!(",{minor}")));
    written.extend(code.system_error.map(|error| format!(":{error}")));
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_code_in_a_text_is_found() {
        let knowledge = Knowledge::embedded();
        let found = |text: &str| {
            read(text, &knowledge).map(|read| read.map_or_else(|e| e.to_string(), |read| read.0))
        };
        for (text, code) in [
            ("License Manager Error -15", "-15"),
            ("License Manager Error -15.", "-15"),
            ("RLM error -17", "RLM -17"),
            ("RLM checkout failed (-17)", "RLM -17"),
            ("Sentinel key not found (H0007)", "Sentinel H0007"),
            ("Unable to access Sentinel HASP Run-time Environment (H0033)", "Sentinel H0033"),
            ("Cannot connect to license server system. -15,570", "-15,570"),
            ("the checkout failed: -15 and again -15", "-15"),
        ] {
            assert_eq!(found(text).as_deref(), Some(code), "{text}");
        }
        for text in ["License Manager Error", "codes -15 and -97", "a - b", "my app -x"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
