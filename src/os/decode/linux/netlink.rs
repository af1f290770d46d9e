//! Encodes netlink requests, and takes the answers apart into messages and attributes (`netlink(7)`;
//! `include/uapi/linux/netlink.h`).

use super::super::bytes::{i32_at, u16_at, u32_at};

/// The size of `nlmsghdr`.
pub(in crate::os::decode) const HEADER: usize = 16;
/// The size of `nlattr`.
const ATTRIBUTE: usize = 4;
/// Flags in the number of an attribute (`NLA_F_NESTED`, `NLA_F_NET_BYTEORDER`).
const FLAGS: u16 = 0xc000;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_DUMP_INTR: u16 = 0x10;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    One,
    /// All objects of a kind, in any number of messages.
    Dump,
}

/// Encodes a request: `nlmsghdr` and the body.
#[must_use]
pub fn request(ask: Ask, kind: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let flags = match ask {
        Ask::One => NLM_F_REQUEST,
        Ask::Dump => NLM_F_REQUEST | NLM_F_DUMP,
    };
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend(u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend(body);
    bytes
}

/// Encodes an attribute, with what aligns the next.
#[must_use]
pub fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ATTRIBUTE + value.len()).unwrap_or(u16::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(aligned(bytes.len()), 0);
    bytes
}

/// A part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    Message {
        kind: u16,
        body: &'a [u8],
    },
    /// The dump is complete.
    Done,
    /// The kernel has refused, or stopped the dump, with this error number.
    Failed(i32),
}

/// One datagram of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Datagram<'a> {
    pub parts: Vec<Part<'a>>,
    /// The table changed so much during the dump that parts may be missing (`NLM_F_DUMP_INTR`).
    pub interrupted: bool,
    /// Part of it was not understood.
    pub malformed: bool,
}

/// Takes a datagram apart. Skips messages with another sequence number, which answer another request.
#[must_use]
pub fn read(bytes: &[u8], sequence: u32) -> Datagram<'_> {
    let mut datagram = Datagram::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = u32_at(rest, 0).and_then(|length| usize::try_from(length).ok());
        let Some(message) = length.filter(|&length| length >= HEADER).and_then(|length| rest.get(..length))
        else {
            datagram.malformed = true;
            return datagram;
        };
        rest = rest.get(aligned(message.len())..).unwrap_or_default();
        let (kind, flags) = (u16_at(message, 4), u16_at(message, 6));
        if u32_at(message, 8) != Some(sequence) {
            continue;
        }
        datagram.interrupted |= flags.is_some_and(|flags| flags & NLM_F_DUMP_INTR != 0);
        let body = &message[HEADER..];
        match kind {
            Some(NLMSG_ERROR) => match i32_at(body, 0).map(failure) {
                Some(failed) => datagram.parts.extend(failed),
                None => datagram.malformed = true,
            },
            // It may carry the error that ended the dump.
            Some(NLMSG_DONE) => {
                let failed = i32_at(body, 0).and_then(failure);
                datagram.parts.push(failed.unwrap_or(Part::Done));
            }
            Some(kind) => datagram.parts.push(Part::Message { kind, body }),
            None => {}
        }
    }
    datagram
}

/// Errors are negative numbers; other numbers mean success.
fn failure(number: i32) -> Option<Part<'static>> {
    (number < 0).then(|| Part::Failed(number.saturating_neg()))
}

/// The attributes by number, up to one that claims to be longer than the rest.
pub(in crate::os::decode) fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let attribute = rest.get(..length).filter(|attribute| attribute.len() >= ATTRIBUTE)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some((u16_at(attribute, 2)? & !FLAGS, &attribute[ATTRIBUTE..]))
    })
}

/// Messages and attributes are aligned to four bytes.
fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_back() {
        let body = [attribute(1, b"abc"), attribute(0x8002, &[])].concat();
        let message = request(Ask::Dump, 20, 7, &body);
        assert_eq!(message.len(), 16 + 8 + 4);
        let datagram = read(&message, 7);
        let [Part::Message { kind: 20, body }] = datagram.parts[..] else { panic!("{datagram:?}") };
        let all: Vec<_> = attributes(body).collect();
        assert_eq!(all, [(1, &b"abc"[..]), (2, &[])]);
        assert!(read(&message, 8).parts.is_empty(), "it answers another request");
        assert!(read(&message[..20], 7).malformed);
    }
}
