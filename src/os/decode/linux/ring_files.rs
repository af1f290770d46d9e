//! Decodes which sockets an io_uring holds in its table of fixed files (`io_uring_register_files(3)`): the description
//! of its file in `/proc/PID/fdinfo` (`io_uring_show_fdinfo` in `io_uring/fdinfo.c`).

use super::proc_pid::socket_inode;

/// What links to an io_uring in `/proc/PID/fd`.
pub const LINK: &[u8] = b"anon_inode:[io_uring]";

/// The sockets among its fixed files. `None` if the description has no such table: the kernel leaves it out while the
/// ring is in use.
#[must_use]
pub fn sockets(fdinfo: &str) -> Option<Vec<u32>> {
    let mut lines = fdinfo.lines().skip_while(|line| !line.starts_with("UserFiles:"));
    lines.next()?;
    // Names with a line break are escaped by the kernel. Entries are indented, the next heading is not.
    let files = lines.take_while(|line| line.starts_with(' '));
    let names = files.filter_map(|line| line.trim_start().split_once(": "));
    Some(names.filter_map(|(_, name)| socket_inode(name.as_bytes())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded on Linux 6.18, shortened.
    const FDINFO: &str = "pos:\t0\nflags:\t02000002\nino:\t19149163\nSqMask:\t0x7\nSQEs:\t0\nCQEs:\t0\nUserFiles:\t3\n    0: socket:[19149164]\n    1: /srv/socket:[5]\n    2: socket:[7]\nUserBufs:\t0\n    0: socket:[9]\nPollList:\nNAPI:\tdisabled\n";

    #[test]
    fn the_fixed_files_that_are_sockets_are_named() {
        assert_eq!(sockets(FDINFO), Some(vec![19_149_164, 7]));
        assert_eq!(sockets("pos:\t0\nUserFiles:\t0\nUserBufs:\t0\n"), Some(vec![]));
        assert_eq!(sockets("pos:\t0\nflags:\t02000002\n"), None, "the ring was in use");
    }

    #[test]
    fn no_truncation_names_another_socket() {
        for end in 0..FDINFO.len() {
            let found = sockets(&FDINFO[..end]).unwrap_or_default();
            assert!(found.iter().all(|inode| [19_149_164, 7].contains(inode)), "{end}: {found:?}");
        }
    }
}
