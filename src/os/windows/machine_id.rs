//! What identifies this installation of Windows.

use windows_sys::Win32::System::Registry::KEY_WOW64_64KEY;

use super::super::decode::machine_id;
use super::registry::Key;

/// Made when Windows is installed; every user may read it.
const KEY: &str = r"SOFTWARE\Microsoft\Cryptography";
const VALUE: &str = "MachineGuid";

pub(in crate::os) fn machine_id() -> Option<String> {
    machine_id::of_text(&Key::of_machine(KEY, KEY_WOW64_64KEY)?.value(VALUE)?)
}
