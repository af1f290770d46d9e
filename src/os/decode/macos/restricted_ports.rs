//! Decodes the ports that macOS keeps for programs with an entitlement: the sysctl `net.restricted_port.bitmap`
//! (`bsd/net/restricted_in_port.c` of XNU), a bit for each port, in words of 64 bits. The kernel chooses none of them for
//! a program, and refuses a program that asks for one (`in_pcbbind` in `bsd/netinet/in_pcb.c`).

use crate::model::{ExcludedPorts, PortRange, Protocol};

/// The size of the map: `BITMAP_SIZE(UINT16_MAX)`.
const SIZE: usize = 8192;

/// The ports that are restricted for one protocol alone, by the list in the kernel's source; the map has no protocols.
/// 55555 is for the lights-out management of Macs.
const OF_TCP: [u16; 1] = [55555];

/// `None` if it is no such map.
#[must_use]
pub fn decode(map: &[u8]) -> Option<Vec<ExcludedPorts>> {
    if map.len() != SIZE {
        return None;
    }
    let words = map.chunks_exact(8).filter_map(|word| word.first_chunk().copied().map(u64::from_ne_bytes));
    let restricted: Vec<u16> = words
        .zip((0..=u16::MAX).step_by(64))
        .flat_map(|(word, first)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit))
        .collect();
    let follows = |one: &u16, next: &u16| one + 1 == *next && !OF_TCP.contains(one) && !OF_TCP.contains(next);
    let range = |ports: &[u16]| {
        let ports = PortRange { first: *ports.first()?, last: *ports.last()? };
        let protocol = ports.single().filter(|port| OF_TCP.contains(port)).map(|_| Protocol::Tcp);
        Some(ExcludedPorts { ports, protocol, family: None, by_number: false })
    };
    restricted.chunk_by(follows).map(range).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(ports: &[u16]) -> Vec<u8> {
        let mut words = vec![0_u64; SIZE / 8];
        for &port in ports {
            words[usize::from(port / 64)] |= 1 << (port % 64);
        }
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn decoded(ports: &[u16]) -> Vec<String> {
        decode(&map(ports)).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_bit_is_a_port() {
        assert_eq!(decoded(&[55555]), ["55555/tcp"], "as every Mac has it");
        assert_eq!(decoded(&[]), [""; 0]);
        assert_eq!(decoded(&[0, 63, 64, 65, 62742, 62743, u16::MAX]), ["0", "63-65", "62742-62743", "65535"]);
        assert_eq!(decoded(&[55554, 55555, 55556]), ["55554", "55555/tcp", "55556"]);
        let all: Vec<u16> = (0..=u16::MAX).collect();
        assert_eq!(decoded(&all), ["0-55554", "55555/tcp", "55556-65535"]);
    }

    #[test]
    fn a_map_of_another_size_is_none() {
        let whole = map(&[55555]);
        for end in [0, 1, SIZE / 2, SIZE - 1] {
            assert_eq!(decode(&whole[..end]), None, "{end}");
        }
        assert_eq!(decode(&[&whole[..], &[0]].concat()), None);
    }

    proptest! {
        #[test]
        fn every_port_is_found_again(ports in proptest::collection::btree_set(any::<u16>(), 0..200)) {
            let ports: Vec<u16> = ports.into_iter().collect();
            let found = decode(&map(&ports)).unwrap();
            let found: Vec<u16> = found.iter().flat_map(|one| one.ports.first..=one.ports.last).collect();
            prop_assert_eq!(found, ports);
        }
    }
}
