//! The helper's side.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, Builder};
use std::time::Duration;

use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use super::super::examination::Examiner;
use super::super::mount_tables::MountTables;
use super::super::nonblocking;
use super::super::proc_dir::Proc;
use super::super::threads;
use super::super::unit_files::UnitBudget;
use super::task::{Task, Tools};

/// So long without an answer, and another thread is started.
const PATIENCE: Duration = Duration::from_millis(20);
/// So many bytes of answers are written together.
const AT_ONCE: usize = 32 * 1024;
/// The most tasks that are waited for at the same time.
const MOST_AT_ONCE: usize = 64;

/// The answer to one task of a batch, by its number.
#[derive(Serialize, Deserialize)]
pub(super) struct Outcome<A> {
    pub(super) task: usize,
    pub(super) answer: A,
}

/// Runs the whole life of a helper process. It never returns to the code that its parent goes on with.
#[expect(
    unsafe_code,
    reason = "std's exit would run what belongs to the parent, such as flushing its output"
)]
pub(super) fn run<T: Task>(stream: UnixStream) -> ! {
    let _ = catch_unwind(AssertUnwindSafe(|| serve::<T>(stream)));
    // SAFETY: ends the process and touches none of its memory.
    unsafe { libc::_exit(0) }
}

fn serve<T: Task>(mut stream: UnixStream) -> io::Result<()> {
    // It is killed when its parent ends. If that has ended already, its stream ends here.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    give_up_output()?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    let tasks: Vec<T> = serde_json::from_slice(&text)?;
    let (proc, mounts) = (Proc::open()?, MountTables::for_whoever_may_wait());
    let tools = Tools {
        proc: &proc,
        mounts: &mounts,
        examiner: Examiner::new(&proc, &mounts),
        system_units: UnitBudget::default(),
        user_units: UnitBudget::default(),
    };
    do_all(&tasks, &tools, stream);
    Ok(())
}

/// A process that is left behind must not keep a pipe open: its reader would wait for the end.
fn give_up_output() -> io::Result<()> {
    let null = nonblocking::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Does all tasks. Where a task waits, another thread does the next ones. The answers are written together, but none
/// waits for a task that takes longer than [`PATIENCE`].
fn do_all<T: Task>(tasks: &[T], tools: &Tools<'_>, stream: UnixStream) {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let answers = Mutex::new(Answers { stream, lines: Vec::new() });
    let (sender, ended) = mpsc::channel();
    let work = |ended: Sender<()>| {
        while let Some((number, task)) = take(&next, tasks) {
            let outcome = Outcome { task: number, answer: task.run(tools) };
            let Ok(mut answers) = answers.lock() else { break };
            if answers.add(&outcome).is_err() {
                break;
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
        let _ = ended.send(());
    };
    let work = &work;
    let flush = || answers.lock().is_ok_and(|mut answers| answers.flush().is_ok());
    thread::scope(|scope| {
        let start = || {
            let sender = sender.clone();
            Builder::new().spawn_scoped(scope, move || work(sender)).is_ok()
        };
        let at_first = tasks.len().min(threads::most_helpers() + 1);
        let mut started = (0..at_first).take_while(|_| start()).count();
        if started == 0 {
            // Where the system refuses a thread, this one does the work.
            work(sender.clone());
        }
        let mut before = 0;
        loop {
            let is_idle = ended.recv_timeout(PATIENCE).is_err();
            let now = done.load(Ordering::Relaxed);
            if !flush() || now == tasks.len() {
                return;
            }
            let all_wait = is_idle && now == before;
            if all_wait && started < MOST_AT_ONCE.min(tasks.len()) && start() {
                started += 1;
            }
            before = now;
        }
    });
}

fn take<'a, T>(next: &AtomicUsize, tasks: &'a [T]) -> Option<(usize, &'a T)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    tasks.get(number).map(|task| (number, task))
}

/// The answers that were not written yet.
struct Answers {
    stream: UnixStream,
    lines: Vec<u8>,
}

impl Answers {
    fn add<A: Serialize>(&mut self, outcome: &Outcome<A>) -> io::Result<()> {
        serde_json::to_writer(&mut self.lines, outcome)?;
        self.lines.push(b'\n');
        if self.lines.len() < AT_ONCE { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.lines)?;
        self.lines.clear();
        Ok(())
    }
}
