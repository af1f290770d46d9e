//! Who may put another program in the place of one.
#![expect(unsafe_code, reason = "only the Windows API returns security descriptors")]

use std::io;
use std::iter;
use std::os::windows::ffi::OsStrExt;
use std::path::{Component, Path};
use std::ptr;

use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, GetFileSecurityW, OWNER_SECURITY_INFORMATION};

use super::super::decode::windows::security::{self, Part, Sid};
use super::super::users::Users;
use crate::model::{Account, Checked, NotInspected, User, Writer};
use crate::os::decode::text::os_text;

/// No list of permissions is longer, in bytes (`ACL` has 16 bits for its size, and the identifiers come on top).
const LONGEST: u32 = 128 * 1024;

/// Who besides administrators could put other content into a file: by the permissions of the file and of every folder
/// up to the root of the drive. The kernel's path of a program has no links in it. Where there is one now, it was put there
/// since, and leads to another file: whoever may write the attributes of an empty folder can make it a junction.
pub(in crate::os) fn writers(path: &Path, users: &Users) -> Checked<Vec<Writer>> {
    let found = writers_of_places(path, users);
    match has_link(path) {
        Ok(false) => found,
        Ok(true) => Checked::Failed(NotInspected::NotAtItsPath),
        Err(_) => Checked::Failed(NotInspected::Unreadable),
    }
}

/// Whether the path still leads to the file that a process was started from: the kernel's path has no links in it.
pub(in crate::os) fn leads_there(path: &Path) -> Checked<bool> {
    match has_link(path) {
        Ok(has_link) => Checked::Done(!has_link),
        Err(_) => Checked::Failed(NotInspected::Unreadable),
    }
}

/// Whether any part of a path is a junction or a symbolic link.
fn has_link(path: &Path) -> io::Result<bool> {
    // From the root on: behind a link everything is another's.
    let places: Vec<&Path> = path.ancestors().filter(|place| place.parent().is_some()).collect();
    places
        .iter()
        .rev()
        .try_fold(false, |found, place| Ok(found || place.symlink_metadata()?.file_type().is_symlink()))
}

fn writers_of_places(path: &Path, users: &Users) -> Checked<Vec<Writer>> {
    let mut writers = Vec::new();
    let is_root = |place: &Path| matches!(place.components().next_back(), Some(Component::RootDir));
    let parts = [Part::Program, Part::OwnFolder].into_iter().chain(iter::repeat(Part::Above));
    for (place, part) in path.ancestors().zip(parts) {
        let found = descriptor(place).and_then(|descriptor| security::writers(&descriptor, part));
        let Some(found) = found else { return Checked::Failed(NotInspected::Unreadable) };
        let place_text = os_text(place);
        writers.extend(found.iter().map(|sid| Writer {
            account: account(sid, users),
            place: place_text.clone(),
            only_adds: false,
        }));
        if is_root(place) {
            return Checked::Done(writers);
        }
    }
    // A path without a root says nothing of where it leads.
    Checked::Failed(NotInspected::NotAtItsPath)
}

fn account(sid: &Sid, users: &Users) -> Account {
    if sid.is_everybody() {
        return Account::Everyone;
    }
    Account::User(User { uid: None, name: users.name_or_id(sid.clone()), system: sid.is_service() })
}

/// The owner and the permissions of a file or folder.
fn descriptor(path: &Path) -> Option<Vec<u8>> {
    let wide: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let wanted = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let mut needed = 0;
    // SAFETY: `wide` ends with a zero; without room, only the length is written.
    unsafe { GetFileSecurityW(wide.as_ptr(), wanted, ptr::null_mut(), 0, &raw mut needed) };
    if needed == 0 || needed > LONGEST {
        return None;
    }
    let mut bytes = vec![0_u8; needed as usize];
    // SAFETY: `wide` ends with a zero; the call writes no more than `needed` bytes, and there is room for them.
    let done = unsafe {
        GetFileSecurityW(wide.as_ptr(), wanted, bytes.as_mut_ptr().cast(), needed, &raw mut needed)
    };
    (done != 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::ScanScope;

    #[test]
    fn a_path_with_a_junction_leads_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        let program = real.join("lmgrd.exe");
        std::fs::write(&program, "x").unwrap();
        assert_eq!(leads_there(&program), Checked::Done(true));
        if std::os::windows::fs::symlink_dir(&real, &link).is_err() {
            // Only administrators and developers may make one; the user of Wine may.
            return;
        }
        let through = link.join("lmgrd.exe");
        // Wine makes a link and cannot look at it, which is no better.
        let found = (leads_there(&through), writers(&through, &Users::new(&ScanScope::default())));
        match std::env::var_os("WINEPREFIX") {
            None => {
                let elsewhere = Checked::Failed(NotInspected::NotAtItsPath);
                assert_eq!(found, (Checked::Done(false), elsewhere));
            }
            Some(_) => assert!(found.0 != Checked::Done(true) && found.1.done().is_none(), "{found:?}"),
        }
    }

    #[test]
    fn the_permissions_of_a_file_are_found_up_to_the_root() {
        let users = Users::new(&ScanScope::default());
        let program = std::env::current_exe().unwrap();
        assert!(matches!(writers(&program, &users), Checked::Done(_)));
        for path in [r"C:\no\such\program.exe", "program.exe"] {
            assert!(matches!(writers(Path::new(path), &users), Checked::Failed(_)), "{path}");
        }
    }
}
