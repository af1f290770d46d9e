//! The kernel iterates over the open files of all processes and runs a BPF program of a few dozen
//! instructions for each (`bpf(2)`; `BPF_PROG_TYPE_TRACING` with `BPF_TRACE_ITER`). Nothing is pinned or
//! attached: closing the descriptors removes everything.
//!
//! The system calls are made here and not by aya, the crate for this: it first reads the kernel's whole
//! BTF into memory (five times as long as everything here takes) and loads programs from object files
//! only.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use super::super::deadline::Deadline;
use super::super::decode::linux::btf;
use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::task_file::{self, FIELDS, ITERATOR, RECORD, Reported};
use super::nonblocking;

/// Where the kernel describes its types.
const BTF: &str = "/sys/kernel/btf/vmlinux";

/// The PID namespace whose ids the kernel reports: the machine's initial one, which has a fixed number
/// (`PROC_PID_INIT_INO` in `include/linux/proc_ns.h`).
const FIRST_PIDS: &str = "pid:[4026531836]";

/// How much of the program's output is read at once, in bytes. The kernel continues when it is read
/// (`bpf_seq_read` in `kernel/bpf/bpf_iter.c`): a small buffer gives the other threads work early. It holds whole records.
const BUFFER: usize = 50 * RECORD;

/// `enum bpf_cmd`, `BPF_PROG_TYPE_TRACING` and `BPF_TRACE_ITER` in `include/uapi/linux/bpf.h`.
const PROG_LOAD: libc::c_int = 5;
const LINK_CREATE: libc::c_int = 28;
const ITER_CREATE: libc::c_int = 33;
const TRACING: u32 = 26;
const TRACE_ITER: u32 = 28;

/// The part of `union bpf_attr` that loading a program needs.
#[repr(C)]
#[derive(Default)]
struct Load {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log: [u64; 2],
    kern_version: u32,
    prog_flags: u32,
    prog_name: [u8; 16],
    prog_ifindex: u32,
    expected_attach_type: u32,
    prog_btf_fd: u32,
    func_and_line_info: [u32; 8],
    attach_btf_id: u32,
    attach_prog_fd: u32,
    /// Without this field, the structure would end in padding that is not zeroed.
    core_relo_cnt: u32,
}

/// The part of it that attaches a program to its iterator.
#[repr(C)]
#[derive(Default)]
struct Link {
    prog_fd: u32,
    target_fd: u32,
    attach_type: u32,
    flags: u32,
}

/// The part of it that starts an iteration.
#[repr(C)]
#[derive(Default)]
struct Iterate {
    link_fd: u32,
    flags: u32,
}

/// The loaded program.
pub(super) struct TaskFiles {
    link: OwnedFd,
}

impl TaskFiles {
    /// Loads a program that reports the sockets of these address families in these states, and what may be an io_uring.
    ///
    /// # Errors
    ///
    /// If the kernel does not support it or refuses it.
    pub(super) fn load(families: &[i32], states: States) -> io::Result<TaskFiles> {
        if fs::read_link("/proc/self/ns/pid")?.as_os_str() != FIRST_PIDS {
            return Err(io::Error::other("process ids are different in this container"));
        }
        let names = names()?;
        let program = task_file::program(names, families, states)
            .ok_or_else(|| io::Error::other("this kernel's structures are too large"))?;
        let program = bpf(
            PROG_LOAD,
            &Load {
                prog_type: TRACING,
                insn_cnt: u32::try_from(program.len() / 8).unwrap_or(0),
                insns: program.as_ptr() as u64,
                // Only programs under the GPL may call what this program calls. These instructions are
                // available under it, too.
                license: c"Dual MIT/GPL".as_ptr() as u64,
                prog_name: *b"whatlistens\0\0\0\0\0",
                expected_attach_type: TRACE_ITER,
                attach_btf_id: names.function,
                ..Load::default()
            },
        )?;
        let link = bpf(
            LINK_CREATE,
            &Link { prog_fd: number(&program), attach_type: TRACE_ITER, ..Link::default() },
        )?;
        Ok(TaskFiles { link })
    }

    /// Iterates over the open files of all processes, and calls `each` with all that is reported, and with the
    /// inode of its network namespace.
    ///
    /// # Errors
    ///
    /// If the kernel aborts the iteration, or the deadline passes.
    pub(super) fn each(&self, deadline: Deadline, mut each: impl FnMut(Reported, u32)) -> io::Result<()> {
        let mut iterator = File::from(bpf(ITER_CREATE, &Iterate { link_fd: number(&self.link), flags: 0 })?);
        let mut buffer = vec![0; BUFFER];
        loop {
            deadline.check()?;
            match iterator.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => task_file::read(&buffer[..length])
                    .for_each(|(reported, namespace)| each(reported, namespace)),
                // A million files without a socket among them.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Where the kernel has what the program reads. A kernel does not change while this program runs.
fn names() -> io::Result<&'static btf::Names> {
    static NAMES: OnceLock<btf::Names> = OnceLock::new();
    if let Some(known) = NAMES.get() {
        return Ok(known);
    }
    let described = nonblocking::open(BTF)?;
    let found = btf::find(&mut |at, buffer| described.read_at(buffer, at), ITERATOR, &FIELDS)?;
    Ok(NAMES.get_or_init(|| found))
}

fn number(fd: &OwnedFd) -> u32 {
    fd.as_raw_fd().unsigned_abs()
}

/// Calls bpf(2), which returns a new descriptor with the close-on-exec flag.
#[expect(unsafe_code, reason = "no crate wraps this call alone")]
fn bpf<Attributes>(command: libc::c_int, attributes: &Attributes) -> io::Result<OwnedFd> {
    // SAFETY: the kernel reads no more of the attributes than `size_of` says, writes nothing, and takes
    // the fields beyond for zero; what they point to outlives the call.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size_of::<Attributes>()) };
    let fd = libc::c_int::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the descriptor is new, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::TcpListener;

    use super::super::super::decode::linux::task_file::{OpenFile, OpenSocket};
    use super::*;

    #[test]
    #[ignore = "needs root: loads a BPF program"]
    fn the_kernel_reports_a_listener_of_our_own_and_keeps_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let second = listener.try_clone().unwrap();
        let far = || Deadline::after(std::time::Duration::from_secs(600));
        let found = || {
            let mut found = BTreeSet::new();
            let files = TaskFiles::load(task_file::INTERNET, States::LISTENING).unwrap();
            files
                .each(far(), |reported, _| {
                    if let Reported::Socket(socket) = reported {
                        found.insert(socket);
                    }
                })
                .unwrap();
            // A second iteration works.
            let mut again = 0;
            files.each(far(), |_, _| again += 1).unwrap();
            assert!(again > 0);
            found
        };
        let own = |fd: &TcpListener| {
            let link = fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap();
            let inode = link.to_str().unwrap().strip_prefix("socket:[").unwrap().strip_suffix(']').unwrap();
            let (pid, fd) = (std::process::id(), fd.as_raw_fd().unsigned_abs());
            OpenSocket { inode: inode.parse().unwrap(), file: OpenFile { pid, thread: pid, fd } }
        };
        let first = found();
        assert!(first.contains(&own(&listener)) && first.contains(&own(&second)), "{first:?}");
        // Tests beside this one open and close files of other kinds.
        let open = || {
            let entries = fs::read_dir("/proc/self/fd").unwrap().flatten();
            let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
            links.filter(|link| link.to_string_lossy().contains("bpf")).count()
        };
        let own_listener = own(&listener);
        drop(listener);
        let second_time = found();
        assert!(!second_time.contains(&own_listener) && second_time.contains(&own(&second)));
        assert!((0..8).all(|_| !found().is_empty()));
        assert_eq!(open(), 0);
    }
}
