//! What launchd runs a process as, and the application bundle it is from.

use crate::model::{Application, ApplicationKind, ProcessService, ServiceManager};

/// The variable by which launchd tells its jobs their names (`xpc_main(3)` reads it). Children inherit it,
/// so it says what started a process as much as what it is, and a process can be given any other: it is
/// shown, and nothing is judged by it.
pub const VARIABLE: &str = "XPC_SERVICE_NAME";

/// What launchd calls application jobs before their bundle's identifier.
const APPLICATION: &str = "application.";

/// The job of a process with this environment, in the form `NAME=value`; nothing else of it is looked at.
/// Terminals set the variable to `0` in what they start, which is no job's name.
#[must_use]
pub fn job<'a>(mut environment: impl Iterator<Item = &'a str>) -> Option<ProcessService> {
    let value = environment
        .find_map(|variable| variable.strip_prefix(VARIABLE).and_then(|rest| rest.strip_prefix('=')))?;
    let label = label(value);
    (!matches!(label, "" | "0")).then(|| ProcessService::new(ServiceManager::Launchd, label))
}

/// An application is a new job each time it is opened, with two numbers at the end of its label that
/// mean nothing to anybody: `application.com.apple.Safari.4097.4103`.
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

/// The application whose bundle an executable is in: the outermost, for a bundle has its helpers' inside.
/// A bundle is a folder with the ending `.app` and its files in `Contents` (Apple's Bundle Programming
/// Guide, "Anatomy of a macOS Application Bundle"), or for one made for the iPhone, in `Wrapper`.
#[must_use]
pub fn application(exe: &str) -> Option<Application> {
    let mut parts = exe.strip_prefix('/')?.split('/').peekable();
    while let Some(part) = parts.next() {
        let is_bundle = matches!(parts.peek(), Some(&("Contents" | "Wrapper")));
        let name = part.strip_suffix(".app").filter(|name| is_bundle && !name.is_empty());
        if let Some(name) = name {
            return Some(Application { kind: ApplicationKind::App, id: name.to_owned() });
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
