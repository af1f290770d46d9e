//! What is wrong with a server's license files.

use jiff::ToSpan;
use jiff::civil::Date;

use super::judging::Judging;
use super::lines::{host_id_is_here, host_is_here};
use crate::model::phrase::{capitalized, counted, list};
use crate::model::quoting::{quoted, quoted_path};
use crate::model::{
    Checked, Expiry, LicenseFile, LicenseLines, MachineIdentity, NotInspected, Problem, ProblemCode,
};

/// More flaws of one file are counted, not said.
const MOST_FLAWS: usize = 5;

impl Judging<'_, '_> {
    pub(super) fn problems_of_files(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for file in &self.block.files {
            match &file.contents {
                Checked::Done(lines) => {
                    problems.extend(self.expiries(file, lines));
                    problems.extend(flaws(file, lines));
                    problems.extend(self.host_mismatch(file, lines));
                }
                Checked::Failed(NotInspected::NotAtItsPath) => {
                    let text = format!("{} is not there.", quoted_path(&file.path));
                    problems.push(Problem { code: ProblemCode::LicenseFileUnreadable, text, next: None });
                }
                Checked::Failed(why) => problems.push(Problem {
                    code: ProblemCode::LicenseFileUnreadable,
                    text: format!("{} was not read: {}.", quoted_path(&file.path), why.in_words()),
                    next: None,
                }),
                Checked::NotRequested => {}
            }
        }
        problems
    }

    /// The licenses of this vendor that have expired, and those that will soon.
    fn expiries(&self, file: &LicenseFile, lines: &LicenseLines) -> Vec<Problem> {
        let soon = self.soon();
        let problem = |code, expiry: &Expiry| {
            let licenses = match expiry.count {
                1 => format!("The license for {}", quoted(&expiry.feature)),
                count => format!(
                    "The licenses for {} and {}",
                    quoted(&expiry.feature),
                    counted(count - 1, "more feature")
                ),
            };
            let verb = match (code, expiry.count) {
                (ProblemCode::LicenseExpired, _) => "expired",
                (_, 1) => "expires",
                _ => "expire",
            };
            let place = format!("line {} of {}", expiry.line, quoted_path(&file.path));
            Problem {
                code,
                text: format!("{licenses} {verb} on {} ({place}).", expiry.date),
                next: Some("Get a new license file from the vendor.".to_owned()),
            }
        };
        let of_vendor = lines.expiries.iter().filter(|expiry| self.is_own(expiry));
        let problems = of_vendor.filter_map(|expiry| match expiry.date {
            date if date < self.today => Some(problem(ProblemCode::LicenseExpired, expiry)),
            date if date <= soon => Some(problem(ProblemCode::LicenseExpires, expiry)),
            _ => None,
        });
        let mut problems: Vec<Problem> = problems.collect();
        let more = problems.len().saturating_sub(MOST_FLAWS);
        if let Some(last) = problems.get_mut(MOST_FLAWS - 1).filter(|_| more > 0) {
            last.text += &format!(" So it is on {}.", counted(more, "more day"));
        }
        problems.truncate(MOST_FLAWS);
        problems
    }

    /// Until then, it is a problem that a license expires.
    fn soon(&self) -> Date {
        self.today.checked_add(i32::from(self.expiry_days).days()).unwrap_or(self.today)
    }

    /// Whether licenses are of this vendor.
    fn is_own(&self, expiry: &Expiry) -> bool {
        let mut own = self.block.daemon_lines.iter().map(|(_, line)| line.name.as_str()).peekable();
        expiry
            .daemon
            .as_deref()
            .is_none_or(|daemon| own.peek().is_none() || own.any(|name| name.eq_ignore_ascii_case(daemon)))
    }

    /// The licenses that expire next, where that is no problem yet.
    pub(super) fn next_expiry(&self) -> Option<String> {
        let soon = self.soon();
        let expiries = self.block.lines().flat_map(|(_, lines)| &lines.expiries);
        let next =
            expiries.filter(|expiry| expiry.date > soon && self.is_own(expiry)).min_by_key(|one| one.date)?;
        let more = match next.count {
            1 => String::new(),
            count => format!(" and {}", counted(count - 1, "more feature")),
        };
        Some(format!("The next to expire: {}{more} on {}.", quoted(&next.feature), next.date))
    }

    /// The license file is for another machine.
    fn host_mismatch(&self, file: &LicenseFile, lines: &LicenseLines) -> Option<Problem> {
        let identity = self.identity()?;
        let place = |line: usize| format!("line {line} of {}", quoted_path(&file.path));
        let own_name = identity.names.first().map_or("without a name".into(), |name| quoted(name));
        let here: Vec<Option<bool>> =
            lines.servers.iter().map(|line| host_is_here(&line.host, identity)).collect();
        let first = lines.servers.first()?;
        if here.iter().all(|is_here| *is_here == Some(false)) {
            let hosts: Vec<_> = lines.servers.iter().map(|line| quoted(&line.host)).collect();
            let mut text = format!(
                "The license file names {}, which is no name of this machine ({own_name}) here or in its hosts file \
                 ({}).",
                list(&hosts, "and"),
                place(first.line)
            );
            if lines.servers.iter().all(|line| host_id_is_here(line, identity) == Some(false)) {
                text += &format!(" Nor has any interface of it the host ID: {}", for_vendor(identity));
                return Some(Problem { code: ProblemCode::HostMismatch, text, next: None });
            }
            return Some(Problem {
                code: ProblemCode::HostMismatch,
                text,
                next: Some(
                    "If it is another name of this machine, add it to the hosts file; else write this machine's name \
                     on the SERVER line, which the license allows."
                        .to_owned(),
                ),
            });
        }
        let own = lines.servers.iter().zip(&here).filter(|(_, is_here)| **is_here == Some(true));
        let foreign =
            own.map(|(line, _)| line).find(|line| host_id_is_here(line, identity) == Some(false))?;
        Some(Problem {
            code: ProblemCode::HostMismatch,
            text: format!(
                "No interface of this machine has the host ID {} ({}): the licenses for that host ID are refused.",
                quoted(foreign.host_id.as_deref().unwrap_or_default()),
                place(foreign.line)
            ),
            next: Some(capitalized(&for_vendor(identity))),
        })
    }
}

/// What to do where a license file is for another machine.
fn for_vendor(identity: &MachineIdentity) -> String {
    let (shown, _) = identity.hardware_addresses.split_at(identity.hardware_addresses.len().min(3));
    format!("ask the vendor for a license file for this machine ({}).", shown.join(", "))
}

fn flaws(file: &LicenseFile, lines: &LicenseLines) -> Vec<Problem> {
    let problem = |text: String| Problem { code: ProblemCode::LicenseFileUnreadable, text, next: None };
    let (shown, more) = lines.flaws.split_at(lines.flaws.len().min(MOST_FLAWS));
    let shown = shown.iter().map(|flaw| {
        let place = flaw.line.map_or(String::new(), |line| format!(", line {line}"));
        problem(format!("{}{place}: {}.", quoted_path(&file.path), flaw.text))
    });
    let more = (!more.is_empty())
        .then(|| problem(format!("{}: {}.", quoted_path(&file.path), counted(more.len(), "more flaw"))));
    shown.chain(more).collect()
}
