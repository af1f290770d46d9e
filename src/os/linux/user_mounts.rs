//! Whose a mounted file system may be: what the system records of mounts of ordinary users, and the disk images that it
//! is on.

use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::super::decode::linux::user_mounts::{UserMountRecords, Volume};
use super::loop_device::LoopDevice;
use super::mount_tables::MountTables;
use super::proc_dir::{Proc, own_descriptor};
use super::process_root::ProcessRoot;
use crate::model::NotInspected;
use crate::os::decode::text::text_of;

/// No more is read of a record, in bytes: some ten thousand mounts.
const MOST_OF_RECORD: u64 = 4 * 1024 * 1024;
/// No more devices are looked at below one: partitions, encrypted ones, RAIDs and their disks.
const MOST_DEVICES: usize = 1000;

/// What is known of the mounts of ordinary users, as this program's own root has it. It is read when it is needed.
pub(super) struct UserMounts<'a> {
    proc: &'a Proc,
    mounts: &'a MountTables,
    own: OnceLock<Result<Own, NotInspected>>,
}

struct Own {
    root: ProcessRoot,
    records: UserMountRecords,
}

impl<'a> UserMounts<'a> {
    pub(super) fn new(proc: &'a Proc, mounts: &'a MountTables) -> UserMounts<'a> {
        UserMounts { proc, mounts, own: OnceLock::new() }
    }

    fn own(&self) -> Result<&Own, NotInspected> {
        let read = || -> Result<Own, NotInspected> {
            let root = ProcessRoot::own(self.proc, self.mounts)?;
            let records = records(&root);
            Ok(Own { root, records })
        };
        self.own.get_or_init(read).as_ref().map_err(|why| *why)
    }

    /// The root from which the files of disk [`images`] are looked up.
    ///
    /// # Errors
    ///
    /// If it is on a file system that may not answer.
    pub(super) fn root(&self) -> Result<&ProcessRoot, NotInspected> {
        self.own().map(|own| &own.root)
    }

    /// Whether the system has recorded that an ordinary user had this mounted, or may have, whether here or elsewhere: the
    /// same file system may be mounted twice.
    ///
    /// # Errors
    ///
    /// As for [`UserMounts::root`].
    pub(super) fn are_recorded(&self, volume: &Volume) -> Result<bool, NotInspected> {
        let Own { root, records } = self.own()?;
        let elsewhere = root.mounts().volumes().filter(|other| other.device == volume.device);
        Ok(elsewhere.chain([volume]).any(|volume| records.include(volume)))
    }
}

/// Of the files that are not there nothing is recorded. An ordinary user cannot read what udisks keeps.
fn records(root: &ProcessRoot) -> UserMountRecords {
    let mut records = UserMountRecords::default();
    let mut read = |path: &str| {
        let bytes = root.find(Path::new(path)).and_then(|file| file.bytes(MOST_OF_RECORD + 1)).ok()?;
        records.is_cut |= bytes.len() as u64 > MOST_OF_RECORD;
        Some(bytes)
    };
    let [utab, fstab] = ["/run/mount/utab", "/etc/fstab"].map(&mut read);
    let udisks = ["/run/udisks2/mounted-fs", "/var/lib/udisks2/mounted-fs-persistent"].map(read);
    let text = |bytes: Option<Vec<u8>>| text_of(&bytes.unwrap_or_default()).into_owned();
    records.add_utab(&text(utab));
    records.add_fstab(&text(fstab));
    udisks.into_iter().flatten().for_each(|list| records.add_udisks(list));
    // The kernel has no links in the mount points that it lists.
    let led_to = |point: &str| {
        let found = root.find(Path::new(point)).ok()?;
        fs::read_link(own_descriptor(found.file.as_fd())).ok()?.into_os_string().into_string().ok()
    };
    let others: Vec<String> = records.points().filter_map(led_to).collect();
    others.into_iter().for_each(|point| records.add_point(point));
    records
}

/// The disk images that a volume is on, also through partitions, encryption and the like.
///
/// # Errors
///
/// If the kernel does not tell them, or not all within bounds: then it is taken for a user's.
pub(super) fn images(volume: &Volume) -> Result<Vec<LoopDevice>, NotInspected> {
    images_in(Path::new("/sys"), volume)
}

fn images_in(sys: &Path, volume: &Volume) -> Result<Vec<LoopDevice>, NotInspected> {
    let mut images = Vec::new();
    let device = device_folder(sys, volume);
    if volume.has_device() && !volume.is_disk_image() && !device.exists() {
        return Err(NotInspected::Unreadable);
    }
    let mut devices = vec![device];
    let mut looked_at = 0;
    while let Some(device) = devices.pop() {
        looked_at += 1;
        if looked_at > MOST_DEVICES {
            return Err(NotInspected::UserFileSystem);
        }
        // The folder of a partition is in that of its disk.
        images.extend(LoopDevice::of(device.clone()).or_else(|| LoopDevice::of(device.join(".."))));
        let below = fs::read_dir(device.join("slaves")).into_iter().flatten().flatten();
        devices.extend(below.take(MOST_DEVICES).map(|entry| entry.path()));
    }
    if images.is_empty() && volume.is_disk_image() {
        return Err(NotInspected::UserFileSystem);
    }
    Ok(images)
}

/// Where the kernel describes the block device of a volume.
fn device_folder(sys: &Path, volume: &Volume) -> PathBuf {
    let (major, minor) = volume.device;
    if major != 0 {
        return sys.join(format!("dev/block/{major}:{minor}"));
    }
    // The number is none of a block device. Names such as /dev/mapper/data are links.
    let source = Path::new(&volume.source);
    let target = fs::read_link(source);
    let name = target.as_deref().unwrap_or(source).file_name().unwrap_or_default();
    sys.join("class/block").join(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// What the kernel shows of a disk image of two partitions, of a RAID on one and on a disk, encrypted, and of a
    /// disk of its own.
    fn sys() -> tempfile::TempDir {
        let sys = tempfile::tempdir().unwrap();
        let path = |name: &str| sys.path().join(name);
        let devices = ["loop0/loop0p1", "loop0/loop0p2", "loop1", "sda/sda1", "md0/slaves", "dm-0/slaves"];
        for folder in ["dev/block", "class/block", "block/loop0/loop"]
            .map(str::to_owned)
            .into_iter()
            .chain(devices.map(|device| format!("block/{device}")))
        {
            fs::create_dir_all(path(&folder)).unwrap();
        }
        fs::write(path("block/loop0/loop/backing_file"), "/home/mia/a\nb \n").unwrap();
        for (link, target) in [
            ("dev/block/259:1", "../../block/loop0/loop0p1"),
            ("dev/block/7:1", "../../block/loop1"),
            ("dev/block/8:1", "../../block/sda/sda1"),
            ("dev/block/253:0", "../../block/dm-0"),
            ("class/block/dm-0", "../../block/dm-0"),
            ("class/block/sda1", "../../block/sda/sda1"),
            ("class/block/loop0", "../../block/loop0"),
            ("block/dm-0/slaves/md0", "../../md0"),
            ("block/md0/slaves/sda1", "../../sda/sda1"),
            ("block/md0/slaves/loop0p2", "../../loop0/loop0p2"),
        ] {
            symlink(target, path(link)).unwrap();
        }
        sys
    }

    fn volume(device: (u32, u32), source: &str) -> Volume {
        Volume { device, source: source.to_owned(), point: "/mnt".to_owned(), is_restricted: true }
    }

    #[test]
    fn the_file_of_a_disk_image_is_found_through_partitions_and_encryption() {
        let sys = sys();
        let images = |device, source| {
            let images = images_in(sys.path(), &volume(device, source))?;
            Ok::<_, NotInspected>(images.into_iter().map(|image| image.shown_path).collect::<Vec<_>>())
        };
        let image = Ok(vec![PathBuf::from("/home/mia/a\nb ")]);
        assert_eq!(images((259, 1), "/dev/loop0p1"), image);
        assert_eq!(images((253, 0), "/dev/mapper/luks-1"), image);
        // As of btrfs, which has a number of its own.
        assert_eq!(images((0, 44), "/dev/dm-0"), image);
        assert_eq!(images((0, 44), "/dev/loop0"), image);
        for (device, source) in
            [((8, 1), "/dev/sda1"), ((0, 44), "/dev/sda1"), ((0, 44), "/dev/root"), ((0, 45), "tmpfs")]
        {
            assert_eq!(images(device, source), Ok(vec![]), "{source}");
        }
        for (device, source) in [((8, 99), "/dev/sdx"), ((0, 44), "/dev/sdx")] {
            assert_eq!(images(device, source), Err(NotInspected::Unreadable), "{source} is not described");
        }
    }

    #[test]
    fn a_disk_image_without_a_known_file_is_a_user_s() {
        let sys = sys();
        for (device, source) in [((7, 1), "/dev/loop1"), ((7, 9), "/dev/loop9"), ((0, 44), "/dev/loop9")] {
            let found = images_in(sys.path(), &volume(device, source));
            assert_eq!(found, Err(NotInspected::UserFileSystem), "{source}");
        }
    }

    #[test]
    fn no_number_of_devices_below_one_makes_it_look_at_them_all() {
        let sys = sys();
        for number in 0..=MOST_DEVICES {
            symlink("../../sda/sda1", sys.path().join(format!("block/md0/slaves/disk{number}"))).unwrap();
        }
        let found = images_in(sys.path(), &volume((253, 0), "/dev/dm-0"));
        assert_eq!(found, Err(NotInspected::UserFileSystem));
    }
}
