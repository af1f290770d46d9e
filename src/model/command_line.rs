//! What an interpreter's command line names.

use super::Interpreter;

/// The interpreter with this file name, of those whose command lines are understood: `java`, `python3.11`,
/// `pythonw.exe`.
#[must_use]
pub fn interpreter_called(exe: &str) -> Option<Interpreter> {
    let exe = exe.to_ascii_lowercase();
    let stem = exe.strip_suffix(".exe").unwrap_or(&exe);
    if ["java", "javaw"].contains(&stem) {
        return Some(Interpreter::Java);
    }
    let version = stem.strip_prefix("python")?.trim_end_matches('w');
    version.bytes().all(|b| b.is_ascii_digit() || b == b'.').then_some(Interpreter::Python)
}

/// What Python runs, by its command line (docs.python.org/3, "Command line and environment").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PythonProgram<'a> {
    Module(&'a str),
    Script(&'a str),
}

/// `None` where it runs a command, or reads standard input.
#[must_use]
pub fn python_program(args: &[String]) -> Option<PythonProgram<'_>> {
    let mut args = args.iter().skip(1).map(String::as_str);
    while let Some(arg) = args.next() {
        let Some(options) = arg.strip_prefix('-').filter(|options| !options.is_empty()) else {
            return (arg != "-").then_some(PythonProgram::Script(arg));
        };
        match options.strip_prefix('-') {
            Some("") => return args.next().filter(|arg| *arg != "-").map(PythonProgram::Script),
            Some("check-hash-based-pycs") => drop(args.next()),
            Some(_) => {}
            // Letters may stand together, as in `-um`. Those that take a value end them.
            None => match options.find(['c', 'm', 'W', 'X']).map(|at| options.split_at(at)) {
                Some((_, "m")) => return args.next().map(PythonProgram::Module),
                Some((_, value)) if value.starts_with('m') => {
                    return Some(PythonProgram::Module(&value[1..]));
                }
                Some((_, value)) if value.starts_with('c') => return None,
                Some((_, "W" | "X")) => drop(args.next()),
                _ => {}
            },
        }
    }
    None
}

/// The options of `java` that take the next word as their value ("The java Command" in Oracle's documentation).
const JAVA_WITH_VALUE: &[&str] = &[
    "--add-modules",
    "--add-reads",
    "--add-exports",
    "--add-opens",
    "--limit-modules",
    "--enable-native-access",
    "--illegal-native-access",
    "--sun-misc-unsafe-memory-access",
];

/// The options of `java` that bring other code, or further options from a file.
const JAVA_OTHER_CODE: &[&str] = &[
    "@",
    "-cp",
    "-classpath",
    "--class-path",
    "-p",
    "--module-path",
    "-m",
    "--module",
    "--upgrade-module-path",
    "--patch-module",
    "-javaagent:",
    "-agentlib:",
    "-agentpath:",
    "-Xbootclasspath",
    "-XX:Flags",
    "-XX:VMOptionsFile",
    "-Djava.system.class.loader",
    "-Djava.class.path",
    "-Djava.ext.dirs",
    "-Djava.endorsed.dirs",
];

/// The archive behind `-jar`, or the source file that it runs; `None` where it runs something else, or also code
/// from elsewhere.
fn java_program(args: &[String]) -> Option<&str> {
    let mut args = args.iter().skip(1).map(String::as_str);
    while let Some(arg) = args.next() {
        if arg == "-jar" {
            return args.next();
        }
        if JAVA_OTHER_CODE.iter().any(|option| arg.starts_with(option)) {
            return None;
        }
        if JAVA_WITH_VALUE.contains(&arg) {
            args.next();
        } else if !arg.starts_with('-') {
            return Some(arg).filter(|arg| arg.ends_with(".java"));
        }
    }
    None
}

/// The script or archive that the interpreter with this file name runs. `None` where it runs none, or
/// where more than that decides what it runs.
#[must_use]
pub fn script_of<'a>(exe: &str, args: &'a [String]) -> Option<&'a str> {
    match interpreter_called(exe)? {
        Interpreter::Java => java_program(args),
        _ => match python_program(args)? {
            PythonProgram::Script(path) => Some(path),
            PythonProgram::Module(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn interpreters_are_known_under_their_versions() {
        for exe in ["python", "python3", "python3.11", "pythonw.exe", "Python3.EXE"] {
            assert_eq!(interpreter_called(exe), Some(Interpreter::Python), "{exe}");
        }
        for exe in ["java", "javaw.exe", "JAVA.EXE"] {
            assert_eq!(interpreter_called(exe), Some(Interpreter::Java), "{exe}");
        }
        for exe in ["pythonista", "javascript", "python3-config", "jython", ""] {
            assert_eq!(interpreter_called(exe), None, "{exe}");
        }
    }

    #[test]
    fn a_python_runs_the_first_word_that_is_no_option() {
        for line in [
            "python3 /x.py -m y",
            "python3 -u -W ignore /x.py",
            "python3 -uBXdev /x.py",
            "python3 -- /x.py",
            "python3 -I --check-hash-based-pycs always /x.py",
            "python3 -Wignore -X dev /x.py",
            "python3 -X m /x.py",
        ] {
            assert_eq!(script_of("python3", &args(line)), Some("/x.py"), "{line}");
        }
        for line in [
            "python3",
            "python3 -c x /x.py",
            "python3 -uc x /x.py",
            "python3 - /x.py",
            "python3 -m x /x.py",
            "python3 -um x /x.py",
            "python3 -ImX /x.py",
            "python3 -- - /x.py",
            "python3 -u",
        ] {
            assert_eq!(script_of("python3", &args(line)), None, "{line}");
        }
        assert_eq!(python_program(&args("python3 -Ium a.b /x.py")), Some(PythonProgram::Module("a.b")));
        assert_eq!(python_program(&args("python3 -Iuma.b /x.py")), Some(PythonProgram::Module("a.b")));
        assert_eq!(script_of("perl", &args("perl /x.pl")), None);
    }

    #[test]
    fn a_java_runs_the_archive_if_nothing_brings_other_code() {
        for line in
            ["java -jar /x.jar", "java -Xmx1g -Dcatalina.base=/y --add-modules java.sql -jar /x.jar -cp z"]
        {
            assert_eq!(script_of("java", &args(line)), Some("/x.jar"), "{line}");
        }
        assert_eq!(script_of("java", &args("java -Xmx1g /x.java")), Some("/x.java"));
        for line in [
            "java",
            "java -jar",
            "java -cp /x.jar Main",
            "java -cp /y.jar -jar /x.jar",
            "java Main -jar /x.jar",
            "java -javaagent:/y.jar -jar /x.jar",
            "java @/y -jar /x.jar",
            "java -XX:VMOptionsFile=/y -jar /x.jar",
            "java --module-path /y -jar /x.jar",
            "java -Xbootclasspath/a:/y -jar /x.jar",
            "java -m a/b -jar /x.jar",
        ] {
            assert_eq!(script_of("java", &args(line)), None, "{line}");
        }
    }
}
