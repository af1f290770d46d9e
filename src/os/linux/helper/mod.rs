//! Helper processes: they do what may have to wait for somebody else, or for a program or server that does not answer.
//! A thread would not do: a process with a thread that waits in the kernel uninterruptibly (D in ps(1), as for a FUSE
//! file system) cannot end.
//!
//! A process is forked for each batch of tasks, while this program has a single thread, or beside it that of `watch`,
//! which obeys the keys. One that is still waiting at the
//! deadline is left behind: it is killed when this program ends, or else ends when its wait does. A program that looks
//! again and again leaves no more behind than [`MOST_LEFT`].

pub(super) mod account;
pub(super) mod command_line;
pub(super) mod examine;
pub(super) mod license_setup;
mod serve;
mod task;
pub(super) mod units;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::marker::PhantomData;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use self::account::AccountTask;
use self::serve::Outcome;
pub(super) use self::task::ProcessId;
pub(super) use self::task::Task;
use super::super::deadline::Deadline;
use super::super::delay::{self, Delay};

/// The most bytes of one answer: twice what 64 KiB become in JSON at worst. The processes that answer read what
/// strangers wrote.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// Tasks in progress.
pub(super) struct Pending<T: Task> {
    answers: Option<UnixStream>,
    /// In the order of the tasks.
    outcomes: Vec<Option<T::Answer>>,
}

/// Begins to do these tasks. Must be called while this program has no thread but this one and that of `watch`.
///
/// # Errors
///
/// If no process can be started for it.
pub(super) fn begin<T: Task>(tasks: &[T]) -> io::Result<Pending<T>> {
    if tasks.is_empty() {
        return Ok(Pending::refused(tasks));
    }
    Waiting::start()?.begin(tasks)
}

/// So many processes may be left behind at the same time. A server that does not answer keeps one or two at each look.
const MOST_LEFT: usize = 64;

/// The processes that were started, and are not known to have ended.
fn started() -> MutexGuard<'static, Vec<Pid>> {
    static STARTED: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the processes go that have ended. The others are not waited for.
///
/// # Errors
///
/// Where too many are left.
fn take_ended() -> io::Result<()> {
    let mut started = started();
    started.retain(|&child| waitpid(child, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive));
    if started.len() < MOST_LEFT {
        return Ok(());
    }
    Err(io::Error::other("too many helper processes still wait for an answer"))
}

/// A process that waits for its tasks.
pub(in crate::os) struct Waiting<T: Task> {
    stream: UnixStream,
    tasks: PhantomData<T>,
}

impl<T: Task> Waiting<T> {
    /// Must be called while this program has no thread but this one and that of `watch`.
    ///
    /// # Errors
    ///
    /// If the system refuses the process.
    #[expect(unsafe_code, reason = "a process that shares nothing is only to be had by fork(2)")]
    fn start() -> io::Result<Waiting<T>> {
        take_ended()?;
        let (own, theirs) = UnixStream::pair()?;
        // SAFETY: the caller promises that there is no other thread, which might hold a lock for ever in the child; or
        // only that of `watch`, which obeys the keys, and has no lock that the child needs: the C library frees that of
        // memory in the child (fork(3)).
        match unsafe { fork() }? {
            ForkResult::Parent { child } => {
                started().push(child);
                Ok(Waiting { stream: own, tasks: PhantomData })
            }
            ForkResult::Child => {
                drop(own);
                serve::run::<T>(theirs)
            }
        }
    }

    fn begin(mut self, tasks: &[T]) -> io::Result<Pending<T>> {
        self.stream.write_all(&serde_json::to_vec(tasks)?)?;
        self.stream.shutdown(Shutdown::Write)?;
        Ok(Pending { answers: Some(self.stream), outcomes: tasks.iter().map(|_| None).collect() })
    }
}

/// A process that looks up users. It is started before this program restricts itself, and so may connect to a
/// directory server.
pub(in crate::os) type AccountsProcess = Waiting<AccountTask>;

impl AccountsProcess {
    /// Starts it, if users may be kept elsewhere than in `/etc/passwd`.
    ///
    /// # Errors
    ///
    /// If the system refuses the process.
    pub(super) fn start_if_needed() -> io::Result<Option<AccountsProcess>> {
        if account::may_be_elsewhere() { Waiting::start().map(Some) } else { Ok(None) }
    }

    /// Begins to look up these users.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub(super) fn look_up(self, users: &[AccountTask]) -> io::Result<Pending<AccountTask>> {
        self.begin(users)
    }
}

impl<T: Task> Pending<T> {
    /// Tasks that nobody does.
    pub(super) fn refused(tasks: &[T]) -> Pending<T> {
        Pending { answers: None, outcomes: tasks.iter().map(|_| None).collect() }
    }

    /// The answers in the order of the tasks; `None` for those that did not come in time.
    pub(super) fn finish(mut self, deadline: Deadline) -> Vec<Option<T::Answer>> {
        if let Some(answers) = self.answers.take() {
            // What was read until then counts, however it ended.
            let _ = self.read(&answers, deadline);
        }
        self.outcomes
    }

    fn read(&mut self, answers: &UnixStream, deadline: Deadline) -> io::Result<()> {
        let timed = Timed { stream: answers, deadline, subject: T::SUBJECT, is_told: false };
        let mut reader = BufReader::with_capacity(64 * 1024, timed);
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

/// Reads until the deadline, and tells that it waits.
struct Timed<'a> {
    stream: &'a UnixStream,
    deadline: Deadline,
    /// What it waits for, in words.
    subject: &'static str,
    is_told: bool,
}

/// So long it waits before it tells, and tells again.
const TOLD_EVERY: Duration = Duration::from_secs(1);

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // What has already arrived counts, even after the deadline. Zero would mean to wait for ever.
            let left = self.deadline.left().max(Duration::from_millis(1));
            let pause = if delay::is_told() { left.min(TOLD_EVERY) } else { left };
            self.stream.set_read_timeout(Some(pause))?;
            match (&mut &*self.stream).read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && pause < left => self.tell(),
                read => return read,
            }
        }
    }
}

impl Timed<'_> {
    fn tell(&mut self) {
        self.is_told = true;
        let Deadline { allowed, .. } = self.deadline;
        delay::tell(Some(Delay {
            what: self.subject,
            waited: self.deadline.waited(),
            allowed: Some(allowed),
        }));
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        if self.is_told {
            delay::tell(None);
        }
    }
}
