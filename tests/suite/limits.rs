//! The program where the caller or the system leaves it little: it ends in words, and never by a signal.

use std::fs::File;
use std::io::{Read, pipe};
use std::os::fd::AsFd;
use std::process::{Command, Output, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use serde_json::Value;

use crate::document::Failed;
use crate::started::{program, told};

/// The program after a shell command, such as `ulimit -s 64`.
fn after(shell: &str, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell}; exec \"$@\""), "sh"]).arg(program()).args(args);
    command
}

/// The error that it tells as a line and as JSON.
fn error(output: Output) -> (u8, String) {
    let (stdout, stderr, status) = told(output);
    let Failed { error, .. } =
        serde_json::from_str(&stdout).unwrap_or_else(|why| panic!("{why}: {stdout:?} {stderr}"));
    assert_eq!(error.exit_status, status);
    assert_eq!(stderr, format!("whatlistens: {}\n", error.message));
    (status, error.message)
}

#[test]
fn closed_standard_output_is_an_error_and_the_null_device_is_none() {
    for args in [&["--json"][..], &["--version"], &["1"]] {
        let output = after("exec >&-", args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr, "whatlistens: the output could not be written: standard output is closed\n");
    }
    let output = after("exec 1</dev/null", &["--version"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "it cannot be written to");
    // As Python's subprocess.DEVNULL and as Rust's own runtime open it.
    let null = File::options().read(true).write(true).open("/dev/null").unwrap();
    let output = Command::new(program()).arg("--version").stdout(null).output().unwrap();
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]));
}

#[test]
fn a_pipe_that_returns_at_once_gets_the_whole_document() {
    let (mut reader, writer) = pipe().unwrap();
    fcntl(writer.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    // More than a pipe holds (pipe(7)).
    let mut child =
        Command::new(program()).args(["explain", "--json", "1-999"]).stdout(writer).spawn().unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(text.len() > 200_000, "{}", text.len());
    assert!(serde_json::from_str::<Value>(&text).is_ok_and(|document| document["error"].is_null()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_file_that_may_not_grow_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    for args in [&["--json"][..], &["explain", "--json", "1-999"]] {
        let output = after("ulimit -f 1", args).stdout(File::create(&path).unwrap()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        if output.status.code().is_some_and(|status| status < 2) {
            continue; // It fits.
        }
        assert_eq!(output.status.code(), Some(2), "{:?} {stderr}", output.status);
        assert!(stderr.starts_with("whatlistens: the output could not be written: "), "{stderr}");
        let half = std::fs::read_to_string(&path).unwrap();
        assert_eq!(half.matches("schema_version").count(), 1, "no second document: {half}");
    }
}

#[test]
fn a_time_zone_that_is_a_pipe_or_a_device_is_not_waited_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for zone in [pipe.display().to_string(), format!(":{}", pipe.display()), "/dev/zero".to_owned()] {
        let (stdout, stderr, status) =
            told(Command::new(program()).arg(&port).env("TZ", &zone).output().unwrap());
        assert_eq!((status, stderr.as_str()), (0, ""), "{zone}");
        assert!(stdout.contains("listens on TCP port"), "{zone}: {stdout}");
    }
}

#[test]
fn little_stack_is_enough() {
    for kibibytes in [64, 128, 1024] {
        let (stdout, stderr, status) =
            told(after(&format!("ulimit -s {kibibytes}"), &["--json"]).output().unwrap());
        assert!(status <= 1 && serde_json::from_str::<Value>(&stdout).is_ok(), "{status} {stderr}");
    }
}

#[test]
fn where_there_is_no_memory_that_is_said() {
    let run =
        |kibibytes: u32, args: &[&str]| after(&format!("ulimit -v {kibibytes}"), args).output().unwrap();
    // With less, the system or Rust's own runtime cannot even start it.
    let mut coarse = (1..200).map(|mebibytes| mebibytes * 1024);
    let enough =
        coarse.find(|&least| run(least, &["--version"]).status.success()).expect("200 MiB are enough");
    let all: Vec<u32> = (enough - 3072..=enough + 1024).step_by(64).collect();
    // How much is needed to start depends on where the system happens to place the program in memory.
    let starts = |kibibytes: &u32| {
        (0..8).all(|_| matches!(run(*kibibytes, &["--version"]).status.code(), Some(0 | 3)))
    };
    let too_little = all.iter().rposition(|kibibytes| !starts(kibibytes)).expect("3 MiB less are too little");
    let mut failed = 0;
    for &kibibytes in &all[too_little + 2..] {
        let output = run(kibibytes, &["explain", "--json", "1-999"]);
        match output.status.code() {
            Some(0) => assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok()),
            _ => {
                let (status, message) = error(output);
                assert_eq!((status, message.as_str()), (3, "there is not enough memory (see ulimit -v)"));
                failed += 1;
            }
        }
        let output = run(kibibytes, &["--json"]);
        assert!(output.status.code().is_some_and(|status| status <= 3), "{output:?}");
        assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok(), "{output:?}");
    }
    assert!(failed > 0, "the least was enough");
}

/// Lets no thread but the first map memory: there the standard library panics, in want of a signal stack.
const NO_SIGNAL_STACK: &str = "
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
void *mmap(void *a, size_t n, int p, int f, int d, off_t o) {
    if (syscall(SYS_gettid) != getpid()) { errno = ENOMEM; return MAP_FAILED; }
    return (void *)syscall(SYS_mmap, a, n, p, f, d, o);
}
void *mmap64(void *a, size_t n, int p, int f, int d, off_t o) { return mmap(a, n, p, f, d, o); }
";

#[test]
fn a_panic_on_any_thread_is_an_error_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (folder.path().join("a.c"), folder.path().join("a.so"));
    std::fs::write(&source, NO_SIGNAL_STACK).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).stderr(Stdio::null());
    if !compiler.status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no C compiler");
        return;
    }
    // With little stack, all work is done on a thread of its own.
    let run = |args: &[&str]| after("ulimit -s 64", args).env("LD_PRELOAD", &library).output().unwrap();
    let (status, message) = error(run(&["--json"]));
    assert_eq!(status, 3);
    assert!(
        message.starts_with("a fault of the program itself, please report it: failed to allocate"),
        "{message}"
    );
    let (stdout, stderr, status) = told(run(&[]));
    assert_eq!((stdout.as_str(), stderr.lines().count(), status), ("", 1, 3), "{stderr}");
}
