//! Recognizes an executable by its bytes, whatever its name: an interpreter (a copy of `python3` called `lmgrd`
//! runs any script), or a program that contains certain texts.

use memchr::memmem;

use crate::model::Interpreter;

/// How many bytes of a file are read, from its beginning. The symbol tables, which hold most of the words, come early
/// in an ELF file.
pub const MOST_READ: u64 = 16 * 1024 * 1024;

/// Words in the executables of interpreters, or in their imports, that a program which only embeds the interpreter
/// lacks.
const WORDS: &[(&str, Interpreter)] = &[
    // The C function that is all of python's `main` (docs.python.org/3/c-api/init.html).
    ("Py_BytesMain", Interpreter::Python),
    // perlembed(1): what perl's `main` calls.
    ("perl_run", Interpreter::Perl),
    ("ruby_run_node", Interpreter::Ruby),
    ("node_module_register", Interpreter::NodeJs),
    // Only the launcher of a Java runtime calls this.
    ("JLI_Launch", Interpreter::Java),
    // bash(1): an array that only bash sets.
    ("BASH_VERSINFO", Interpreter::Bash),
    ("BusyBox v", Interpreter::BusyBox),
];

/// The interpreter whose executable begins with these bytes.
#[must_use]
pub fn interpreter_in(bytes: &[u8]) -> Option<Interpreter> {
    // On Windows `main` calls this instead, with the arguments in wide characters (PC/python.c of CPython).
    if bytes.starts_with(b"MZ") && memmem::find(bytes, b"Py_Main").is_some() {
        return Some(Interpreter::Python);
    }
    WORDS.iter().find(|(word, _)| memmem::find(bytes, word.as_bytes()).is_some()).map(|(_, name)| *name)
}

/// Those of the texts that the beginning of an executable contains.
#[must_use]
pub fn texts_in(bytes: &[u8], texts: &[&str]) -> Vec<String> {
    let found = texts.iter().filter(|text| memmem::find(bytes, text.as_bytes()).is_some());
    found.map(|text| (*text).to_owned()).collect()
}

/// The version of FlexNet with which a license server or vendor daemon was built: `v11.19.5.0` of its text
/// `v11.19.5.0 build 292547 …`.
#[must_use]
pub fn flexnet_version_in(bytes: &[u8]) -> Option<String> {
    /// Longer than any version, in bytes.
    const LONGEST: usize = 24;
    memmem::find_iter(bytes, " build ").find_map(|end| {
        let before = &bytes[end.saturating_sub(LONGEST)..end];
        let start = before.iter().rposition(|&byte| !(byte.is_ascii_digit() || byte == b'.'))?;
        let version = before[start..].strip_prefix(b"v")?;
        let numbers: Vec<&[u8]> = version.split(|&byte| byte == b'.').collect();
        let is_version = (3..=4).contains(&numbers.len()) && numbers.iter().all(|number| !number.is_empty());
        let is_build = bytes.get(end + " build ".len()).is_some_and(u8::is_ascii_digit);
        (is_version && is_build).then(|| String::from_utf8_lossy(&before[start..]).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_wherever_it_stands() {
        assert_eq!(
            interpreter_in(b"\x7fELF\0\0Py_BytesMain\0__libc_start_main\0"),
            Some(Interpreter::Python)
        );
        assert_eq!(interpreter_in(b"Py_BytesMain"), Some(Interpreter::Python));
        assert_eq!(interpreter_in(b"\0\0BusyBox v1.36.1 (Debian)"), Some(Interpreter::BusyBox));
    }

    #[test]
    fn a_program_that_embeds_python_is_not_python() {
        assert_eq!(interpreter_in(b"\x7fELF\0Py_Initialize\0PyRun_SimpleString\0"), None);
        assert_eq!(interpreter_in(b"\x7fELF\0Py_Main\0"), None);
        assert_eq!(interpreter_in(b"MZ\0\0Py_Main\0python311.dll"), Some(Interpreter::Python));
        assert_eq!(interpreter_in(b"Py_BytesMai"), None);
        assert_eq!(interpreter_in(b""), None);
    }

    #[test]
    fn of_the_texts_looked_for_those_are_told_that_are_there() {
        let bytes = b"\x7fELF\0FLEXnet Licensing Report Log\0%s\n\0";
        let texts = ["FLEXnet Licensing Report Log", "something else"];
        assert_eq!(texts_in(bytes, &texts), ["FLEXnet Licensing Report Log"]);
        assert!(texts_in(b"FLEXnet Licensing Report Lo", &texts).is_empty());
    }

    #[test]
    fn flexnet_s_version_is_the_one_before_its_build() {
        for (text, version) in [
            (&b"\0%s\0v11.19.5.0 build 292547 x64_lsb\0"[..], Some("v11.19.5.0")),
            (b"a build 1\0v9.2 build 5\0v10.8.5 build 49597 i86", Some("v10.8.5")),
            (b"v11.19.5.0 build of today", None),
            (b"11.19.5.0 build 292547", None),
            (b"v11..5.0 build 292547", None),
            (b"v11.19.5.0 buil", None),
            (b" build 1", None),
        ] {
            assert_eq!(flexnet_version_in(text).as_deref(), version, "{}", String::from_utf8_lossy(text));
        }
    }
}
