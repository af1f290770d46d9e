//! The lines of systemd's unit files (`systemd.syntax(7)`).

/// Calls back with each section, key and value of a unit file and its drop-ins, in the order in which they apply.
pub(super) fn settings(texts: &[&str], mut set: impl FnMut(&str, &str, &str)) {
    for text in texts {
        // Each file begins outside any section.
        let mut section = String::new();
        for line in lines(text) {
            let line = line.trim();
            if line.starts_with('[') {
                section =
                    line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or("").to_owned();
            } else if let Some((key, value)) = line.split_once('=') {
                set(&section, key.trim(), value.trim());
            }
        }
    }
}

/// The lines of a file without comments. A line that ends in a backslash is joined to the next.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut begun: Option<String> = None;
    for line in text.trim_start_matches('\u{feff}').lines() {
        // A comment between two joined lines does not separate them.
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let mut whole = begun.take().unwrap_or_default();
        // An escaped backslash does not join lines.
        let backslashes = line.bytes().rev().take_while(|&b| b == b'\\').count();
        if let Some(part) = line.strip_suffix('\\').filter(|_| backslashes % 2 == 1) {
            whole.push_str(part);
            whole.push(' ');
            begun = Some(whole);
        } else {
            whole.push_str(line);
            lines.push(whole);
        }
    }
    lines.extend(begun);
    lines
}
