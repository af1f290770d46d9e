//! What is known about the codes that programs show when they get no license.

mod schema;

pub use self::schema::{CodeSource, ErrorSystem, KnownCause, KnownError, LicenseErrors};
use crate::model::packed::unpacked;
use crate::model::{Cause, KnownSystemError, LicenseError, Minor, SystemError};

/// A code as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LicenseCode {
    /// What the licensing system was called; `None`: every system that has the code.
    pub system: Option<String>,
    /// The letter before the number, in upper case.
    pub letter: Option<char>,
    pub number: i64,
    /// The number behind the comma.
    pub minor: Option<u32>,
    /// The number behind the colon.
    pub system_error: Option<u32>,
}

impl LicenseCode {
    #[must_use]
    pub fn new(number: i64) -> LicenseCode {
        LicenseCode { system: None, letter: None, number, minor: None, system_error: None }
    }
}

impl LicenseErrors {
    /// The facts that are compiled into the program.
    #[must_use]
    pub(in crate::knowledge) fn embedded() -> LicenseErrors {
        let text = unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/license_errors.json.packed")));
        serde_json::from_str(&text).expect("build.rs wrote it, and the tests read it")
    }

    /// What a code means, in each system that has it. Empty where none has.
    #[must_use]
    pub fn explained(&self, code: &LicenseCode) -> Vec<LicenseError> {
        let mut explained = Vec::new();
        for system in self.meant(code) {
            let is_it = |error: &&KnownError| {
                let also = system.also_from.filter(|_| error.also).map(|from| from + error.code);
                error.code == code.number || also == Some(code.number)
            };
            explained.extend(system.errors.iter().find(is_it).map(|error| self.error(system, error, code)));
        }
        explained
    }

    /// The systems whose code it may be, by its form and the name typed before it.
    fn meant(&self, code: &LicenseCode) -> impl Iterator<Item = &ErrorSystem> {
        self.systems.iter().filter(move |system| {
            code.system.as_ref().is_none_or(|name| system.is_called(name))
                && (code.letter.is_none() || code.letter == system.letter)
                && (code.minor.is_none() || system.minor.is_some())
        })
    }

    /// The error of an operating system with a number.
    #[must_use]
    pub fn system_error(&self, number: u32) -> Option<&KnownSystemError> {
        self.system_errors.iter().find(|known| known.number == number)
    }

    /// The errors of operating systems with a name, in any case: its numbers differ between them.
    pub fn system_errors_called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a KnownSystemError> {
        self.system_errors.iter().filter(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// Whether a licensing system has this name.
    #[must_use]
    pub fn has_system(&self, name: &str) -> bool {
        self.systems.iter().any(|system| system.is_called(name))
    }

    /// The code with a symbol such as `LM_CANTCONNECT`, in any case.
    #[must_use]
    pub fn of_symbol(&self, symbol: &str) -> Option<LicenseCode> {
        self.systems.iter().find_map(|system| {
            let error = system.errors.iter().find(|error| error.symbol.eq_ignore_ascii_case(symbol))?;
            let system = system.names.first().cloned();
            Some(LicenseCode { system, ..LicenseCode::new(error.code) })
        })
    }

    /// For a code that is not known: the systems whose code it may be, each with its first and last code.
    #[must_use]
    pub fn near(&self, code: &LicenseCode) -> Vec<(String, String, String)> {
        let of_its_sign = |system: &&ErrorSystem| {
            let negative = system.errors.first().is_some_and(|error| error.code < 0);
            code.system.is_some() || negative == (code.number < 0)
        };
        let ends = |system: &ErrorSystem| {
            let codes = || system.errors.iter().map(|error| error.code).filter(|code| *code <= 0xFFFF);
            let (first, last) = (codes().next()?, codes().next_back()?);
            Some((system.name.clone(), system.written(first), system.written(last)))
        };
        self.meant(code).filter(of_its_sign).filter_map(ends).collect()
    }

    fn error(&self, system: &ErrorSystem, error: &KnownError, typed: &LicenseCode) -> LicenseError {
        let cause = |id: &String| system.causes.iter().find(|cause| cause.id == *id);
        let causes = error.causes.iter().filter_map(cause).map(|cause| Cause {
            text: cause.text.clone(),
            check: cause.check,
            command: cause.check.map(|check| check.command(&system.ports)),
            here: None,
        });
        let minor = typed.minor.zip(system.minor.as_ref());
        let mut sources: Vec<String> = system.sources_of(error.code).map(str::to_owned).collect();
        sources.extend(minor.iter().flat_map(|_| system.minor_sources.clone()));
        LicenseError {
            system: system.id.clone(),
            system_name: system.name.clone(),
            code: system.written(error.code),
            symbol: error.symbol.clone(),
            meaning: error.meaning.clone(),
            causes: causes.collect(),
            here: None,
            minor: minor.map(|(number, meaning)| Minor { number, meaning: meaning.clone() }),
            system_error: typed
                .system_error
                .map(|number| SystemError { number, known: self.system_error(number).cloned() }),
            sources,
        }
    }
}
