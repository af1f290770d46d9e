//! Decodes the description of a unix socket in `/proc/PID/fdinfo` (`unix_show_fdinfo` in `net/unix/af_unix.c`, Linux 5.6).

/// How many descriptors wait in its receive queue (SCM_RIGHTS). `None` for any other file. In the queue of a listener the
/// newer kernels count those of the connections that it has not accepted.
#[must_use]
pub fn waiting_descriptors(fdinfo: &str) -> Option<u32> {
    let (number, _) = fdinfo.split_once("\nscm_fds: ")?.1.split_once('\n')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded on Linux 6.18.
    const FDINFO: &str = "pos:\t0\nflags:\t02000002\nmnt_id:\t10\nino:\t24022647\nscm_fds: 12\n";

    #[test]
    fn the_waiting_descriptors_of_a_unix_socket_are_counted() {
        assert_eq!(waiting_descriptors(FDINFO), Some(12));
        assert_eq!(
            waiting_descriptors("pos:\t0\nflags:\t02\nmnt_id:\t10\nino:\t7\n"),
            None,
            "another socket"
        );
    }

    #[test]
    fn no_truncation_gives_another_number() {
        for end in 0..FDINFO.len() {
            assert_eq!(waiting_descriptors(&FDINFO[..end]), None, "{end}");
        }
    }
}
