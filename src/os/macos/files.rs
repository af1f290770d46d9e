//! Files by their paths, in this process's view of the file system.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::super::decode::linux::permissions::{Grant, Grantee, Place, PlaceKind, Way};
use super::super::unix::identity;
use super::super::users::Users;
use super::calls;
use crate::model::{Account, Checked, NotInspected, User, Writer};
use crate::os::decode::text::os_text;

/// No more links than this are followed on the way to a file.
const MOST_LINKS: usize = 16;

/// The groups of administrators: `wheel` and `admin`, whose members may become root (sudo(8)).
const ADMINISTRATORS: [u32; 2] = [0, 80];
/// The first user id of people; those below are for services.
const FIRST_PERSON: u32 = 500;

/// Whether a file may lie on a machine that does not answer. Not checked on macOS.
pub(in crate::os) fn may_not_answer(_path: &Path) -> bool {
    false
}

/// Whether a user is an account for a service.
pub(in crate::os) fn is_of_service(uid: u32) -> bool {
    uid < FIRST_PERSON
}

/// Whoever could have put another file at this path since the process started is among the writers.
pub(in crate::os) fn leads_there(_path: &Path) -> Checked<bool> {
    Checked::Done(true)
}

/// Who besides administrators could put other content into a file.
pub(in crate::os) fn writers(path: &Path, users: &Users) -> Checked<Vec<Writer>> {
    let writer = |Grant { grantee, place, only_adds }: Grant<'_>| {
        let account = match grantee {
            Grantee::Group(gid) if ADMINISTRATORS.contains(&gid) => return None,
            // Who is in a group, a directory knows: it is not asked.
            Grantee::Group(gid) => Account::Group { name: gid.to_string(), members: Vec::new() },
            Grantee::User(uid) => {
                let user = User { uid: Some(uid), name: users.name_or_id(uid), system: is_of_service(uid) };
                Account::User(user)
            }
            Grantee::Everyone => Account::Everyone,
        };
        Some(Writer { account, place: place.to_owned(), only_adds })
    };
    way(path).map(|way| way.grants().into_iter().filter_map(writer).collect()).into()
}

/// Goes name by name, and follows links.
fn way(path: &Path) -> Result<Way, NotInspected> {
    if !path.is_absolute() {
        return Err(NotInspected::NotAtItsPath);
    }
    let mut way = Way::default();
    let mut folders = vec![(PathBuf::from("/"), way.add(place(Path::new("/"))?, None))];
    let mut names: VecDeque<OsString> = names_of(path).map(OsStr::to_owned).collect();
    let mut links = 0;
    while let Some(name) = names.pop_front() {
        if name == ".." {
            folders.truncate(folders.len().saturating_sub(1).max(1));
            continue;
        }
        let Some((folder, at)) = folders.last() else { return Err(NotInspected::Unreadable) };
        let path = folder.join(&name);
        let place = place(&path)?;
        let kind = place.kind;
        let at = way.add(place, Some(*at));
        match kind {
            PlaceKind::Folder => folders.push((path, at)),
            PlaceKind::Link => {
                links += 1;
                let target = fs::read_link(&path).map_err(|_| NotInspected::Unreadable)?;
                if links > MOST_LINKS {
                    return Err(NotInspected::NotAtItsPath);
                }
                if target.is_absolute() {
                    folders.truncate(1);
                }
                for name in names_of(&target).collect::<Vec<_>>().into_iter().rev() {
                    names.push_front(name.to_owned());
                }
            }
            PlaceKind::File if names.is_empty() => return Ok(way),
            PlaceKind::File => return Err(NotInspected::NotAtItsPath),
        }
    }
    Err(NotInspected::NotAtItsPath)
}

/// What the mode says. An access control list, which may say more, is not decoded: then that is not known.
fn place(path: &Path) -> Result<Place, NotInspected> {
    let found = fs::symlink_metadata(path).map_err(|_| NotInspected::Unreadable)?;
    let kind = if found.is_dir() {
        PlaceKind::Folder
    } else if found.is_symlink() {
        PlaceKind::Link
    } else {
        PlaceKind::File
    };
    if kind != PlaceKind::Link && calls::has_access_control_list(path) {
        return Err(NotInspected::Unreadable);
    }
    let path = os_text(path);
    let (owner, group, mode) = (found.uid(), found.gid(), found.mode() & 0o7777);
    Ok(Place { path, kind, owner, group, mode, acl: None })
}

fn names_of(path: &Path) -> impl Iterator<Item = &OsStr> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some(OsStr::new("..")),
        _ => None,
    })
}

/// Whether two paths lead to the same file.
pub(in crate::os) fn same_path(one: &Path, other: &Path) -> bool {
    let one = identity(one);
    one.is_some() && one == identity(other)
}
