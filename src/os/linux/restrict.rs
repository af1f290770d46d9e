//! The restrictions that this program gives itself before it reads what strangers made: capabilities that a scan does
//! not need are dropped, and a filter refuses every system call that it does not need (`seccomp(2)`). Whoever took it
//! over by a crafted file could then start nothing, connect to nothing and write no file.
//!
//! Landlock would go further, but its rule for ptrace(2) hides the owners of sockets.

mod allowed;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::mem::offset_of;

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch, sock_filter};

use self::allowed::{ALLOWED, ALLOWED_OLDER, conditional};
use super::super::in_words;

/// What a scan may need: to inspect the processes of others, to load a BPF program, to enter network namespaces, and to
/// see whether packet rules exist (capabilities(7)).
const NEEDED: CapabilitySet = CapabilitySet::SYS_PTRACE
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::BPF)
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::SYS_ADMIN)
    .union(CapabilitySet::NET_ADMIN);

/// Drops the capabilities that a scan does not need. If the kernel refuses, this program has more than it needs.
pub(in crate::os) fn drop_rights() {
    let _ = drop_capabilities();
}

/// Restricts this thread, and all threads and processes that it starts. Says what they may do.
pub(in crate::os) fn restrict() -> Option<String> {
    Some(match filter_system_calls() {
        Ok(()) => {
            "this process can start no program, connect to nothing and write no file (seccomp)".to_owned()
        }
        Err(error) => format!("the filter of system calls could not be set ({})", in_words(&error)),
    })
}

fn drop_capabilities() -> io::Result<()> {
    let CapabilitySets { effective, permitted, .. } = capabilities(None)?;
    let kept = CapabilitySets {
        effective: effective & NEEDED,
        permitted: permitted & NEEDED,
        inheritable: CapabilitySet::empty(),
    };
    Ok(set_capabilities(None, kept)?)
}

/// Refuses the system calls that a scan does not need, in this thread and in all threads and processes that it
/// starts.
///
/// # Errors
///
/// If the kernel has no such filters or refuses this one, or this architecture is not supported.
pub(super) fn filter_system_calls() -> io::Result<()> {
    set_no_new_privs(true)?;
    install(&program()?)
}

/// The filter as the kernel takes it.
fn program() -> io::Result<BpfProgram> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let compiled = || -> seccompiler::Result<BpfProgram> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        rules.extend(conditional()?);
        let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        Ok(SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch)?.try_into()?)
    };
    let compiled = compiled().map_err(io::Error::other)?;
    // Behind seccompiler's check of the architecture, and before its list, which is tried one by one: the kernel goes
    // through the whole filter for each of its system calls once, when it is installed.
    let (check, list) = compiled.split_at_checked(ARCHITECTURE_CHECK).unwrap_or_default();
    let number = instruction(
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        0,
        0,
        offset_of!(libc::seccomp_data, nr) as u32,
    );
    let search = search(&ranges(ALLOWED.iter().chain(ALLOWED_OLDER)), 0)?;
    Ok([check, &[number], &not_implemented(libc::SYS_clone3), &search, list].concat())
}

/// The instructions with which a compiled filter begins: load the architecture, compare it, and refuse another.
const ARCHITECTURE_CHECK: usize = 3;

/// The numbers of these system calls as few ranges as possible, in order.
fn ranges<'a>(calls: impl Iterator<Item = &'a libc::c_long>) -> Vec<(u32, u32)> {
    let numbers: BTreeSet<u32> = calls.filter_map(|&call| u32::try_from(call).ok()).collect();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// Instructions that allow a system call in one of these ranges, by a binary search, and else jump over the `after`
/// instructions behind them.
fn search(ranges: &[(u32, u32)], after: usize) -> io::Result<Vec<sock_filter>> {
    let jump = |comparison: u32, value: u32, jt: usize, jf: usize| -> io::Result<sock_filter> {
        let distance = |jump| u8::try_from(jump).map_err(io::Error::other);
        Ok(instruction(libc::BPF_JMP | comparison | libc::BPF_K, distance(jt)?, distance(jf)?, value))
    };
    match ranges {
        [] => Ok(Vec::new()),
        [(first, last)] => Ok(vec![
            jump(libc::BPF_JGE, *first, 0, 2)?,
            jump(libc::BPF_JGT, *last, 1, 0)?,
            instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
            instruction(libc::BPF_JMP | libc::BPF_JA, 0, 0, u32::try_from(after).map_err(io::Error::other)?),
        ]),
        _ => {
            let (lower, upper) = ranges.split_at(ranges.len() / 2);
            let begin = upper[0].0;
            let upper = search(upper, after)?;
            let lower = search(lower, after + upper.len())?;
            Ok([&[jump(libc::BPF_JGE, begin, lower.len(), 0)?][..], &lower, &upper].concat())
        }
    }
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

/// Instructions that answer a system call as a kernel does that lacks it. The flags of clone3(2) are in memory, where
/// a filter cannot see them; C libraries then call clone(2).
fn not_implemented(call: libc::c_long) -> [sock_filter; 2] {
    let number = u32::try_from(call).unwrap_or(u32::MAX);
    let refuse = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    [
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, refuse),
    ]
}

/// Calls seccomp(2), rather than seccompiler's own function: before Linux 5.16 the kernel else switches on a
/// protection for the process (SSBD) that makes it slower, and that only programs need which run foreign code.
#[expect(unsafe_code, reason = "no crate passes the flag")]
fn install(program: &BpfProgram) -> io::Result<()> {
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let filter = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut().cast() };
    // SAFETY: `filter` points to as many instructions as it says; seccompiler's and libc's are both the kernel's
    // `struct sock_filter`. The kernel copies them and writes nothing.
    let refused = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW,
            &raw const filter,
        )
    };
    if refused == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::thread;

    use nix::{sched::CloneFlags, sys::ptrace};
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    use rustix::ioctl::{NoArg, Opcode, ioctl};

    use super::super::loop_device::LOOP_GET_STATUS64;
    use super::*;

    /// Runs this on a thread with the filter, which ends with the thread.
    fn filtered<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let filtered = scope.spawn(|| {
                filter_system_calls().unwrap();
                work()
            });
            filtered.join().unwrap()
        })
    }

    fn assert_refused<T>(result: io::Result<T>) {
        assert_eq!(result.err().and_then(|error| error.raw_os_error()), Some(libc::EPERM));
    }

    #[test]
    fn nothing_can_be_connected_to_opened_for_writing_or_started() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "kept").unwrap();
        filtered(|| {
            assert_refused(TcpStream::connect(address));
            assert_refused(UnixStream::connect("/run/systemd/journal/socket"));
            assert_refused(TcpListener::bind("127.0.0.1:0"));
            assert_refused(UdpSocket::bind("127.0.0.1:0"));
            assert_refused(udp.send_to(b"x", address));
            assert_refused(File::create(folder.path().join("new")));
            assert_refused(File::options().append(true).open(&path));
            assert_refused(File::options().read(true).write(true).open(&path));
            assert_refused(
                openat2(CWD, &path, OFlags::RDONLY, Mode::empty(), ResolveFlags::empty())
                    .map_err(io::Error::from),
            );
            assert_refused(fs::remove_file(&path));
            assert_refused(fs::rename(&path, folder.path().join("other")));
            assert_refused(Command::new("/bin/true").spawn().map(drop));
            assert_refused(nix::sched::unshare(CloneFlags::CLONE_NEWNET).map_err(io::Error::from));
            assert_refused(ptrace::traceme().map_err(io::Error::from));
            assert_refused(nix::sys::signal::kill(nix::unistd::Pid::this(), None).map_err(io::Error::from));
        });
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
        assert!(TcpStream::connect(address).is_ok(), "the other threads are free");
    }

    /// A device of another kind does not know the requests to a disk image's.
    #[expect(unsafe_code, reason = "ioctl(2) has no other form")]
    fn ask<const REQUEST: Opcode>(device: &File) -> io::Result<()> {
        // SAFETY: nothing is passed, and `/dev/null` has no such request.
        unsafe { ioctl(device, NoArg::<REQUEST>::new()) }.map_err(io::Error::from)
    }

    #[test]
    fn a_disk_image_is_asked_for_its_file_and_is_not_changed() {
        let device = File::open("/dev/null").unwrap();
        filtered(|| {
            let answer = ask::<LOOP_GET_STATUS64>(&device);
            assert_eq!(answer.unwrap_err().raw_os_error(), Some(libc::ENOTTY));
            // From LOOP_SET_FD to LOOP_CONFIGURE.
            assert_refused(ask::<0x4c00>(&device));
            assert_refused(ask::<0x4c01>(&device));
            assert_refused(ask::<0x4c04>(&device));
            assert_refused(ask::<0x4c06>(&device));
            assert_refused(ask::<0x4c0a>(&device));
        });
    }

    #[test]
    fn a_terminal_is_set_and_nothing_is_typed_into_it() {
        const TYPE: Opcode = libc::TIOCSTI as Opcode;
        const TAKE: Opcode = libc::TIOCSCTTY as Opcode;
        let Ok(pair) = nix::pty::openpty(None, None) else { panic!("there is no terminal to be had") };
        let terminal = File::from(pair.slave);
        filtered(|| {
            let modes = nix::sys::termios::tcgetattr(&terminal).unwrap();
            nix::sys::termios::tcsetattr(&terminal, nix::sys::termios::SetArg::TCSANOW, &modes).unwrap();
            assert_refused(ask::<TYPE>(&terminal));
            assert_refused(ask::<TAKE>(&terminal));
        });
    }

    #[test]
    fn what_a_scan_does_is_allowed() {
        filtered(|| {
            assert!(fs::read_to_string("/proc/self/stat").is_ok());
            assert!(fs::read_dir("/proc/self/fd").unwrap().next().is_some());
            assert!(rustix::fs::memfd_create(c"", rustix::fs::MemfdFlags::CLOEXEC).is_ok());
            let (mut one, other) = UnixStream::pair().unwrap();
            other.set_read_timeout(Some(std::time::Duration::from_millis(1))).unwrap();
            io::Write::write_all(&mut one, b"x").unwrap();
            // A thread of a thread is filtered too.
            let refused = thread::spawn(|| TcpListener::bind("127.0.0.1:0").map(drop));
            assert_refused(refused.join().unwrap());
        });
    }

    #[test]
    fn no_capability_is_left_that_a_scan_does_not_need() {
        let kept = thread::spawn(|| {
            drop_capabilities().unwrap();
            capabilities(None).unwrap()
        });
        let kept = kept.join().unwrap();
        assert!(NEEDED.contains(kept.effective) && NEEDED.contains(kept.permitted), "{kept:?}");
        assert!(kept.inheritable.is_empty(), "{kept:?}");
    }
}
