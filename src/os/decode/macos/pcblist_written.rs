//! Writes the lists that `pcblist` decodes, for tests, as the kernel does. The offsets of the fields are counted anew
//! from its headers.

use crate::model::Protocol;

/// The sizes of `struct xinpcb_n`, `xsocket_n` and `xtcpcb_n`.
const INPCB: usize = 104;
const SOCKET: usize = 104;
const TCPCB: usize = 204;

/// A socket as the kernel writes it; `queue` is `so_qlen`, `so_incqlen` and `so_qlimit`.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) versions: u8,
    pub(super) local: ([u8; 16], u16),
    pub(super) peer: ([u8; 16], u16),
    pub(super) state: i32,
    pub(super) queue: [u16; 3],
    pub(super) generation: u64,
    pub(super) handle: u64,
    pub(super) last_pid: u32,
}

pub(super) fn v4(last: [u8; 4]) -> [u8; 16] {
    let mut address = [0; 16];
    address[12..].copy_from_slice(&last);
    address
}

pub(super) fn listener() -> Written {
    Written {
        versions: 1,
        local: (v4([127, 0, 0, 1]), 5432),
        peer: ([0; 16], 0),
        state: 1,
        queue: [5, 2, 128],
        generation: 40,
        handle: 0xfeed_beef_0000_0001,
        last_pid: 4711,
    }
}

pub(super) fn record(length: usize, kind: u32, fields: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; length.next_multiple_of(8)];
    bytes[..4].copy_from_slice(&u32::try_from(length).unwrap().to_ne_bytes());
    bytes[4..8].copy_from_slice(&kind.to_ne_bytes());
    for (at, field) in fields {
        bytes[*at..at + field.len()].copy_from_slice(field);
    }
    bytes
}

pub(super) fn generations(count: u32) -> Vec<u8> {
    record(24, count, &[(8, &50_u64.to_ne_bytes())])
}

/// Each structure is longer than its known form, by `longer` bytes.
fn written(protocol: Protocol, socket: &Written, longer: usize) -> Vec<u8> {
    let number: u32 = if protocol == Protocol::Tcp { 6 } else { 17 };
    let [all, incomplete, limit] = socket.queue.map(u16::to_ne_bytes);
    let inpcb = record(
        INPCB + longer,
        0x10,
        &[
            (8, &[0xaa; 8]),
            (16, &socket.peer.1.to_be_bytes()),
            (18, &socket.local.1.to_be_bytes()),
            (20, &[0xbb; 8]),
            (28, &socket.generation.to_ne_bytes()),
            (44, &[socket.versions, 64, 6]),
            (48, &socket.peer.0),
            (64, &socket.local.0),
        ],
    );
    let so = record(
        SOCKET + longer,
        0x01,
        &[
            (8, &socket.handle.to_ne_bytes()),
            (36, &number.to_ne_bytes()),
            (44, &all),
            (46, &incomplete),
            (48, &limit),
            (64, &501_u32.to_ne_bytes()),
            (68, &socket.last_pid.to_ne_bytes()),
        ],
    );
    let tcpcb = [(36, &socket.state.to_ne_bytes()[..]), (144, &3_u32.to_ne_bytes())];
    let mut bytes = [inpcb, so, record(32, 2, &[]), record(32, 4, &[]), record(136, 8, &[])].concat();
    if protocol == Protocol::Tcp {
        bytes.extend(record(TCPCB + longer, 0x20, &tcpcb));
    }
    bytes
}

pub(super) fn list(protocol: Protocol, sockets: &[Written]) -> Vec<u8> {
    longer_list(protocol, sockets, 0)
}

pub(super) fn longer_list(protocol: Protocol, sockets: &[Written], longer: usize) -> Vec<u8> {
    let records = sockets.iter().flat_map(|socket| written(protocol, socket, longer));
    let count = u32::try_from(sockets.len()).unwrap();
    generations(count).into_iter().chain(records).chain(generations(count)).collect()
}
