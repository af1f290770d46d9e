//! Texts in the lists of mounts, whose fields are separated by blanks.

use std::borrow::Cow;

/// Decodes a path whose blanks, tabs, newlines, backslashes and number signs are written in octal (`mangle` in
/// `fs/proc_namespace.c`; `fstab(5)`).
pub fn unescaped(path: &str) -> Cow<'_, str> {
    if !path.contains('\\') {
        return Cow::Borrowed(path);
    }
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\043", "#"), ("\\134", "\\")];
    Cow::Owned(codes.into_iter().fold(path.to_owned(), |path, (code, is)| path.replace(code, is)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_octal_is_decoded_once() {
        for (written, is) in [
            ("/plain", "/plain"),
            (r"/a\040b\011\012\043\134", "/a b\t\n#\\"),
            (r"\134040", r"\040"),
            (r"\04", r"\04"),
            ("\\", "\\"),
        ] {
            assert_eq!(unescaped(written), is, "{written}");
        }
    }
}
