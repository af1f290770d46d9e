//! The view from a record is the view of the machine.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::live_sockets::script;
use crate::network::{Net, eventually, is_there, quiet};
use crate::started::{Ended, Listening, listener_program, program, told, unbroken, whatlistens};

/// Everything that the questions are about: on loopback and everywhere, both families, a license port with a client, a
/// connected UDP socket, shared sockets, and a process that listens nowhere.
const WEB: &str = "
s = socket(); s.bind(('127.0.0.1', 8080)); s.listen(); say(s)
c = socket(); c.connect(('127.0.0.1', 8080))
u = socket(AF_INET, SOCK_DGRAM); u.bind(('127.0.0.1', 1194)); u.connect(('127.0.0.1', 9))
six = socket(AF_INET6); six.bind(('::1', 9000)); six.listen()
child = os.fork()
if child == 0:
    import ctypes, signal
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    while True: signal.pause()";
const LICENSES: &str = "
t = socket(); t.bind(('0.0.0.0', 27000)); t.listen(); say(t)
d = socket(); d.connect(('127.0.0.1', 27000))";

const QUESTIONS: [&str; 39] = [
    "",
    "--json",
    "--connections",
    "--connections --json",
    "8080",
    "8080 --json",
    "27000",
    "27000 --json",
    "1194",
    "1194 --json",
    "22",
    "22 --json",
    "9000 27000",
    "8080 9000 --json",
    "-t",
    "-u --json",
    "-4",
    "-6",
    "--flagged",
    "--licenses --json",
    "--exposed",
    "--user nobody",
    "--user 65534 --json",
    "--pid IDLE --json",
    "nosuchthing",
    "--args",
    "--args --json",
    "--numeric",
    "--wide",
    "--output list",
    "1-65535/tcp",
    "--columns port,pid,cwd,script",
    "--sort process",
    "flexlm",
    "excluded",
    "excluded --json",
    "servers",
    "servers --json",
    "explain 27000",
];

/// A machine of the test's own: nothing else runs on it, so that nothing comes and goes between two answers.
struct Machine {
    net: Net,
    _first: Ended,
    first: String,
}

impl Machine {
    fn new() -> Machine {
        let net = Net::new();
        let mut command = net.command("unshare");
        // Without the namespaces that other tests have given names.
        let script = "mount -t tmpfs none /run/netns && exec sleep 600";
        command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]);
        let unshare = quiet(&mut command);
        let path = format!("/proc/{0}/task/{0}/children", unshare.0.id());
        let child = || fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
        // Only then the others see its /proc.
        let runs =
            || fs::read_to_string(format!("/proc/{}/comm", child())).is_ok_and(|name| name == "sleep\n");
        assert!(eventually(runs), "sleep(1) runs");
        Machine { net, first: child(), _first: unshare }
    }

    /// A command that runs on it.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.net.command("nsenter");
        command.args(["--target", &self.first, "--pid", "--mount"]).arg(program);
        command
    }
}

/// An answer without its time.
fn own(answer: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<serde_json::Value>(answer) else {
        return timeless(answer);
    };
    document["taken_at"].take();
    timeless(&serde_json::to_string_pretty(&document).unwrap())
}

/// A text without ages.
fn timeless(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut all = text.split_whitespace().peekable();
    while let Some(word) = all.next() {
        let is_age = word.trim_start_matches('(').parse::<u32>().is_ok()
            && all.peek().is_some_and(|unit| unit.starts_with("second") || unit.starts_with("minute"));
        if is_age {
            all.next();
        } else {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

/// Shows where two texts differ, and not all of both.
fn assert_same(record: &str, live: &str, question: &str) {
    let [record, live] = [record, live].map(|text| text.split(' ').collect::<Vec<_>>());
    let at = record.iter().zip(&live).take_while(|(one, other)| one == other).count();
    let around = |words: &[&str]| words[at.saturating_sub(12)..words.len().min(at + 12)].join(" ");
    assert!(record == live, "{question}:\nrecord: {}\nlive:   {}", around(&record), around(&live));
}

#[test]
#[ignore = "needs root: runs servers in namespaces of their own"]
fn whatever_is_asked_of_a_record_is_answered_as_on_the_machine() {
    let machine = Machine::new();
    let start =
        |lines: &str| Listening::start(machine.command("python3").args(["-c", &script(lines)]), 1).unwrap();
    let (_web, _licenses) = (start(WEB), start(LICENSES));
    let mut ordinary = machine.command("setpriv");
    ordinary.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(listener_program());
    let _ordinary = Listening::start(ordinary.arg("tcp:127.0.0.1:1538"), 1).unwrap();
    let run = |args: &[&str]| told(machine.command(program()).args(args).output().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let record = |args: &[&str]| {
        let path = folder.path().join(format!("{}.json", args.len()));
        fs::write(&path, run(args).0).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let [plain, with_args] =
        [record(&["record", "--deadline", "1m"]), record(&["record", "--args", "--deadline", "1m"])];
    for question in QUESTIONS {
        // The first process sleeps.
        let question = question.replace("IDLE", "1");
        let words: Vec<&str> = question.split_whitespace().collect();
        let (live, live_notes, live_status) = run(&words);
        // Not on that machine: a record answers anywhere.
        let file = if question.contains("--args") { &with_args } else { &plain };
        let (out, notes, status) = whatlistens(&[&["--from", file], &words[..]].concat());
        // What it says to type asks the record again.
        let out = out.replace(&format!("whatlistens --from {file}"), "whatlistens");
        assert_same(&own(&out), &own(&live), &question);
        assert_eq!(status, live_status, "{question}: {notes}{live_notes}");
    }
}

#[test]
fn an_ordinary_user_s_record_says_what_it_could_not_see() {
    if !nix::unistd::geteuid().is_root() || !is_there("setpriv") {
        eprintln!("skipped: needs root");
        return;
    }
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ordinary.json");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(program());
    let output = command.arg("record").output().unwrap();
    fs::write(&path, &output.stdout).unwrap();
    let answered = |what: &[&str]| from(&path, what);
    let (out, ..) = answered(&[&listening.port().to_string()]);
    assert!(out.contains("hidden") || unbroken(&out).contains("could not be identified"), "{out}");
    // More rights help there, not here.
    assert!(unbroken(&out).contains("sudo whatlistens record > "), "{out}");
}

fn from(path: &Path, args: &[&str]) -> (String, String, u8) {
    whatlistens(&[&["--from", path.to_str().unwrap()], args].concat())
}
