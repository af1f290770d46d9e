//! Decodes the list of all processes: `NtQuerySystemInformation` with `SystemProcessInformation`, which every user may
//! ask (`SYSTEM_PROCESS_INFORMATION` in winternl.h of Microsoft's SDK, and in ntexapi.h of the System Informer project,
//! which names the fields that Microsoft calls reserved).

use jiff::Timestamp;

use super::file_time;
use super::unicode_string::{POINTER, text_at};
use crate::model::Pid;
use crate::os::decode::bytes::{bytes_at, u32_at, u64_at};

/// More processes than this are not read.
const MOST: usize = 100_000;

// Where the fields are. The first are of a fixed width, the others begin behind a pointer or two.
const NEXT: usize = 0;
const CREATED: usize = 32;
const NAME: usize = 56;
const ID: usize = NAME + 3 * POINTER;
const PARENT: usize = NAME + 4 * POINTER;
const SESSION: usize = NAME + 5 * POINTER + 4;

/// A running process, as every user may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProcess {
    pub pid: Pid,
    /// Who started it. That process may have ended, and another one may have its id now.
    pub parent: Option<Pid>,
    /// The name of its file.
    pub name: Option<String>,
    pub started_at: Option<Timestamp>,
    /// The session of Remote Desktop Services: 0 for services, others for users.
    pub session: u32,
}

/// The processes in these bytes, which begin at the address `base`, without the idle process (0). `None` where the bytes are
/// no such list.
#[must_use]
pub fn processes(bytes: &[u8], base: usize) -> Option<Vec<ListedProcess>> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    for _ in 0..MOST {
        let id = |field: usize| {
            let id = usize::from_ne_bytes(bytes_at::<POINTER>(bytes, at.checked_add(field)?)?);
            Pid::try_from(id).ok()
        };
        let next = u32_at(bytes, at + NEXT)? as usize;
        let (pid, parent) = (id(ID)?, id(PARENT)?);
        let created = u64_at(bytes, at + CREATED)?;
        let session = u32_at(bytes, at + SESSION)?;
        if pid != 0 {
            found.push(ListedProcess {
                pid,
                parent: Some(parent).filter(|&parent| parent != 0 && parent != pid),
                name: text_at(bytes, at + NAME, base),
                started_at: file_time::timestamp(created),
                session,
            });
        }
        if next == 0 {
            return Some(found);
        }
        at = at.checked_add(next)?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::unicode_string::{units, written};
    use super::*;

    const BASE: usize = 0x7fff_0000;
    /// 2026-11-25 21:21:05 UTC, in hundreds of nanoseconds since 1601.
    const STARTED: u64 = 134_401_152_650_000_000;

    /// The list as the system writes it: each entry, then its name.
    fn list(processes: &[(usize, usize, &str, u64, u32)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, (pid, parent, name, created, session)) in processes.iter().enumerate() {
            let at = bytes.len();
            let size = SESSION + 4 + 4;
            let next = size + name.encode_utf16().count() * 2;
            let next = if index + 1 == processes.len() { 0 } else { next };
            bytes.extend(u32::try_from(next).unwrap().to_ne_bytes());
            bytes.resize(at + CREATED, 0);
            bytes.extend(created.to_ne_bytes());
            bytes.resize(at + NAME, 0);
            bytes.extend(written(name, BASE + at + size));
            bytes.resize(at + ID, 0);
            bytes.extend(pid.to_ne_bytes());
            bytes.extend(parent.to_ne_bytes());
            bytes.resize(at + SESSION, 0);
            bytes.extend(session.to_ne_bytes());
            bytes.resize(at + size, 0);
            bytes.extend(units(name));
        }
        bytes
    }

    #[test]
    fn a_process_has_its_parent_name_start_and_session() {
        let bytes = list(&[
            (0, 0, "", 0, 0),
            (4, 0, "System", 1, 0),
            (812, 604, "lmgrd.exe", STARTED, 0),
            (5000, 5000, "größe.exe", STARTED + 10_000_000, 2),
        ]);
        let found = processes(&bytes, BASE).unwrap();
        let shown: Vec<String> = found
            .iter()
            .map(|one| {
                let started = one.started_at.map(|at| at.to_string()).unwrap_or_default();
                format!("{} {:?} {:?} {} {started}", one.pid, one.parent, one.name, one.session)
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        4 None Some("System") 0 1601-01-01T00:00:00.0000001Z
        812 Some(604) Some("lmgrd.exe") 0 2026-11-25T21:21:05Z
        5000 None Some("größe.exe") 2 2026-11-25T21:21:06Z
        "#);
    }

    /// With 64 bits.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_c_compiler_is_asked_where_the_fields_are() {
        let asked = include_str!("../../../../tests/offsets/windows.c");
        let fields = [
            ("NextEntryOffset", NEXT),
            ("CreateTime", CREATED),
            ("ImageName", NAME),
            ("UniqueProcessId", ID),
            ("InheritedFromUniqueProcessId", PARENT),
            ("SessionId", SESSION),
        ];
        let lines = fields.map(|(field, at)| format!("AT(SYSTEM_PROCESS_INFORMATION, {field}, {at});\n"));
        assert!(asked.contains(&lines.concat()), "tests/offsets/windows.c lacks {}", lines.concat());
    }

    /// The head of an entry as Wine 10 wrote it at the address 0x14000d040, and its name behind its threads.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn an_entry_that_was_recorded_is_read() {
        let bytes = |text: &str| -> Vec<u8> {
            (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
        };
        let head = bytes(
            "3a040000090000000000000000000000000000000000000000000000000000002470f8aace7edd0160ae0a0000000000\
             40ac27000000000018001a000000000010d4004001000000020000000000000038000000000000002800000000000000\
             8000000001000000",
        );
        let mut entry = head.clone();
        entry.resize(976, 0);
        entry.extend(bytes("730065007200760069006300650073002e00650078006500"));
        entry.resize(1082, 0);
        // The next one, which is the last.
        let mut last = head;
        last[..4].fill(0);
        entry.extend(last);
        let found = processes(&entry, 0x0001_4000_d040).unwrap();
        insta::assert_snapshot!(format!("{:?}", found[0]), @r#"ListedProcess { pid: 56, parent: Some(40), name: Some("services.exe"), started_at: Some(2026-11-28T00:23:18.775402Z), session: 1 }"#);
        assert_eq!((found.len(), found[1].pid), (2, found[0].pid));
    }

    #[test]
    fn what_is_cut_off_is_no_list() {
        let bytes = list(&[(4, 0, "System", 1, 0), (812, 604, "lmgrd.exe", STARTED, 0)]);
        let whole = processes(&bytes, BASE).unwrap();
        for end in 0..bytes.len() {
            // Without the last name everything else is still there.
            let cut = processes(&bytes[..end], BASE);
            assert!(cut.is_none() || cut.as_ref().is_some_and(|cut| cut.len() == whole.len()), "{end}");
        }
        assert_eq!(processes(&[], BASE), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(
            flips in prop::collection::vec((0_usize..400, any::<u8>()), 0..6),
            base in prop_oneof![Just(BASE), any::<usize>()],
        ) {
            let mut bytes = list(&[(4, 0, "System", 1, 0), (812, 604, "lmgrd.exe", STARTED, 0)]);
            for (at, byte) in flips {
                if let Some(one) = bytes.get_mut(at) {
                    *one = byte;
                }
            }
            let _ = processes(&bytes, base);
        }
    }
}
