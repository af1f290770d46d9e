//! What is said of a process whose program file is deleted or replaced while it runs: real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::live::look;
use crate::started::{Listening, copy_program, listener_program, unbroken, whatlistens};

fn install(path: &Path) {
    copy_program(listener_program(), path);
}

/// A server in a folder of its own, and its file.
fn server(folder: &tempfile::TempDir) -> (Listening, PathBuf) {
    let path = folder.path().canonicalize().unwrap().join("shopd");
    install(&path);
    (Listening::at(&path, &["tcp:127.0.0.1:0"]), path)
}

/// The detail view, as one line.
fn detail(listening: &Listening) -> String {
    unbroken(&whatlistens(&[&format!("{}/tcp", listening.port())]).0)
}

#[test]
fn whether_another_file_stands_at_its_path_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (listening, path) = server(&folder);
    let shown = path.display();
    let before = detail(&listening);
    assert!(!before.contains("program file") && !before.contains("since the process"), "{before}");

    fs::remove_file(&path).unwrap();
    let gone = detail(&listening);
    let nothing = format!(
        "Its program file was deleted, and nothing stands at {shown} now: it cannot be started again from there."
    );
    assert!(gone.contains(&nothing) && !gone.contains("start it again"), "{gone}");
    assert!(gone.contains(&format!("Runs {shown} (deleted since the process started)")), "{gone}");

    install(&path);
    let replaced = detail(&listening);
    let new =
        "Its program file was replaced, as by an upgrade. To run the new one, end it and start it again.";
    assert!(replaced.contains(new), "{replaced}");
    assert!(replaced.contains(&format!("Runs {shown} (replaced since the process started)")), "{replaced}");
    let next = look(&listening.port().to_string()).asked[0].next.clone();
    assert!(unbroken(&next.unwrap()).contains(new), "the JSON says it too");

    // What is no file, or behind what may not answer, is no new program.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(detail(&listening).contains("To run the new one, if "), "{}", detail(&listening));
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("/proc/self/exe", &path).unwrap();
    assert!(detail(&listening).contains("To run the new one, if "), "{}", detail(&listening));
    // Its folder is gone, too.
    folder.close().unwrap();
    assert!(detail(&listening).contains("nothing stands at"), "{}", detail(&listening));
}

#[test]
fn what_runs_a_deleted_file_is_listed_by_option() {
    let folder = tempfile::tempdir().unwrap();
    let (old, path) = server(&folder);
    fs::rename(&path, folder.path().join("shopd.1")).unwrap();
    install(&path);
    let new = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    let listed = |args: &[&str]| {
        let (old, new) = (old.port().to_string(), new.port().to_string());
        let (out, err, status) =
            whatlistens(&[&["--deleted", "-H", "--columns", "port", &old, &new], args].concat());
        (out.lines().map(str::trim).map(str::to_owned).collect::<Vec<_>>(), err, status)
    };
    // A renamed file is not deleted.
    assert_eq!(listed(&[]).0, [""; 0]);
    fs::remove_file(folder.path().join("shopd.1")).unwrap();
    let (rows, notes, status) = listed(&[]);
    assert_eq!((rows, status), (vec![format!("{}/tcp", old.port())], 0));
    let held =
        format!("{} is held by shopd (PID {}). Its program file was not deleted.", new.port(), new.pid());
    assert!(unbroken(&notes).contains(&held), "{notes}");
    assert_eq!(listed(&["--all"]).2, 1);
    let (out, _, status) = whatlistens(&["--deleted", "--pid", &new.pid().to_string()]);
    assert!(unbroken(&out).contains("but its program file was not deleted."), "{out}");
    assert_eq!(status, 1);
}

/// A process whose view of the file system is another than this program's: what counts is its own.
#[test]
#[ignore = "needs root: a mount namespace"]
fn whether_another_file_stands_there_is_seen_as_the_process_sees_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap().join("opt");
    fs::create_dir(&place).unwrap();
    let inside = format!(
        "mount -t tmpfs none {0} && cp {1} {0}/shopd && exec {0}/shopd tcp:127.0.0.1:0",
        place.display(),
        listener_program().display()
    );
    let mut command = Command::new("unshare");
    let listening = Listening::start(command.args(["-m", "sh", "-c", &inside]), 1).unwrap();
    let within =
        |file: &str| PathBuf::from(format!("/proc/{}/root{}/{file}", listening.pid(), place.display()));
    // Here a file of that name is another's.
    install(&place.join("shopd"));
    fs::remove_file(within("shopd")).unwrap();
    assert!(detail(&listening).contains("nothing stands at"), "{}", detail(&listening));
    install(&within("shopd"));
    fs::remove_file(place.join("shopd")).unwrap();
    assert!(detail(&listening).contains("Its program file was replaced"), "{}", detail(&listening));
}
