//! The helper's side.

use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

use nix::unistd::{ForkResult, fork};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use super::super::proc_dir::Proc;
use super::super::process_root::Mounts;
use super::super::restrict::filter_system_calls;
use super::account::AccountTask;
use super::command_line::CommandLineTask;
use super::task::{Kind, Task, Tools};
use super::units::UnitsTask;

/// The most tasks that are waited for at the same time.
const MOST_AT_ONCE: usize = 64;

/// The answer to one task of a batch, by its number.
#[derive(Serialize, Deserialize)]
pub(super) struct Outcome<A> {
    pub(super) task: usize,
    pub(super) answer: A,
}

/// Runs the whole life of a forked process. It must never return to the code that its parent goes on with.
#[expect(
    unsafe_code,
    reason = "std's exit would run what belongs to the parent, such as flushing its output"
)]
pub(super) fn run(life: impl FnOnce() -> io::Result<()>) -> ! {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // It ends with its parent, unless the parent has ended already: then its socket is closed.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        life()
    }));
    // SAFETY: ends the process and touches none of its memory.
    unsafe { libc::_exit(0) }
}

/// Takes batches until this program's end closes the socket, and forks a process for each.
pub(super) fn dispatch(socket: &OwnedFd) -> io::Result<()> {
    give_up_output()?;
    while let Some((kind, stream)) = next_batch(socket)? {
        start_worker(kind, stream)?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "a process that can be left behind alone is only to be had by fork(2)")]
fn start_worker(kind: u8, stream: UnixStream) -> io::Result<()> {
    // SAFETY: the helper never starts a thread.
    match unsafe { fork() }? {
        // It is never waited for: its zombie ends with this process.
        ForkResult::Parent { .. } => Ok(()),
        ForkResult::Child => run(|| work(kind, stream)),
    }
}

/// A process that is left behind must not keep a pipe open: its reader would wait for the end.
fn give_up_output() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// The kind of a batch, and the stream that has its tasks and takes its answers. `None` at the end.
fn next_batch(socket: &OwnedFd) -> io::Result<Option<(u8, UnixStream)>> {
    let (mut kind, mut space) = ([0], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))]);
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = recvmsg(socket, &mut [IoSliceMut::new(&mut kind)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    if message.bytes == 0 {
        return Ok(None);
    }
    let stream = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Ok(stream.map(|stream| (kind[0], stream.into())))
}

fn work(kind: u8, stream: UnixStream) -> io::Result<()> {
    let tools = Tools { proc: Proc::open()?, mounts: Mounts::default() };
    // Looking up a user may mean to connect to a directory server.
    if kind != Kind::Account as u8 {
        let _ = filter_system_calls();
    }
    match kind {
        kind if kind == Kind::Account as u8 => answer::<AccountTask>(stream, &tools),
        kind if kind == Kind::CommandLine as u8 => answer::<CommandLineTask>(stream, &tools),
        kind if kind == Kind::Units as u8 => answer::<UnitsTask>(stream, &tools),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// Does all tasks, each on a thread that may wait without holding up the others, and writes each answer when it
/// is there.
fn answer<T: Task>(mut stream: UnixStream, tools: &Tools) -> io::Result<()> {
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    let tasks: Vec<T> = serde_json::from_slice(&text)?;
    let (next, stream) = (AtomicUsize::new(0), Mutex::new(stream));
    let work = || {
        while let Some((number, task)) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            tasks.get(number).map(|task| (number, task))
        } {
            let outcome = Outcome { task: number, answer: task.run(tools) };
            let Ok(mut line) = serde_json::to_vec(&outcome) else { return };
            line.push(b'\n');
            let Ok(mut stream) = stream.lock() else { return };
            if stream.write_all(&line).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..tasks.len().min(MOST_AT_ONCE) {
            // Where the system refuses more threads, these do the work.
            if Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    Ok(())
}
