//! Reads from a license server's arguments and environment where its license files and its log are.
//!
//! FlexNet: License Administration Guide, "lmgrd Command-Line Syntax", "Manual Start" and "Managing Multiple Files in
//! lmgrd" (docs.revenera.com/fnp). RLM: "RLM startup options" (reprisesoftware.com/docs/admin/the-license-server.html)
//! and "The License Environment".

use crate::model::{LicenseSystem, Os};

/// How many paths are kept.
const MOST: usize = 100;

/// What a license server was started with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LicenseCommand {
    /// License files and folders of them, as written.
    pub license_paths: Vec<String>,
    pub log: Option<String>,
    /// The ending of the license files in a folder.
    pub ending: &'static str,
}

/// Reads the arguments of lmgrd or rlm, of which the first is the program.
#[must_use]
pub fn arguments(system: LicenseSystem, os: Os, args: &[String]) -> LicenseCommand {
    let mut command = LicenseCommand { ending: "lic", ..LicenseCommand::default() };
    let mut rest = args.iter().skip(1).peekable();
    while let Some(arg) = rest.next() {
        // On Windows a slash may begin an option too.
        let Some(option) = arg.strip_prefix('-').or(arg.strip_prefix('/').filter(|_| os == Os::Windows))
        else {
            continue;
        };
        let option = option.to_ascii_lowercase();
        let mut value = || rest.next_if(|value| !value.starts_with('-')).map(String::as_str);
        match (system, option.as_str()) {
            (_, "c") => command.license_paths.extend(value().into_iter().flat_map(|list| paths(os, list))),
            (LicenseSystem::Flexnet, "l") | (LicenseSystem::Rlm, "dlog") => {
                let path = value().map(|path| path.strip_prefix('+').unwrap_or(path));
                command.log = path.filter(|path| !path.is_empty()).map(str::to_owned);
            }
            (LicenseSystem::Rlm, "dat") => command.ending = "dat",
            _ => {}
        }
    }
    command.license_paths.truncate(MOST);
    command
}

/// The files and folders in a list of licenses, which may also name servers: `27000@host`, `@host`.
#[must_use]
pub fn paths(os: Os, list: &str) -> Vec<String> {
    let separator = if os == Os::Windows { ';' } else { ':' };
    let is_server = |entry: &str| {
        // Of three redundant servers: `2837@pat,2837@lee,2837@terry`.
        entry.split(',').all(|server| {
            server.split_once('@').is_some_and(|(port, host)| {
                port.bytes().all(|byte| byte.is_ascii_digit()) && !host.contains(['/', '\\'])
            })
        })
    };
    let entries = list.split(separator).map(|entry| entry.trim().trim_matches('"'));
    entries.filter(|entry| !entry.is_empty() && !is_server(entry)).take(MOST).map(str::to_owned).collect()
}

/// The files and folders that a variable of a license server's environment names; `None` where the variable is not one
/// of its licenses.
///
/// FlexNet's vendors have one of their own, such as `ADSKFLEX_LICENSE_FILE`, as have RLM's: `foundry_LICENSE`.
#[must_use]
pub fn variable(os: Os, name: &str, value: &str) -> Option<Vec<String>> {
    let name = name.to_ascii_uppercase();
    let is_licenses = name.ends_with("_LICENSE_FILE") || name.ends_with("_LICENSE");
    is_licenses.then(|| paths(os, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(system: LicenseSystem, os: Os, line: &[&str]) -> (String, Option<String>) {
        let args: Vec<String> = line.iter().map(|&arg| arg.to_owned()).collect();
        let command = arguments(system, os, &args);
        (command.license_paths.join(" | "), command.log)
    }

    #[test]
    fn lmgrd_s_arguments_name_its_files_and_its_log() {
        let flexnet = |os, line: &[&str]| of(LicenseSystem::Flexnet, os, line);
        let log = |path: &str| Some(path.to_owned());
        for (line, paths, log) in [
            (&["lmgrd", "-c", "/a.lic", "-l", "/var/log/a.log"][..], "/a.lic", log("/var/log/a.log")),
            (&["lmgrd", "-l", "+/a b.log", "-z", "-c", "/a.lic:/b"], "/a.lic | /b", log("/a b.log")),
            (&["lmgrd", "-c", "27000@x:/a.lic:@y:1@a,2@b,3@c", "-c", "/d@e.lic"], "/a.lic | /d@e.lic", None),
            (&["lmgrd", "-L", "+/x", "-2", "-p", "-local", "-x", "lmdown"], "", log("/x")),
            (&["lmgrd", "-c", "-l", "/x"], "", log("/x")),
            (&["lmgrd", "-l", "+"], "", None),
            (&["lmgrd", "-c"], "", None),
            (&["-c", "/a.lic"], "", None),
            (&[], "", None),
        ] {
            assert_eq!(flexnet(Os::Linux, line), (paths.to_owned(), log), "{line:?}");
        }
        let line = ["lmgrd.exe", "-app", "-C", r"C:\a b\x.lic;D:\lic", "/l", r"C:\log"];
        assert_eq!(flexnet(Os::Windows, &line), (r"C:\a b\x.lic | D:\lic".to_owned(), log(r"C:\log")));
    }

    #[test]
    fn rlm_s_arguments_name_its_files_and_its_log() {
        let rlm = |line: &[&str]| of(LicenseSystem::Rlm, Os::Linux, line);
        let line = ["rlm", "-c", "/opt/rlm", "-dlog", "+/var/log/rlm.log", "-l", "-nows"];
        assert_eq!(rlm(&line), ("/opt/rlm".to_owned(), Some("/var/log/rlm.log".to_owned())));
        // Its -l is another option.
        assert_eq!(rlm(&["rlm", "-l", "/x"]), (String::new(), None));
        let ending = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
            arguments(LicenseSystem::Rlm, Os::Linux, &args).ending
        };
        assert_eq!((ending(&["rlm"]), ending(&["rlm", "-dat"])), ("lic", "dat"));
    }

    #[test]
    fn variables_name_files_and_servers() {
        for (name, value, paths) in [
            ("LM_LICENSE_FILE", "27000@a:/opt/a.lic", Some("/opt/a.lic")),
            ("ADSKFLEX_LICENSE_FILE", "@b", Some("")),
            ("RLM_LICENSE", "/opt/rlm:5053@c", Some("/opt/rlm")),
            ("foundry_LICENSE", "/f.lic::", Some("/f.lic")),
            ("LICENSE", "/x", None),
            ("PATH", "/bin", None),
        ] {
            let told = variable(Os::Linux, name, value).map(|paths| paths.join(" | "));
            assert_eq!(told.as_deref(), paths, "{name}");
        }
        assert_eq!(paths(Os::Windows, r#""C:\a b.lic"; D:\x ;1@y"#), [r"C:\a b.lic", r"D:\x"]);
        assert_eq!(paths(Os::Linux, &"/a:".repeat(1_000)).len(), MOST);
    }

    proptest! {
        #[test]
        fn no_argument_is_too_strange(args: Vec<String>, list in "[-+@:;,/\\\\a0\"]{0,20}") {
            let args: Vec<String> = args.into_iter().flat_map(|arg| ["-c".to_owned(), arg, list.clone()]).collect();
            for os in [Os::Linux, Os::Windows] {
                let command = arguments(LicenseSystem::Flexnet, os, &args);
                prop_assert!(command.license_paths.iter().all(|path| !path.is_empty()));
                let _ = variable(os, "A_LICENSE", &list);
            }
        }
    }
}
