//! The helper process: does what may have to wait for somebody else, or for a program or server that does not
//! answer. A thread would not do: a process with a thread that waits in the kernel uninterruptibly (D in ps(1),
//! as for a FUSE file system) cannot end.
//!
//! It is forked at the start, while this program has one thread and no restrictions. It then only waits for
//! batches of tasks, and forks a process for each. One that is still waiting at the deadline is left behind: it
//! ends with the helper, which ends with this program, or else when its wait does.

pub(super) mod account;
pub(super) mod command_line;
mod serve;
mod task;
pub(super) mod units;

use std::io::{self, BufRead, BufReader, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::unistd::{ForkResult, fork};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, sendmsg,
    socketpair,
};

use self::serve::Outcome;
pub(super) use self::task::ProcessId;
use self::task::Task;
use super::super::deadline::Deadline;

/// The most bytes of one answer: twice what 64 KiB become in JSON at worst. The processes that answer read what
/// strangers wrote.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// The other end of the helper process.
pub(in crate::os) struct Helper {
    socket: io::Result<OwnedFd>,
}

impl Helper {
    /// Starts the helper process. Must be called while this program has a single thread.
    pub(in crate::os) fn start() -> Helper {
        Helper { socket: start() }
    }

    /// Why there is no helper process, if there is none.
    pub(super) fn refused(&self) -> Option<&io::Error> {
        self.socket.as_ref().err()
    }

    /// Begins to do these tasks.
    pub(super) fn begin<T: Task>(&self, tasks: &[T]) -> Pending<T> {
        let answers = if tasks.is_empty() { None } else { self.send(tasks).ok() };
        Pending { answers, outcomes: tasks.iter().map(|_| None).collect() }
    }

    fn send<T: Task>(&self, tasks: &[T]) -> io::Result<UnixStream> {
        let helper = self.socket.as_ref().map_err(|_| io::ErrorKind::NotConnected)?;
        let (mut own, theirs) = UnixStream::pair()?;
        let descriptors = [theirs.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        sendmsg(helper, &[IoSlice::new(&[T::KIND as u8])], &mut control, SendFlags::NOSIGNAL)?;
        drop(theirs);
        own.write_all(&serde_json::to_vec(tasks)?)?;
        own.shutdown(Shutdown::Write)?;
        Ok(own)
    }
}

/// Tasks in progress.
pub(super) struct Pending<T: Task> {
    answers: Option<UnixStream>,
    /// In the order of the tasks.
    outcomes: Vec<Option<T::Answer>>,
}

impl<T: Task> Pending<T> {
    /// The answers in the order of the tasks; `None` for those that did not come in time.
    pub(super) fn finish(mut self, deadline: Deadline) -> Vec<Option<T::Answer>> {
        if let Some(answers) = self.answers.take() {
            // What was read until then counts, however it ended.
            let _ = self.read(&answers, deadline);
        }
        self.outcomes
    }

    fn read(&mut self, answers: &UnixStream, deadline: Deadline) -> io::Result<()> {
        let mut reader = BufReader::new(Timed { stream: answers, deadline });
        let mut left = self.outcomes.len();
        while left > 0 {
            let mut line = Vec::new();
            reader.by_ref().take(LONGEST_ANSWER).read_until(b'\n', &mut line)?;
            let Outcome { task, answer } = serde_json::from_slice(&line)?;
            let outcome = self.outcomes.get_mut(task).ok_or(io::ErrorKind::InvalidData)?;
            *outcome = Some(answer);
            left -= 1;
        }
        Ok(())
    }
}

/// Reads until the deadline.
struct Timed<'a> {
    stream: &'a UnixStream,
    deadline: Deadline,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // What has already arrived counts, even after the deadline. Zero would mean to wait for ever.
        let left = self.deadline.left().max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left))?;
        (&mut &*self.stream).read(buffer)
    }
}

#[expect(unsafe_code, reason = "a process that shares nothing is only to be had by fork(2)")]
fn start() -> io::Result<OwnedFd> {
    let (own, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    // SAFETY: the caller promises that there is no other thread, which might hold a lock for ever in the child.
    match unsafe { fork() }? {
        ForkResult::Parent { .. } => Ok(own),
        ForkResult::Child => {
            drop(own);
            serve::run(|| serve::dispatch(&theirs))
        }
    }
}
