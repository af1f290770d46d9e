//! Whether two threads share their table of open files (`kcmp(2)`).

/// `KCMP_FILES` in `include/uapi/linux/kcmp.h`.
const KCMP_FILES: libc::c_int = 2;

/// Whether a thread has the same table of open files as the first thread of its process. `None` if
/// unknown: the kernel was built without the call, a container's filter of system calls denies it, or
/// one of the threads has ended.
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn share_files(process: u32, thread: u32) -> Option<bool> {
    // SAFETY: the call takes only numbers and writes nothing.
    let order = unsafe { libc::syscall(libc::SYS_kcmp, process, thread, KCMP_FILES, 0, 0) };
    // Equal, less, greater, or not equal without an order.
    (0..=3).contains(&order).then_some(order == 0)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use rustix::thread::{UnshareFlags, gettid};

    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "gives a thread its own table of open files")]
    fn a_thread_shares_until_it_takes_a_table_of_its_own() {
        let process = std::process::id();
        let (say, hear) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            say.send(gettid().as_raw_nonzero().get()).unwrap();
            ended.recv().unwrap();
            // SAFETY: this thread opens and closes nothing.
            unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FILES).unwrap() };
            say.send(0).unwrap();
            ended.recv().unwrap();
        });
        let thread = u32::try_from(hear.recv().unwrap()).unwrap();
        assert_eq!(share_files(process, thread), Some(true));
        end.send(()).unwrap();
        hear.recv().unwrap();
        assert_eq!(share_files(process, thread), Some(false));
        end.send(()).unwrap();
        other.join().unwrap();
        assert_eq!(share_files(process, u32::MAX), None, "there is no such thread");
    }
}
