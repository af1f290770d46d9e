//! Decodes the fileports of a process: a list of `struct proc_fileportinfo` (proc_pidinfo with `PROC_PIDLISTFILEPORTS`;
//! `bsd/sys/proc_info.h` of XNU). A *fileport* is a descriptor that is sent in a Mach message, or
//! kept in a port: who has it has the file open, without a descriptor.

use super::super::bytes::u32_at;
use super::offsets::{PROC_FILEPORTINFO, PROX_FDTYPE_SOCKET, proc_fileportinfo as at};

/// An entry of the list, undecoded.
pub type Fileport = [u8; PROC_FILEPORTINFO];

/// The names of those ports that are sockets.
#[must_use]
pub fn sockets(list: &[Fileport]) -> Vec<u32> {
    let is_socket = |one: &&Fileport| u32_at(&one[..], at::proc_fdtype) == Some(PROX_FDTYPE_SOCKET);
    list.iter().filter(is_socket).filter_map(|one| u32_at(one, at::proc_fileport)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sockets_are_kept() {
        let one = |name: u32, kind: u32| {
            let mut entry = [0; PROC_FILEPORTINFO];
            entry[..4].copy_from_slice(&name.to_ne_bytes());
            entry[4..].copy_from_slice(&kind.to_ne_bytes());
            entry
        };
        // A file (1), sockets (2) and a pipe (6).
        let list = [one(0x1003, 1), one(0x2b07, 2), one(0x2c07, 6), one(u32::MAX, 2)];
        assert_eq!(sockets(&list), [0x2b07, u32::MAX]);
        assert_eq!(sockets(&[]), [0; 0]);
    }
}
