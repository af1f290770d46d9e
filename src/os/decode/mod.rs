//! Understands what systems say, in bytes and text. Nothing here calls a system: all of it is compiled
//! and tested on every one, from recorded input.

pub mod file_text;
pub mod proc_net;
pub mod proc_stat;
