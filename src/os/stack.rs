//! Room on the stack, where the caller has left little (`ulimit -s`).

/// Does some work where there is enough stack for it: without, the program would end by a signal. The system may refuse
/// another thread; then this one does it.
#[cfg(unix)]
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    use std::panic::resume_unwind;
    use std::thread::{self, Builder};

    use nix::sys::resource::{Resource, getrlimit};

    /// A quarter of what systems give by default, and many times what any command needs.
    const ENOUGH: usize = 2 << 20;

    if getrlimit(Resource::RLIMIT_STACK).is_ok_and(|(soft, _)| soft >= ENOUGH as u64) {
        return work();
    }
    let mut work = Some(work);
    let mut result = None;
    thread::scope(|scope| {
        let there = || result = work.take().map(|work| work());
        if let Ok(thread) = Builder::new().stack_size(ENOUGH).spawn_scoped(scope, there) {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    match (result, work) {
        (Some(result), _) => result,
        (None, Some(work)) => work(),
        (None, None) => unreachable!("the work was done, or it is left to do"),
    }
}

/// Every program of Windows says itself how much it needs.
#[cfg(windows)]
pub fn with_room<T>(work: impl FnOnce() -> T) -> T {
    work()
}
