//! Decodes the launchd job of a process, and the application bundle that its file is in.

use crate::model::{Application, ApplicationKind, ProcessService, ServiceManager};

/// The variable in which launchd passes a job its name (`xpc_main(3)` reads it). Children inherit it, so it may name
/// the job that started a process, and anyone can set it to anything. It is shown, but no verdict rests on it.
pub const VARIABLE: &str = "XPC_SERVICE_NAME";

/// The prefix of the jobs of applications, before the identifier of the bundle.
const APPLICATION: &str = "application.";

/// The job of a process with this environment, whose variables have the form `NAME=value`. Only one of them is read.
/// Terminals set it to `0` for the programs that they start, which is not the name of a job.
#[must_use]
pub fn job<'a>(mut environment: impl Iterator<Item = &'a str>) -> Option<ProcessService> {
    let value = environment
        .find_map(|variable| variable.strip_prefix(VARIABLE).and_then(|rest| rest.strip_prefix('=')))?;
    let label = label(value);
    (!matches!(label, "" | "0")).then(|| ProcessService::new(ServiceManager::Launchd, label))
}

/// Each start of an application is a new job, with two meaningless numbers at the end of its label:
/// `application.com.apple.Safari.4097.4103`.
fn label(value: &str) -> &str {
    if !value.starts_with(APPLICATION) {
        return value;
    }
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut label = value;
    for _ in 0..2 {
        match label.rsplit_once('.') {
            Some((rest, last)) if is_number(last) && rest.len() > APPLICATION.len() => label = rest,
            _ => break,
        }
    }
    label
}

/// The application whose bundle contains an executable. The outermost bundle counts: those of helpers are inside it. A
/// bundle is a folder whose name ends in `.app`, with its files in `Contents` (Apple's Bundle Programming Guide,
/// "Anatomy of a macOS Application Bundle"), or in `Wrapper` if it was made for the iPhone.
#[must_use]
pub fn application(exe: &str) -> Option<Application> {
    let mut parts = exe.strip_prefix('/')?.split('/').peekable();
    while let Some(part) = parts.next() {
        let is_bundle = matches!(parts.peek(), Some(&("Contents" | "Wrapper")));
        let name = part.strip_suffix(".app").filter(|name| is_bundle && !name.is_empty());
        if let Some(name) = name {
            return Some(Application { kind: ApplicationKind::App, id: name.to_owned(), user: None });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_job_is_told_by_one_variable() {
        let of = |value: &str| {
            let variable = format!("XPC_SERVICE_NAME={value}");
            let environment = ["PATH=/bin", "XPC_SERVICE_NAMES=no", &variable, "TOKEN=secret"];
            job(environment.into_iter()).map(|job| format!("{} {}", job.manager.code(), job.name))
        };
        for (value, label) in [
            ("com.openssh.sshd", "com.openssh.sshd"),
            ("homebrew.mxcl.postgresql@16", "homebrew.mxcl.postgresql@16"),
            ("com.example.daemon.4", "com.example.daemon.4"),
            ("application.com.apple.Safari.123.456", "application.com.apple.Safari"),
            ("application.com.microsoft.VSCode.59852660.59852666", "application.com.microsoft.VSCode"),
            ("application.com.example.2048.1.2", "application.com.example.2048"),
            ("application.com.apple.Safari", "application.com.apple.Safari"),
            ("application.7.8", "application.7"),
        ] {
            assert_eq!(of(value), Some(format!("launchd {label}")), "{value}");
        }
        assert_eq!((of("0"), of("")), (None, None));
        assert_eq!(job(["PATH=/bin"].into_iter()), None);
    }

    #[test]
    fn the_application_is_the_outermost_bundle() {
        let of = |exe: &str| application(exe).map(|app| format!("{} {}", app.kind.code(), app.id));
        for (exe, app) in [
            ("/Applications/Safari.app/Contents/MacOS/Safari", "Safari"),
            ("/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter", "ControlCenter"),
            (
                "/Applications/Google Chrome.app/Contents/Frameworks/X/Helper.app/Contents/MacOS/Helper",
                "Google Chrome",
            ),
            ("/Applications/Game.app/Wrapper/Game.app/Game", "Game"),
        ] {
            assert_eq!(of(exe), Some(format!("app {app}")), "{exe}");
        }
        for exe in [
            "/usr/sbin/sshd",
            "/srv/www/shop.app/server",
            "/opt/.app/Contents/x",
            "/opt/x.app",
            "x.app/Contents/MacOS/x",
            "",
        ] {
            assert_eq!(of(exe), None, "{exe}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".*") {
            let variable = format!("{VARIABLE}={text}");
            let _ = (application(&text), job([text.as_str(), &variable].into_iter()));
        }
    }
}
