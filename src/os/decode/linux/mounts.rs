//! Decodes what is mounted where (`proc_pid_mountinfo(5)`). Blanks and newlines in a line's fields are written as
//! in `\040`, so that no name of a stranger's choice looks like another field or line.

use std::borrow::Cow;
use std::collections::HashMap;

use super::octal::unescaped;
use super::proc_pid::namespace_inode;
use super::user_mounts::Volume;
use crate::os::decode::text::text_of;

/// One mounted file system.
struct Mount<'a> {
    /// The number of the mount, on this machine.
    id: u64,
    /// Major and minor number.
    device: (u32, u32),
    /// The folder of the file system that is mounted, or for a namespace its name, as in `net:[4026532009]`.
    root: &'a str,
    /// The mount point, with some characters written as in `\040`.
    point: &'a str,
    /// The options of the mount.
    flags: &'a str,
    kind: &'a str,
    /// What is mounted: the file of a block device, a server's folder, or any text.
    source: &'a str,
    /// The options of the file system, not of the mount.
    options: &'a str,
}

fn mount(line: &str) -> Option<Mount<'_>> {
    let (before, after) = line.split_once(" - ")?;
    let mut after = after.splitn(3, ' ');
    let mut before = before.split(' ');
    let (id, device) = (before.next()?.parse().ok()?, before.nth(1)?);
    let (root, point) = (before.next()?, before.next()?);
    let flags = before.next().unwrap_or_default();
    let (major, minor) = device.split_once(':')?;
    let kind = after.next()?;
    let (source, options) = (after.next().unwrap_or_default(), after.next().unwrap_or_default());
    let device = (major.parse().ok()?, minor.parse().ok()?);
    Some(Mount { id, device, root, point, flags, kind, source, options })
}

/// In the order of the file: of several at one mount point the last covers the others.
fn mounts(mountinfo: &str) -> impl DoubleEndedIterator<Item = Mount<'_>> {
    mountinfo.lines().filter_map(mount)
}

/// The network namespaces that a mount keeps: the inode of each, and the mount point.
pub fn network_namespaces(mountinfo: &str) -> impl Iterator<Item = (u64, Cow<'_, str>)> {
    let namespaces = mounts(mountinfo).filter(|mount| mount.kind == "nsfs");
    namespaces.filter_map(|mount| Some((namespace_inode(mount.root.as_bytes())?, unescaped(mount.point))))
}

/// Whether `/proc` is mounted so that it shows an ordinary user only their own processes (hidepid in `proc(5)`).
#[must_use]
pub fn hides_processes(mountinfo: &str) -> bool {
    let hiding = ["hidepid=2", "hidepid=invisible", "hidepid=4", "hidepid=ptraceable"];
    let proc = mounts(mountinfo).rfind(|mount| mount.point == "/proc" && mount.kind == "proc");
    proc.is_some_and(|proc| proc.options.split(',').any(|option| hiding.contains(&option)))
}

/// The file systems that answer from this machine's own memory and disks. Those of a server, or of a program (FUSE),
/// may not answer for hours, and a process cannot stop waiting for them.
const AT_HAND: &[&str] = &[
    "bcachefs", "btrfs", "devtmpfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "jfs",
    "msdos", "nilfs2", "ntfs3", "overlay", "ramfs", "reiserfs", "rootfs", "squashfs", "tmpfs", "udf", "ufs",
    "vfat", "xfs", "zfs",
];

/// The file systems of servers, which only root can mount. What they say of a file is true, but may not come.
const SERVED: &[&str] = &[
    "9p", "afs", "beegfs", "ceph", "cifs", "gfs2", "gpfs", "lustre", "nfs", "nfs4", "ocfs2", "smb3",
    "virtiofs",
];

/// Whether a program serves the file system (FUSE) that root has started. An ordinary user's program says of a file
/// whatever that user likes: also that it is root's.
fn is_served_by_root(kind: &str, options: &str) -> bool {
    let is_fuse = kind == "fuse" || kind == "fuseblk" || kind.starts_with("fuse.");
    is_fuse && options.split(',').any(|option| option == "user_id=0")
}

/// The mounts of one view of the file system, by their numbers.
#[derive(Debug, Default)]
pub struct MountTable {
    mounts: HashMap<u64, MountedDevice>,
    /// Those that an ordinary user may have made.
    volumes: HashMap<u64, Volume>,
    /// Whether whoever reads it may wait for a server.
    may_wait: bool,
}

/// What is mounted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MountedDevice {
    /// The major and minor number of the file system. Those of its files may differ (btrfs).
    pub device: (u32, u32),
    /// Whether it answers from this machine's own memory and disks, or whoever reads the table may wait for its server.
    pub is_at_hand: bool,
}

impl MountTable {
    /// An empty one, for somebody who may wait for a server.
    #[must_use]
    pub fn for_whoever_may_wait() -> MountTable {
        MountTable { may_wait: true, ..MountTable::default() }
    }

    /// Adds a line of the file. What is not understood is not added, so it is not taken to be at hand.
    pub fn add(&mut self, line: &[u8]) {
        if let Some(Mount { id, device, point, flags, kind, source, options, .. }) = mount(&text_of(line)) {
            let is_served = SERVED.contains(&kind) || is_served_by_root(kind, options);
            let is_at_hand = AT_HAND.contains(&kind) || (self.may_wait && is_served);
            self.mounts.insert(id, MountedDevice { device, is_at_hand });
            self.volumes.extend(Volume::of(device, source, point, flags).map(|volume| (id, volume)));
        }
    }

    #[must_use]
    pub fn get(&self, id: u64) -> Option<MountedDevice> {
        self.mounts.get(&id).copied()
    }

    /// The volume that a mount is, if an ordinary user may have made it.
    #[must_use]
    pub fn volume(&self, id: u64) -> Option<&Volume> {
        self.volumes.get(&id)
    }

    pub fn volumes(&self) -> impl Iterator<Item = &Volume> {
        self.volumes.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
24 23 0:21 / /proc rw,relatime shared:2 master:1 - proc proc rw
31 23 0:40 / /srv rw - nfs4 files:/export rw,vers=4.2
32 31 254:1 / /srv/local rw - xfs /dev/vdb rw
33 23 0:41 / /opt/my\\040tools rw - fuse.sshfs me@there: rw
34 23 0:42 / /tmp rw - tmpfs tmpfs rw
";

    fn table(mountinfo: &str) -> MountTable {
        let mut table = MountTable::default();
        mountinfo.lines().for_each(|line| table.add(line.as_bytes()));
        table
    }

    #[test]
    fn what_a_server_or_a_program_serves_is_not_at_hand() {
        let table = table(MOUNTS);
        let at_hand = |id| table.get(id).map(|mount| (mount.device, mount.is_at_hand));
        assert_eq!(at_hand(23), Some(((254, 0), true)));
        assert_eq!(at_hand(34), Some(((0, 42), true)));
        assert_eq!(at_hand(32), Some(((254, 1), true)), "what is on the way to it has a number of its own");
        for served in [24, 31, 33] {
            assert_eq!(at_hand(served).map(|(_, at_hand)| at_hand), Some(false), "{served}");
        }
        assert_eq!(at_hand(99), None);
    }

    #[test]
    fn whoever_may_wait_asks_servers_but_no_program_of_an_ordinary_user() {
        let mut table = MountTable::for_whoever_may_wait();
        MOUNTS.lines().for_each(|line| table.add(line.as_bytes()));
        let at_hand = |table: &MountTable, id| table.get(id).map(|mount| mount.is_at_hand);
        assert_eq!([23, 31, 24, 33].map(|id| at_hand(&table, id)), [true, true, false, false].map(Some));
        for (options, is_root_s) in [
            ("rw,user_id=0,group_id=0,default_permissions", true),
            ("rw,user_id=1000,group_id=0", false),
            ("rw,user_id=00,x=user_id=0", false),
        ] {
            table.add(format!("35 23 0:43 / /srv rw - fuse.bindfs bindfs {options}").as_bytes());
            assert_eq!(at_hand(&table, 35), Some(is_root_s), "{options}");
        }
    }

    #[test]
    fn no_name_of_a_mount_makes_another_of_it() {
        let forged = r"40 23 0:9 / /home/m/a\040-\040ext4 rw - fuse.x\040ext4 x\040-\040ext4 rw";
        assert_eq!(table(forged).get(40).map(|mount| mount.is_at_hand), Some(false));
        for line in
            ["", "x", "40 23 0:9 / / rw - ", "40 23 09 / / rw - ext4 x rw", "- 1 0:9 / / rw - ext4 x rw"]
        {
            assert!(table(line).get(40).is_none_or(|mount| !mount.is_at_hand), "{line}");
        }
    }

    #[test]
    fn what_is_cut_short_or_flipped_is_never_at_hand_by_it() {
        let served = b"31 23 0:40 / /srv rw shared:2 - nfs4 files:/export rw,vers=4.2";
        for at in 0..served.len() {
            let mut table = MountTable::default();
            table.add(&served[..at]);
            for bit in 0..8 {
                let mut flipped = served.to_vec();
                flipped[at] ^= 1 << bit;
                table.add(&flipped);
            }
            assert!(table.mounts.values().all(|mount| !mount.is_at_hand), "{at}");
        }
    }

    #[test]
    fn a_volume_is_known_by_its_mount() {
        let stick = r"50 23 8:17 / /media/mia/a\040b rw,nosuid,nodev shared:9 - ext4 /dev/sdb1 rw";
        let table = table(&format!("{MOUNTS}{stick}"));
        let volume = table.volume(50).unwrap();
        assert_eq!(
            (volume.device, &*volume.source, &*volume.point),
            ((8, 17), "/dev/sdb1", "/media/mia/a b")
        );
        let of_others: Vec<&str> = (23..=34).filter_map(|id| Some(&*table.volume(id)?.point)).collect();
        assert_eq!((table.volumes().count(), of_others), (2, vec!["/srv/local"]));
    }

    #[test]
    fn network_namespaces_that_a_mount_keeps_are_found() {
        let kept = "40 23 0:4 net:[4026532009] /run/netns/blue rw shared:3 - nsfs nsfs rw\n\
            41 23 0:4 net:[4026532010] /srv/my\\040pin rw - nsfs nsfs rw\n\
            42 23 0:4 mnt:[4026532011] /run/mnt rw - nsfs nsfs rw\n";
        let all = format!("{MOUNTS}{kept}");
        let found: Vec<(u64, Cow<'_, str>)> = network_namespaces(&all).collect();
        assert_eq!(found, [(4_026_532_009, "/run/netns/blue".into()), (4_026_532_010, "/srv/my pin".into())]);
    }

    #[test]
    fn how_proc_is_mounted_says_whether_it_hides() {
        let plain = "22 1 0:21 / /proc rw,relatime - proc proc rw\n";
        let hiding = "30 22 0:44 / /proc rw,relatime shared:5 - proc proc rw,hidepid=invisible\n";
        assert!(!hides_processes(plain) && !hides_processes("") && hides_processes(hiding));
        assert!(
            hides_processes(&format!("{plain}{hiding}")) && !hides_processes(&format!("{hiding}{plain}"))
        );
        assert!(!hides_processes("30 22 0:44 / /mnt/proc rw - proc proc rw,hidepid=2\n"), "elsewhere");
        assert!(!hides_processes("30 22 0:44 / /proc rw - proc proc rw,hidepid=1\n"), "listed, not shown");
    }
}
