//! Decodes the command line of a process, which Windows keeps as one text.

/// The words of a command line ("Parsing C command-line arguments", learn.microsoft.com). The first is the program: it
/// ends at a blank, or at the next quote if it begins with one.
#[must_use]
pub fn words(line: &str) -> Vec<String> {
    let line = line.trim_start();
    let (program, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => line.split_at(line.find([' ', '\t']).unwrap_or(line.len())),
    };
    if line.is_empty() {
        return Vec::new();
    }
    std::iter::once(program.to_owned()).chain(arguments(rest)).collect()
}

/// The arguments of a command line ("Parsing C command-line arguments", learn.microsoft.com): backslashes are special
/// before a quote only.
pub(super) fn arguments(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut argument: Option<String> = None;
    let mut is_quoted = false;
    let mut backslashes = 0;
    for character in line.chars() {
        if character == '\\' {
            backslashes += 1;
            continue;
        }
        let is_escaped = character == '"' && backslashes % 2 == 1;
        let kept = if character == '"' { backslashes / 2 } else { backslashes };
        if kept > 0 {
            argument.get_or_insert_default().push_str(&"\\".repeat(kept));
        }
        backslashes = 0;
        match character {
            '"' if !is_escaped => {
                is_quoted = !is_quoted;
                argument.get_or_insert_default();
            }
            ' ' | '\t' if !is_quoted => found.extend(argument.take()),
            _ => argument.get_or_insert_default().push(character),
        }
    }
    if backslashes > 0 {
        argument.get_or_insert_default().push_str(&"\\".repeat(backslashes));
    }
    found.extend(argument);
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_program_comes_first_and_backslashes_are_special_before_quotes_alone() {
        for (line, expected) in [
            (r"C:\flexlm\lmgrd.exe -z", &[r"C:\flexlm\lmgrd.exe", "-z"][..]),
            (
                r#""C:\Program Files\x\lmgrd.exe" -c "C:\a b.lic""#,
                &[r"C:\Program Files\x\lmgrd.exe", "-c", r"C:\a b.lic"],
            ),
            (r#"x "a\\" "b\"c" \d "" "#, &["x", r"a\", "b\"c", r"\d", ""]),
            (r#""C:\a b"#, &[r"C:\a b"]),
            ("  ", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_command_line_is_too_strange(line in "([-a\"\\\\ \t\u{0}]|\\PC){0,30}") {
            let told: usize = words(&line).iter().map(String::len).sum();
            prop_assert!(told <= line.len());
        }
    }
}
