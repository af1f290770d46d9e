//! A process that holds the socket, and what its file is.

use std::borrow::Cow;

use super::wrapper;
use crate::knowledge::{LicenseProgram, Licenses};
use crate::model::{Os, Process, Verdict};

/// A process as the rules judge it: by the file it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) process: &'a Process,
    /// The license program that it runs; `None` where it runs none that is known.
    pub(super) program: Option<LicenseProgram<'a>>,
    licenses: &'a Licenses,
    os: Os,
}

impl<'a> Holder<'a> {
    pub(super) fn of(process: &'a Process, licenses: &'a Licenses, os: Os) -> Holder<'a> {
        Holder { process, program: licenses.recognise(process, os), licenses, os }
    }

    /// The same process, judged as this program.
    pub(super) fn judged_as(self, program: LicenseProgram<'a>) -> Holder<'a> {
        Holder { program: Some(program), ..self }
    }

    /// The file name of its executable.
    pub(super) fn exe(&self) -> Option<&'a str> {
        self.process.exe_name(self.os)
    }

    /// The name by which alone it is recognised, where that is not its file's.
    pub(super) fn renamed_from(&self) -> Option<Cow<'a, str>> {
        self.licenses.renamed_from(self.process, self.os)
    }

    /// Its file in a sentence: `lmgrd`, or `foo.exe, which was made as LMGRD.EXE,`.
    pub(super) fn described(&self) -> Option<String> {
        let exe = self.exe()?;
        Some(match self.renamed_from() {
            None => exe.to_owned(),
            Some(first) => format!("{exe}, which was made as {first},"),
        })
    }

    /// How to find out whom it holds the port for, where its name says that it holds ports for others.
    pub(super) fn wrapper_advice(&self) -> Option<&'static str> {
        wrapper::advice(self.exe()?, self.os)
    }

    /// Whether its name speaks for it, so that what its file is has to agree.
    pub(super) fn has_trusted_name(&self) -> bool {
        self.program.is_some() || self.wrapper_advice().is_some()
    }

    /// What speaks against a file by what it says of itself: that others made it than those who make what it
    /// seems to be, or that it was made as something else. A file that says nothing is believed by its name, as on
    /// systems where none says anything; a name that only the file itself says needs a maker that is known.
    pub(super) fn verdict_on_maker(&self, makers: &[&str]) -> Option<Verdict> {
        let version = self.process.exe()?.version.as_ref()?;
        let begins = |company: &str, maker: &str| {
            company.get(..maker.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(maker))
        };
        let company = version.company.as_deref();
        let is_made_by_them = company.map(|company| makers.iter().any(|maker| begins(company, maker)));
        let first = version.program_name();
        let is_other =
            first.is_some_and(|first| self.licenses.recognise_name(&first, self.os) != self.program);
        let is_renamed = self.renamed_from().is_some();
        match is_made_by_them {
            Some(true) if is_other => Some(Verdict::CannotTell),
            Some(true) => None,
            Some(false) if !makers.is_empty() && is_other => Some(Verdict::Mismatch),
            Some(false) if !makers.is_empty() || is_renamed || is_other => Some(Verdict::CannotTell),
            None if is_other && !makers.is_empty() => Some(Verdict::Mismatch),
            None if is_renamed || is_other => Some(Verdict::CannotTell),
            Some(false) | None => None,
        }
    }
}
