//! Reads the simple commands of a shell script, as far as that is possible without running it (POSIX, "Shell Command
//! Language"): which commands are run, not when.

use std::collections::HashMap;

/// How many commands of a script are kept.
const MOST: usize = 1_000;

/// How many bytes variables add to a script: one may hold others again and again.
const MOST_EXPANDED: usize = 64 * 1024;

/// Words that may come before a command.
const RESERVED: [&str; 10] = ["if", "then", "else", "elif", "do", "while", "until", "!", "{", "exec"];

/// The commands of a script in words, with the variables that it sets replaced by what they were set to.
#[must_use]
pub fn commands(script: &str) -> Vec<Vec<String>> {
    commands_with(script, &[])
}

/// The commands of a script that is run with variables.
#[must_use]
pub fn commands_with(script: &str, variables: &[(String, String)]) -> Vec<Vec<String>> {
    let mut reader = Reader { variables: variables.iter().cloned().collect(), ..Reader::default() };
    let mut rest = script;
    while let Some(character) = rest.chars().next() {
        if reader.commands.len() == MOST {
            break;
        }
        rest = reader.read(character, &rest[character.len_utf8()..]);
    }
    reader.end_command();
    reader.commands
}

/// Whether a word sets a variable, as in `NAME=value`: its name and value.
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    (name_length(name) == name.len() && !name.is_empty()).then_some((name, value))
}

/// How many bytes of the text's beginning are the name of a variable.
fn name_length(text: &str) -> usize {
    let length = text.bytes().take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'_').count();
    if text.starts_with(|first: char| first.is_ascii_digit()) { 0 } else { length }
}

#[derive(Default)]
struct Reader {
    variables: HashMap<String, String>,
    expanded: usize,
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    /// The word that was begun; `""` is one too.
    word: Option<String>,
    /// Whether the word is the file that a command's output goes to.
    is_redirected: bool,
    in_double_quotes: bool,
}

impl Reader {
    /// Reads a character, and whatever belongs to it: what is left after that.
    fn read<'a>(&mut self, character: char, rest: &'a str) -> &'a str {
        match character {
            '\\' => return self.escaped(rest),
            '$' => return self.variable(rest),
            '"' => {
                self.in_double_quotes = !self.in_double_quotes;
                self.word.get_or_insert_default();
            }
            _ if self.in_double_quotes => self.push(character),
            '\'' => {
                let (quoted, rest) = rest.split_once('\'').unwrap_or((rest, ""));
                self.word.get_or_insert_default().push_str(quoted);
                return rest;
            }
            '#' if self.word.is_none() => return rest.find('\n').map_or("", |end| &rest[end..]),
            '>' | '<' => {
                // `2>` redirects an output that has a number; `>&2` to one.
                self.word.take_if(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
                self.end_word();
                self.is_redirected = true;
                return rest.trim_start_matches(['>', '<', '&', '|']);
            }
            ';' | '&' | '|' | '\n' | '(' | ')' | '`' => self.end_command(),
            _ if character.is_ascii_whitespace() => self.end_word(),
            _ => self.push(character),
        }
        rest
    }

    fn escaped<'a>(&mut self, rest: &'a str) -> &'a str {
        let mut characters = rest.chars();
        match characters.next() {
            // The line goes on.
            Some('\n') | None => {}
            Some(next) => {
                if self.in_double_quotes && !['"', '\\', '$', '`'].contains(&next) {
                    self.push('\\');
                }
                self.push(next);
            }
        }
        characters.as_str()
    }

    /// `$NAME`, `${NAME}` or `${NAME:-otherwise}`. What else a dollar begins, and the name of a variable that the script
    /// does not set, stays as it is.
    fn variable<'a>(&mut self, rest: &'a str) -> &'a str {
        let (name, otherwise, after) = match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((inside, after)) => {
                let (name, otherwise) = inside.split_at(name_length(inside));
                (name, otherwise.trim_start_matches(':').strip_prefix(['-', '=']), after)
            }
            None => {
                let (name, after) = rest.split_at(name_length(rest));
                (name, None, after)
            }
        };
        let value = self.variables.get(name).map(String::as_str).or(otherwise);
        let value = value.filter(|value| !name.is_empty() && self.expanded + value.len() <= MOST_EXPANDED);
        let Some(value) = value.map(str::to_owned) else {
            self.push('$');
            return rest;
        };
        self.expanded += value.len();
        if self.in_double_quotes {
            self.word.get_or_insert_default().push_str(&value);
        } else {
            // Its blanks separate words.
            for (at, part) in value.split_ascii_whitespace().enumerate() {
                if at > 0 {
                    self.end_word();
                }
                self.word.get_or_insert_default().push_str(part);
            }
        }
        after
    }

    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let is_reserved = self.words.is_empty() && RESERVED.contains(&word.as_str());
        if !std::mem::take(&mut self.is_redirected) && !is_reserved {
            self.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.is_redirected = false;
        let words = std::mem::take(&mut self.words);
        let set = words.iter().skip(usize::from(words.first().is_some_and(|word| word == "export")));
        if set.clone().all(|word| assignment(word).is_some()) {
            let set = set.filter_map(|word| assignment(word));
            self.variables.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
        } else {
            self.commands.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(script: &str) -> Vec<String> {
        commands(script).iter().map(|words| words.join("|")).collect()
    }

    #[test]
    fn the_commands_of_a_script_are_its_words() {
        for (script, expected) in [
            ("/opt/lmgrd -c /a.lic > /dev/null 2>&1 &\n", &["/opt/lmgrd|-c|/a.lic"][..]),
            ("cd /opt && ./lmgrd -c 'a b' || exit 1", &["cd|/opt", "./lmgrd|-c|a b", "exit|1"]),
            ("A=/opt/x\nB=\"$A/lmgrd\" # it\n$B -c ${A}.lic \"\" >>$A", &["/opt/x/lmgrd|-c|/opt/x.lic|"]),
            ("export L=\"-c /a -l /b\"; lmgrd $L \"$L\"", &["lmgrd|-c|/a|-l|/b|-c /a -l /b"]),
            ("x ${U:-/y} ${U} $U $ $1 '$U'", &["x|/y|${U}|$U|$|$1|$U"]),
            ("if [ -x /a ]; then /a; fi", &["[|-x|/a|]", "/a", "fi"]),
            ("start)\n  exec /a b\\ c \\\n d\n;;", &["start", "/a|b c|d"]),
            ("a \"b\\\"\\$c\\d\" e#f #g\nh", &["a|b\"$c\\d|e#f", "h"]),
            ("a 'b", &["a|b"]),
            ("a \"b", &["a|b"]),
            ("A=1 a", &["A=1|a"]),
            ("", &[]),
        ] {
            assert_eq!(told(script), expected, "{script}");
        }
    }

    #[test]
    fn what_a_script_expands_to_has_a_bound() {
        let doubled = format!("A=aaaaaaaa\n{}b $A", "A=$A$A\n".repeat(100));
        assert!(told(&doubled).concat().len() < 2 * MOST_EXPANDED);
        let repeated = format!("A={}\nb {}", "a".repeat(1_000), "$A ".repeat(100_000));
        assert!(told(&repeated).concat().len() < MOST_EXPANDED + 4 * 100_000);
        assert_eq!(commands(&"a\n".repeat(100_000)).len(), MOST);
    }

    proptest! {
        #[test]
        fn no_script_is_too_strange(script in "[-a=$\\{\\}()\"'\\\\ \n;&|<>#:`ü]{0,40}") {
            prop_assert!(commands(&script).iter().all(|words| !words.is_empty()));
            for end in (0..script.len()).filter(|&end| script.is_char_boundary(end)) {
                let _ = commands(&script[..end]);
            }
        }
    }
}
