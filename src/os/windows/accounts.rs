//! The rights of this process, and the names of users.
#![expect(unsafe_code, reason = "only the Windows API gives access to tokens and accounts")]

use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, LocalFree};
use windows_sys::Win32::Security::Authorization::ConvertStringSidToSidW;
use windows_sys::Win32::Security::{
    GetTokenInformation, LookupAccountSidW, PSID, TOKEN_ELEVATION, TOKEN_QUERY, TokenElevation,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::super::decode::windows::security::Sid;

/// Whether this process runs with an elevated token ("as administrator").
pub(in crate::os) fn privileged() -> bool {
    let mut token = ptr::null_mut();
    let mut elevation = TOKEN_ELEVATION { TokenIsElevated: 0 };
    let size = size_of::<TOKEN_ELEVATION>() as u32;
    let mut written = 0;
    // SAFETY: the pseudo-handle of the current process needs no closing; `token` is written before
    // it is used, and closed once; `elevation` is as large as `size` says.
    unsafe {
        if OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) == 0 {
            return false;
        }
        let done =
            GetTokenInformation(token, TokenElevation, (&raw mut elevation).cast(), size, &raw mut written);
        CloseHandle(token);
        done != 0 && elevation.TokenIsElevated != 0
    }
}

/// A security identifier, such as `S-1-5-18`.
pub(in crate::os) type UserId = Sid;

/// A domain controller may have to be asked.
pub(in crate::os) fn has_user(_name: &str) -> Option<bool> {
    None
}

pub(in crate::os) fn user_name(sid: &UserId) -> Option<String> {
    account(&sid.to_string())
}

/// The name of an account: `OFFICE\alice` (`LookupAccountSidW`).
fn account(sid: &str) -> Option<String> {
    /// Names of accounts and domains are shorter (`UNLEN` and `DNLEN` in lmcons.h).
    const ROOM: usize = 512;
    let wide: Vec<u16> = sid.encode_utf16().chain([0]).collect();
    let mut psid: PSID = ptr::null_mut();
    let (mut name, mut domain) = ([0_u16; ROOM], [0_u16; ROOM]);
    let (mut name_length, mut domain_length) = (ROOM as u32, ROOM as u32);
    let mut kind = 0;
    // SAFETY: `wide` ends with a zero; `psid` is written before it is used, and freed once; both buffers have
    // these lengths, which the call sets to the number of units that it wrote.
    let found = unsafe {
        if ConvertStringSidToSidW(wide.as_ptr(), &raw mut psid) == 0 {
            return None;
        }
        let found = LookupAccountSidW(
            ptr::null(),
            psid,
            name.as_mut_ptr(),
            &raw mut name_length,
            domain.as_mut_ptr(),
            &raw mut domain_length,
            &raw mut kind,
        );
        LocalFree(psid);
        found
    };
    if found == 0 {
        return None;
    }
    let text = |buffer: &[u16], length: u32| buffer.get(..length as usize).map(String::from_utf16_lossy);
    let (name, domain) = (text(&name, name_length)?, text(&domain, domain_length)?);
    Some(if domain.is_empty() { name } else { format!("{domain}\\{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_known_account_has_a_name_and_nonsense_has_none() {
        // The name is in the language of the system.
        let system = account("S-1-5-18").unwrap();
        assert!(system.contains('\\') && !system.contains("S-1-5"), "{system}");
        assert_eq!(account("S-1-5-21-1-2-3-99999"), None);
        assert_eq!(account("nobody"), None);
    }
}
