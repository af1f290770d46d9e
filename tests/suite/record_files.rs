//! Files that somebody else wrote: records and listings in the encodings of PowerShell, and from a pipe.

use std::fs;
#[cfg(target_os = "linux")]
use std::io::Write;
use std::process::Command;

use whatlistens::model::record::{self, Record};

use crate::recorded::{Machine, linux, office, process};
use crate::started::{program, told, whatlistens};

fn text_of(machine: &Machine) -> String {
    let mut text = Vec::new();
    record::write(&Record::new(machine.observed().clone()), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The same text with a byte order mark: in UTF-8, and in UTF-16 as the `>` of PowerShell 5 writes it, or of another order.
fn with_marks(text: &str) -> [Vec<u8>; 3] {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    [format!("\u{feff}{text}").into_bytes(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)]
}

#[test]
fn what_powershell_writes_is_read_wherever_a_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let office = office().socket("tcp 127.0.0.1:4000", &[process(90, "/opt/Büro/日")]);
    let record = text_of(&office);
    fs::write(path("plain.json"), &record).unwrap();
    let listing = whatlistens(&["--from", &path("plain.json"), "--json"]).0;
    let policy = "[[must-listen]]\nport = \"80/tcp\"\n";
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let texts = [record.clone(), crlf(&listing), crlf(policy)].map(|text| with_marks(&text));
    for (at, name) in ["utf8", "utf16le", "utf16be"].into_iter().enumerate() {
        let [record, listing, policy] =
            ["record", "listing", "policy"].map(|kind| path(&format!("{name}.{kind}")));
        for (path, text) in [&record, &listing, &policy].into_iter().zip(&texts) {
            fs::write(path, &text[at]).unwrap();
        }
        let (table, why, status) = whatlistens(&["--from", &record]);
        assert!(table.contains("日") && status == 0, "{name}: {table}{why}");
        for before in [&record, &listing] {
            let (said, why, status) = whatlistens(&["diff", before, &path("plain.json")]);
            assert!(said.contains("No difference.") && status == 0, "{name}: {said}{why}");
        }
        let (said, why, status) = whatlistens(&["check", "--from", &record, "--policy", &policy]);
        assert_eq!(status, 0, "{name}: {said}{why}");
        let mut command = Command::new(program());
        command.args(["--from", "-", "80"]).stdin(fs::File::open(&record).unwrap());
        let (said, why, status) = told(command.output().unwrap());
        assert!(said.contains("nginx") && status == 0, "{name}: {said}{why}");
    }
}

/// Whatever shows it, or reads it in a code page of its own.
#[test]
fn a_record_is_ascii_without_what_a_terminal_obeys() {
    let name = "/opt/\u{9b}31m\u{7f}\u{202e}\u{1b}é日\u{1f600}\n";
    let text = text_of(&linux().socket("tcp 127.0.0.1:80", &[process(9, name)]));
    assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..0x7f).contains(&byte)), "{text}");
    let read = record::read(text.as_bytes()).unwrap();
    assert_eq!(read.observation.processes[&9].exe().unwrap().path, name);
}

/// As jq(1) and diff(1) wait.
#[test]
#[cfg(target_os = "linux")]
fn a_pipe_is_waited_for_and_a_terminal_says_so() {
    let Some(terminal) = crate::terminal::Terminal::new(100, 20) else { return };
    let (pipe, record) = (terminal.file("pipe"), text_of(&office()));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let program = program().display().to_string();
    for input in [format!("--from '{0}'", pipe.display()), format!("--from - <'{}'", pipe.display())] {
        // The shell opens the other end, so that the program starts, and writes nothing.
        terminal.run("clear");
        terminal.start(&format!("'{program}' 80 {input}"));
        let mut writer = fs::File::options().write(true).open(&pipe).unwrap();
        terminal.until(|screen| screen.contains("waiting for input ("));
        writer.write_all(record.as_bytes()).unwrap();
        drop(writer);
        terminal.until(|screen| screen.contains("nginx") && !screen.contains("waiting for input"));
    }
    terminal.run("clear");
    terminal.start(&format!("'{program}' diff '{0}' '{0}'", pipe.display()));
    terminal.until(|screen| screen.contains("waiting for input ("));
    terminal.keys(&["C-c"]);
    terminal.start("echo \"ended: $?\"");
    terminal.until(|screen| screen.contains("ended: 130"));
}

/// With process substitution.
#[test]
#[cfg(target_os = "linux")]
fn a_shell_s_pipe_is_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.json");
    fs::write(&record, text_of(&office())).unwrap();
    let line = format!("'{}' diff <(cat {1}) <(cat {1})", program().display(), record.display());
    let (said, why, status) = told(Command::new("bash").args(["-c", &line]).output().unwrap());
    assert!(said.contains("No difference.") && why.is_empty() && status == 0, "{said}{why}");
}
