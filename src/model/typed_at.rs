//! The commands that an answer says to type: on a machine `whatlistens servers`, and of its record
//! `whatlistens --from FILE servers`. Whoever types the first would be answered about a machine of their own.

use super::{CheckResult, LicenseError, LicenseServer, Report, ServersReport};

/// What asks this machine.
pub const PROGRAM: &str = "whatlistens";
/// Commands that do not ask about a machine, or only about the one that they run on.
const OF_NO_RECORD: [&str; 5] = ["explain", "generate", "record", "wait", "watch"];

/// Puts `program`, which has `--from FILE`, into the commands of a sentence, or of a command alone.
pub fn type_at(text: &mut String, program: &str) {
    let mut typed = String::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(PROGRAM) {
        let is_command = [": ", "see "].iter().any(|lead| before.ends_with(lead)) || before.is_empty();
        let word = behind.strip_prefix(' ').and_then(|words| words.split([' ', '.', ',', ';']).next());
        let asks = word.is_some_and(|word| word != "--from" && !OF_NO_RECORD.contains(&word));
        typed.push_str(before);
        typed.push_str(if is_command && asks { program } else { PROGRAM });
        rest = behind;
    }
    typed.push_str(rest);
    *text = typed;
}

fn of_servers(servers: &mut [LicenseServer], program: &str) {
    for server in servers {
        let problems = server.problems.iter_mut();
        problems
            .flat_map(|problem| [&mut problem.text].into_iter().chain(&mut problem.next))
            .chain(&mut server.notes)
            .for_each(|text| type_at(text, program));
    }
}

impl Report {
    /// The same, with commands for the record that it is from.
    #[must_use]
    pub fn typed_at(mut self, program: &str) -> Report {
        let of_rows = self.rows.iter_mut().flat_map(|row| {
            row.next.iter_mut().chain(row.license.iter_mut().flat_map(|license| &mut license.advice))
        });
        let of_words = self
            .asked
            .iter_mut()
            .flat_map(|asked| asked.next.iter_mut().chain(asked.notes.iter_mut().map(|note| &mut note.text)));
        of_rows.chain(of_words).chain(&mut self.notes).for_each(|text| type_at(text, program));
        of_servers(self.license_servers.as_deref_mut().unwrap_or_default(), program);
        Report { program: program.to_owned(), ..self }
    }
}

impl ServersReport {
    /// As [`Report::typed_at`].
    pub fn type_at(&mut self, program: &str) {
        of_servers(&mut self.servers, program);
    }
}

impl CheckResult {
    /// As [`Report::typed_at`].
    pub fn type_at(&mut self, program: &str) {
        let reasons = self.expectations.iter_mut().flat_map(|expectation| &mut expectation.reason);
        let findings = self.findings.iter_mut().map(|finding| &mut finding.text);
        let lines = self.details.iter_mut().chain(&mut self.notes).chain([&mut self.text]);
        lines.chain(reasons).chain(findings).for_each(|text| type_at(text, program));
    }
}

impl LicenseError {
    /// As [`Report::typed_at`].
    pub fn type_at(&mut self, program: &str) {
        let of_causes =
            self.causes.iter_mut().flat_map(|cause| cause.command.iter_mut().chain(&mut cause.here));
        of_causes.chain(&mut self.here).for_each(|text| type_at(text, program));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_asks_about_the_machine_is_asked_of_the_record() {
        for (text, typed) in [
            ("For details: whatlistens servers", "For details: whatlistens --from 'a b' servers"),
            ("whatlistens 27000", "whatlistens --from 'a b' 27000"),
            ("see whatlistens 80, or search: whatlistens x.", "see @ 80, or search: @ x."),
            ("What it means: whatlistens explain -15", "What it means: whatlistens explain -15"),
            ("Then run whatlistens again.", "Then run whatlistens again."),
            ("To see more: whatlistens record > a", "To see more: whatlistens record > a"),
        ] {
            let mut text = text.to_owned();
            type_at(&mut text, "whatlistens --from 'a b'");
            assert_eq!(text, typed.replace('@', "whatlistens --from 'a b'"));
        }
    }
}
