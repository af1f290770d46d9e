//! A license server that is installed and does not run.

use super::judging::Judging;
use crate::model::quoting::{quoted, quoted_account, quoted_path};
use crate::model::{
    InstalledServer, InstalledState, Problem, ProblemCode, ServerState, ServiceStart, Starter,
};

impl Judging<'_, '_> {
    pub(super) fn service_stopped(&self, state: ServerState) -> Option<Problem> {
        if state != ServerState::Stopped {
            return None;
        }
        let Some(installed) = self.block.installed else {
            let file = quoted_path(&self.block.files.first()?.path);
            let text = format!("No license server that reads {file} runs here.");
            return Some(Problem { code: ProblemCode::ServiceStopped, text, next: None });
        };
        // What nobody starts is meant to be off.
        if installed.state == InstalledState::Disabled {
            return None;
        }
        let name = quoted(&installed.name);
        let (text, next) = match installed.starter {
            Starter::Systemd => (
                format!("The service {name} is installed and does not run."),
                format!("Find out why, and start it: systemctl status {name}"),
            ),
            Starter::Windows => (stopped(installed) + &self.log_says(), start(installed)),
            Starter::Launchd => (
                format!("The job {name} is installed and does not run."),
                format!("Start it: launchctl kickstart system/{name}"),
            ),
            Starter::InitScript | Starter::Cron => {
                let command = installed.plain_command();
                let command: Vec<_> = command.iter().map(|word| quoted(word)).collect();
                let script = quoted_path(&installed.name);
                (
                    format!("{script} starts it, and it does not run."),
                    format!("Start it: {}", command.join(" ")),
                )
            }
        };
        Some(Problem { code: ProblemCode::ServiceStopped, text, next: Some(next) })
    }
}

/// `The service FlexNet License Server is stopped (exit code 1067: its process ended unexpectedly). It starts automatically.`
fn stopped(installed: &InstalledServer) -> String {
    let code = installed.exit_code.map_or(String::new(), |code| match meaning(code) {
        Some(meaning) => format!(" (exit code {code}: {meaning})"),
        None => format!(" (exit code {code})"),
    });
    let starts = match installed.starts {
        Some(ServiceStart::Automatic) => " It starts automatically.",
        Some(ServiceStart::Manual) => " It starts only by hand.",
        Some(ServiceStart::Disabled) => " It is disabled.",
        None => "",
    };
    format!("The service {} is stopped{code}.{starts}", quoted(installed.called()))
}

/// The errors with which services fail to start, in few words ("System Error Codes" in Microsoft's documentation). Other
/// numbers may be codes of a service's own.
fn meaning(code: u32) -> Option<&'static str> {
    Some(match code {
        2 | 3 => "a file was not found",
        5 => "access denied",
        1053 => "it did not answer in time",
        1067 => "its process ended unexpectedly",
        1068 => "a service that it needs did not start",
        1069 => "its account could not log on",
        _ => return None,
    })
}

fn start(installed: &InstalledServer) -> String {
    let name = &installed.name;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.- ".contains(c);
    let account = match (installed.exit_code, &installed.user) {
        (Some(1069), Some(user)) => format!("Set the password of {} again. ", quoted_account(user)),
        _ => String::new(),
    };
    match name.chars().all(is_plain) && !name.starts_with('-') {
        true if name.contains(' ') => format!("{account}Start it: net start \"{name}\""),
        true => format!("{account}Start it: net start {name}"),
        false => format!("{account}Start it in services.msc."),
    }
}
