//! How many columns of a terminal a text takes.

/// Most texts are plain ASCII, of which each sign takes one column.
pub(super) fn display_width(text: &str) -> usize {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain { text.len() } else { textwrap::core::display_width(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_terminal() {
        for (text, width) in [("", 0), ("ssh 22", 6), ("\x1b[31mssh\x1b[0m", 3), ("Größe", 5), ("端口", 4)]
        {
            assert_eq!(display_width(text), width, "{text}");
        }
    }
}
