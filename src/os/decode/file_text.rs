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
