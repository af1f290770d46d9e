//! Anything that Windows alone reports of a socket or a file.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use whatlistens::model::{Firewall, HttpUrl, Signature, SignatureState};

use super::{process_ref, text};

pub(super) fn http_url() -> BoxedStrategy<HttpUrl> {
    any_fields!(HttpUrl { url: text(), processes: vec(process_ref(), 0..3) })
}

pub(super) fn firewall() -> BoxedStrategy<Firewall> {
    variant!(Firewall: Allowed Restricted Blocked)
}

pub(super) fn signature() -> BoxedStrategy<Signature> {
    any_fields!(Signature {
        state: variant!(SignatureState: Valid Altered Unverified Missing),
        signer: of(text()),
    })
}
