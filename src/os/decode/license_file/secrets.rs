//! Shows that no key, signature or other secret of a license file is kept.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::read;

/// A part of every secret.
const SECRET: &str = "S3CR3T";

/// Keys and signatures, as license files have them.
const KEYS: &[&str] = &[
    "SIGN=\"S3CR3T0A1B S3CR3T2C3D\"",
    "sign=S3CR3T",
    "SIGN2=S3CR3T",
    "sig=\"S3CR3T\"",
    "_ck=S3CR3T",
    "ck=S3CR3T",
    "AUTH={S3CR3T}",
    "key=S3CR3T",
    "password=S3CR3T",
];

/// What else a license line says that is nobody's business.
const OTHERS: &[&str] = &[
    "VENDOR_STRING=\"S3CR3T a\"",
    "HOSTID=\"S3CR3T S3CR3T\"",
    "HOSTID=S3CR3T",
    "NOTICE=\"S3CR3T\"",
    "SN=S3CR3T",
    "customer=S3CR3T",
];

fn told(text: &str, end: usize) -> String {
    let cut = &text.as_bytes()[..text.len().min(end)];
    format!("{:?} {:?}", read(text.as_bytes(), true), read(cut, false))
}

proptest! {
    #[test]
    fn no_key_or_signature_is_kept(
        keyword in "FEATURE|INCREMENT|LICENSE|feature|PACKAGE|UPGRADE",
        before in 0..=5_usize,
        secrets in vec((select([KEYS, OTHERS].concat()), "| \\\\\n|\n"), 1..6),
        after in "|VENDOR v\n|ISV v port=0\n",
        end in 0..400_usize,
    ) {
        let start = ["a", "b", "1.0", "31-dec-2026", "5"][..before].join(" ");
        // The key of old licenses is known by its place alone.
        let key = if before == 5 { " S3CR3T0A1B2C" } else { "" };
        let secrets: String = secrets.iter().map(|(secret, separator)| format!(" {secret}{separator}")).collect();
        let text = format!("SERVER h ANY 1\nVENDOR v port=1\n{keyword} {start}{key}{secrets}\n{after}");
        prop_assert!(!told(&text, end).contains(SECRET), "{text}");
    }

    #[test]
    fn a_key_on_the_line_of_a_server_or_daemon_is_not_kept_either(
        keyword in "SERVER|HOST|VENDOR|DAEMON|ISV",
        before in 0..=4_usize,
        secret in select(KEYS),
        after in "| 27000",
    ) {
        let start = ["a", "b", "c", "d"][..before].join(" ");
        let text = format!("{keyword} {start} {secret}{after}\n");
        prop_assert!(!told(&text, usize::MAX).contains(SECRET), "{text}");
    }
}
