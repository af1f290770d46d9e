//! Interpreters, and the license manager or emulator that one runs, by its command line.

use super::schema::{CommandLine, Emulator, LicenseManager};
use crate::model::{Interpreter, PythonProgram, interpreter_called, python_program};

/// The id of the manager or emulator that an interpreter runs. An emulator is recognised only by the script
/// itself: another program may have its name among its arguments.
pub(super) fn program<'a>(
    emulators: &'a [Emulator],
    managers: &'a [LicenseManager],
    exe: &str,
    args: &[String],
) -> Option<&'a str> {
    let interpreter = interpreter_called(exe)?;
    if let (Interpreter::Python, Some(script)) = (interpreter, script(args)) {
        let is_it = |known: &String| *known == script || known.strip_suffix(".py") == Some(script);
        let found = emulators.iter().find(|emulator| emulator.scripts.iter().any(is_it));
        if let Some(emulator) = found {
            return Some(&emulator.id);
        }
    }
    let shows = |text: &str| args.iter().skip(1).any(|arg| arg.contains(text));
    let runs_it = |command: &&CommandLine| command.program == interpreter && shows(&command.contains);
    let commands = managers.iter().flat_map(|manager| manager.commands.iter().map(move |c| (manager, c)));
    // The longest text says most: one maker's copy of a license server has the marks of the others too.
    let found = commands.filter(|(_, command)| runs_it(command)).max_by_key(|(_, c)| c.contains.len())?;
    Some(&found.0.id)
}

/// The file name of the script that a Python runs, or its module.
fn script(args: &[String]) -> Option<&str> {
    match python_program(args)? {
        PythonProgram::Module(name) => Some(name),
        PythonProgram::Script(path) => path.rsplit(['/', '\\']).next(),
    }
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
        for (line, id) in [
            ("java -jar /opt/jetbrains-license-server/bin/license-server.jar run", "jetbrains"),
            ("java -Dbase.dir=/var/opt/flexnetls/HCL -jar flexnetls.jar --service", "hcl"),
            ("java -Dbase.dir=/var/opt/flexnetls/nvidia -jar flexnetls.jar --service", "nvidia-vgpu"),
            ("java -jar flexnetls.jar", "revenera-fne"),
        ] {
            assert_eq!(program_of("java", &args(line)), Some(id), "{line}");
        }
        assert_eq!(program_of("java", &args("java -jar jenkins.war")), None);
    }
}
