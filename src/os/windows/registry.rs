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
const LONGEST_KEY: usize = 256;
const LONGEST_VALUE_NAME: usize = 512;

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
        enumerated::<LONGEST_KEY>(|index, name, length| {
            let (none, key) = (ptr::null_mut(), self.0);
            // SAFETY: the caller's buffer has this length, which the call sets to the number of units that it wrote.
            unsafe {
                RegEnumKeyExW(key, index, name, length, ptr::null(), none, ptr::null_mut(), ptr::null_mut())
            }
        })
    }

    /// The values in it that are text, with their names.
    pub(super) fn values(&self) -> Vec<(String, String)> {
        let names = enumerated::<LONGEST_VALUE_NAME>(|index, name, length| {
            let (none, key) = (ptr::null_mut(), self.0);
            // SAFETY: the caller's buffer has this length, which the call sets to the number of units that it wrote.
            unsafe {
                RegEnumValueW(key, index, name, length, ptr::null(), none, ptr::null_mut(), ptr::null_mut())
            }
        });
        let with_value = |name: String| self.value(&name).map(|value| (name, value));
        names.into_iter().filter_map(with_value).collect()
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

/// The names that a call gives by their index, up to its first error. It gets a buffer and the buffer's length.
fn enumerated<const ROOM: usize>(call: impl Fn(u32, *mut u16, *mut u32) -> u32) -> Vec<String> {
    let name = |index| {
        let mut name = [0_u16; ROOM];
        let mut length = ROOM as u32;
        let error = call(index, name.as_mut_ptr(), &raw mut length);
        (error == ERROR_SUCCESS).then(|| String::from_utf16_lossy(&name[..length as usize]))
    };
    (0..MOST_KEYS).map_while(name).collect()
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the handle was opened, and is closed once.
        unsafe { RegCloseKey(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::System::Registry::KEY_WOW64_64KEY;

    use super::*;

    #[test]
    fn keys_and_values_are_listed_by_name() {
        let control = r"SYSTEM\CurrentControlSet\Control\Session Manager";
        let manager = Key::of_machine(control, KEY_WOW64_64KEY).unwrap();
        let names = manager.names();
        assert!(names.iter().any(|name| name == "Environment"), "{names:?}");
        let values = manager.inner("Environment", KEY_WOW64_64KEY).unwrap().values();
        let shell = values.iter().find(|(name, _)| name.eq_ignore_ascii_case("ComSpec"));
        assert!(shell.is_some_and(|(_, value)| value.ends_with("cmd.exe")), "{values:?}");
        assert!(Key::of_machine(r"SOFTWARE\nobody's", KEY_WOW64_64KEY).is_none());
    }
}
