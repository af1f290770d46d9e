//! Work that is mostly waiting for the kernel, spread over the processors.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::{self, Builder, Scope};

use rustix::thread::sched_getaffinity;

/// A thread is started for this many items: starting one takes as long as inspecting three processes.
const WORTH_A_THREAD: usize = 32;
/// No more threads than this: on a large machine, the other programs keep their processors.
const MOST: usize = 8;

/// The number of processors that this program may run on, up to [`MOST`]. The quota of a control group is not asked for,
/// as `available_parallelism` would: to read it takes as long as the inspection of ten processes.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| sched_getaffinity(None).map_or(1, |allowed| (allowed.count() as usize).clamp(1, MOST)));

/// The number of threads that help the main one with this many items.
pub(super) fn helpers_for(items: usize) -> usize {
    if items < 2 * WORTH_A_THREAD { 0 } else { most_helpers().min(items / WORTH_A_THREAD - 1) }
}

/// The number of threads that help the main one if the number of items is not known yet.
pub(super) fn most_helpers() -> usize {
    *PROCESSORS - 1
}

/// Starts a thread. If the system refuses it, returns false, and the other threads do its work.
pub(super) fn start<'scope>(scope: &'scope Scope<'scope, '_>, work: impl FnOnce() + Send + 'scope) -> bool {
    Builder::new().spawn_scoped(scope, work).is_ok()
}

/// Does both at the same time, the first on a thread of its own. If the system refuses it, one after the other.
pub(super) fn at_once<A: Send, B>(first: impl Fn() -> A + Sync, second: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let started = Builder::new().spawn_scoped(scope, &first);
        let second = second();
        let first = match started {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => first(),
        };
        (first, second)
    })
}

/// The results of many items in their order, each thread with a part of them. If the system refuses a thread, this one
/// does its part.
pub(super) fn spread<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let part = items.len().div_ceil(helpers_for(items.len()) + 1).max(1);
    let of_part = |part: &[T]| -> Vec<R> { part.iter().map(&work).collect() };
    let (first, others) = items.split_at(part.min(items.len()));
    thread::scope(|scope| {
        let started =
            others.chunks(part).map(|part| (part, Builder::new().spawn_scoped(scope, move || of_part(part))));
        let started: Vec<_> = started.collect();
        let mut results = of_part(first);
        for (part, thread) in started {
            results.extend(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => of_part(part),
            });
        }
        results
    })
}

/// A queue that several threads take from.
pub(super) struct SharedQueue<T> {
    items: Mutex<Receiver<T>>,
}

impl<T> SharedQueue<T> {
    /// An empty queue and its sender. The queue ends when the sender is dropped.
    pub(super) fn new() -> (Sender<T>, SharedQueue<T>) {
        let (sender, items) = mpsc::channel();
        (sender, SharedQueue { items: Mutex::new(items) })
    }

    /// Takes the next item, and waits if there is none yet; `None` at the end.
    pub(super) fn take(&self) -> Option<T> {
        // A thread that waits for an item holds the lock; the others would wait for the same item anyway.
        self.items.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_items_are_worth_no_thread_and_many_no_more_than_there_are_processors() {
        assert_eq!([0, 1, 63].map(helpers_for), [0, 0, 0]);
        assert_eq!(helpers_for(64), most_helpers().min(1));
        assert_eq!(helpers_for(1_000_000), most_helpers());
        assert!(most_helpers() < MOST);
    }

    #[test]
    fn spread_work_keeps_its_order() {
        for count in [0, 1, 63, 64, 65, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(spread(&items, |item| item * 2), (0..count).map(|item| item * 2).collect::<Vec<_>>());
        }
        let both = at_once(|| thread::current().id(), || thread::current().id());
        assert!(both.0 != both.1 && both.1 == thread::current().id());
    }

    #[test]
    fn every_item_is_taken_once() {
        for count in [0, 1, 10_000] {
            let (sender, queue) = SharedQueue::new();
            let taken = Mutex::new(Vec::new());
            let take_all = || {
                while let Some(item) = queue.take() {
                    taken.lock().unwrap().push(item);
                }
            };
            thread::scope(|scope| {
                (0..3).for_each(|_| assert!(start(scope, take_all)));
                (0..count).for_each(|item| sender.send(item).unwrap());
                drop(sender);
                take_all();
            });
            let mut taken = taken.into_inner().unwrap();
            taken.sort_unstable();
            assert_eq!(taken, (0..count).collect::<Vec<usize>>());
        }
    }
}
