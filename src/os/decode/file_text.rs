//! Understands, from the bytes of an executable, what it is under any name: an interpreter (a copy of
//! `python3` called `lmgrd` runs whatever script it is given), or what texts it has.

use memchr::memmem;

use crate::model::Interpreter;

/// So many bytes of a file are looked at, from its beginning. The tables of symbols, where most of
/// the words stand, come early in an ELF file.
pub const LOOKED_AT: u64 = 16 * 1024 * 1024;

/// A word that is in the executable of an interpreter, or in what it imports, and not in a program
/// that merely embeds it.
const WORDS: &[(&str, Interpreter)] = &[
    // The C function that is all of python's `main` (docs.python.org/3/c-api/init.html).
    ("Py_BytesMain", Interpreter::Python),
    // perlembed(1): what perl's `main` calls.
    ("perl_run", Interpreter::Perl),
    ("ruby_run_node", Interpreter::Ruby),
    ("node_module_register", Interpreter::NodeJs),
    // The launcher of a Java runtime calls this and nothing else.
    ("JLI_Launch", Interpreter::Java),
    // bash(1): an array that only bash itself sets.
    ("BASH_VERSINFO", Interpreter::Bash),
    ("BusyBox v", Interpreter::BusyBox),
];

/// The interpreter that an executable's bytes are, or are the beginning, of.
#[must_use]
pub fn interpreter_in(bytes: &[u8]) -> Option<Interpreter> {
    // The same for Windows, where it is told what was typed in wide characters (PC/python.c of CPython).
    if bytes.starts_with(b"MZ") && memmem::find(bytes, b"Py_Main").is_some() {
        return Some(Interpreter::Python);
    }
    WORDS.iter().find(|(word, _)| memmem::find(bytes, word.as_bytes()).is_some()).map(|(_, name)| *name)
}

/// Of some texts, those that are in an executable's bytes, or in the beginning of them.
#[must_use]
pub fn texts_in(bytes: &[u8], texts: &[&str]) -> Vec<String> {
    let found = texts.iter().filter(|text| memmem::find(bytes, text.as_bytes()).is_some());
    found.map(|text| (*text).to_owned()).collect()
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
}
