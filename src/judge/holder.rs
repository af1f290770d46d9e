//! A process that holds the socket, and what is known of its file.

use std::borrow::Cow;

use super::wrapper;
use crate::knowledge::{LicenseProgram, Licenses, Technology};
use crate::model::quoting::quoted;
use crate::model::{Executable, Os, Process, Verdict};

#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) process: &'a Process,
    /// The license program that it is; `None` where it is no known one.
    pub(super) program: Option<LicenseProgram<'a>>,
    licenses: &'a Licenses,
    os: Os,
}

impl<'a> Holder<'a> {
    pub(super) fn of(process: &'a Process, licenses: &'a Licenses, os: Os) -> Holder<'a> {
        Holder { process, program: licenses.recognise(process, os), licenses, os }
    }

    /// The parent of a vendor's daemon, judged as the server of the daemon's technology.
    pub(super) fn server(
        process: &'a Process,
        technology: &'a Technology,
        licenses: &'a Licenses,
        os: Os,
    ) -> Holder<'a> {
        Holder { process, program: Some(LicenseProgram::Server(technology)), licenses, os }
    }

    pub(super) fn exe(&self) -> Option<&'a str> {
        self.process.exe_name(self.os)
    }

    /// The original name in its file's version resource, where only that shows which program it is.
    pub(super) fn renamed_from(&self) -> Option<Cow<'a, str>> {
        self.licenses.renamed_from(self.process, self.os)
    }

    /// Its file in a sentence: `lmgrd`, or `foo.exe (originally LMGRD.EXE)`.
    pub(super) fn described(&self) -> Option<String> {
        let exe = self.exe()?;
        Some(match self.renamed_from() {
            None => quoted(exe).into_owned(),
            Some(original) => format!("{} (originally {})", quoted(exe), quoted(&original)),
        })
    }

    /// The name of its file, as it stands in a sentence.
    pub(super) fn called(&self) -> Option<Cow<'_, str>> {
        self.exe().map(quoted)
    }

    /// How to find out for which program it holds the port, where its name is that of a wrapper.
    pub(super) fn wrapper_advice(&self) -> Option<&'static str> {
        wrapper::advice(self.exe()?, self.os)
    }

    /// Whether the rules would believe its name, so that its file has to bear it out.
    pub(super) fn has_trusted_name(&self) -> bool {
        self.program.is_some() || self.wrapper_advice().is_some()
    }

    /// Its file, where the rules would call it right by its name. That of a wrapper need not be borne out, because
    /// no wrapper is called right.
    pub(super) fn believed_file(&self) -> Option<&'a Executable> {
        self.process.exe().filter(|_| self.program.is_some())
    }

    /// Whether it is an interpreter whose command line names the license program.
    pub(super) fn is_known_by_command_line(&self) -> bool {
        let named = self.process.program().and_then(|program| program.interpreted.as_deref());
        match self.program {
            Some(LicenseProgram::Own(manager)) => named == Some(&manager.id),
            Some(LicenseProgram::Emulator(emulator)) => named == Some(&emulator.id),
            Some(LicenseProgram::Server(_) | LicenseProgram::UnlistedDaemon(_)) | None => false,
        }
    }

    /// The verdict where the version resource contradicts the name, `None` where it does not. `makers` are
    /// the beginnings of the makers' names. A file without a version resource is believed by its name, as on
    /// systems that have none. A name that only the version resource gives needs a known maker.
    pub(super) fn verdict_on_maker(&self, makers: &[&str]) -> Option<Verdict> {
        let version = self.process.exe()?.version.as_ref()?;
        let begins = |company: &str, maker: &str| {
            company.get(..maker.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(maker))
        };
        let company = version.company.as_deref();
        let is_theirs = company.map(|company| makers.iter().any(|maker| begins(company, maker)));
        let original = version.program_name();
        let is_another =
            original.is_some_and(|name| self.licenses.recognise_name(&name, self.os) != self.program);
        let is_renamed = self.renamed_from().is_some();
        match is_theirs {
            Some(true) if is_another => Some(Verdict::CannotTell),
            Some(true) => None,
            Some(false) if !makers.is_empty() && is_another => Some(Verdict::Mismatch),
            Some(false) if !makers.is_empty() || is_renamed || is_another => Some(Verdict::CannotTell),
            None if is_another && !makers.is_empty() => Some(Verdict::Mismatch),
            None if is_renamed || is_another => Some(Verdict::CannotTell),
            Some(false) | None => None,
        }
    }
}
