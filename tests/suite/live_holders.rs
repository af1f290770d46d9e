//! What tells two holders of one program apart, and what keeps a holder from answering: real processes.

use std::process::Command;

use crate::document::Process;
use crate::live::look_at;
use crate::live_sockets::script;
use crate::started::{Listening, in_the_end, unbroken, whatlistens};

fn python_in(folder: &std::path::Path, lines: &str) -> Listening {
    let mut command = Command::new("python3");
    Listening::start(command.args(["-c", &script(lines)]).current_dir(folder), 1).unwrap()
}

const LISTENS: &str = "s = socket(); s.bind(('127.0.0.1', 0)); s.listen(); say(s)";

/// The one holder of its first port, and the detail view.
fn holder(listening: &Listening) -> (Process, String) {
    let document = in_the_end(
        || look_at(listening),
        |document| document.listeners.len() == 1 && document.listeners[0].processes.len() == 1,
    );
    let [listener] = &document.listeners[..] else { panic!("{document:?}") };
    let [process] = &listener.processes[..] else { panic!("{document:?}") };
    (process.clone(), whatlistens(&[&format!("{}/tcp", listening.port())]).0)
}

#[test]
fn two_holders_of_one_program_differ_by_where_they_work() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    for name in ["shop", "blog", "shop (old)"] {
        let place = folder.join(name);
        std::fs::create_dir(&place).unwrap();
        let (process, detail) = holder(&python_in(&place, LISTENS));
        let place = place.to_str().unwrap();
        assert_eq!((process.cwd.as_deref(), process.cwd_deleted), (Some(place), Some(false)));
        assert_eq!(process.state.as_deref(), Some("running"));
        let shown = if name.contains(' ') { format!("\"{place}\"") } else { place.to_owned() };
        assert!(detail.contains(&format!("Works in     {shown}\n")), "{detail}");
        assert!(!detail.contains("State "), "{detail}");
    }
}

#[test]
fn two_holders_of_one_program_differ_by_what_they_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("shop{}.py", std::process::id()));
    std::fs::write(&path, script(LISTENS)).unwrap();
    let mut command = Command::new("python3");
    command.arg("-u").arg(&path).arg("--password=secret");
    let listening = Listening::start(&mut command, 1).unwrap();
    let (process, detail) = holder(&listening);
    let port = format!(":{}", listening.port());
    let named = process.script.unwrap();
    assert_eq!((named.kind.as_str(), named.name.as_deref()), ("script", path.to_str()));
    assert!(detail.contains(") runs shop") && detail.contains(".py and listens on TCP port"), "{detail}");
    assert!(detail.contains("(by its command line)") && !detail.contains("secret"), "{detail}");
    for word in [path.file_name().unwrap(), path.as_os_str()] {
        let word = word.to_str().unwrap();
        let (text, _, status) = whatlistens(&[word]);
        let rows = text.lines().filter(|line| line.contains("tcp")).count();
        assert!(text.contains(&port) && status == 0 && rows == 1, "{word}: {text}");
        assert!(
            unbroken(&text).contains(&format!("‘{word}’ was taken as a script: the command line of ")),
            "{text}"
        );
    }
    let (process, detail) = holder(&python_in(folder.path(), LISTENS));
    assert_eq!(process.script.map(|script| (script.kind, script.name)), Some(("code".to_owned(), None)));
    assert!(detail.contains("Script       code in its command line\n"), "{detail}");
}

#[test]
fn holders_are_found_by_the_folder_that_they_work_in() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("shop {}", std::process::id());
    let place = folder.path().canonicalize().unwrap().join(&name);
    std::fs::create_dir(&place).unwrap();
    std::os::unix::fs::symlink(&place, folder.path().join("link")).unwrap();
    let listening = python_in(&place, LISTENS);
    let [port, path] = [format!(":{} ", listening.port()), place.to_str().unwrap().to_owned()];
    let [above, link] = [folder.path().to_owned(), folder.path().join("link")];
    let [above, link] = [&above, &link].map(|path| path.to_str().unwrap().to_owned());
    for word in [&name, &path, &format!("{path}/"), &above, &link] {
        let (text, _, status) = whatlistens(&[word]);
        assert!(text.contains(&port) && status == 0, "{word}: {text}");
        let folder = format!("works in {path}.");
        assert!(
            unbroken(&text).contains("was taken as a folder: ") && unbroken(&text).contains(&folder),
            "{text}"
        );
    }
    // A filter by the name of processes is no question about folders.
    assert_eq!(whatlistens(&["--process", &name]).2, 1);
    assert_eq!(whatlistens(&[&name[1..]]).2, 2);
    drop(listening);
    let (text, _, status) = whatlistens(&[&path]);
    // Owners that other tests hide may be said to be hidden.
    let denied = format!("No listener that works in {path} or below it was found");
    assert!(unbroken(&text).starts_with(&denied) && status == 1, "{text}");
}

#[test]
fn a_folder_that_is_gone_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let listening = python_in(folder.path(), LISTENS);
    let place = folder.path().canonicalize().unwrap().to_str().unwrap().to_owned();
    folder.close().unwrap();
    let (process, detail) = holder(&listening);
    assert_eq!((process.cwd, process.cwd_deleted), (Some(place.clone()), Some(true)));
    assert!(detail.contains(&format!("Works in     {place} (deleted)\n")), "{detail}");
}

#[test]
fn a_listing_reads_no_folder_and_its_json_does() {
    let listening = python_in(&std::env::temp_dir(), LISTENS);
    let pid = listening.pid().to_string();
    let (json, ..) = whatlistens(&["--json", "--pid", &pid]);
    let document = crate::document::read(&json);
    assert!(document.listeners[0].processes[0].cwd.is_some(), "{json}");
}

#[test]
fn a_stopped_holder_is_said_to_be() {
    let listening = python_in(&std::env::temp_dir(), LISTENS);
    let signal = |name: &str| {
        let pid = listening.pid().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    let stopped =
        in_the_end(|| holder(&listening), |(process, _)| process.state.as_deref() == Some("stopped"));
    signal("-CONT");
    let (process, detail) = stopped;
    assert_eq!(process.state.as_deref(), Some("stopped"));
    assert!(detail.contains("), which is stopped, listens on TCP port"), "{detail}");
    assert!(detail.contains("State        stopped, by Ctrl+Z or another signal\n"), "{detail}");
}

#[test]
fn a_holder_in_a_debugger_is_said_to_be() {
    let traced = "
import ctypes, signal
s = socket(); s.bind(('127.0.0.1', 0)); s.listen()
child = os.fork()
while child == 0: signal.pause()
ptrace = ctypes.CDLL(None).ptrace
ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
# PTRACE_SEIZE, whose child ends with its tracer, and PTRACE_INTERRUPT.
assert ptrace(0x4206, child, None, 0x100000) == 0 and ptrace(0x4207, child, None, None) == 0
os.waitpid(child, 0x40000000)
say(s); s.close()";
    let listening = python_in(&std::env::temp_dir(), traced);
    // The tracer closes its socket after it has said where that is.
    let seen = in_the_end(|| look_at(&listening), |document| document.listeners[0].processes.len() == 1);
    let process = &seen.listeners[0].processes[0];
    assert_eq!(process.state.as_deref(), Some("traced"));
    let tracer = process.tracer.as_ref().unwrap();
    assert_eq!((tracer.pid, process.ppid), (listening.pid(), Some(listening.pid())));
    let detail = whatlistens(&[&format!("{}/tcp", listening.port())]).0;
    assert!(
        detail.contains(&format!("held by the debugger {} (PID ", tracer.name.as_deref().unwrap())),
        "{detail}"
    );
}
