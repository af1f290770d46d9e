//! A process that holds the socket, and what is known of its file.

use std::borrow::Cow;

use super::general_purpose::is_general_purpose;
use super::wrapper;
use crate::knowledge::{LicenseManager, LicenseProgram, Licenses, Technology, same_file_name};
use crate::model::phrase::list;
use crate::model::quoting::quoted;
use crate::model::{Executable, Os, Process, Verdict};

#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) process: &'a Process,
    /// The license program that it is; `None` where it is no known one.
    pub(super) program: Option<LicenseProgram<'a>>,
    licenses: &'a Licenses,
    os: Os,
    /// Whether its verdict is that of another process to which it forwards.
    hands_on: bool,
}

impl<'a> Holder<'a> {
    pub(super) fn of(process: &'a Process, licenses: &'a Licenses, os: Os) -> Holder<'a> {
        Holder { process, program: licenses.recognise(process, os), licenses, os, hands_on: false }
    }

    /// The same process, as one whose file has to bear out that it forwards what it receives.
    pub(super) fn handing_on(mut self) -> Holder<'a> {
        self.hands_on = true;
        self
    }

    /// The same process, which a license server of this technology started. That shows of what technology a known
    /// daemon is; and as the server starts nothing else, an unknown program is one too, unless it is an interpreter,
    /// a shell or the like, or an ordinary user runs the server.
    pub(super) fn started_by_server_of(
        mut self,
        technology: &'a Technology,
        is_of_service: bool,
    ) -> Holder<'a> {
        let (Some(exe), Some(file)) = (self.name(), self.process.exe()) else { return self };
        self.program = match self.program {
            known if !technology.starts_daemons => known,
            Some(known) => self.licenses.daemon_of(technology, known, &exe, self.os).or(Some(known)),
            None if is_general_purpose(&file.path, self.os) || !is_of_service => None,
            None => Some(LicenseProgram::UnlistedDaemon(technology)),
        };
        self
    }

    /// The managers that its program belongs to; none where it is no manager's own.
    pub(super) fn owners(&self) -> Vec<&'a LicenseManager> {
        match (self.program, self.name()) {
            (Some(LicenseProgram::Own(own)), Some(exe)) => self.licenses.owners(own, &exe, self.os),
            _ => Vec::new(),
        }
    }

    /// What its program belongs to, as a phrase.
    pub(super) fn belongs_to(&self) -> Option<String> {
        let owners: Vec<String> = self.owners().into_iter().map(LicenseManager::called).collect();
        if owners.is_empty() { Some(self.program?.called()) } else { Some(list(&owners, "or")) }
    }

    /// The name by which its program is known: that of its file, or the original one.
    pub(super) fn name(&self) -> Option<Cow<'a, str>> {
        self.renamed_from().or_else(|| self.exe().map(Cow::Borrowed))
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
    /// no wrapper is called right, unless the program behind it is.
    pub(super) fn believed_file(&self) -> Option<&'a Executable> {
        self.process.exe().filter(|_| self.program.is_some() || self.hands_on)
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

    /// Whether its program has this name. Two technologies may have daemons of one name, and of an unknown daemon only
    /// its file's name is known.
    fn may_be_called(&self, name: &str) -> bool {
        if matches!(self.program, Some(LicenseProgram::UnlistedDaemon(_))) {
            return self.exe().is_some_and(|exe| same_file_name(exe, name, self.os));
        }
        let named = self.licenses.recognise_name(name, self.os);
        let of_its_technology = || {
            let technology = self.licenses.technology_of_daemon(self.program?)?;
            self.licenses.daemon_of(technology, named?, name, self.os)
        };
        named == self.program || (named.is_some() && of_its_technology() == self.program)
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
        let is_another = original.is_some_and(|name| !self.may_be_called(&name));
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
