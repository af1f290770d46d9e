//! Decodes who may change a file or folder: a self-relative security descriptor (`SECURITY_DESCRIPTOR_RELATIVE`, `ACL`,
//! `ACCESS_ALLOWED_ACE` and `SID` in winnt.h; [MS-DTYP], section 2.4).

use std::fmt;

use crate::os::decode::bytes::{bytes_at, u16_at, u32_at};

/// `SE_DACL_PRESENT`: without it, everyone may do everything.
const HAS_LIST: u16 = 0x0004;
/// `ACCESS_ALLOWED_ACE_TYPE` and `ACCESS_ALLOWED_CALLBACK_ACE_TYPE`, whose entries begin alike.
const ALLOWED: [u8; 2] = [0, 9];
/// The object forms of the two have other fields before the identifier, and mean nothing for files.
const ALLOWED_OBJECT: [u8; 2] = [5, 11];
/// `INHERIT_ONLY_ACE`: for what is made in the folder, not for the folder.
const INHERIT_ONLY: u8 = 0x08;

/// `DELETE`, `WRITE_DAC`, `WRITE_OWNER`, `GENERIC_ALL` and `GENERIC_WRITE`: with these anything can be changed.
const CHANGE_ANYTHING: u32 = 0x0001_0000 | 0x0004_0000 | 0x0008_0000 | 0x1000_0000 | 0x4000_0000;
/// `FILE_WRITE_DATA` and `FILE_APPEND_DATA`; of a folder `FILE_ADD_FILE` and `FILE_ADD_SUBDIRECTORY`.
const WRITE: u32 = 0x2;
const APPEND: u32 = 0x4;
/// `FILE_DELETE_CHILD`: to delete or rename what is in a folder.
const DELETE_CHILD: u32 = 0x40;

/// What a file or folder is on the way to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The program itself.
    Program,
    /// Its own folder: who may add a file there can add a library that the program loads.
    OwnFolder,
    /// A folder above it. Any user may add folders to `C:\`, which replaces nothing.
    Above,
}

impl Part {
    /// The rights with which other content can be put there.
    fn rights(self) -> u32 {
        match self {
            Part::Program => CHANGE_ANYTHING | WRITE | APPEND,
            Part::OwnFolder => CHANGE_ANYTHING | DELETE_CHILD | WRITE,
            Part::Above => CHANGE_ANYTHING | DELETE_CHILD,
        }
    }
}

/// A security identifier: an account or a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sid {
    authority: u64,
    parts: Vec<u32>,
}

impl Sid {
    /// That of a `TOKEN_USER` (winnt.h), a pointer into the same bytes, which begin at the address `base`.
    #[must_use]
    pub fn of_token(bytes: &[u8], base: usize) -> Option<Sid> {
        let pointer = usize::from_ne_bytes(bytes_at(bytes, 0)?);
        Sid::read(bytes, pointer.checked_sub(base)?)
    }

    /// An account that every Windows has: `S-1-5-18` is SYSTEM.
    #[must_use]
    pub fn of_authority_5(part: u32) -> Sid {
        Sid { authority: 5, parts: vec![part] }
    }

    fn read(bytes: &[u8], at: usize) -> Option<Sid> {
        let [1, count] = bytes_at::<2>(bytes, at)? else { return None };
        let [a, b, c, d, e, f] = bytes_at::<6>(bytes, at.checked_add(2)?)?;
        let authority = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        // `SID_MAX_SUB_AUTHORITIES`.
        if count > 15 {
            return None;
        }
        let parts = (0..usize::from(count)).map(|part| u32_at(bytes, at + 8 + 4 * part));
        Some(Sid { authority, parts: parts.collect::<Option<_>>()? })
    }

    /// Whether it stands for those who may change anything anyway: SYSTEM, the Administrators, TrustedInstaller; or
    /// for the owner of whatever is made there (`CREATOR OWNER`), who is judged there.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        const TRUSTED_INSTALLER: [u32; 6] =
            [80, 956_008_885, 3_418_522_649, 1_831_038_044, 1_853_292_631, 2_271_478_464];
        match (self.authority, &self.parts[..]) {
            (5, [18] | [32, 544]) | (3, [0]) => true,
            (5, parts) => parts == TRUSTED_INSTALLER,
            _ => false,
        }
    }

    /// Whether it stands for everybody, or for groups that all who log in belong to: Everyone, Authenticated Users,
    /// Interactive, Users, Guests, all packaged applications.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        let everybody =
            [(1, &[0][..]), (5, &[11]), (5, &[4]), (5, &[32, 545]), (5, &[32, 546]), (15, &[2, 1])];
        everybody.contains(&(self.authority, &self.parts[..]))
    }

    /// Whether it is an account that Windows has for services (LocalService, NetworkService, `NT SERVICE\…`).
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.authority == 5 && matches!(self.parts[..], [19] | [20] | [80, ..])
    }
}

/// `S-1-5-32-544`.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-1-{}", self.authority)?;
        self.parts.iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

/// Who may put other content there, besides administrators. Entries that deny are not counted: they can only make it
/// fewer. `None` where the descriptor is not understood.
#[must_use]
pub fn writers(descriptor: &[u8], part: Part) -> Option<Vec<Sid>> {
    let control = u16_at(descriptor, 2)?;
    let offset = |at| usize::try_from(u32_at(descriptor, at)?).ok();
    let (owner, list) = (offset(4)?, offset(16)?);
    // The owner may change the list.
    let mut found = vec![Sid::read(descriptor, owner)?];
    if control & HAS_LIST == 0 || list == 0 {
        found.push(Sid { authority: 1, parts: vec![0] });
    } else {
        let mut at = list + 8;
        for _ in 0..u16_at(descriptor, list + 4)? {
            let [kind, flags] = bytes_at::<2>(descriptor, at)?;
            let size = usize::from(u16_at(descriptor, at + 2)?);
            let mask = u32_at(descriptor, at + 4)?;
            if flags & INHERIT_ONLY == 0 && mask & part.rights() != 0 {
                if ALLOWED_OBJECT.contains(&kind) {
                    return None;
                }
                if ALLOWED.contains(&kind) {
                    found.push(Sid::read(descriptor, at + 8)?);
                }
            }
            // An entry has a head at least.
            at += Some(size).filter(|&size| size >= 8)?;
        }
    }
    found.retain(|sid| !sid.is_administrator());
    let mut known = Vec::new();
    found.retain(|sid| {
        !known.contains(sid) && {
            known.push(sid.clone());
            true
        }
    });
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SYSTEM: &[u32] = &[18];
    const ADMINISTRATORS: &[u32] = &[32, 544];
    const USERS: &[u32] = &[32, 545];
    const AUTHENTICATED: &[u32] = &[11];
    const ALICE: &[u32] = &[21, 1, 2, 3, 1001];

    #[test]
    fn the_user_of_a_token_is_found_where_its_pointer_leads() {
        let base = 0x1000_usize;
        let mut bytes = (base + 16).to_ne_bytes().to_vec();
        bytes.resize(16, 0);
        bytes.extend(sid(ALICE));
        let alice = Sid::of_token(&bytes, base).unwrap();
        assert_eq!(alice.to_string(), "S-1-5-21-1-2-3-1001");
        for end in 0..bytes.len() {
            assert_eq!(Sid::of_token(&bytes[..end], base), None, "{end}");
        }
        assert_eq!(Sid::of_token(&bytes, base + 17), None);
        let far = usize::MAX.to_ne_bytes();
        assert_eq!(Sid::of_token(&far, 0), None);
    }

    fn sid(parts: &[u32]) -> Vec<u8> {
        let mut bytes = vec![1, u8::try_from(parts.len()).unwrap(), 0, 0, 0, 0, 0, 5];
        parts.iter().for_each(|part| bytes.extend(part.to_ne_bytes()));
        bytes
    }

    /// With this owner, and entries of type, flags, rights and account.
    fn descriptor(owner: &[u32], entries: &[(u8, u8, u32, &[u32])]) -> Vec<u8> {
        let owner = sid(owner);
        let mut list = Vec::new();
        for (kind, flags, mask, account) in entries {
            let account = sid(account);
            list.extend([*kind, *flags]);
            list.extend(u16::try_from(8 + account.len()).unwrap().to_ne_bytes());
            list.extend(mask.to_ne_bytes());
            list.extend(account);
        }
        let mut bytes = vec![1, 0];
        bytes.extend(0x8004_u16.to_ne_bytes());
        bytes.extend(20_u32.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(u32::try_from(20 + owner.len()).unwrap().to_ne_bytes());
        bytes.extend(&owner);
        bytes.extend([2, 0]);
        bytes.extend(u16::try_from(8 + list.len()).unwrap().to_ne_bytes());
        bytes.extend(u16::try_from(entries.len()).unwrap().to_ne_bytes());
        bytes.extend([0; 2]);
        bytes.extend(list);
        bytes
    }

    fn found(descriptor: &[u8], part: Part) -> Option<Vec<String>> {
        Some(writers(descriptor, part)?.iter().map(Sid::to_string).collect())
    }

    /// As Windows gives them to Program Files: users may read and run (0x1200a9).
    fn program_files() -> Vec<u8> {
        let full = 0x001f_01ff;
        descriptor(
            ADMINISTRATORS,
            &[
                (0, 0, full, SYSTEM),
                (0, 0, full, ADMINISTRATORS),
                (0, 0, 0x0012_00a9, USERS),
                (0, 0x0b, 0x1000_0000, ALICE),
            ],
        )
    }

    #[test]
    fn program_files_belong_to_administrators() {
        for part in [Part::Program, Part::OwnFolder, Part::Above] {
            assert_eq!(found(&program_files(), part), Some(vec![]), "{part:?}");
        }
    }

    #[test]
    fn a_folder_under_the_root_of_a_drive_lets_everybody_write() {
        // What such a folder inherits: Modify for Authenticated Users.
        let folder = descriptor(ADMINISTRATORS, &[(0, 0x10, 0x0013_01bf, AUTHENTICATED)]);
        for part in [Part::Program, Part::OwnFolder, Part::Above] {
            assert_eq!(found(&folder, part), Some(vec!["S-1-5-11".to_owned()]), "{part:?}");
        }
        assert!(writers(&folder, Part::Above).unwrap()[0].is_everybody());
        // The root itself lets them add folders, which replaces nothing.
        let root = descriptor(SYSTEM, &[(0, 0, 0x4, AUTHENTICATED)]);
        assert_eq!(found(&root, Part::Above), Some(vec![]));
    }

    #[test]
    fn the_owner_may_always_and_who_is_denied_is_not_counted() {
        let file = descriptor(ALICE, &[(1, 0, 0x001f_01ff, USERS), (0, 0, 0x0012_0116, ALICE)]);
        assert_eq!(found(&file, Part::Program), Some(vec!["S-1-5-21-1-2-3-1001".to_owned()]));
    }

    #[test]
    fn without_a_list_everybody_may() {
        let mut file = program_files();
        file[2] = 0;
        assert_eq!(found(&file, Part::Program), Some(vec!["S-1-1-0".to_owned()]));
    }

    #[test]
    fn entries_of_an_unknown_form_are_no_answer() {
        let file = descriptor(ADMINISTRATORS, &[(5, 0, 0x001f_01ff, USERS)]);
        assert_eq!(found(&file, Part::Program), None);
    }

    #[test]
    fn what_is_cut_short_is_no_answer() {
        let folder = descriptor(ADMINISTRATORS, &[(0, 0, 0x0013_01bf, AUTHENTICATED)]);
        for end in 0..folder.len() {
            assert_eq!(writers(&folder[..end], Part::Program), None, "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(mut bytes in prop::collection::vec(any::<u8>(), 0..200), at: prop::sample::Index) {
            let _ = writers(&bytes, Part::OwnFolder);
            bytes = program_files();
            let at = at.index(bytes.len());
            bytes[at] ^= 0xff;
            let _ = writers(&bytes, Part::Program);
        }
    }
}
