//! Texts that `build.rs` has packed: few runs need them, and unpacked they are a twentieth of the program.

/// The text of what `build.rs` packed, by RFC 1951.
///
/// # Panics
///
/// For anything else.
#[must_use]
pub fn unpacked(packed: &[u8]) -> String {
    let text = miniz_oxide::inflate::decompress_to_vec(packed).ok();
    text.and_then(|text| String::from_utf8(text).ok()).expect("build.rs packed a text")
}
