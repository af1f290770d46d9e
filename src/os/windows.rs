//! What the portable backend needs of Windows.

use std::path::Path;

use crate::model::Gap;

/// Whether this process runs with an elevated token ("as administrator").
#[expect(unsafe_code, reason = "the token of a process is only to be had from the Windows API")]
pub(super) fn privileged() -> bool {
    use windows_sys::Win32::Foundation::CloseHandle;
    use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_ELEVATION, TOKEN_QUERY, TokenElevation};
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

    let mut token = std::ptr::null_mut();
    let mut elevation = TOKEN_ELEVATION { TokenIsElevated: 0 };
    let size = size_of::<TOKEN_ELEVATION>() as u32;
    let mut written = 0;
    // SAFETY: the pseudo-handle of the current process needs no closing; `token` is written before
    // it is used, and closed once; `elevation` is as large as `size` says.
    unsafe {
        if OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) == 0 {
            return false;
        }
        let told =
            GetTokenInformation(token, TokenElevation, (&raw mut elevation).cast(), size, &raw mut written);
        CloseHandle(token);
        told != 0 && elevation.TokenIsElevated != 0
    }
}

/// Windows lists every socket to everyone.
pub(super) fn standing_gaps(_privileged: bool) -> Vec<Gap> {
    Vec::new()
}

/// Sockets carry no user id here.
pub(super) fn user_name(_uid: u32) -> Option<String> {
    None
}

/// Users have no such numbers here.
pub(super) fn uid(_sid: &sysinfo::Uid) -> Option<u32> {
    None
}

/// Not told here.
pub(super) fn process_user(_sid: &sysinfo::Uid) -> Option<String> {
    None
}

/// Not told here.
pub(super) fn replaceable_path(_path: &Path) -> Option<String> {
    None
}

/// Processes have no second name here.
pub(super) fn same_path(_one: &Path, _other: &Path) -> bool {
    false
}
