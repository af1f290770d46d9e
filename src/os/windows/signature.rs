//! Who signed a program: its embedded Authenticode signature (`WinVerifyTrust`). Nothing is fetched from a network.
#![expect(unsafe_code, reason = "only the Windows API verifies signatures")]

use std::os::windows::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::mpsc;
use std::thread::Builder;

use windows_sys::Win32::Foundation::{
    CERT_E_CHAINING, CERT_E_UNTRUSTEDROOT, HWND, TRUST_E_BAD_DIGEST, TRUST_E_NOSIGNATURE,
    TRUST_E_PROVIDER_UNKNOWN, TRUST_E_SUBJECT_FORM_UNKNOWN,
};
use windows_sys::Win32::Security::Cryptography::{CERT_NAME_SIMPLE_DISPLAY_TYPE, CertGetNameStringW};
use windows_sys::Win32::Security::WinTrust::{
    WINTRUST_ACTION_GENERIC_VERIFY_V2, WINTRUST_DATA, WINTRUST_DATA_0, WINTRUST_FILE_INFO,
    WTD_CACHE_ONLY_URL_RETRIEVAL, WTD_CHOICE_FILE, WTD_REVOKE_NONE, WTD_STATEACTION_CLOSE,
    WTD_STATEACTION_VERIFY, WTD_UI_NONE, WTHelperGetProvSignerFromChain, WTHelperProvDataFromStateData,
    WinVerifyTrust,
};

use super::super::deadline::Deadline;
use crate::model::{Checked, NotInspected, Signature, SignatureState};

/// No longer name of a signer is read, in UTF-16 units.
const LONGEST_NAME: usize = 256;
/// A larger file is not verified, in bytes: all of it is hashed.
const LARGEST_FILE: u64 = 256 << 20;

/// The signatures of these files, in order. What is not verified before the deadline is not waited for.
pub(super) fn signatures(paths: Vec<PathBuf>, deadline: Deadline) -> Vec<Checked<Signature>> {
    let mut found = vec![Checked::Failed(NotInspected::TimedOut); paths.len()];
    let (sender, verified) = mpsc::channel();
    let work = move || {
        for (at, path) in paths.iter().enumerate() {
            // It fails if nobody waits any more.
            if sender.send((at, signature(path))).is_err() {
                return;
            }
        }
    };
    // Where the system refuses the thread, nothing is verified.
    let _ = Builder::new().spawn(work);
    while let Ok((at, signature)) = verified.recv_timeout(deadline.left()) {
        found[at] = signature;
    }
    found
}

fn signature(path: &Path) -> Checked<Signature> {
    match path.metadata() {
        Ok(file) if file.len() <= LARGEST_FILE => {}
        Ok(_) => return Checked::NotRequested,
        Err(_) => return Checked::Failed(NotInspected::Unreadable),
    }
    let wide: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let mut file = WINTRUST_FILE_INFO {
        cbStruct: size_of::<WINTRUST_FILE_INFO>() as u32,
        pcwszFilePath: wide.as_ptr(),
        hFile: ptr::null_mut(),
        pgKnownSubject: ptr::null_mut(),
    };
    let mut asked = WINTRUST_DATA {
        cbStruct: size_of::<WINTRUST_DATA>() as u32,
        dwUIChoice: WTD_UI_NONE,
        fdwRevocationChecks: WTD_REVOKE_NONE,
        dwUnionChoice: WTD_CHOICE_FILE,
        Anonymous: WINTRUST_DATA_0 { pFile: &raw mut file },
        dwStateAction: WTD_STATEACTION_VERIFY,
        dwProvFlags: WTD_CACHE_ONLY_URL_RETRIEVAL,
        ..WINTRUST_DATA::default()
    };
    let mut action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
    // A window that is none: nothing is asked of the user.
    let no_window: HWND = ptr::without_provenance_mut(usize::MAX);
    // SAFETY: all structures are of their sizes and outlive the calls; the path ends with a zero. What the first call keeps
    // is used before the second one frees it.
    let (result, signer) = unsafe {
        let result = WinVerifyTrust(no_window, &raw mut action, (&raw mut asked).cast());
        let signer = signer(&asked);
        asked.dwStateAction = WTD_STATEACTION_CLOSE;
        WinVerifyTrust(no_window, &raw mut action, (&raw mut asked).cast());
        (result, signer)
    };
    let state = match result {
        0 => SignatureState::Valid,
        TRUST_E_BAD_DIGEST => SignatureState::Altered,
        TRUST_E_NOSIGNATURE | TRUST_E_SUBJECT_FORM_UNKNOWN | TRUST_E_PROVIDER_UNKNOWN => {
            SignatureState::Missing
        }
        CERT_E_UNTRUSTEDROOT | CERT_E_CHAINING => SignatureState::Unverified,
        _ if signer.is_some() => SignatureState::Unverified,
        _ => return Checked::Failed(NotInspected::Unreadable),
    };
    Checked::Done(Signature { state, signer: signer.filter(|_| state != SignatureState::Missing) })
}

/// The name in the certificate of the signer.
///
/// # Safety
///
/// `asked` is as `WinVerifyTrust` left it, and its state is not closed yet.
unsafe fn signer(asked: &WINTRUST_DATA) -> Option<String> {
    let mut name = [0_u16; LONGEST_NAME];
    // SAFETY: the caller promises that the state is open. Its pointers are checked, and the buffer has this length.
    let length = unsafe {
        let data = WTHelperProvDataFromStateData(asked.hWVTStateData);
        if data.is_null() {
            return None;
        }
        let signer = WTHelperGetProvSignerFromChain(data, 0, 0, 0);
        if signer.is_null() || (*signer).csCertChain == 0 || (*signer).pasCertChain.is_null() {
            return None;
        }
        let certificate = (*(*signer).pasCertChain).pCert;
        if certificate.is_null() {
            return None;
        }
        CertGetNameStringW(
            certificate,
            CERT_NAME_SIMPLE_DISPLAY_TYPE,
            0,
            ptr::null(),
            name.as_mut_ptr(),
            LONGEST_NAME as u32,
        )
    };
    // The zero at the end counts.
    let name = name.get(..(length as usize).checked_sub(1)?)?;
    Some(String::from_utf16_lossy(name)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_program_that_nobody_signed_has_no_signature_and_no_file_none_that_is_known() {
        let own = std::env::current_exe().unwrap();
        let found = signatures(
            vec![own, PathBuf::from(r"C:\nowhere\x.exe")],
            Deadline::after(Duration::from_secs(60)),
        );
        let missing = Signature { state: SignatureState::Missing, signer: None };
        assert_eq!(found, [Checked::Done(missing), Checked::Failed(NotInspected::Unreadable)]);
    }

    #[test]
    fn nobody_waits_longer_than_the_deadline() {
        let own = std::env::current_exe().unwrap();
        let found = signatures(vec![own; 3], Deadline::after(Duration::ZERO));
        assert!(found.contains(&Checked::Failed(NotInspected::TimedOut)), "{found:?}");
    }
}
