//! Which file systems an ordinary user may have had mounted: by udisks, which does it for whoever sits at the machine,
//! or by mount(8) where `/etc/fstab` allows it. Their maker decided who owns the files in them.

use std::collections::HashSet;

use super::octal::unescaped;

/// A mounted file system of a block device, which an ordinary user may have made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Volume {
    /// The major and minor number of the file system; the first is 0 for some, such as btrfs.
    pub device: (u32, u32),
    /// The file of the block device, such as `/dev/loop0`.
    pub source: String,
    /// The mount point.
    pub point: String,
    /// Whether no program in it has its owner's rights (nosuid), and no file is a device (nodev): so udisks and mount(8)
    /// mount what is a user's.
    pub is_restricted: bool,
}

impl Volume {
    /// `None` for the root of the file system, which is nobody else's than the machine's or the container's, and for
    /// what is no such file system. Of the texts, some characters are written as in `\040`; `flags` are the options of
    /// the mount.
    #[must_use]
    pub fn of(device: (u32, u32), source: &str, point: &str, flags: &str) -> Option<Volume> {
        let is_restricted = ["nosuid", "nodev"].iter().all(|flag| flags.split(',').any(|set| set == *flag));
        let may_be_user_s = source.starts_with("/dev/") && point != "/";
        may_be_user_s.then(|| Volume {
            device,
            is_restricted,
            source: unescaped(source).into_owned(),
            point: unescaped(point).into_owned(),
        })
    }

    /// Whether it is certainly on a disk image.
    #[must_use]
    pub fn is_disk_image(&self) -> bool {
        self.device.0 == LOOP_MAJOR || self.source.starts_with("/dev/loop")
    }

    /// Whether it is on a block device that the kernel describes. File systems on several devices have a number of their own
    /// (btrfs). A disk that the kernel itself mounted at its start is called `/dev/root`.
    #[must_use]
    pub fn has_device(&self) -> bool {
        self.device.0 != 0 || (self.source.starts_with("/dev/") && self.source != "/dev/root")
    }

    /// Whether it is in a folder in which udisks and its like mount what a user inserts: `/run/media/USER/LABEL` and
    /// `/media/USER/LABEL`. What is in `/media` itself may be an administrator's.
    fn is_in_user_folder(&self) -> bool {
        let below = |folder| self.point.strip_prefix(folder);
        below("/run/media/").is_some()
            || below("/media/")
                .is_some_and(|rest| rest.split('/').filter(|name| !name.is_empty()).count() > 1)
    }
}

/// The major number of the devices of disk images (`Documentation/admin-guide/devices.txt`).
const LOOP_MAJOR: u32 = 7;

/// What the system has recorded about mounts of ordinary users.
#[derive(Debug, Default)]
pub struct UserMountRecords {
    sources: HashSet<String>,
    points: HashSet<String>,
    udisks: Vec<Vec<u8>>,
    /// Whether not all of it could be read.
    pub is_cut: bool,
}

impl UserMountRecords {
    /// Adds `/run/mount/utab`, in which mount(8), and whatever else mounts by its library, keeps the options that the
    /// kernel does not know: one mount a line, as in `SRC=/dev/sdb1 TARGET=/media/me/a\040b ROOT=/ OPTS=uhelper=udisks2`.
    pub fn add_utab(&mut self, text: &str) {
        for line in text.lines() {
            let value =
                |key: &str| line.split(' ').find_map(|field| field.strip_prefix(key)?.strip_prefix('='));
            let is_user_s = value("OPTS").is_some_and(|options| {
                let named = |option: &str| option.starts_with("uhelper=") || option.starts_with("user=");
                unescaped(options).split(',').any(|option| named(option) || lets_users_mount(option))
            });
            if is_user_s {
                self.sources.extend(value("SRC").map(|source| unescaped(source).into_owned()));
                self.points.extend(value("TARGET").map(|point| unescaped(point).into_owned()));
            }
        }
    }

    /// Adds `fstab(5)`. It names a device by its label or UUID, which whoever makes a file system chooses.
    pub fn add_fstab(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let mut fields = line.split_ascii_whitespace().skip(1);
            let (Some(point), Some(options)) = (fields.next(), fields.nth(1)) else { continue };
            if options.split(',').any(lets_users_mount) {
                let point = unescaped(point);
                let trimmed = point.trim_end_matches('/');
                self.points.insert(trimmed.to_owned());
            }
        }
    }

    /// The mount points so far, as they were written.
    pub fn points(&self) -> impl Iterator<Item = &str> {
        self.points.iter().map(String::as_str)
    }

    /// Adds where a mount point is that was written otherwise: `fstab(5)` may lead through links.
    pub fn add_point(&mut self, point: String) {
        self.points.insert(point);
    }

    /// Adds the list that udisks keeps of what it has mounted, by mount point: a dictionary of GVariant, `a{sa{sv}}`.
    pub fn add_udisks(&mut self, list: Vec<u8>) {
        self.udisks.push(list);
    }

    /// Whether an ordinary user had this mounted, or may have.
    #[must_use]
    pub fn include(&self, volume: &Volume) -> bool {
        let Volume { source, point, .. } = volume;
        self.is_cut
            || (volume.is_restricted && volume.is_in_user_folder())
            || self.sources.contains(source)
            || self.points.contains(point)
            || self.udisks.iter().any(|list| has_key(list, point))
    }
}

/// The options of `fstab(5)` that let somebody besides root mount.
fn lets_users_mount(option: &str) -> bool {
    ["user", "users", "owner", "group"].contains(&option)
}

/// Whether a text is a key of a dictionary of GVariant whose values have dictionaries in them: each key begins at a
/// multiple of 8 bytes, and ends in a zero.
fn has_key(list: &[u8], key: &str) -> bool {
    let key = [key.as_bytes(), &[0]].concat();
    list.chunks(8).enumerate().any(|(chunk, _)| list[8 * chunk..].starts_with(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(source: &str, point: &str) -> Volume {
        Volume::of((8, 17), source, point, "rw,nosuid,nodev,relatime").unwrap()
    }

    const UTAB: &str = "\
SRC=/dev/sdb1 TARGET=/mnt/stick\\040one ROOT=/ OPTS=uhelper=udisks2
ID=44 SRC=/dev/mapper/luks-1 TARGET=/srv/b ROOT=/ ATTRS=x OPTS=x-a,user=mia,noauto
SRC=/dev/sdd1 TARGET=/srv/d ROOT=/ OPTS=x-systemd.automount,_netdev
SRC=/dev/sde1 TARGET=/srv/e ROOT=/
SRC=/dev/sdf1 TARGET=/srv/OPTS=user ROOT=/ OPTS=x-user,nouser,superuser=1
";
    const FSTAB: &str = "\
# /dev/sdz1 /srv/z auto user 0 0
UUID=1-2 /mnt/usb\\040stick/ auto noauto,users,exec 0 0
LABEL=home\t/home\text4\tnosuid,nodev,noauto 0 2
/dev/cdrom /cdrom iso9660 ro,user
user
";

    fn records() -> UserMountRecords {
        let mut records = UserMountRecords::default();
        records.add_utab(UTAB);
        records.add_fstab(FSTAB);
        records
    }

    #[test]
    fn any_block_device_but_that_of_the_root_may_be_a_user_s() {
        let of = |source, point, flags| Volume::of((8, 1), source, point, flags);
        let is_restricted = |point, flags| of("/dev/sda1", point, flags).unwrap().is_restricted;
        assert!(is_restricted("/home", "rw,nosuid,nodev"));
        for flags in ["rw,nodev", "rw,nosuid", "rw,nosuidx,xnodev"] {
            assert!(!is_restricted("/boot", flags), "{flags}");
        }
        for (source, point) in
            [("/dev/sda1", "/"), ("/dev/loop0", "/"), ("tmpfs", "/tmp"), ("files:/dev/loop0", "/srv")]
        {
            assert_eq!(of(source, point, "rw,nosuid,nodev"), None, "{source} {point}");
        }
        let is_image = |device, source| Volume::of(device, source, "/srv", "rw").unwrap().is_disk_image();
        assert!(
            is_image((7, 0), "/dev/mine")
                && is_image((0, 44), "/dev/loop3")
                && !is_image((8, 1), "/dev/sda1")
        );
    }

    #[test]
    fn a_user_s_folder_counts_only_where_it_is_mounted_as_for_a_user() {
        let place = "/media/mia/STICK";
        let records = UserMountRecords::default();
        assert!(records.include(&volume("/dev/sdx1", place)));
        assert!(!records.include(&Volume::of((8, 17), "/dev/sdx1", place, "rw,relatime").unwrap()));
    }

    #[test]
    fn mounts_of_users_are_known_by_their_records_and_folders() {
        let records = records();
        for (source, point) in [
            ("/dev/sdb1", r"/mnt/stick\040one"),
            // Mounted elsewhere a second time, and by another name of the device.
            ("/dev/sdb1", "/opt/bound"),
            ("/dev/dm-3", "/srv/b"),
            ("/dev/sdc1", r"/mnt/usb\040stick"),
            ("/dev/sr0", "/cdrom"),
            ("/dev/sdx1", "/run/media/mia/STICK"),
            ("/dev/sdx1", "/run/media/STICK"),
            ("/dev/sdx1", "/media/mia/STICK"),
        ] {
            assert!(records.include(&volume(source, point)), "{source} {point}");
        }
    }

    #[test]
    fn an_administrator_s_mounts_are_not_taken_for_a_user_s() {
        let records = records();
        for (source, point) in [
            ("/dev/sda2", "/home"),
            ("/dev/sdd1", "/srv/d"),
            ("/dev/sde1", "/srv/e"),
            ("/dev/sdf1", "/srv/f"),
            ("/dev/sdz1", "/srv/z"),
            ("/dev/sda3", "/media/data"),
            ("/dev/sda3", "/media/data/"),
            ("/dev/sda3", "/srv/run/media/x"),
            ("/dev/sda3", "/mediathek/a/b"),
        ] {
            assert!(!records.include(&volume(source, point)), "{source} {point}");
        }
    }

    #[test]
    fn what_udisks_lists_is_a_user_s() {
        // {"/backup": {"fstab-mount": <true>}, "/x/mnt": {}}
        let list = b"/backup\0fstab-mount\0\0\0\0\0\x01\0b\x0c\x14\x08\0\0/x/mnt\0\0\x07\x1e\x29".to_vec();
        let mut records = UserMountRecords::default();
        records.add_udisks(list.clone());
        let includes = |point: &str| records.include(&volume("/dev/sdq1", point));
        assert!(includes("/backup") && includes("/x/mnt"));
        assert!(!includes("/mnt") && !includes("/back") && !includes("/backup/x") && !includes("/x"));
        for length in 0..list.len() {
            let mut cut = UserMountRecords::default();
            cut.add_udisks(list[..length].to_vec());
            assert_eq!(cut.include(&volume("/dev/sdq1", "/backup")), length > 7, "{length}");
        }
    }

    #[test]
    fn odd_lines_are_passed_over_and_a_list_that_was_cut_proves_nothing() {
        let mut records = UserMountRecords::default();
        for line in ["", "=", "OPTS=user", "OPTS=user SRC TARGET", "a", "a b", "a b c", "\\", "a \\ c user"] {
            records.add_utab(line);
            records.add_fstab(line);
        }
        let home = volume("/dev/sda2", "/home");
        assert!(!records.include(&home));
        records.is_cut = true;
        assert!(records.include(&home));
        for text in [UTAB, FSTAB] {
            for end in 0..text.len() {
                let mut records = UserMountRecords::default();
                records.add_utab(&text[..end]);
                records.add_fstab(&text[..end]);
                assert!(!records.include(&home), "{end}");
            }
        }
    }
}
