//! The devices of disk images (`loop(4)`), and the files behind them.

use std::ffi::OsString;
use std::fs::File;
use std::mem::offset_of;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, fstat, major, minor};
use rustix::ioctl::{Getter, Opcode, ioctl};

use super::super::decode::linux::uevent::device_file;
use super::file_status::FileIdentity;
use super::nonblocking;
use super::passage::Passage;
use super::proc_dir::own_descriptor;
use super::process_root::ProcessRoot;
use crate::model::NotInspected;

/// More than the kernel writes into a file in `/sys` of those that are read here, in bytes.
const LONGEST_TEXT: u64 = 8 * 1024;

/// Asks a device about itself (`include/uapi/linux/loop.h`; the libc crate lacks it).
pub(super) const LOOP_GET_STATUS64: Opcode = 0x4c05;

/// The device of a disk image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LoopDevice {
    /// Where the kernel describes it.
    folder: PathBuf,
    /// The path that its file has, or had: it was set up in a mount namespace in which that may have led to another file
    /// than here, or the file system of the file may be mounted nowhere by now.
    pub(super) shown_path: PathBuf,
}

impl LoopDevice {
    /// The one that the kernel describes in this folder, if it is one and has a file.
    pub(super) fn of(folder: PathBuf) -> Option<LoopDevice> {
        let mut path = nonblocking::bytes(folder.join("loop/backing_file"), LONGEST_TEXT).ok()?;
        path.pop_if(|last| *last == b'\n');
        Some(LoopDevice { folder, shown_path: PathBuf::from(OsString::from_vec(path)) })
    }

    /// All that leads to the file behind it, from this program's own root.
    ///
    /// # Errors
    ///
    /// If the path does not lead to that very file, or the device cannot be asked, as by most ordinary users.
    pub(super) fn passage(&self, own: &ProcessRoot) -> Result<Passage, NotInspected> {
        let (found, passage) = own.find_with_passage(&self.shown_path)?;
        // Of a device as the file its own file would have to be known.
        let is_ordinary = found.status.kind == FileType::RegularFile;
        let is_it = is_ordinary && file_behind(&self.opened(own)?)? == found.identity();
        if is_it { Ok(passage) } else { Err(NotInspected::UserFileSystem) }
    }

    /// Its file in `/dev` is opened only when it is known to be that device.
    fn opened(&self, own: &ProcessRoot) -> Result<File, NotInspected> {
        let uevent = nonblocking::text(self.folder.join("uevent"), LONGEST_TEXT);
        let uevent = uevent.map_err(|_| NotInspected::Unreadable)?;
        let (number, name) = device_file(&uevent).ok_or(NotInspected::Unreadable)?;
        let found = own.find(&Path::new("/dev").join(name))?;
        let status = fstat(&found.file).map_err(|_| NotInspected::Unreadable)?;
        let is_it = found.status.kind == FileType::BlockDevice
            && (major(status.st_rdev), minor(status.st_rdev)) == number;
        if !is_it {
            return Err(NotInspected::NotAtItsPath);
        }
        nonblocking::open(own_descriptor(found.file.as_fd())).map_err(|_| NotInspected::Unreadable)
    }
}

/// What the kernel writes of a device (`struct loop_info64` in `include/uapi/linux/loop.h`).
#[repr(C)]
struct LoopInfo {
    device: u64,
    inode: u64,
    rest: [u64; 27],
}

const _: () = assert!(size_of::<LoopInfo>() == 232 && offset_of!(LoopInfo, inode) == 8);

/// The file behind a device, as the device itself knows it: no path is involved. The kernel asks the file system of that
/// file, and so may wait for a user's program (FUSE): only helper processes examine files.
#[expect(unsafe_code, reason = "no crate wraps this request")]
fn file_behind(device: &File) -> Result<FileIdentity, NotInspected> {
    // SAFETY: for this request the kernel writes a `struct loop_info64`, whose size `LoopInfo` has. All of its bits are
    // numbers. The request of that number changes nothing, and other drivers do not know it.
    let info: LoopInfo = unsafe { ioctl(device, Getter::<LOOP_GET_STATUS64, LoopInfo>::new()) }
        .map_err(|_| NotInspected::Unreadable)?;
    Ok(FileIdentity { device: (major(info.device), minor(info.device)), inode: info.inode })
}
