//! Who signed a program.

use serde::{Deserialize, Serialize};

use super::word::{read_as_word, words};

/// The signature in a program's file (Authenticode).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    pub state: SignatureState,
    /// The name in the certificate of the signer; `None` where there is no signature.
    pub signer: Option<String>,
}

words! {
    /// What a signature is worth.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum SignatureState {
        /// the file is as it was signed, by somebody whom the system trusts
        Valid = "valid",
        /// the file was changed after it was signed
        Altered = "altered",
        /// the system does not know the signer, or could not verify it without a network
        Unverified = "unverified",
        /// the file has no signature of its own. Most files of Windows itself are signed in catalogs instead
        Missing = "missing",
    }
}

read_as_word!(SignatureState);
