//! Decodes an access control list (`acl(5)`) as Linux stores it in the attribute `system.posix_acl_access`
//! (`include/uapi/linux/posix_acl_xattr.h`).

use super::super::bytes::{u16_at, u32_at};

/// `POSIX_ACL_XATTR_VERSION`.
const VERSION: u32 = 2;
/// The sizes of the header and of an entry, in bytes.
const HEADER: usize = 4;
const ENTRY: usize = 8;

/// The tags of `include/uapi/linux/posix_acl.h`.
const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;

/// Whom a list allows something, besides the owner and everybody else, for whom the mode stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    User(u32),
    /// The group that the file belongs to.
    OwnGroup,
    Group(u32),
}

/// Those whom the list grants all of `permissions`, after its mask. `None` if the bytes are not a whole list.
#[must_use]
pub fn allows(list: &[u8], permissions: u16) -> Option<Vec<Allowed>> {
    let entries = list.get(HEADER..)?;
    if u32_at(list, 0).map(u32::from_le) != Some(VERSION) || !entries.len().is_multiple_of(ENTRY) {
        return None;
    }
    let entries = entries.chunks_exact(ENTRY).map(|entry| {
        let short = |at| u16_at(entry, at).map(u16::from_le);
        Some((short(0)?, short(2)?, u32_at(entry, 4).map(u32::from_le)?))
    });
    let entries: Vec<(u16, u16, u32)> = entries.collect::<Option<_>>()?;
    let mask = entries.iter().find(|(tag, ..)| *tag == MASK).map_or(u16::MAX, |(_, mask, _)| *mask);
    let allowed = entries.into_iter().filter(|(_, granted, _)| granted & mask & permissions == permissions);
    Some(
        allowed
            .filter_map(|(tag, _, id)| match tag {
                USER => Some(Allowed::User(id)),
                GROUP_OBJ => Some(Allowed::OwnGroup),
                GROUP => Some(Allowed::Group(id)),
                _ => None,
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WRITE: u16 = 2;
    const WRITE_AND_ENTER: u16 = 3;

    /// Recorded after `setfacl -m u:1000:rwx,u:1001:rw,g:50:r,g:60:rwx`, with the mask that it set.
    const LIST: &[u8] = b"\x02\0\0\0\
        \x01\0\x07\0\xff\xff\xff\xff\x02\0\x07\0\xe8\x03\0\0\x02\0\x06\0\xe9\x03\0\0\
        \x04\0\x05\0\xff\xff\xff\xff\x08\0\x04\0\x32\0\0\0\x08\0\x07\0\x3c\0\0\0\
        \x10\0\x07\0\xff\xff\xff\xff\x20\0\x05\0\xff\xff\xff\xff";

    fn masked(mask: u8) -> Vec<u8> {
        let mut list = LIST.to_vec();
        let at = list.len() - 2 * ENTRY + 2;
        list[at] = mask;
        list
    }

    #[test]
    fn named_users_and_groups_are_allowed_what_the_mask_leaves() {
        let both = [Allowed::User(1000), Allowed::User(1001), Allowed::Group(60)];
        assert_eq!(allows(LIST, WRITE).as_deref(), Some(&both[..]));
        assert_eq!(
            allows(LIST, WRITE_AND_ENTER).as_deref(),
            Some(&[Allowed::User(1000), Allowed::Group(60)][..])
        );
        assert_eq!(allows(&masked(5), WRITE), Some(vec![]), "what chmod g-w leaves of it");
        let mut own_group = LIST.to_vec();
        own_group[HEADER + 3 * ENTRY + 2] = 7;
        assert!(allows(&own_group, WRITE).unwrap().contains(&Allowed::OwnGroup));
    }

    #[test]
    fn half_a_list_is_none() {
        for end in 0..LIST.len() {
            let whole = end >= HEADER && (end - HEADER).is_multiple_of(ENTRY);
            assert_eq!(allows(&LIST[..end], WRITE).is_some(), whole, "{end}");
        }
        let mut other = LIST.to_vec();
        other[0] = 3;
        assert_eq!(allows(&other, WRITE), None, "another version");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..80), at in 0..LIST.len(), bit in 0..8_u32) {
            let _ = allows(&bytes, WRITE);
            let mut flipped = LIST.to_vec();
            flipped[at] ^= 1 << bit;
            let _ = allows(&flipped, WRITE);
        }
    }
}
