//! Whether a path is believed: programs that have theirs in a view of the file system that an ordinary user made, and
//! in one that root made.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::document::{Process, read};
use crate::live::row;
use crate::started::{Ended, Listening, copy_program, listener_program, unbroken, whatlistens};

const USER: u32 = 4242;
const WHERE: &str = "tcp:127.0.0.1:0";

/// `sbin/nginx`, a genuine program of root's, and `home/evil`, what a user runs instead.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Machine {
        let machine = Machine { folder: tempfile::tempdir().unwrap() };
        for folder in ["", "sbin", "home"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
            fs::set_permissions(machine.path(folder), Permissions::from_mode(0o755)).unwrap();
        }
        machine.copy(Path::new("/bin/true"), "sbin/nginx");
        machine.copy(&listener_program(), "home/evil");
        for place in ["home", "home/evil"] {
            chown(machine.path(place), Some(USER), Some(USER)).unwrap();
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self, from: &Path, name: &str) {
        copy_program(from, self.path(name));
    }

    /// A command of the user's.
    fn of_user(&self, words: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=4242", "--regid=4242", "--clear-groups", "--"]).args(words);
        command.current_dir(self.folder.path());
        command
    }

    /// A process that stays in namespaces of the user's own, in which it ran this.
    fn keeper(&self, program: &str, script: &str) -> Ended {
        let mut command = self.of_user(&["unshare", "-U", "-r", "-m", program, "-c", script]);
        let mut keeper = Ended(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        keeper.0.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        keeper
    }

    /// The user's program, started as this script starts it in namespaces of the user's own.
    fn inside(&self, script: &str) -> Listening {
        let script = format!("{script} && exec $PWD/sbin/nginx {WHERE}");
        let mut command = self.of_user(&["unshare", "-U", "-r", "-m", "sh", "-c", &script]);
        Listening::start(&mut command, 1).unwrap()
    }

    /// The user's program, started from outside of these namespaces.
    fn through(&self, path: &str) -> Listening {
        Listening::start(&mut self.of_user(&[path, WHERE]), 1).unwrap()
    }

    /// What root starts in a mount namespace of its own, as a service of systemd or a container.
    fn of_root(&self, script: &str) -> Listening {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).current_dir(self.folder.path());
        Listening::start(&mut command, 1).unwrap()
    }
}

/// The process and its line of the table, by what the listing of everything says.
fn listed(listening: &Listening, options: &[&str]) -> (Process, String) {
    let (json, ..) = whatlistens(&[&["--json"], options].concat());
    let process = row(&read(&json), listening.addresses[0]).processes[0].clone();
    let (table, ..) = whatlistens(&[&["-H", "--numeric"], options].concat());
    let port = format!("{}/tcp ", listening.port());
    let line = table.lines().find(|line| line.starts_with(&port) && line.contains(&process.pid.to_string()));
    (process, line.unwrap_or_else(|| panic!("{port}: {table}")).to_owned())
}

fn assert_only_calls_itself_so(listening: &Listening, exe: &Path, how: &str) {
    for options in [&[][..], &["--process", "nginx"]] {
        let (process, line) = listed(listening, options);
        assert_eq!(process.exe.as_deref(), exe.to_str(), "{how}");
        let said = (process.name.as_deref(), process.exe_confirmed, process.file_trust.as_deref());
        assert_eq!(said, (Some("nginx"), Some(false), Some("unknown")), "{how}");
        assert!(line.contains(" (calls-itself-nginx) "), "{how}: {line}");
    }
    let (table, ..) = whatlistens(&["--process", "nginx"]);
    assert!(table.contains(" (calls itself nginx) "), "{how}: {table}");
}

#[test]
#[ignore = "needs root: becomes another user, who makes namespaces"]
fn a_listing_shows_no_path_of_a_user_s_own_view_as_fact() {
    let bound = "mount --bind home/evil sbin/nginx";
    let private = "mount -t tmpfs none sbin && cp home/evil sbin/nginx";
    for script in [bound, private] {
        let machine = Machine::new();
        let listening = machine.inside(script);
        assert_only_calls_itself_so(&listening, &machine.path("sbin/nginx"), script);
    }
    for script in [bound, private] {
        let machine = Machine::new();
        let nginx = machine.path("sbin/nginx");
        let keeper = machine.keeper("sh", &format!("{script} && echo && read x"));
        let seen = format!("/proc/{}/root{}", keeper.0.id(), nginx.display());
        let listening = machine.through(&seen);
        assert_only_calls_itself_so(&listening, &nginx, script);
        // A deleted file has no path that could be compared.
        let deleted = if script == bound { machine.path("home/evil") } else { PathBuf::from(seen) };
        fs::remove_file(deleted).unwrap();
        assert_only_calls_itself_so(&listening, &nginx, &format!("{script}, deleted"));
    }
}

/// A mount that is in no namespace: its root is shown as if it were that of the machine.
#[test]
#[ignore = "needs root: becomes another user, who makes namespaces"]
fn a_path_in_a_mount_that_is_nowhere_is_not_shown_as_fact() {
    const OPEN_TREE: &str = "
import ctypes
SYS_open_tree, AT_FDCWD, OPEN_TREE_CLONE = 428, -100, 1
print(ctypes.CDLL(None).syscall(SYS_open_tree, AT_FDCWD, b'home', OPEN_TREE_CLONE), flush=True)
input()";
    let machine = Machine::new();
    fs::create_dir_all(machine.path("home/usr/sbin")).unwrap();
    machine.copy(&listener_program(), "home/usr/sbin/nginx");
    let keeper = machine.keeper("python3", OPEN_TREE);
    let listening = machine.through(&format!("/proc/{}/fd/3/usr/sbin/nginx", keeper.0.id()));
    assert_only_calls_itself_so(&listening, Path::new("/usr/sbin/nginx"), "open_tree");
}

/// Memory without a file has the name that the process gave it.
#[test]
fn a_path_in_the_name_of_memory_is_not_shown_as_fact() {
    const MEMORY: &str = "
import os, sys
file = os.memfd_create('../usr/sbin/nginx')
os.write(file, open(sys.argv[1], 'rb').read())
os.execve(file, ['nginx', sys.argv[2]], os.environ)";
    let mut command = Command::new("python3");
    command.args(["-c", MEMORY]).arg(listener_program()).arg(WHERE);
    let listening = Listening::start(&mut command, 1).unwrap();
    assert_only_calls_itself_so(&listening, Path::new("/memfd:../usr/sbin/nginx"), "memfd_create");
    let (process, _) = listed(&listening, &[]);
    assert_eq!(process.exe_deleted, Some(true));
    let (detail, ..) = whatlistens(&[&listening.port().to_string()]);
    let runs =
        "Runs a file that is in memory alone and that it calls /memfd:../usr/sbin/nginx (memfd_create)";
    assert!(unbroken(&detail).contains(runs), "{detail}");
    let (rows, ..) = whatlistens(&["--columns", "port,path"]);
    assert!(rows.contains("/memfd:../usr/sbin/nginx (deleted)"), "{rows}");
}

/// They have mounts of their own, too.
#[test]
#[ignore = "needs root: makes mount namespaces"]
fn services_and_containers_of_root_s_are_called_by_their_files() {
    let machine = Machine::new();
    let script = format!("mount -t tmpfs none sbin && cp home/evil sbin/nginx && exec sbin/nginx {WHERE}");
    let listening = machine.of_root(&script);
    let (process, line) = listed(&listening, &[]);
    assert_eq!((process.name.as_deref(), process.exe_confirmed), (Some("nginx"), None));
    assert!(line.contains(" nginx "), "{line}");
    let (detail, _) = listed(&listening, &[&listening.port().to_string()]);
    assert_eq!(detail.exe_confirmed, Some(true));
    // As by an update.
    let nginx = format!("/proc/{}/root{}", listening.pid(), machine.path("sbin/nginx").display());
    for replace in [false, true] {
        let _ = fs::remove_file(&nginx);
        if replace {
            fs::write(&nginx, "another").unwrap();
        }
        let (_, line) = listed(&listening, &[]);
        assert!(line.contains(" nginx "), "{replace}: {line}");
    }
}

/// The kernel gives a path that is not one from there, where it leads to another file.
#[test]
#[ignore = "needs root: makes mount namespaces"]
fn a_root_of_its_own_is_no_doubt() {
    let machine = Machine::new();
    machine.copy(&listener_program(), "sbin/nginx");
    let inside = machine.path("sbin/nginx");
    let path = machine.path("top").join(inside.strip_prefix("/").unwrap());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "another").unwrap();
    let listening =
        machine.of_root(&format!("mount --bind / top && exec chroot top $PWD/sbin/nginx {WHERE}"));
    let (process, line) = listed(&listening, &[]);
    assert_eq!(process.exe.as_deref(), path.to_str());
    assert!(process.exe_confirmed != Some(false) && line.contains(" nginx "), "{line}");
}
