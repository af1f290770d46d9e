//! A BPF program that finds the holders of internet sockets. The kernel calls it with each open file of each process
//! (the iterator `task_file` in `kernel/bpf/task_iter.c`), and it writes a record for each socket and for each file that
//! may be an io_uring, which can hold sockets itself. It needs `bpf_sock_from_file` (Linux 5.11), and must pass the
//! verifier (`kernel/bpf/verifier.c`).
//!
//! It is assembled here because the offsets of the fields that it reads depend on the kernel, which describes itself
//! ([`super::btf`]).

use super::super::bytes::u32_at;
use super::bpf_code::*;
use super::btf::{Field, Names};
use super::inet_diag::States;
use crate::os::socket_record::TcpState;

/// The function whose type identifies the iterator.
pub const ITERATOR: &str = "bpf_iter_task_file";

/// The fields that the program reads. [`Names::offsets`] are in this order.
pub const FIELDS: [Field; 15] = [
    Field { of: "task_struct", name: "tgid" },
    Field { of: "task_struct", name: "pid" },
    Field { of: "file", name: "f_inode" },
    Field { of: "inode", name: "i_ino" },
    Field { of: "socket", name: "state" },
    Field { of: "socket", name: "sk" },
    Field { of: "sock_common", name: "skc_family" },
    Field { of: "sock_common", name: "skc_state" },
    Field { of: "file", name: "f_op" },
    Field { of: "file_operations", name: "show_fdinfo" },
    Field { of: "file_operations", name: "mmap" },
    Field { of: "file_operations", name: "read_iter" },
    Field { of: "sock_common", name: "skc_net" },
    Field { of: "net", name: "ns" },
    Field { of: "ns_common", name: "inum" },
];

/// An open file of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenFile {
    pub pid: u32,
    /// The thread whose file table it is in: the first of the process, which has the id of the process, unless
    /// another thread has a table of its own.
    pub thread: u32,
    pub fd: u32,
}

/// A socket that a process has open, or has among the fixed files of an open io_uring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenSocket {
    pub inode: u32,
    /// The socket, or the io_uring.
    pub file: OpenFile,
}

/// What the program reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    Socket(OpenSocket),
    /// An io_uring, or one of the few other files that can be mapped and not read.
    PerhapsRing(OpenFile),
}

impl Reported {
    #[must_use]
    pub fn pid(&self) -> u32 {
        match self {
            Reported::Socket(socket) => socket.file.pid,
            Reported::PerhapsRing(file) => file.pid,
        }
    }

    /// `None` of an io_uring.
    #[must_use]
    pub fn inode(&self) -> Option<u32> {
        match self {
            Reported::Socket(socket) => Some(socket.inode),
            Reported::PerhapsRing(_) => None,
        }
    }
}

/// The size of a record, in bytes: the inode of a socket, or 0 for an io_uring (no inode has this number,
/// `get_next_ino` in `fs/inode.c`), the fields of [`OpenFile`] in their order, and the inode of the network namespace.
pub const RECORD: usize = 20;

/// Decodes what the program has written, up to the last complete record. Beside each file that was reported is the inode
/// of the network namespace that it belongs to; 0 for an io_uring.
pub fn read(written: &[u8]) -> impl Iterator<Item = (Reported, u32)> + '_ {
    written.as_chunks::<RECORD>().0.iter().map(|record| {
        let number = |at: usize| u32_at(record, 4 * at).unwrap_or(0);
        let file = OpenFile { pid: number(1), thread: number(2), fd: number(3) };
        let reported = match number(0) {
            0 => Reported::PerhapsRing(file),
            inode => Reported::Socket(OpenSocket { inode, file }),
        };
        (reported, number(4))
    })
}

/// The kernel's functions (`enum bpf_func_id` in `include/uapi/linux/bpf.h`).
const SEQ_WRITE: i32 = 127;
const SOCK_FROM_FILE: i32 = 162;

/// Offsets in `struct bpf_iter__task_file` and `struct bpf_iter_meta`. Every field takes eight bytes.
const META_OF_CONTEXT: u32 = 0;
const TASK_OF_CONTEXT: u32 = 8;
const FD_OF_CONTEXT: u32 = 16;
const FILE_OF_CONTEXT: u32 = 24;
const SEQ_OF_META: u32 = 0;

/// `SS_CONNECTED` in `include/uapi/linux/net.h`: a TCP socket that was connected or accepted. The socket keeps it when
/// the other side is gone. The few that are then still bound to a port are found by a walk.
const CONNECTED: i32 = 3;

/// `AF_INET` and `AF_INET6`.
pub const INTERNET: &[i32] = &[2, 10];
/// These and `AF_PACKET`.
pub const WITH_PACKET: &[i32] = &[2, 10, 17];

/// The instructions, for sockets of these address families in these states. `None` if the offset of a field is too large for one instruction.
#[must_use]
pub fn program(names: &Names, families: &[i32], states: States) -> Option<Vec<u8>> {
    let [process, thread, inode_of_file, number, connected, sock, family, state, operations, ..] =
        names.offsets[..]
    else {
        return None;
    };
    let [.., show_fdinfo, mmap, read_iter, net, ns, inum] = names.offsets[..] else { return None };
    let mut code = Code::new(Place::End);
    code.op(MOVE, CONTEXT, R1, 0, 0);
    code.load(LOAD_64, TASK, CONTEXT, TASK_OF_CONTEXT)?;
    code.out(IF_EQUAL, TASK, 0);
    code.load(LOAD_64, FILE, CONTEXT, FILE_OF_CONTEXT)?;
    code.out(IF_EQUAL, FILE, 0);
    code.op(MOVE, R1, FILE, 0, 0);
    code.op(CALL, 0, 0, 0, SOCK_FROM_FILE);
    code.jump(IF_OTHER, R0, 0, Place::Socket);
    // Can it be described and mapped, and not read, as an io_uring (`io_uring_fops` in `io_uring/io_uring.c`)?
    code.load(LOAD_64, R1, FILE, operations)?;
    code.out(IF_EQUAL, R1, 0);
    code.load(LOAD_64, R2, R1, show_fdinfo)?;
    code.out(IF_EQUAL, R2, 0);
    code.load(LOAD_64, R2, R1, mmap)?;
    code.out(IF_EQUAL, R2, 0);
    code.load(LOAD_64, R2, R1, read_iter)?;
    code.out(IF_OTHER, R2, 0);
    code.op(SET, R2, 0, 0, 0);
    code.op(SET, R3, 0, 0, 0);
    code.jump(JUMP, 0, 0, Place::Record);
    // Is it a socket of one of the families in one of the states?
    code.place(Place::Socket);
    if !states.have(TcpState::Established) {
        // This check saves reading the memory of the socket, which takes long with very many sockets.
        code.load(LOAD, R1, R0, connected)?;
        code.out(IF_EQUAL, R1, CONNECTED);
    }
    code.load(LOAD_64, R1, R0, sock)?;
    code.out(IF_EQUAL, R1, 0);
    code.load(LOAD_16, R2, R1, family)?;
    for &one in families {
        code.jump(IF_EQUAL, R2, one, Place::Family);
    }
    code.out(JUMP, 0, 0);
    code.place(Place::Family);
    code.load(LOAD_8, R2, R1, state)?;
    code.op(SET, R3, 0, 0, 1);
    code.op(SHIFT_LEFT, R3, R2, 0, 0);
    code.op(AND, R3, 0, 0, i32::try_from(states.mask()).ok()?);
    code.out(IF_EQUAL, R3, 0);
    code.load(LOAD_64, R3, R1, net)?;
    code.out(IF_EQUAL, R3, 0);
    code.load(LOAD, R3, R3, ns + inum)?;
    code.load(LOAD_64, R1, FILE, inode_of_file)?;
    code.load(LOAD_64, R2, R1, number)?;
    // Put the record on the stack.
    code.place(Place::Record);
    code.op(STORE, STACK, R2, -20, 0);
    code.op(STORE, STACK, R3, -4, 0);
    code.load(LOAD, R2, TASK, process)?;
    code.op(STORE, STACK, R2, -16, 0);
    code.load(LOAD, R2, TASK, thread)?;
    code.op(STORE, STACK, R2, -12, 0);
    code.load(LOAD, R2, CONTEXT, FD_OF_CONTEXT)?;
    code.op(STORE, STACK, R2, -8, 0);
    code.load(LOAD_64, R1, CONTEXT, META_OF_CONTEXT)?;
    code.load(LOAD_64, R1, R1, SEQ_OF_META)?;
    code.op(MOVE, R2, STACK, 0, 0);
    code.op(ADD, R2, 0, 0, -20);
    code.op(SET, R3, 0, 0, 20);
    code.op(CALL, 0, 0, 0, SEQ_WRITE);
    Some(code.ended())
}

/// Where a jump leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Socket,
    Family,
    Record,
    End,
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Offsets that the fields might have, in the order of [`FIELDS`].
    fn names() -> Names {
        Names { function: 1, offsets: vec![1268, 1264, 32, 64, 0, 24, 16, 18, 40, 192, 72, 32, 48, 144, 16] }
    }

    /// Memory by address, as numbers of any size; and the sockets of the files at some addresses.
    struct Kernel {
        memory: HashMap<u64, u64>,
        sockets: HashMap<u64, u64>,
    }

    const CONTEXT_AT: u64 = 0x1000;
    const TASK_AT: u64 = 0x2000;
    const FILE_AT: u64 = 0x4000;
    const SOCKET_AT: u64 = 0x5000;
    const SOCK_AT: u64 = 0x6000;
    const STACK_AT: u64 = 0x7000;
    const OPERATIONS_AT: u64 = 0x8000;

    /// Adds a file that is a socket of this family and state.
    fn kernel(socket_state: u64, family: u64, state: u64) -> Kernel {
        let memory = [
            (CONTEXT_AT, 0x1100),
            (0x1100, 0x1200),
            (CONTEXT_AT + 8, TASK_AT),
            (CONTEXT_AT + 16, 7),
            (CONTEXT_AT + 24, FILE_AT),
            (TASK_AT + 1268, 4242),
            (TASK_AT + 1264, 4243),
            (FILE_AT + 32, 0x4100),
            (0x4100 + 64, 31_974),
            (FILE_AT + 40, OPERATIONS_AT),
            (OPERATIONS_AT + 192, 0x9000),
            (OPERATIONS_AT + 72, 0x9100),
            (OPERATIONS_AT + 32, 0),
            (SOCKET_AT, socket_state),
            (SOCKET_AT + 24, SOCK_AT),
            (SOCK_AT + 16, family),
            (SOCK_AT + 18, state),
            (SOCK_AT + 48, 0xa000),
            (0xa000 + 160, 4_026_531_840),
        ];
        Kernel { memory: memory.into(), sockets: [(FILE_AT, SOCKET_AT)].into() }
    }

    /// Runs a program as the kernel does, and returns its output.
    fn written(code: &[u8], kernel: &mut Kernel) -> Option<(Reported, u32)> {
        let mut registers = [0_u64; 11];
        (registers[usize::from(R1)], registers[usize::from(STACK)]) = (CONTEXT_AT, STACK_AT);
        let (mut at, mut decoded) = (0, None);
        loop {
            let instruction: [u8; 8] = code[at * 8..at * 8 + 8].try_into().unwrap();
            let (low, high) = (usize::from(instruction[1] & 0xf), usize::from(instruction[1] >> 4));
            let (to, from) = if cfg!(target_endian = "little") { (low, high) } else { (high, low) };
            let offset = i16::from_ne_bytes([instruction[2], instruction[3]]);
            let number = i32::from_ne_bytes(instruction[4..].try_into().unwrap());
            let place = |register: u64| register.wrapping_add_signed(i64::from(offset));
            at += 1;
            match instruction[0] {
                LOAD | LOAD_8 | LOAD_16 | LOAD_64 => {
                    registers[to] =
                        *kernel.memory.get(&place(registers[from])).expect("nothing is at this address");
                }
                STORE => {
                    kernel.memory.insert(place(registers[to]), registers[from]);
                }
                MOVE => registers[to] = registers[from],
                SET => registers[to] = u64::from(number.unsigned_abs()),
                ADD => registers[to] = registers[to].wrapping_add_signed(i64::from(number)),
                AND => registers[to] &= u64::from(number.unsigned_abs()),
                JUMP => at = at.checked_add_signed(isize::from(offset)).unwrap(),
                SHIFT_LEFT => registers[to] <<= registers[from],
                IF_EQUAL | IF_OTHER => {
                    let equal = registers[to] == u64::from(number.unsigned_abs());
                    if equal == (instruction[0] == IF_EQUAL) {
                        at = at.checked_add_signed(isize::from(offset)).unwrap();
                    }
                }
                CALL if number == SOCK_FROM_FILE => {
                    registers[0] = kernel.sockets.get(&registers[1]).copied().unwrap_or(0);
                    // A call clobbers them.
                    registers[1..=5].fill(u64::MAX);
                }
                CALL if number == SEQ_WRITE => {
                    assert_eq!((registers[1], registers[2], registers[3]), (0x1200, STACK_AT - 20, 20));
                    let word = |at: u64| u32::try_from(kernel.memory[&(registers[2] + at)]).unwrap();
                    let bytes: Vec<u8> =
                        [0, 4, 8, 12, 16].iter().flat_map(|&at| word(at).to_ne_bytes()).collect();
                    decoded = read(&bytes).next();
                }
                EXIT => {
                    assert_eq!((registers[0], at * 8), (0, code.len()), "it exits at its end with 0");
                    return decoded;
                }
                other => panic!("{other:#x} is no instruction"),
            }
        }
    }

    const WAITING: States = States::LISTENING.and(States::UNCONNECTED).and(States::SYN_SENT);

    const FILE_OF_KERNEL: OpenFile = OpenFile { pid: 4242, thread: 4243, fd: 7 };

    fn decoded(states: States, mut kernel: Kernel) -> Option<(Reported, u32)> {
        written(&program(&names(), INTERNET, states).unwrap(), &mut kernel)
    }

    #[test]
    fn internet_sockets_in_the_states_are_told_and_nothing_else() {
        let found = (Reported::Socket(OpenSocket { inode: 31_974, file: FILE_OF_KERNEL }), 4_026_531_840);
        // LISTEN, CLOSE and SYN_SENT, of both families.
        for (family, state) in [(2, 10), (10, 10), (10, 7), (2, 2)] {
            assert_eq!(decoded(WAITING, kernel(1, family, state)), Some(found), "{family} {state}");
        }
        for (family, state) in [(1, 10), (16, 7), (2, 1), (2, 8), (2, 6)] {
            assert_eq!(decoded(WAITING, kernel(1, family, state)), None, "{family} {state}");
        }
        let all = WAITING.and(States::WITH_PEER);
        for state in [1, 4, 8, 10, 12] {
            assert_eq!(decoded(all, kernel(3, 2, state)), Some(found), "{state}");
        }
    }

    #[test]
    fn packet_sockets_are_told_where_they_are_wanted() {
        let mut packet = kernel(1, 17, 7);
        assert_eq!(written(&program(&names(), INTERNET, WAITING).unwrap(), &mut packet), None);
        for family in [2, 10, 17] {
            let program = program(&names(), WITH_PACKET, WAITING).unwrap();
            assert!(written(&program, &mut kernel(1, family, 7)).is_some(), "{family}");
        }
        let program = program(&names(), WITH_PACKET, WAITING).unwrap();
        assert_eq!(written(&program, &mut kernel(1, 1, 7)), None);
    }

    #[test]
    fn of_what_is_connected_no_more_is_read_unless_it_is_asked_for() {
        let mut connected = kernel(3, 2, 1);
        connected.memory.retain(|&place, _| place < SOCK_AT);
        assert_eq!(decoded(WAITING, connected), None);
    }

    #[test]
    fn what_may_be_an_io_uring_is_reported() {
        let with = |changed: &[(u64, u64)]| {
            let mut file = kernel(1, 2, 10);
            file.sockets.clear();
            file.memory.extend(changed.iter().copied());
            decoded(WAITING, file)
        };
        assert_eq!(with(&[]), Some((Reported::PerhapsRing(FILE_OF_KERNEL), 0)));
        for other in [
            (FILE_AT + 40, 0),
            (OPERATIONS_AT + 192, 0),
            (OPERATIONS_AT + 72, 0),
            (OPERATIONS_AT + 32, 0x9200),
        ] {
            assert_eq!(with(&[other]), None, "{other:x?}");
        }
    }

    #[test]
    fn what_is_not_there_is_passed_over() {
        for nothing in [CONTEXT_AT + 8, CONTEXT_AT + 24, SOCKET_AT + 24, SOCK_AT + 48] {
            let mut at_the_end = kernel(1, 2, 10);
            at_the_end.memory.insert(nothing, 0);
            assert_eq!(decoded(WAITING, at_the_end), None, "{nothing:#x}");
        }
    }

    #[test]
    fn a_field_out_of_reach_gives_no_program() {
        let far = Names {
            offsets: vec![1268, 40_000, 32, 64, 0, 24, 16, 18, 40, 192, 72, 32, 48, 144, 16],
            ..names()
        };
        assert_eq!(program(&far, INTERNET, WAITING), None);
        assert_eq!(program(&Names { offsets: vec![], ..names() }, INTERNET, WAITING), None);
    }

    #[test]
    fn a_record_that_is_not_whole_is_left_out() {
        assert_eq!(read(&[1; 50]).count(), 2);
        assert_eq!(read(&[1; 19]).count(), 0);
    }
}
