//! The ports that Windows excludes and the programs that http.sys answers for, from its own `netsh`: no programming
//! interface lists them. `netsh` is the only program that whatlistens starts, and it changes nothing.
#![expect(unsafe_code, reason = "only the Windows API says where the system's programs are")]

use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use windows_sys::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

use super::super::asked_program::AskedProgram;
use super::super::deadline::Deadline;
use super::super::decode::windows::excluded_ports;
use super::super::in_words;
use crate::model::{ExcludedPorts, Family, Protocol};

/// One query for each protocol and address family.
const QUERIES: [(Protocol, Family); 4] = [
    (Protocol::Tcp, Family::Ipv4),
    (Protocol::Tcp, Family::Ipv6),
    (Protocol::Udp, Family::Ipv4),
    (Protocol::Udp, Family::Ipv6),
];

/// The limit for all queries together, which take a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many bytes an answer may have; all 65,536 ports one by one take 2 MB.
const MOST: u64 = 4 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) excluded: Vec<ExcludedPorts>,
    /// The queries without an answer, and why: `tcp over ipv6: netsh does not answer`.
    pub(super) unanswered: Vec<String>,
}

/// All excluded ports that `netsh` lists.
pub(super) fn excluded_ports() -> Answer {
    // By its full path: its name alone could start another program.
    match system_folder() {
        Ok(folder) => ask(&folder.join("netsh.exe"), PATIENCE),
        Err(error) => Answer { unanswered: vec![in_words(&error)], ..Answer::default() },
    }
}

fn ask(netsh: &Path, patience: Duration) -> Answer {
    let deadline = Deadline::after(patience);
    // At the same time: each takes most of its time to start.
    let started: Vec<_> = QUERIES.iter().map(|&asked| (asked, start(netsh, asked))).collect();
    let mut unanswered = Vec::new();
    let mut printed = Vec::new();
    for ((protocol, family), query) in started {
        match query.and_then(|query| query.answer(deadline)) {
            Ok(text) => printed.push((protocol, family, text)),
            Err(why) => unanswered.push((format!("{protocol} over {}", family.code()), why)),
        }
    }
    // Usually all fail for the same reason.
    if let [(_, first), others @ ..] = &unanswered[..]
        && printed.is_empty()
        && others.iter().all(|(_, why)| why == first)
    {
        return Answer { unanswered: vec![first.clone()], ..Answer::default() };
    }
    let unanswered = unanswered.into_iter().map(|(asked, why)| format!("{asked}: {why}")).collect();
    let all = printed.iter().map(|(protocol, family, text)| (*protocol, *family, text.as_slice()));
    Answer { excluded: excluded_ports::combined(all), unanswered }
}

/// What `netsh` prints of the request queues of http.sys.
///
/// # Errors
///
/// Why nothing, in words.
pub(super) fn http_services() -> Result<Vec<u8>, String> {
    let netsh = system_folder().map_err(|error| in_words(&error))?.join("netsh.exe");
    run(&netsh, &["http", "show", "servicestate", "view=requestq"])?.answer(Deadline::after(PATIENCE))
}

/// A `netsh` that runs. It prints at least a heading. Error messages are in the language of the system, and contain no
/// range.
fn start(netsh: &Path, (protocol, family): (Protocol, Family)) -> Result<AskedProgram, String> {
    run(netsh, &["interface", family.code(), "show", "excludedportrange", protocol.name()])
}

fn run(netsh: &Path, words: &[&str]) -> Result<AskedProgram, String> {
    let mut command = Command::new(netsh);
    // Nothing of the caller's folder is loaded.
    command.current_dir(netsh.parent().unwrap_or(netsh));
    AskedProgram::start("netsh", command.args(words).creation_flags(CREATE_NO_WINDOW), MOST)
}

/// The folder of the system's own programs.
fn system_folder() -> io::Result<PathBuf> {
    const ROOM: usize = 1024;
    let mut path = [0_u16; ROOM];
    // SAFETY: the buffer has this length.
    let length = unsafe { GetSystemDirectoryW(path.as_mut_ptr(), ROOM as u32) } as usize;
    match path.get(..length) {
        Some(path) if length > 0 => Ok(PathBuf::from(OsString::from_wide(path))),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::PortRange;

    /// A program in place of `netsh` that prints what `netsh` is recorded to print.
    fn stand_in(lines: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netsh.cmd");
        fs::write(&path, lines.replace('\n', "\r\n")).unwrap();
        (folder, path)
    }

    #[test]
    fn each_protocol_and_family_is_asked_and_told_apart() {
        let (_folder, netsh) = stand_in(
            "@echo off
if not \"%1 %3 %4\"==\"interface show excludedportrange\" exit /b 1
echo Startport    Endport
if %5==udp echo     500         500     *
if %5==tcp echo    1461        1560
if %2%5==ipv6tcp echo    5357        5357
",
        );
        let Answer { excluded, unanswered } = ask(&netsh, PATIENCE);
        assert_eq!(unanswered, [""; 0]);
        let range = |first, last| PortRange { first, last };
        let ranges: Vec<_> =
            excluded.iter().map(|one| (one.ports, one.protocol, one.family, one.by_number)).collect();
        assert_eq!(
            ranges,
            [
                (range(500, 500), Some(Protocol::Udp), None, true),
                (range(1461, 1560), Some(Protocol::Tcp), None, false),
                (range(5357, 5357), Some(Protocol::Tcp), Some(Family::Ipv6), false),
            ]
        );
    }

    #[test]
    fn what_has_no_answer_is_told_beside_what_has() {
        let (_folder, fails) = stand_in(
            "@echo off
echo 80 90
if %2==ipv6 exit /b 1
",
        );
        let Answer { excluded, unanswered } = ask(&fails, PATIENCE);
        assert!(
            excluded.len() == 2 && excluded.iter().all(|one| one.family == Some(Family::Ipv4)),
            "{excluded:?}"
        );
        assert_eq!(unanswered.len(), 2);
        assert!(unanswered[0].starts_with("tcp over ipv6: netsh failed"), "{unanswered:?}");
        let (_folder, silent) = stand_in("@echo off\n");
        assert_eq!(ask(&silent, PATIENCE).unanswered, ["netsh printed nothing"]);
        let absent = ask(Path::new(r"C:\nowhere\netsh.exe"), PATIENCE).unanswered;
        assert!(absent.len() == 1 && !absent[0].contains("os error"), "{absent:?}");
    }

    #[test]
    fn what_does_not_answer_is_not_waited_for() {
        let (_folder, stuck) = stand_in("@echo off\n:again\ngoto again\n");
        let answer = ask(&stuck, Duration::from_millis(300));
        assert_eq!(answer.unanswered, ["netsh does not answer"]);
    }

    /// The netsh of Wine prints nothing, which is no answer.
    #[test]
    fn the_queues_of_http_sys_are_printed_or_it_is_said_why_not() {
        match http_services() {
            Ok(printed) => assert!(!printed.is_empty()),
            Err(why) => assert!(why.starts_with("netsh ") && !why.contains("os error"), "{why}"),
        }
    }

    #[test]
    fn the_system_s_own_is_meant() {
        assert!(system_folder().unwrap().join("ntdll.dll").is_file());
    }
}
