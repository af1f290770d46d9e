//! Who may put another file in the place of one, by the permissions of everything on the way to it (`inode(7)`,
//! `path_resolution(7)`, `acl(5)`).

use std::collections::HashSet;

use super::acl::Allowed;

const GROUP_BITS: u32 = 0o070;
const OTHER_BITS: u32 = 0o007;
/// In a sticky folder, others may add files, but not rename or remove those of somebody else.
const STICKY: u32 = 0o1000;

/// To write to a file.
const WRITE: u16 = 2;
/// To add, rename and remove what is in a folder one must be allowed to enter it, too.
const WRITE_AND_ENTER: u16 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    Folder,
    Link,
    File,
}

/// A file, or a folder or link on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: String,
    pub kind: PlaceKind,
    pub owner: u32,
    pub group: u32,
    pub mode: u32,
    /// Whom its access control list allows what it takes; `None` without a list, where the mode says it.
    pub acl: Option<Vec<Allowed>>,
}

/// Somebody besides root who may write somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grantee {
    User(u32),
    Group(u32),
    Everyone,
}

/// Somebody who may put another file in the place of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant<'w> {
    pub grantee: Grantee,
    /// The path through which.
    pub place: &'w str,
    /// Whether this is a sticky folder of somebody else's, in which they may put files and not replace those of others.
    pub only_adds: bool,
}

impl PlaceKind {
    /// The permissions that it takes to put other content there.
    #[must_use]
    pub fn needs(self) -> u16 {
        if self == PlaceKind::Folder { WRITE_AND_ENTER } else { WRITE }
    }
}

/// Whether this mode allows the group so much. With an access control list these bits are its mask, so that without
/// them the list allows nobody so much either.
#[must_use]
pub fn allows_group(mode: u32, permissions: u16) -> bool {
    let needed = u32::from(permissions) << 3;
    mode & GROUP_BITS & needed == needed
}

impl Place {
    /// Who may write there. The owner may always: they can change the mode.
    fn grantees(&self) -> Vec<Grantee> {
        let mut grantees = self.owner().into_iter().collect::<Vec<_>>();
        let needs = self.kind.needs();
        match &self.acl {
            Some(allowed) => grantees.extend(allowed.iter().map(|allowed| match *allowed {
                Allowed::User(uid) => Grantee::User(uid),
                Allowed::OwnGroup => Grantee::Group(self.group),
                Allowed::Group(gid) => Grantee::Group(gid),
            })),
            None if allows_group(self.mode, needs) => grantees.push(Grantee::Group(self.group)),
            None => {}
        }
        if self.mode & OTHER_BITS & u32::from(needs) == u32::from(needs) {
            grantees.push(Grantee::Everyone);
        }
        grantees.retain(|grantee| *grantee != Grantee::User(0));
        grantees
    }

    fn owner(&self) -> Option<Grantee> {
        (self.owner != 0).then_some(Grantee::User(self.owner))
    }
}

/// What a path leads through: folders and links, and the file at last.
#[derive(Debug, Default)]
pub struct Way {
    /// Each with the position of the folder that it was found in.
    places: Vec<(Place, Option<usize>)>,
}

impl Way {
    /// Adds what was found in the folder at this position, and returns its own. The first has no folder.
    pub fn add(&mut self, place: Place, folder: Option<usize>) -> usize {
        self.places.push((place, folder));
        self.places.len() - 1
    }

    /// Who may put another file in place of the last, each with the path through which: the file itself, then what
    /// is nearest to it.
    #[must_use]
    pub fn grants(&self) -> Vec<Grant<'_>> {
        let mut found: Vec<Grant<'_>> = Vec::new();
        for (place, folder) in self.places.iter().rev() {
            if place.kind == PlaceKind::File {
                let own = place.grantees().into_iter();
                found.extend(own.map(|grantee| Grant { grantee, place: &place.path, only_adds: false }));
            }
            let Some((folder, _)) = folder.and_then(|folder| self.places.get(folder)) else { continue };
            let is_sticky = folder.mode & STICKY != 0;
            let may_write = if is_sticky && place.kind == PlaceKind::Folder {
                // The owner of the folder within may rename it, too: found where something is looked up in it.
                folder.owner().into_iter().collect()
            } else {
                folder.grantees()
            };
            // Nobody but its owner and that of the folder can replace a file or a link in a sticky folder. But whoever owns
            // it, anyone may have moved it there from a folder of their own, or given a file a second name.
            let owner = folder.owner();
            found.extend(may_write.into_iter().map(|grantee| Grant {
                grantee,
                place: &folder.path,
                only_adds: is_sticky && Some(grantee) != owner,
            }));
        }
        let mut known = HashSet::new();
        found.retain(|grant| known.insert(*grant));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, kind: PlaceKind, owner: u32, mode: u32) -> Place {
        Place { path: path.to_owned(), kind, owner, group: 0, mode, acl: None }
    }

    /// `/opt/lic/lmgrd` where only root may write, with one of the places changed.
    fn grants(changed: &str, change: impl Fn(&mut Place)) -> Vec<(Grantee, String)> {
        let mut way = Way::default();
        let mut folder = None;
        for path in ["/", "/opt", "/opt/lic", "/opt/lic/lmgrd"] {
            let kind = if path.ends_with("lmgrd") { PlaceKind::File } else { PlaceKind::Folder };
            let mut place = place(path, kind, 0, 0o755);
            if path == changed {
                change(&mut place);
            }
            folder = Some(way.add(place, folder));
        }
        way.grants().into_iter().map(|grant| (grant.grantee, grant.place.to_owned())).collect()
    }

    const PLACES: [&str; 4] = ["/", "/opt", "/opt/lic", "/opt/lic/lmgrd"];

    #[test]
    fn what_only_root_may_write_to_has_no_other_writers() {
        assert_eq!(grants("", |_| {}), []);
        for path in PLACES {
            assert_eq!(grants(path, |place| place.mode = 0o755 | 0o6000), [], "{path}");
            assert_eq!(grants(path, |place| place.acl = Some(vec![])), [], "{path}");
            assert_eq!(grants(path, |place| place.acl = Some(vec![Allowed::User(0)])), [], "{path}");
        }
    }

    #[test]
    fn the_owner_of_any_place_on_the_way_may_whatever_its_mode() {
        for path in PLACES {
            let owned = grants(path, |place| (place.owner, place.mode) = (1000, 0o555));
            assert_eq!(owned, [(Grantee::User(1000), path.to_owned())]);
        }
    }

    #[test]
    fn groups_everyone_and_those_of_a_list_may_where_they_may_write() {
        for path in PLACES {
            let group = grants(path, |place| (place.group, place.mode) = (50, 0o775));
            assert_eq!(group, [(Grantee::Group(50), path.to_owned())]);
            let all = grants(path, |place| place.mode = 0o757);
            assert_eq!(all, [(Grantee::Everyone, path.to_owned())]);
            let listed = [Allowed::User(1001), Allowed::Group(60), Allowed::OwnGroup];
            let listed = grants(path, |place| {
                (place.group, place.mode, place.acl) = (50, 0o775, Some(listed.to_vec()));
            });
            let expected = [Grantee::User(1001), Grantee::Group(60), Grantee::Group(50)];
            assert_eq!(listed, expected.map(|grantee| (grantee, path.to_owned())));
        }
    }

    #[test]
    fn a_folder_that_one_may_not_enter_cannot_be_changed() {
        assert_eq!(grants("/opt", |place| place.mode = 0o722), []);
        assert_eq!(grants("/opt/lic/lmgrd", |place| place.mode = 0o722).len(), 2);
    }

    #[test]
    fn a_sticky_folder_protects_folders_and_neither_files_nor_links() {
        let sticky = |place: &mut Place| place.mode = 0o1777;
        assert_eq!(grants("/opt", sticky), []);
        let all = [Grantee::Group(0), Grantee::Everyone];
        assert_eq!(grants("/opt/lic", sticky), all.map(|grantee| (grantee, "/opt/lic".to_owned())));
        let owned = grants("/opt", |place| (place.owner, place.mode) = (1000, 0o1777));
        assert_eq!(owned, [(Grantee::User(1000), "/opt".to_owned())]);
        let mut way = Way::default();
        let root = way.add(place("/", PlaceKind::Folder, 0, 0o755), None);
        let shm = way.add(place("/shm", PlaceKind::Folder, 0, 0o1777), Some(root));
        way.add(place("/shm/link", PlaceKind::Link, 0, 0o777), Some(shm));
        way.add(place("/lmgrd", PlaceKind::File, 0, 0o755), Some(root));
        assert_eq!(way.grants(), all.map(|grantee| Grant { grantee, place: "/shm", only_adds: true }));
    }

    #[test]
    fn in_a_sticky_folder_only_the_owners_can_replace_a_file() {
        let in_tmp = |owner_of_folder, owner_of_file, above| {
            let mut way = Way::default();
            let root = way.add(place("/", PlaceKind::Folder, 0, above), None);
            let tmp = way.add(place("/tmp", PlaceKind::Folder, owner_of_folder, 0o1777), Some(root));
            way.add(place("/tmp/lmgrd", PlaceKind::File, owner_of_file, 0o755), Some(tmp));
            let replacing = way.grants().into_iter().filter(|grant| !grant.only_adds);
            replacing.map(|grant| (grant.grantee, grant.place.to_owned())).collect::<Vec<_>>()
        };
        let (alice, bob) = (Grantee::User(1000), Grantee::User(1001));
        assert_eq!(in_tmp(0, 0, 0o755), []);
        assert_eq!(in_tmp(1000, 0, 0o755), [(alice, "/tmp".to_owned())]);
        assert_eq!(in_tmp(0, 1001, 0o755), [(bob, "/tmp/lmgrd".to_owned())]);
        // The folder above may be renamed as a whole where it is not sticky.
        let all = [Grantee::Group(0), Grantee::Everyone];
        assert_eq!(in_tmp(0, 0, 0o777), all.map(|grantee| (grantee, "/".to_owned())));
        assert_eq!(in_tmp(0, 0, 0o1777), []);
    }

    #[test]
    fn the_folder_of_a_link_counts_as_much_as_that_of_the_file() {
        let mut way = Way::default();
        let root = way.add(place("/", PlaceKind::Folder, 0, 0o755), None);
        let home = way.add(place("/home", PlaceKind::Folder, 1000, 0o755), Some(root));
        // A link's own mode says nothing.
        way.add(place("/home/link", PlaceKind::Link, 0, 0o777), Some(home));
        way.add(place("/lmgrd", PlaceKind::File, 0, 0o755), Some(root));
        let alice = Grant { grantee: Grantee::User(1000), place: "/home", only_adds: false };
        assert_eq!(way.grants(), [alice]);
    }
}
