//! Real processes, and files of every kind of owner.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::*;
use crate::model::{Account, User};

/// Ends a process with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program, which is there when this returns: it writes a line when it is ready.
fn running(command: &mut Command) -> Running {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let ready = child.stdout.as_mut().unwrap().read_exact(&mut [0]);
    ready.unwrap_or_else(|_| panic!("{command:?} has started"));
    Running(child)
}

/// A shell that waits for the end of its input. It has no libraries but the system's.
const WAITS: &str = "echo; read x";

fn facts_of(pid: Pid, script: Option<&str>) -> Facts {
    let (proc, mounts) = (Proc::open().unwrap(), MountTables::default());
    let dir = proc.process(pid).unwrap();
    let living = dir.living_thread();
    let exe = ExecutableFile::of(living.as_ref().unwrap_or(&dir), &mounts).unwrap();
    let exe = exe.path.to_string_lossy().into_owned();
    let started = dir.started().unwrap();
    let checks = FileChecks { place: true, content: true, loaded: true };
    let texts = vec!["GNU coreutils".to_owned()];
    let (here, script) = (false, script.map(str::to_owned));
    let request = Request { pid, started, exe, checks, path: true, here, texts, user: Some(1), script };
    let request: Request = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
    let facts = Examiner::new(&proc, &mounts).examine(&request);
    let again: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
    assert_eq!(again, facts, "it can be sent from one process to another");
    facts
}

fn facts(running: &Running) -> FileFacts {
    facts_of(running.0.id(), None).file
}

/// The accounts that may write, each with the place through which, without the folder of the test.
fn writers(writers: &Checked<Vec<Writer>>, below: &Path) -> Vec<(String, String)> {
    let writers = writers.done().unwrap_or_else(|| panic!("{writers:?}"));
    let called = |account: &Account| match account {
        Account::User(User { name, .. }) => name.clone(),
        Account::Group { name, members } => {
            format!("{name}: {}", members.iter().map(|user| user.name.as_str()).collect::<Vec<_>>().join(" "))
        }
        Account::Everyone => "everyone".to_owned(),
    };
    let place = |place: &str| place.strip_prefix(below.to_str().unwrap()).unwrap_or(place).to_owned();
    writers.iter().map(|writer| (called(&writer.account), place(&writer.place))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(who, place)| ((*who).to_owned(), (*place).to_owned())).collect()
}

/// `<root>/opt/lic/lmgrd`, a copy of a shell, where only its owner may write.
fn planted() -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("opt/lic")).unwrap();
    let path = root.path().join("opt/lic/lmgrd");
    copy("/bin/sh", &path);
    for place in ["", "opt", "opt/lic", "opt/lic/lmgrd"] {
        allow(&root.path().join(place), 0o755);
    }
    (root, path)
}

/// By another program: a file that this process had open for writing cannot be run as long as a child that another
/// test forks meanwhile has it open too (ETXTBSY, execve(2)).
fn copy(from: &str, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn shell(path: &Path) -> Running {
    running(Command::new(path).args(["-c", WAITS]))
}

fn python(script: &str) -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", script]);
    command
}

#[test]
fn a_system_s_own_program_is_nobody_else_s() {
    let facts = facts(&shell(Path::new("/bin/sh")));
    assert_eq!(facts.path_confirmed, Checked::Done(true));
    assert_eq!(facts.writers, Checked::Done(vec![]));
    assert_eq!(facts.loaded, Checked::Done(vec![]));
    assert!(facts.contents.done().is_some_and(|contents| contents.texts.is_empty()), "{facts:?}");
}

#[test]
#[ignore = "needs root: files of several users"]
fn whoever_may_write_anywhere_on_the_way_is_found() {
    type Change = fn(&Path);
    let add_to_list = |path: &Path, entry: &str| {
        let script = "import os,struct,sys
tag, who, perm = sys.argv[2:]
entries = [(1,7,-1),(int(tag),int(perm),int(who)),(4,5,-1),(16,7,-1),(32,5,-1)]
os.setxattr(sys.argv[1], 'system.posix_acl_access', struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *e) for e in sorted(entries)))";
        let words: Vec<&str> = entry.split(' ').collect();
        assert!(
            Command::new("python3").args(["-c", script]).arg(path).args(words).status().unwrap().success()
        );
    };
    let cases: &[(&str, Change, &[&str])] = &[
        ("opt/lic/lmgrd", |path| chown(path, Some(4242), None).unwrap(), &["4242"]),
        ("opt/lic", |path| chown(path, Some(990), None).unwrap(), &["990"]),
        ("opt", |path| chown(path, Some(4242), None).unwrap(), &["4242"]),
        ("opt/lic/lmgrd", |path| allow(path, 0o757), &["everyone"]),
        ("opt/lic", |path| allow(path, 0o1777), &["everyone"]),
        ("opt", |path| allow(path, 0o757), &["everyone"]),
        ("opt", |path| allow(path, 0o1777), &[]),
        // Debian's staff has no members, and no machine's files know group 4343.
        ("opt/lic", |path| (chown(path, None, Some(50)).unwrap(), allow(path, 0o2775)).1, &[]),
        ("opt/lic", |path| (chown(path, None, Some(4343)).unwrap(), allow(path, 0o775)).1, &["4343: "]),
    ];
    for (place, change, who) in cases {
        let (root, path) = planted();
        let process = shell(&path);
        change(&root.path().join(place));
        let facts = facts(&process);
        let place = format!("/{place}");
        let expected: Vec<(&str, &str)> = who.iter().map(|who| (*who, place.as_str())).collect();
        assert_eq!(writers(&facts.writers, root.path()), pairs(&expected), "{place}");
        assert_eq!(facts.path_confirmed, Checked::Done(true));
    }
    for (place, entry, who) in [
        ("opt/lic/lmgrd", "2 4242 2", "4242"),
        ("opt/lic", "2 4242 7", "4242"),
        ("opt", "8 4343 7", "4343: "),
    ] {
        let (root, path) = planted();
        let process = shell(&path);
        add_to_list(&root.path().join(place), entry);
        let found = writers(&facts(&process).writers, root.path());
        assert_eq!(found, pairs(&[(who, &format!("/{place}"))]));
        // What chmod leaves of the list.
        allow(&root.path().join(place), 0o755);
        assert_eq!(facts(&process).writers, Checked::Done(vec![]), "{place}");
    }
}

#[test]
fn a_deleted_or_replaced_file_is_not_what_its_path_says() {
    let (_root, path) = planted();
    let process = shell(&path);
    assert_eq!(facts(&process).path_confirmed, Checked::Done(true));
    for replace in [false, true] {
        let _ = fs::remove_file(&path);
        if replace {
            copy("/bin/sh", &path);
        }
        let facts = facts(&process);
        assert_eq!((facts.path_confirmed, facts.replaced), (Checked::Done(false), Some(replace)));
        assert_eq!(facts.writers, Checked::Failed(NotInspected::NotAtItsPath));
        assert!(facts.contents.done().is_some(), "the file itself is still there");
    }
}

#[test]
fn hostile_names_are_no_hindrance() {
    for name in ["a\nb", "a\\012b", "x (deleted)", "\u{1b}[31m", " - ext4 "] {
        let (root, path) = planted();
        let folder = root.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::rename(&path, folder.join(name)).unwrap();
        allow(&folder, 0o777);
        let facts = facts(&shell(&folder.join(name)));
        assert_eq!(facts.path_confirmed, Checked::Done(true), "{name:?}");
        let found = writers(&facts.writers, root.path());
        assert!(found.contains(&("everyone".to_owned(), format!("/{name}"))), "{name:?}: {found:?}");
        assert_eq!(facts.loaded, Checked::Done(vec![]), "its own file is not loaded besides");
    }
}

/// A user mounts their own file over the genuine one, in namespaces of their own, and runs it from outside these.
#[test]
#[ignore = "needs root: becomes another user, who makes a namespace"]
fn a_path_that_leads_to_another_file_is_not_confirmed() {
    let (root, genuine) = planted();
    let evil = root.path().join("evil");
    copy("/bin/sh", &evil);
    chown(&evil, Some(4242), None).unwrap();
    let user = |command: &[&str]| {
        let mut user = Command::new("setpriv");
        user.args(["--reuid", "4242", "--regid", "4242", "--clear-groups"]).args(command);
        user
    };
    let script = format!("mount --bind {} {} && echo && read x", evil.display(), genuine.display());
    let keeper = running(&mut user(&["unshare", "-U", "-r", "-m", "sh", "-c", &script]));
    let path = format!("/proc/{}/root{}", keeper.0.id(), genuine.display());
    let process = running(&mut user(&[&path, "-c", WAITS]));
    let facts = facts(&process);
    assert_eq!(facts.path_confirmed, Checked::Done(false));
    assert_eq!(facts.writers, Checked::Failed(NotInspected::NotAtItsPath));
    // The keeper itself is in the other user namespace: nothing there is believed.
    let facts = self::facts(&keeper);
    let why = NotInspected::AnotherUserNamespace;
    let checks = FileChecks { place: true, content: true, loaded: true };
    assert_eq!(facts, FileFacts::failed(checks, why));
}

#[test]
fn of_a_process_whose_first_thread_has_ended_the_others_are_asked() {
    let script = "
import ctypes, threading, sys
def stay():
    # Not before the first thread has ended.
    while open('/proc/self/stat').read().rsplit(')', 1)[1].split()[0] != 'Z': pass
    print(flush=True)
    sys.stdin.read()
threading.Thread(target=stay).start()
ctypes.CDLL(None).syscall(__import__('platform').machine() == 'x86_64' and 60 or 93, 0)";
    let process = running(&mut python(script));
    assert!(fs::read_link(format!("/proc/{}/exe", process.0.id())).is_err(), "its first thread has ended");
    let facts = facts(&process);
    assert_eq!(facts.path_confirmed, Checked::Done(true), "{facts:?}");
    assert_eq!(facts.loaded, Checked::Done(vec![]));
}

#[test]
fn a_script_is_judged_by_its_own_place() {
    let (root, _) = planted();
    let folder = root.path().join("opt/lic");
    fs::write(folder.join("server.py"), "import sys; print(flush=True); sys.stdin.read()").unwrap();
    symlink("lic", root.path().join("opt/link")).unwrap();
    allow(&folder, 0o777);
    let python = |args: &[&str]| {
        let mut command = Command::new("/usr/bin/python3");
        running(command.args(args).current_dir(root.path().join("opt")))
    };
    let absolute = folder.join("server.py");
    let mut process = python(&["-u", "lic/server.py"]);
    let script = |process: &Running, path: &str| facts_of(process.0.id(), Some(path)).script.unwrap();
    for path in ["lic/server.py", "./link/../link/server.py", absolute.to_str().unwrap()] {
        let script = script(&process, path);
        assert_eq!(script.path, path);
        let found = writers(&script.writers, root.path());
        assert!(found.contains(&("everyone".to_owned(), "/opt/lic".to_owned())), "{path}: {found:?}");
    }
    fs::remove_file(&absolute).unwrap();
    for path in ["lic/server.py", "lic", "", "/nowhere"] {
        let why = Checked::Failed(NotInspected::NotAtItsPath);
        assert_eq!(script(&process, path).writers, why, "{path}");
    }
    // A process that has ended, too, is not taken for one without a script.
    let (pid, started) = (process.0.id(), u64::MAX);
    process.0.kill().unwrap();
    let request = Request { pid, started, script: Some("x".to_owned()), ..Request::default() };
    let (proc, mounts) = (Proc::open().unwrap(), MountTables::default());
    let facts = Examiner::new(&proc, &mounts).examine(&request);
    assert_eq!(facts.script.unwrap().writers, Checked::Failed(NotInspected::Unreadable));
}

/// A root of its own in a folder of an ordinary user's: with that folder, the whole root can be replaced.
#[test]
#[ignore = "needs root: chroot"]
fn a_root_of_its_own_is_part_of_the_way() {
    let (root, path) = planted();
    let new_root = root.path().join("new");
    let script =
        "for f in $(ldd /bin/sh | grep -o '/[^ ]*') /bin/sh; do mkdir -p $0${f%/*}; cp $f $0$f; done";
    let made = Command::new("sh").args(["-c", script]).arg(&new_root).status().unwrap();
    assert!(made.success());
    fs::create_dir_all(new_root.join("opt")).unwrap();
    fs::rename(&path, new_root.join("opt/lmgrd")).unwrap();
    let chroot = || running(Command::new("chroot").arg(&new_root).args(["/opt/lmgrd", "-c", WAITS]));
    let process = chroot();
    let clean = facts(&process);
    assert_eq!(clean.path_confirmed, Checked::Done(true));
    assert_eq!(clean.by_service, Checked::Done(true), "user 1 is daemon");
    assert_eq!((clean.writers, clean.loaded), (Checked::Done(vec![]), Checked::Done(vec![])));
    chown(root.path(), Some(4242), None).unwrap();
    assert_eq!(writers(&facts(&process).writers, root.path()), pairs(&[("4242", "")]));
    // A command line gives paths from the new root.
    let script = facts_of(process.0.id(), Some("/opt/lmgrd")).script.unwrap();
    assert_eq!(writers(&script.writers, root.path()), pairs(&[("4242", "")]));
}

/// A copy of a library in a private folder, under a name of its own.
fn library(root: &TempDir) -> PathBuf {
    let found =
        Command::new("sh").args(["-c", "ldd /usr/bin/python3 | grep -o '/[^ ]*libm[.][^ ]*'"]).output();
    let found = String::from_utf8(found.unwrap().stdout).unwrap();
    let path = root.path().join("opt/lib\nrary.so");
    copy(found.trim(), &path);
    path
}

fn preloaded(library: &Path) -> Running {
    let script = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print(flush=True); sys.stdin.read()";
    running(python(script).arg(library))
}

fn loaded(process: &Running) -> Vec<CodeFile> {
    let loaded = facts(process).loaded;
    loaded.done().cloned().unwrap_or_else(|| panic!("{loaded:?}"))
}

#[test]
fn a_library_that_others_could_have_written_is_found() {
    let (root, _) = planted();
    let library = library(&root);
    let process = preloaded(&library);
    allow(&library, 0o757);
    let found = loaded(&process);
    let [found] = &found[..] else { panic!("{found:?}") };
    assert!(found.path.ends_with(r"lib\012rary.so"), "{found:?}");
    let found = writers(&found.writers, root.path());
    assert!(found.contains(&("everyone".to_owned(), "/opt/lib\nrary.so".to_owned())), "{found:?}");
    assert_eq!(facts(&process).writers, Checked::Done(vec![]), "of its own file nothing is wrong");
}

/// An update deletes libraries that are in use. Who wrote these shows in the files themselves.
#[test]
#[ignore = "needs root: opens what other processes have mapped"]
fn a_deleted_library_is_judged_by_itself() {
    for (owner, expected) in [(0, None), (4242, Some("4242"))] {
        let (root, _) = planted();
        let library = library(&root);
        chown(&library, Some(owner), None).unwrap();
        let process = preloaded(&library);
        fs::remove_file(&library).unwrap();
        let found = loaded(&process);
        let who = found.iter().map(|file| writers(&file.writers, root.path())[0].0.clone());
        assert_eq!(who.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        // Another file there by now does not count.
        copy("/bin/sh", &library);
        allow(&library, 0o777);
        assert_eq!(loaded(&process), found);
    }
}

/// As compilers at run time make it, for .NET and Java.
#[test]
fn memory_that_a_process_makes_for_itself_is_no_doubt() {
    let script = "
import ctypes, mmap, os, sys
libc = ctypes.CDLL(None)
libc.mmap.restype = libc.shmat.restype = ctypes.c_void_p
RWX, SHARED, PRIVATE, ANONYMOUS = 7, 1, 2, 32
file = os.memfd_create('jit'); os.ftruncate(file, 4096)
map = lambda flags, fd: libc.mmap(None, ctypes.c_size_t(4096), RWX, flags, fd, ctypes.c_long(0))
made = [map(SHARED, file), map(PRIVATE | ANONYMOUS, -1), map(SHARED | ANONYMOUS, -1)]
segment = libc.shmget(0, 4096, 0o1700); made.append(libc.shmat(segment, None, 0o100000)); libc.shmctl(segment, 0, None)
assert not {None, 2**64 - 1} & set(made), made
print(flush=True); sys.stdin.read()";
    let process = running(&mut python(script));
    let maps = fs::read_to_string(format!("/proc/{}/maps", process.0.id())).unwrap();
    let names = ["/memfd:jit (deleted)", "/SYSV", "/dev/zero (deleted)"];
    assert!(names.iter().all(|name| maps.contains(name)), "{maps}");
    assert_eq!(loaded(&process), []);
}

#[test]
fn a_file_that_is_called_like_such_memory_is_a_file() {
    let (root, _) = planted();
    let named = root.path().join("memfd:jit (deleted)");
    fs::rename(library(&root), &named).unwrap();
    allow(&named, 0o777);
    let found = loaded(&preloaded(&named));
    let [found] = &found[..] else { panic!("{found:?}") };
    assert!(!writers(&found.writers, root.path()).is_empty());
}

#[test]
fn no_number_of_mappings_hides_one() {
    let (root, _) = planted();
    let library = library(&root);
    allow(&library, 0o777);
    let script = "
import ctypes, sys
libc = ctypes.CDLL(None)
file = open('/usr/bin/python3', 'rb')
for i in range(20000): assert libc.mmap(None, ctypes.c_size_t(4096), 1 + 4 * (i % 2), 2, file.fileno(), ctypes.c_long(0)) != -1
ctypes.CDLL(sys.argv[1]); print(flush=True); sys.stdin.read()";
    let found = loaded(&running(python(script).arg(&library)));
    assert!(found.iter().any(|file| file.path.ends_with("rary.so")), "{found:?}");
}

#[test]
fn nor_does_a_number_of_other_files_that_others_could_have_written() {
    let script = "
import ctypes, os, sys
libc, folder, files = ctypes.CDLL(None), sys.argv[1], []
for i in range(int(sys.argv[2])):
    files.append(open(f'{folder}/{i}', 'w+b')); files[-1].write(bytes(4096)); files[-1].flush()
    assert libc.mmap(None, ctypes.c_size_t(4096), 5, 2, files[-1].fileno(), ctypes.c_long(0)) != -1
print(flush=True); sys.stdin.read()";
    let folder = tempfile::tempdir().unwrap();
    let with = |count: &str| facts(&running(python(script).args([folder.path(), Path::new(count)]))).loaded;
    allow(folder.path(), 0o777);
    assert!(matches!(with("60"), Checked::Done(found) if found.len() == 60));
    assert_eq!(with("120"), Checked::Failed(NotInspected::TooLarge), "any may be behind them");
}
