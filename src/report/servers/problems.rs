//! What keeps clients from licenses, or may do so.

use super::judging::{Judging, doubt};
use super::vendor::Vendor;
use crate::model::phrase::{capitalized, list};
use crate::model::quoting::{quoted, quoted_path};
use crate::model::sorting::sort_by_key;
use crate::model::{
    DebugLog, Os, Pid, Problem, ProblemCode, Process, RunState, ServerProcess, ServerState, Verdict,
};

/// More lines of a license file are not named in one problem.
const MOST_LINES: usize = 3;
/// More lines of a log are not quoted.
const MOST_OF_LOG: usize = 2;

impl Judging<'_, '_> {
    /// `all`: the servers of the same vendor. Of what anybody may have started, only that is a problem.
    pub(super) fn problems(&self, state: ServerState, all: &[Pid]) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        if self.may_be_anybody_s() {
            return self.weak_files();
        }
        problems.extend(self.orphaned_daemons(state));
        problems.extend(self.not_listening(state));
        problems.extend(self.no_vendor_daemon(state));
        problems.extend(self.service_stopped(state));
        problems.extend(self.port_taken(state));
        problems.extend(self.port_reserved(state));
        problems.extend(self.backlogs_full());
        problems.extend(self.port_mismatches(state));
        problems.extend(self.loopback_only(state));
        problems.extend(self.ports_not_fixed());
        problems.extend(self.two_servers(all));
        problems.extend(self.older_than_daemon());
        problems.extend(self.files_replaced());
        problems.extend(self.weak_files());
        problems.extend(self.unknown_daemons());
        problems.extend(self.problems_of_files());
        sort_by_key(&mut problems, |problem| (std::cmp::Reverse(problem.code.severity()), problem.code));
        problems
    }

    /// Whether somebody else than root and the service's account could have put another program there.
    fn may_be_anybody_s(&self) -> bool {
        let is_doubtful =
            |one: &ServerProcess| one.process.exe().is_some() && !self.survey.is_believed(&one.process);
        match &self.server {
            Some(server) => is_doubtful(server),
            None => !self.orphans.is_empty() && self.orphans.iter().all(is_doubtful),
        }
    }

    /// A daemon that keeps a new server from starting one.
    fn orphaned_daemons(&self, state: ServerState) -> Vec<Problem> {
        if state != ServerState::OrphanedDaemon {
            return Vec::new();
        }
        let orphans = self.orphans.iter().map(|orphan| {
            let Process { pid, name, .. } = &*orphan.process;
            let called = quoted(name.as_deref().unwrap_or("the daemon"));
            let parent = self.survey.parent(&orphan.process).filter(|parent| parent.pid != 1);
            let text = match parent {
                // A manager of services adopts what is left over, like process 1.
                Some(parent) if parent.name.as_deref() != Some("systemd") => format!(
                    "{called} (PID {pid}) was started by {}, which is no known license server.",
                    parent.called()
                ),
                _ => format!(
                    "{called} (PID {pid}) is left over from a license server that ended. A new one cannot start it \
                     until it stops."
                ),
            };
            Problem { code: ProblemCode::OrphanedDaemon, text, next: Some(self.stop(*pid)) }
        });
        orphans.collect()
    }

    fn stop(&self, pid: Pid) -> String {
        match self.survey.os() {
            Os::Windows => format!("Stop it, then start the license server: taskkill /pid {pid} /f"),
            Os::Linux | Os::Macos => format!("Stop it, then start the license server: kill {pid}"),
        }
    }

    fn not_listening(&self, state: ServerState) -> Option<Problem> {
        let server = self.server.as_ref().filter(|_| state == ServerState::NotListening)?;
        if server.process.state.is_some_and(RunState::is_halted) {
            return Some(stopped(server, ProblemCode::NotListening));
        }
        let text = format!("{} runs and listens nowhere.{}", server.process.called(), self.log_says());
        Some(Problem { code: ProblemCode::NotListening, text, next: self.look_at_log() })
    }

    fn no_vendor_daemon(&self, state: ServerState) -> Option<Problem> {
        let server = self.server.as_ref().filter(|_| state == ServerState::NoDaemon)?;
        let technology = self.block.technology?;
        let daemon = if technology.id == "rlm" { "ISV server" } else { "vendor daemon" };
        let named = match &self.block.vendor {
            Some(Vendor::Unknown(name)) => Some(name.as_str()),
            _ => self.block.daemon_lines.first().map(|(_, line)| line.name.as_str()),
        };
        if let Some(daemon) =
            self.daemons.iter().find(|one| one.process.state.is_some_and(RunState::is_halted))
        {
            return Some(stopped(daemon, ProblemCode::NoVendorDaemon));
        }
        let silent = self.daemons.first().map(|one| one.process.called());
        // Where its license files were not read, one that runs may be its own.
        let stray = self.strays().next();
        let has = if stray.is_some() { "has started" } else { "has" };
        let named = named.map_or(String::new(), |name| format!(" {}", quoted(name)));
        let consequence = match technology.id.as_str() {
            "flexnet" => ": clients get error -97 or -15",
            _ => ": clients get no license",
        };
        let mut text = match silent {
            Some(silent) => format!("{silent} runs and listens nowhere{consequence}."),
            None => {
                format!("{} {has} no {daemon}{named} that listens{consequence}.", server.process.called())
            }
        };
        if let Some(stray) = stray {
            text += &format!(" {} runs, but {} did not start it.", stray.called(), server.process.called());
        }
        let remarks = self
            .block
            .daemon_lines
            .iter()
            .filter_map(|(file, line)| Some((file, line, self.program_remark(line)?)));
        for (file, line, why) in remarks.take(MOST_LINES) {
            text += &format!(" {} ({}, line {}).", capitalized(&why), quoted_path(&file.path), line.line);
        }
        text += &self.locks();
        text += &self.log_says();
        Some(Problem { code: ProblemCode::NoVendorDaemon, text, next: self.look_at_log() })
    }

    /// What keeps a daemon from taking its lock, if anything does.
    fn locks(&self) -> String {
        let Some(setup) = &self.survey.observation.license_setup else { return String::new() };
        let server = self.server.as_ref();
        let own = |daemon: &str| {
            self.block.daemon_lines.iter().any(|(_, line)| line.name.eq_ignore_ascii_case(daemon))
        };
        let mut text = String::new();
        for lock in setup.lock_files.iter().filter(|lock| own(&lock.daemon)) {
            let path = quoted_path(&lock.path);
            let uid = server.and_then(|server| server.process.uid);
            if let Some(holder) = lock.held_by {
                text += &format!(" Process {holder} holds its lock file {path}.");
            } else if uid.is_some() && lock.uid.is_some() && uid != Some(0) && uid != lock.uid {
                text += &format!(
                    " Its lock file {path} belongs to another user ({}), and it cannot open it.",
                    lock.uid.unwrap_or_default()
                );
            }
        }
        let is_flexnet = self.block.technology.is_some_and(|technology| technology.id == "flexnet");
        // Where the log says why, it is not that.
        let has_reason = self.log().is_some_and(|log| !log.trouble.is_empty());
        if setup.has_usr_tmp == Some(false) && is_flexnet && !has_reason {
            text += " /usr/tmp is not there; older versions of FlexNet keep their lock files in it.";
        }
        text
    }

    fn log(&self) -> Option<&DebugLog> {
        let logs = &self.survey.observation.license_setup.as_ref()?.logs;
        let process: Option<&Process> = self.server.as_ref().map(|server| &*server.process);
        let pid = process.map(|process| process.pid);
        let services = process.map_or(&[][..], |process| &process.services[..]);
        let installed = self.block.installed.map(|installed| &installed.name);
        let mut names: Vec<&String> = services.iter().map(|service| &service.name).collect();
        names.extend(installed);
        let of_process = logs.iter().find(|log| pid.is_some() && log.pid == pid);
        of_process
            .or_else(|| logs.iter().find(|log| log.service.as_ref().is_some_and(|own| names.contains(&own))))
    }

    pub(super) fn log_says(&self) -> String {
        let Some(log) = self.log() else { return String::new() };
        // That something ended is known; what came before says why.
        let says_why = |line: &&String| {
            let line = line.to_ascii_lowercase();
            !line.contains("exiting due to") && !line.contains("exited with status")
        };
        let mut lines: Vec<&String> = log.trouble.iter().filter(says_why).collect();
        if lines.is_empty() {
            lines = log.trouble.iter().collect();
        }
        let newest = &lines[lines.len().saturating_sub(MOST_OF_LOG)..];
        let said: Vec<String> =
            newest.iter().map(|line| format!("“{}”", line.trim().trim_end_matches('.'))).collect();
        if said.is_empty() { String::new() } else { format!(" Its log says {}.", list(&said, "and")) }
    }

    fn look_at_log(&self) -> Option<String> {
        match self.log() {
            Some(log) => Some(format!("Look at the end of its log: {}", quoted_path(&log.path))),
            None => Some("Look at the end of its log, and start it again.".to_owned()),
        }
    }

    fn two_servers(&self, all: &[Pid]) -> Option<Problem> {
        let server = self.server.as_ref()?;
        let others: Vec<String> =
            all.iter().filter(|&&pid| pid != server.process.pid).map(|pid| format!("PID {pid}")).collect();
        if others.is_empty() || others.len() == all.len() {
            return None;
        }
        let text = format!(
            "{} and {} are license servers of the same vendor: of one daemon, only one can serve.",
            server.process.called(),
            list(&others, "and")
        );
        let next = Some("Stop all but one.".to_owned());
        Some(Problem { code: ProblemCode::TwoServers, text, next })
    }

    /// lmgrd must be as new as the newest of its daemons (FlexNet Publisher License Administration Guide).
    fn older_than_daemon(&self) -> Option<Problem> {
        let server = self.server.as_ref()?;
        let of = |one: &ServerProcess| one.version.as_deref().and_then(numbers);
        let own = of(server)?;
        let newer = self.daemons.iter().find(|daemon| of(daemon).is_some_and(|version| version > own))?;
        let text = format!(
            "{} has version {}, and its daemon {} {}: the server must be as new as its daemons.",
            server.process.called(),
            server.version.as_deref().unwrap_or_default(),
            newer.process.called(),
            newer.version.as_deref().unwrap_or_default()
        );
        let next = Some("Install the lmgrd that came with the newest daemon.".to_owned());
        Some(Problem { code: ProblemCode::OlderThanDaemon, text, next })
    }

    fn files_replaced(&self) -> Vec<Problem> {
        let is_replaced = |one: &&ServerProcess| {
            one.process.exe().is_some_and(|exe| exe.deleted == Some(true) && !exe.is_in_memory())
        };
        let problems = self.all().filter(is_replaced).map(|one| Problem {
            code: ProblemCode::FileReplaced,
            text: format!("The file of {} was replaced or deleted while it runs.", one.process.called()),
            next: Some("Start it again, so that it runs the new file.".to_owned()),
        });
        problems.collect()
    }

    /// A file that somebody else could have replaced, so that what it is cannot be told.
    fn weak_files(&self) -> Vec<Problem> {
        const WEAK: [&str; 3] = ["replaceable-file", "replaceable-script", "replaceable-library"];
        let mut problems: Vec<Problem> = Vec::new();
        for one in self.all() {
            let weak = self.survey.listeners(one.process.pid).iter().find_map(|row| {
                let license = row.license.as_ref()?;
                let is_weak = license.verdict == Verdict::CannotTell && WEAK.contains(&license.rule);
                let text = doubt(row).filter(|_| is_weak)?;
                Some(Problem { code: ProblemCode::WeakFile, text, next: license.advice.clone() })
            });
            let problem = weak.or_else(|| self.weak_file(one));
            let is_new = |problem: &Problem| problems.iter().all(|known| known.text != problem.text);
            if let Some(problem) = problem.filter(is_new) {
                problems.push(problem);
            }
        }
        problems
    }

    /// The same of a process that has no verdict, because it listens on no license port.
    fn weak_file(&self, one: &ServerProcess) -> Option<Problem> {
        let writers = self.survey.doubtful_writers(&one.process)?;
        let first = writers.first()?;
        let text = format!(
            "{} may be another program: {} can write to {}.",
            one.process.called(),
            first.account.called(),
            quoted_path(&first.place)
        );
        let next =
            "Let only root write there, or vouch for them with --trust-user or --trust-path.".to_owned();
        Some(Problem { code: ProblemCode::WeakFile, text, next: Some(next) })
    }

    fn unknown_daemons(&self) -> Vec<Problem> {
        if !matches!(self.block.vendor, Some(Vendor::Unknown(_))) {
            return Vec::new();
        }
        let Some(server) = &self.server else { return Vec::new() };
        let problems = self.daemons.iter().map(|daemon| Problem {
            code: ProblemCode::UnknownDaemon,
            text: format!(
                "{} was started by {}; its vendor is not known.",
                daemon.process.called(),
                server.process.called()
            ),
            next: None,
        });
        problems.collect()
    }
}

/// Somebody has stopped a process, which does not end it.
fn stopped(one: &ServerProcess, code: ProblemCode) -> Problem {
    let text = format!("{} is stopped by a signal or a debugger, and answers nobody.", one.process.called());
    Problem { code, text, next: Some(format!("Let it go on: kill -CONT {}", one.process.pid)) }
}

/// The numbers of a version: `v11.19.5.0`.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.strip_prefix('v')?.split('.').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("v11.9.1.0") < numbers("v11.19.5.0"));
        assert!(numbers("v11.19.5") < numbers("v11.19.5.0"));
        assert_eq!(numbers("11.9"), None);
        assert_eq!(numbers("v11.x"), None);
    }
}
