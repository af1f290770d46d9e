//! The helper's side.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use super::super::mount_tables::MountTables;
use super::super::proc_dir::Proc;
use super::super::unit_files::UnitBudget;
use super::task::{Task, Tools};

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
    let tools = Tools {
        proc: Proc::open()?,
        mounts: MountTables::default(),
        system_units: UnitBudget::default(),
        user_units: UnitBudget::default(),
    };
    do_all(&tasks, &tools, &Mutex::new(stream));
    Ok(())
}

/// A process that is left behind must not keep a pipe open: its reader would wait for the end.
fn give_up_output() -> io::Result<()> {
    let null = File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Does all tasks, each on a thread that may wait without holding up the others, and writes each answer when it is
/// there.
fn do_all<T: Task>(tasks: &[T], tools: &Tools, stream: &Mutex<UnixStream>) {
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(number) else { return };
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
}
