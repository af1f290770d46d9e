//! `whatlistens`: what is listening on this machine, who owns it, and should it be there?
//!
//! This library is the program's own and no API: it exists so that the tests, benches and fuzzers can reach
//! every stage. Any of it may change in any release. `ARCHITECTURE.md` has the map.
//!
//! # The flow
//!
//! ```text
//! args → command → query → observe (os) → attribute → judge → annotate → filter (report) → render
//! ```
//!
//! [`command`] tells each command's story on one screen. [`os`] fills plain values ([`model`]); every later
//! stage is a function of those values alone, so that it is tested with recorded ones on every system.
//!
//! # House rules
//!
//! Tests cite them by number and check what can be checked (`tests/suite/tidy.rs`, `tidy_imports.rs`).
//!
//! 1. Only [`os`] asks which system it is compiled for.
//! 2. Calling a system is apart from decoding what it says. Decoders ([`os::decode`]) are compiled, tested and
//!    fuzzed on every system.
//! 3. `unsafe` stands only in files of [`os`] that call a system, each block with its `// SAFETY:`.
//! 4. What is unknown is `None` or a [`model::Gap`], never 0, "", an empty list or "-". No socket is dropped
//!    because its owner could not be read.
//! 5. A system's native numbers end where they are decoded.
//! 6. The JSON has types of its own, whose comments are the reference; tests read it with `deny_unknown_fields` twins, and
//!    validate it against the schema of these types. Fields are only added.
//! 7. Renderers write to a [`std::io::Write`]. The clock, the environment and the terminal are read in `main`
//!    and [`query`] alone.
//! 8. The order of all output is deterministic.
//! 9. A fixed bug leaves a test that would have caught it. Nothing is left half done: no `todo!`, no sleep in
//!    a test, no ignored test without a reason.
//! 10. License facts carry their sources, and their confidence bounds how severe a finding can be.
//! 11. Everything read from a stranger has a bound in bytes, in count and in time. Text from a process reaches a
//!     terminal only through the escaping in [`render`].
//! 12. Cost grows linearly in what exists.
//!
//! And always: it never connects to a port, and resolves no host name.

pub mod cli;
pub mod command;
pub mod judge;
pub mod knowledge;
pub mod model;
pub mod os;
pub mod query;
pub mod render;
pub mod report;
