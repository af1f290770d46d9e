//! Decodes what starts a license server on Windows: the `ImagePath` of a service, and what FlexNet's LMTOOLS keeps of
//! its services in the registry.

use super::command_line::arguments;

/// The command line that LMTOOLS starts a service with, from the values of its key in the registry: `Lmgrd`, `License`
/// (files and folders, with semicolons between them) and `LMGRD_LOG_FILE`. `None` without a program.
#[must_use]
pub fn of_flexnet(lmgrd: Option<&str>, license: Option<&str>, log: Option<&str>) -> Option<Vec<String>> {
    let text = |value: Option<&str>| {
        let value = value?.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\0' | '"'));
        Some(value.to_owned()).filter(|value| !value.is_empty())
    };
    let mut command = vec![text(lmgrd)?];
    for (option, value) in [("-c", text(license)), ("-l", text(log))] {
        command.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
    }
    Some(command)
}

/// The program of an `ImagePath`, and its arguments. Variables such as `%SystemRoot%` stay as they are.
///
/// Without quotes Windows tries the path until each blank (`CreateProcessW`, lpApplicationName); here it ends after the
/// first `.exe`.
#[must_use]
pub fn words(image_path: &str) -> Vec<String> {
    let line = image_path.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let (program, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => line.split_at(end_of_program(line)),
    };
    if program.is_empty() {
        return Vec::new();
    }
    std::iter::once(program.to_owned()).chain(arguments(rest)).collect()
}

fn end_of_program(line: &str) -> usize {
    let lower = line.to_ascii_lowercase();
    let is_end = |end: &usize| lower[*end..].chars().next().is_none_or(char::is_whitespace);
    let exe = lower.match_indices(".exe").map(|(at, exe)| at + exe.len()).find(is_end);
    exe.or_else(|| line.find(char::is_whitespace)).unwrap_or(line.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{LicenseSystem, Os};
    use crate::os::decode::license_command;

    #[test]
    fn an_image_path_is_a_program_and_its_arguments() {
        for (line, expected) in [
            (r"C:\flexlm\lmgrd.exe", &[r"C:\flexlm\lmgrd.exe"][..]),
            (r#""C:\Program Files\x\lmgrd.exe" -z"#, &[r"C:\Program Files\x\lmgrd.exe", "-z"]),
            (
                r"C:\Program Files\x\LMGRD.EXE -c C:\a.lic",
                &[r"C:\Program Files\x\LMGRD.EXE", "-c", r"C:\a.lic"],
            ),
            (r"C:\old.exes\rlm.exe -dlog", &[r"C:\old.exes\rlm.exe", "-dlog"]),
            (r"%SystemRoot%\system32\svchost.exe -k x", &[r"%SystemRoot%\system32\svchost.exe", "-k", "x"]),
            (
                r#"rlm.exe -c "C:\a b\\" "x\"y" \\s\t "" z"#,
                &["rlm.exe", "-c", r"C:\a b\", "x\"y", r"\\s\t", "", "z"],
            ),
            (r"C:\rlm -nows", &[r"C:\rlm", "-nows"]),
            (r#""C:\a b"#, &[r"C:\a b"]),
            ("C:\\rlm.exe\0", &[r"C:\rlm.exe"]),
            ("\"\" x", &[]),
            (" ", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn a_service_of_lmtools_is_a_command_line() {
        let license = r"C:\flex lm\a.lic;27000@lic02;D:\lic";
        let command =
            of_flexnet(Some(r#""C:\flexlm\lmgrd.exe""#), Some(license), Some("+C:\\ProgramData\\a.log\0"))
                .unwrap();
        assert_eq!(command, [r"C:\flexlm\lmgrd.exe", "-c", license, "-l", r"+C:\ProgramData\a.log"]);
        let read = license_command::arguments(LicenseSystem::Flexnet, Os::Windows, &command);
        assert_eq!(read.license_paths, [r"C:\flex lm\a.lic", r"D:\lic"]);
        assert_eq!(read.log.as_deref(), Some(r"C:\ProgramData\a.log"));
        assert_eq!(of_flexnet(Some("lmgrd"), None, Some(" ")), Some(vec!["lmgrd".to_owned()]));
        assert_eq!(of_flexnet(Some(""), Some("a"), None), None);
        assert_eq!(of_flexnet(None, Some("a"), None), None);
    }

    #[test]
    fn without_its_end_a_command_line_is_read_as_far_as_it_goes() {
        let line = r#""C:\Program Files\x\lmgrd.exe" -c "C:\a b\x.lic" -l +C:\log"#;
        let whole = words(line);
        for end in 0..line.len() {
            let part = words(&line[..end]);
            let kept = part.len().saturating_sub(1);
            assert_eq!(part[..kept], whole[..kept], "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_command_line_is_too_strange(line in "([-a\"\\\\ \t\u{0}İ]|\\.exe|\\PC){0,30}") {
            let told: usize = words(&line).iter().map(String::len).sum();
            prop_assert!(told <= line.len());
            let _ = of_flexnet(Some(&line), Some(&line), Some(&line));
        }
    }
}
