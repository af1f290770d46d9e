//! Lines of text → what a terminal must be sent to show them: those that are not there yet.

use std::fmt::Write;

use super::width::display_width;

const ESCAPE: char = '\x1b';
/// Ends all colours.
const PLAIN: &str = "\x1b[0m";

/// Clears the screen.
const CLEAR: &str = "\x1b[0m\x1b[2J";

/// What the screen shows, line by line. An empty one is blank.
#[derive(Debug, Default)]
pub struct Frame {
    lines: Vec<String>,
    /// Whether what stands there is not known.
    is_unknown: bool,
}

impl Frame {
    /// Forgets what the screen shows, because somebody else wrote to it, or because it has another size.
    pub fn forget(&mut self) {
        self.lines.clear();
        self.is_unknown = true;
    }

    /// Takes these lines, from the top, and says what to send for them: nothing for a line that is there.
    pub fn show(&mut self, lines: Vec<String>) -> String {
        let mut sent = if self.is_unknown { CLEAR.to_owned() } else { String::new() };
        self.is_unknown = false;
        for (at, line) in differences(&self.lines, &lines) {
            // What was there goes first: behind a line as wide as the screen, its last column would go too.
            let _ = write!(sent, "\x1b[{};1H\x1b[K{line}", at + 1);
            if line.contains(ESCAPE) && !line.ends_with(PLAIN) {
                sent.push_str(PLAIN);
            }
        }
        self.lines = lines;
        sent
    }
}

/// The lines that differ from those that are shown, by their place. What is not shown is blank.
#[must_use]
pub fn differences<'a>(shown: &[String], next: &'a [String]) -> Vec<(usize, &'a str)> {
    let longest = shown.len().max(next.len());
    let line = |lines: &'a [String], at| lines.get(at).map_or("", String::as_str);
    let differing = (0..longest).filter(|&at| shown.get(at).map_or("", String::as_str) != line(next, at));
    differing.map(|at| (at, line(next, at))).collect()
}

/// The lines of a text, each with the colour that it has even if that began in a line before.
pub(super) fn lines_of(text: &str) -> Vec<String> {
    let mut colour = "";
    let lines = text.lines().map(|line| {
        let begun = colour;
        if let Some(at) = line.rfind(ESCAPE) {
            let length = line[at..].find('m').map_or(0, |end| end + 1);
            colour = &line[at..at + length];
            if colour == PLAIN {
                colour = "";
            }
        }
        if line.is_empty() { String::new() } else { format!("{begun}{line}") }
    });
    lines.collect()
}

/// A line, painted or not, in no more than so many columns. Its colours are this program's own: others' are escaped.
pub(super) fn fitted(line: &str, columns: usize) -> String {
    let mut shown = String::with_capacity(line.len());
    let (mut left, mut is_code) = (columns, false);
    let width = |c: char| display_width(c.encode_utf8(&mut [0; 4]));
    let total: usize = {
        let mut is_code = false;
        let text = line.chars().filter(|&c| {
            let was_code = is_code || c == ESCAPE;
            is_code = was_code && c != 'm';
            !was_code
        });
        text.map(width).sum()
    };
    if total <= columns {
        return line.to_owned();
    }
    for c in line.chars() {
        if is_code || c == ESCAPE {
            is_code = c != 'm';
            shown.push(c);
            continue;
        }
        match left.checked_sub(width(c)) {
            // The last column is for the sign that more follows.
            Some(rest) if rest > 0 => {
                left = rest;
                shown.push(c);
            }
            _ => break,
        }
    }
    if columns > 0 {
        shown.push('…');
    }
    if shown.contains(ESCAPE) {
        shown.push_str(PLAIN);
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn only_lines_that_changed_are_sent_and_nothing_if_none_did() {
        let mut frame = Frame::default();
        assert_eq!(frame.show(lines("a||c")), "\x1b[1;1H\x1b[Ka\x1b[3;1H\x1b[Kc");
        assert_eq!(frame.show(lines("a||c")), "");
        assert_eq!(frame.show(lines("a|b|c")), "\x1b[2;1H\x1b[Kb");
        assert_eq!(frame.show(lines("a|b")), "\x1b[3;1H\x1b[K", "what is no longer there is cleared");
        assert_eq!(frame.show(lines("\x1b[31ma|b")), "\x1b[1;1H\x1b[K\x1b[31ma\x1b[0m");
    }

    #[test]
    fn a_colour_goes_on_in_the_next_line() {
        assert_eq!(
            lines_of("\x1b[33mone\ntwo\x1b[0m\nthree"),
            ["\x1b[33mone", "\x1b[33mtwo\x1b[0m", "three"]
        );
    }

    #[test]
    fn a_line_is_cut_by_what_is_seen_of_it() {
        assert_eq!(fitted("abcdef", 6), "abcdef");
        assert_eq!(fitted("abcdef", 5), "abcd…");
        assert_eq!(fitted("\x1b[31mabc\x1b[0m", 3), "\x1b[31mabc\x1b[0m");
        assert_eq!(fitted("\x1b[31mabcd\x1b[0m", 3), "\x1b[31mab…\x1b[0m");
        assert_eq!(fitted("日本語", 5), "日本…");
        assert_eq!(fitted("日本語", 4), "日…");
        assert_eq!(fitted("abc", 0), "");
    }

    /// A terminal, as far as [`Frame`] uses one.
    fn drawn(screen: &mut [String], sent: &str) {
        for part in sent.split("\x1b[").skip(1) {
            let Some((row, text)) = part.split_once(";1H") else {
                continue;
            };
            let at: usize = row.parse().unwrap();
            assert_eq!(text, "", "the line is cleared first");
            screen[at - 1] = String::new();
        }
        for part in sent.split(";1H\x1b[K").collect::<Vec<_>>().windows(2) {
            let at: usize = part[0].rsplit("\x1b[").next().unwrap().parse().unwrap();
            screen[at - 1] = part[1].rsplit_once("\x1b[").map_or(part[1], |(text, _)| text).to_owned();
        }
    }

    proptest! {
        #[test]
        fn the_screen_shows_the_last_lines(all in prop::collection::vec(prop::collection::vec("[a-c]{0,2}", 4), 1..6)) {
            let (mut frame, mut screen) = (Frame::default(), vec![String::new(); 4]);
            for lines in all {
                drawn(&mut screen, &frame.show(lines.clone()));
                prop_assert_eq!(&screen, &lines);
            }
        }
    }
}
