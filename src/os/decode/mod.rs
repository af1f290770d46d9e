//! Decodes what systems say, in bytes and text, and encodes what they are asked. Nothing here calls a
//! system: every decoder is compiled and tested on every system, from recorded input.

mod bytes;
pub mod file_text;
pub mod linux;
pub mod macos;
pub mod windows;
