//! Interpreters, and the license manager or emulator that one runs, by its command line.

use super::schema::{CommandLine, Emulator, LicenseManager};
use crate::model::Interpreter;

/// The interpreter with this file name: `java`, `python3.11`, `pythonw.exe`.
pub(super) fn interpreter(exe: &str) -> Option<Interpreter> {
    let exe = exe.to_ascii_lowercase();
    let stem = exe.strip_suffix(".exe").unwrap_or(&exe);
    if ["java", "javaw"].contains(&stem) {
        return Some(Interpreter::Java);
    }
    let version = stem.strip_prefix("python")?.trim_end_matches('w');
    version.bytes().all(|b| b.is_ascii_digit() || b == b'.').then_some(Interpreter::Python)
}

/// The id of the manager or emulator that an interpreter runs. An emulator is recognised only by the script
/// itself: another program may have its name among its arguments.
pub(super) fn program<'a>(
    emulators: &'a [Emulator],
    managers: &'a [LicenseManager],
    exe: &str,
    args: &[String],
) -> Option<&'a str> {
    let interpreter = interpreter(exe)?;
    if let (Interpreter::Python, Some(script)) = (interpreter, script(args)) {
        let is_it = |known: &String| *known == script || known.strip_suffix(".py") == Some(script);
        let found = emulators.iter().find(|emulator| emulator.scripts.iter().any(is_it));
        if let Some(emulator) = found {
            return Some(&emulator.id);
        }
    }
    let shows = |text: &str| args.iter().skip(1).any(|arg| arg.contains(text));
    let runs_it = |command: &CommandLine| command.program == interpreter && shows(&command.contains);
    let found = managers.iter().find(|manager| manager.commands.iter().any(runs_it))?;
    Some(&found.id)
}

/// The file name of the script that a Python runs, or the module behind `-m` (docs.python.org/3,
/// "Command line and environment"); `None` where it runs a command or reads standard input.
fn script(args: &[String]) -> Option<&str> {
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-m" => return args.next().map(String::as_str),
            "-W" | "-X" | "--check-hash-based-pycs" => drop(args.next()),
            "-c" | "-" => return None,
            option if option.starts_with('-') => {}
            path => return path.rsplit(['/', '\\']).next(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::super::Licenses;
    use super::*;

    static LICENSES: LazyLock<Licenses> = LazyLock::new(Licenses::embedded);

    fn program_of(exe: &str, args: &[String]) -> Option<&'static str> {
        program(&LICENSES.emulators, &LICENSES.managers, exe, args)
    }

    fn args(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn interpreters_are_known_under_their_versions() {
        for exe in ["python", "python3", "python3.11", "pythonw.exe", "Python3.EXE"] {
            assert_eq!(interpreter(exe), Some(Interpreter::Python), "{exe}");
        }
        for exe in ["java", "javaw.exe", "JAVA.EXE"] {
            assert_eq!(interpreter(exe), Some(Interpreter::Java), "{exe}");
        }
        for exe in ["pythonista", "javascript", "python3-config", "jython", ""] {
            assert_eq!(interpreter(exe), None, "{exe}");
        }
    }

    #[test]
    fn a_program_is_the_script_and_not_what_it_is_given() {
        for line in [
            "python3 pykms_Server.py 0.0.0.0 1688",
            "python3 -u -W ignore /opt/py-kms/pykms_Server.py",
            r"python.exe C:\kms\pykms_Server.py",
            "python3 -m pykms_Server",
        ] {
            assert_eq!(program_of("python3", &args(line)), Some("py-kms"), "{line}");
        }
        for line in [
            "python3 -m http.server --directory pykms_Server.py",
            "python3 edit.py pykms_Server.py",
            "python3 -c pykms_Server.py",
            "python3",
        ] {
            assert_eq!(program_of("python3", &args(line)), None, "{line}");
        }
        assert_eq!(program_of("cat", &args("cat pykms_Server.py")), None);
    }

    #[test]
    fn a_java_program_is_known_by_its_folders() {
        let jetbrains = args("java -Xmx1g -Dcatalina.base=/opt/jetbrains-licenseServer -jar x.jar");
        assert_eq!(program_of("java", &jetbrains), Some("jetbrains"));
        assert_eq!(program_of("python3", &jetbrains), None);
        assert_eq!(program_of("java", &args("java -jar jenkins.war")), None);
    }
}
