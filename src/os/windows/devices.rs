//! What the kernel calls the drives of this machine.
#![expect(unsafe_code, reason = "only the Windows API names the devices of drives")]

use windows_sys::Win32::Storage::FileSystem::{GetLogicalDrives, QueryDosDeviceW};
use windows_sys::Win32::System::SystemInformation::GetSystemWindowsDirectoryW;

use super::super::decode::windows::image_path::Devices;

/// The longest name of a device, in UTF-16 units; a drive that has more names, as one that was mapped again, has the one
/// in force first.
const LONGEST: usize = 1024;

pub(super) fn devices() -> Devices {
    // SAFETY: it takes nothing.
    let letters = unsafe { GetLogicalDrives() };
    let drives = (0..26_u8).filter(|letter| letters & (1 << letter) != 0).filter_map(|letter| {
        let drive = format!("{}:", char::from(b'A' + letter));
        let asked: Vec<u16> = drive.encode_utf16().chain([0]).collect();
        let mut device = [0_u16; LONGEST];
        // SAFETY: the name ends with a zero, and the buffer has this length.
        let length = unsafe { QueryDosDeviceW(asked.as_ptr(), device.as_mut_ptr(), LONGEST as u32) } as usize;
        let first = device.get(..length)?.split(|&unit| unit == 0).next()?;
        // A drive that stands for a folder (`subst`) begins otherwise: no path of the kernel's does.
        Some((String::from_utf16_lossy(first), drive)).filter(|(device, _)| device.starts_with(r"\Device\"))
    });
    Devices { drives: drives.collect(), windows: windows_folder() }
}

fn windows_folder() -> Option<String> {
    let mut path = [0_u16; LONGEST];
    // SAFETY: the buffer has this length.
    let length = unsafe { GetSystemWindowsDirectoryW(path.as_mut_ptr(), LONGEST as u32) } as usize;
    path.get(..length).filter(|path| !path.is_empty()).map(String::from_utf16_lossy)
}
