//! Work that is mostly waiting for the kernel, spread over the processors.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::thread::{self, Builder};

/// A thread is worth it for so many items: starting one takes as long as looking at three processes.
const WORTH_A_THREAD: usize = 32;
/// Whatever else runs on a large machine is to go on meanwhile.
const MOST: usize = 8;

/// Calls `work` with every item, in no order, and collects what it returns.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    each_while(items, work, || ()).0
}

/// Calls `work` with every item, in no order, while another thread does something else, which helps when
/// that is done. Returns what became of both.
pub(super) fn each_while<T: Sync, R: Send, M: Send>(
    items: &[T],
    work: impl Fn(&T) -> Option<R> + Sync,
    meanwhile: impl FnOnce() -> M + Send,
) -> (Vec<R>, M) {
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.extend(work(item));
        }
        done
    };
    let threads = if items.len() < 2 * WORTH_A_THREAD { 1 } else { *PROCESSORS };
    let (done, (), meanwhile) = together(share, || (), meanwhile, threads.min(items.len() / WORTH_A_THREAD));
    (done, meanwhile)
}

/// Calls `work` with every item that `produce` hands on, as soon as it does, in no order; while another
/// thread does something else, which helps when that is done. Returns what became of all three.
pub(super) fn relay<T: Send, R: Send, P, M: Send>(
    produce: impl FnOnce(&mut dyn FnMut(T)) -> P,
    work: impl Fn(T) -> Option<R> + Sync,
    meanwhile: impl FnOnce() -> M + Send,
) -> (Vec<R>, P, M) {
    let (hand_on, take) = mpsc::channel();
    let take = Mutex::new(take);
    let share = || {
        let mut done = Vec::new();
        // Whoever waits for an item keeps the others waiting, too; they wait for the same.
        while let Ok(item) = { take.lock().unwrap_or_else(PoisonError::into_inner).recv() } {
            done.extend(work(item));
        }
        done
    };
    let produce = || {
        let hand_on = hand_on;
        // The other end is there until all have done their share.
        produce(&mut |item| drop(hand_on.send(item)))
    };
    together(share, produce, meanwhile, *PROCESSORS)
}

/// Begins with something on this thread and something else on another; both do their share of the work
/// behind that, as do others, so that they are so many in all.
fn together<R: Send, P, M: Send>(
    share: impl Fn() -> Vec<R> + Sync,
    first: impl FnOnce() -> P,
    meanwhile: impl FnOnce() -> M + Send,
    threads: usize,
) -> (Vec<R>, P, M) {
    if threads < 2 {
        let (first, meanwhile) = (first(), meanwhile());
        return (share(), first, meanwhile);
    }
    let meanwhile = Mutex::new(Some(meanwhile));
    let take = || meanwhile.lock().unwrap_or_else(PoisonError::into_inner).take();
    let begun = || (take().map(|meanwhile| meanwhile()), share());
    thread::scope(|scope| {
        // One that cannot be had leaves its work to the others.
        let others = (1..threads).filter_map(|_| Builder::new().spawn_scoped(scope, begun).ok());
        let others: Vec<_> = others.collect();
        let first = first();
        let (mut before, mut done) = begun();
        for other in others {
            let (at_first, share) = other.join().unwrap_or_else(|panic| resume_unwind(panic));
            before = before.or(at_first);
            done.extend(share);
        }
        // It is done once, by whoever comes first.
        let Some(before) = before else { unreachable!() };
        (done, first, before)
    })
}

/// How many there are to work on. To count them files are read: once, and only if need be.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, |n| n.get().min(MOST)));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once() {
        for count in [0, 1, 63, 64, 10_000] {
            let items: Vec<usize> = (0..count).collect();
            let mut done = each(&items, |&item| (item % 3 != 0).then_some(item));
            done.sort_unstable();
            let expected: Vec<usize> = (0..count).filter(|item| item % 3 != 0).collect();
            assert_eq!(done, expected);

            let produce = |hand_on: &mut dyn FnMut(usize)| {
                (0..count).for_each(hand_on);
                count
            };
            let (mut done, produced, other) = relay(produce, |item| (item % 3 != 0).then_some(item), || "x");
            done.sort_unstable();
            assert_eq!((done, produced, other), (expected, count, "x"));
        }
    }
}
