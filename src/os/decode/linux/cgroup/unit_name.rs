//! Names in systemd's own spelling.

use crate::os::decode::text::text_of;

/// Decodes systemd's escapes, such as `\x2d` for a hyphen (`systemd-escape(1)`).
pub(super) fn unescaped(name: &str) -> String {
    let mut parts = name.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|two| Some((u8::from_str_radix(two, 16).ok()?, part.get(2..)?))) {
            Some((byte, rest)) => {
                bytes.push(byte);
                bytes.extend(rest.bytes());
            }
            None => bytes.extend(b"\\x".iter().copied().chain(part.bytes())),
        }
    }
    text_of(&bytes).into_owned()
}
