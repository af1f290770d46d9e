//! The ports that Windows excludes, as its own `netsh` tells them: no interface for programs does. This is the one
//! program that is started, and it changes nothing.
#![expect(unsafe_code, reason = "where the system's own programs are is only to be had from the Windows API")]

use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use windows_sys::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

use super::super::decode::excluded_ports;
use super::super::in_words;
use crate::model::{ExcludedPorts, Families, Protocol};

/// What is asked: each protocol and address family by itself.
const ASKED: [(Protocol, Families, &str); 4] = [
    (Protocol::Tcp, Families::Ipv4, "ipv4"),
    (Protocol::Tcp, Families::Ipv6, "ipv6"),
    (Protocol::Udp, Families::Ipv4, "ipv4"),
    (Protocol::Udp, Families::Ipv6, "ipv6"),
];

/// All excluded ports.
///
/// # Errors
///
/// In words, where `netsh` could not be asked or does not know the question.
pub(super) fn excluded_ports() -> Result<Vec<ExcludedPorts>, String> {
    // Not by its name alone: another program could be found by that.
    let netsh = system_folder().map_err(|error| in_words(&error))?.join("netsh.exe");
    ask(&netsh)
}

fn ask(netsh: &Path) -> Result<Vec<ExcludedPorts>, String> {
    let start = |(protocol, _, family): &(Protocol, Families, &str)| {
        Command::new(netsh)
            .args(["interface", family, "show", "excludedportrange", protocol.name()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .creation_flags(CREATE_NO_WINDOW)
            .spawn()
            .map_err(|error| in_words(&error))
    };
    // All at once: each takes most of its time to start.
    let started = ASKED.iter().map(start).collect::<Result<Vec<_>, String>>()?;
    let mut printed = Vec::new();
    for child in started {
        let output = child.wait_with_output().map_err(|error| in_words(&error))?;
        // It prints at least a heading. What it says of an error is in the system's language, and no range.
        if !output.status.success() || output.stdout.is_empty() {
            return Err("netsh interface ipv4 show excludedportrange tcp tells nothing".to_owned());
        }
        printed.push(output.stdout);
    }
    let asked = ASKED.iter().zip(&printed);
    let all = asked.map(|(&(protocol, family, _), text)| (protocol, family, text.as_slice()));
    Ok(excluded_ports::together(all))
}

/// Where the system's own programs are.
fn system_folder() -> io::Result<PathBuf> {
    const ROOM: usize = 1024;
    let mut path = [0_u16; ROOM];
    // SAFETY: the buffer is as long as is said.
    let length = unsafe { GetSystemDirectoryW(path.as_mut_ptr(), ROOM as u32) } as usize;
    match path.get(..length) {
        Some(told) if length > 0 => Ok(PathBuf::from(OsString::from_wide(told))),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::PortRange;

    /// A program in the place of `netsh`, which prints what that is recorded to.
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
        let excluded = ask(&netsh).unwrap();
        let range = |first, last| PortRange { first, last };
        let told: Vec<_> =
            excluded.iter().map(|one| (one.ports, one.protocol, one.family, one.by_number)).collect();
        assert_eq!(
            told,
            [
                (range(500, 500), Some(Protocol::Udp), Families::Both, true),
                (range(1461, 1560), Some(Protocol::Tcp), Families::Both, false),
                (range(5357, 5357), Some(Protocol::Tcp), Families::Ipv6, false),
            ]
        );
    }

    #[test]
    fn that_it_fails_is_told() {
        let (_folder, fails) = stand_in("@echo off\necho 80 90\nexit /b 1\n");
        let (_other_folder, silent) = stand_in("@echo off\n");
        for netsh in [&fails, &silent] {
            assert!(ask(netsh).unwrap_err().contains("tells nothing"), "{}", netsh.display());
        }
        let absent = ask(Path::new(r"C:\nowhere\netsh.exe")).unwrap_err();
        assert!(!absent.is_empty() && !absent.contains("os error"), "{absent}");
    }

    #[test]
    fn the_system_s_own_is_meant() {
        assert!(system_folder().unwrap().join("ntdll.dll").is_file());
    }
}
