//! Reads the registry of Windows.
#![expect(unsafe_code, reason = "no crate of ours reads the registry")]

use std::ptr;

use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_READ, REG_EXPAND_SZ, REG_SZ, RegCloseKey, RegEnumKeyExW, RegEnumValueW,
    RegOpenKeyExW, RegQueryValueExW,
};

/// No more keys and values in a key are read, and no longer value, in UTF-16 units.
const MOST_KEYS: u32 = 100;
const LONGEST_VALUE: usize = 4 * 1024;

/// An open key of the registry.
pub(super) struct Key(HKEY);

impl Key {
    /// A key of the machine. `view` says which programs it belongs to, those of 32 or of 64 bits.
    pub(super) fn of_machine(path: &str, view: u32) -> Option<Key> {
        Key::open(HKEY_LOCAL_MACHINE, path, view)
    }

    /// A key in it.
    pub(super) fn inner(&self, name: &str, view: u32) -> Option<Key> {
        Key::open(self.0, name, view)
    }

    fn open(parent: HKEY, name: &str, view: u32) -> Option<Key> {
        let wide: Vec<u16> = name.encode_utf16().chain([0]).collect();
        let mut key = ptr::null_mut();
        // SAFETY: the name ends with a zero, and the handle outlives the call.
        let error = unsafe { RegOpenKeyExW(parent, wide.as_ptr(), 0, KEY_READ | view, &raw mut key) };
        (error == ERROR_SUCCESS).then_some(Key(key))
    }

    /// The names of the keys in it.
    pub(super) fn names(&self) -> Vec<String> {
        let names = (0..MOST_KEYS).map_while(|index| {
            let mut name = [0_u16; 256];
            let mut length = name.len() as u32;
            // SAFETY: the buffer has this length, which the call sets to the number of units that it wrote.
            let error = unsafe {
                RegEnumKeyExW(
                    self.0,
                    index,
                    name.as_mut_ptr(),
                    &raw mut length,
                    ptr::null(),
                    ptr::null_mut(),
                    ptr::null_mut(),
                    ptr::null_mut(),
                )
            };
            (error == ERROR_SUCCESS).then(|| String::from_utf16_lossy(&name[..length as usize]))
        });
        names.collect()
    }

    /// The values in it that are text, with their names.
    pub(super) fn values(&self) -> Vec<(String, String)> {
        let names = (0..MOST_KEYS).map_while(|index| {
            let mut name = [0_u16; 512];
            let mut length = name.len() as u32;
            // SAFETY: the buffer has this length, which the call sets to the number of units that it wrote.
            let error = unsafe {
                RegEnumValueW(
                    self.0,
                    index,
                    name.as_mut_ptr(),
                    &raw mut length,
                    ptr::null(),
                    ptr::null_mut(),
                    ptr::null_mut(),
                    ptr::null_mut(),
                )
            };
            (error == ERROR_SUCCESS).then(|| String::from_utf16_lossy(&name[..length as usize]))
        });
        names.filter_map(|name| self.value(&name).map(|value| (name, value))).collect()
    }

    /// A value that is text.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let wide: Vec<u16> = name.encode_utf16().chain([0]).collect();
        let mut value = vec![0_u16; LONGEST_VALUE];
        let (mut kind, mut length) = (0, (LONGEST_VALUE * 2) as u32);
        // SAFETY: the name ends with a zero; the buffer has this length in bytes, which the call sets to what it wrote.
        let error = unsafe {
            RegQueryValueExW(
                self.0,
                wide.as_ptr(),
                ptr::null(),
                &raw mut kind,
                value.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        let is_text = error == ERROR_SUCCESS && (kind == REG_SZ || kind == REG_EXPAND_SZ);
        let units = value.get(..length as usize / 2).filter(|_| is_text)?;
        let text = String::from_utf16_lossy(units);
        Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.is_empty())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the handle was opened, and is closed once.
        unsafe { RegCloseKey(self.0) };
    }
}
