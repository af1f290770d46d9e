//! `whatlistens`: what is listening on this machine, who owns it, and should it be there?
//!
//! # The flow
//!
//! ```text
//! observe (os) → attribute → annotate → judge → select → render
//! ```
//!
//! [`report`] shows it on one screen. [`os`] fills plain values ([`model`]); every later stage is a
//! function of them alone, so that it is tested with recorded values on every system. [`knowledge::explain`]
//! answers from [`knowledge`] alone.
//!
//! # Invariants
//!
//! - It never connects: no port is opened, no host name resolved.
//! - No socket is dropped because its owner could not be read, and nothing that failed becomes an
//!   empty list, 0 or "-": it becomes a [`model::Gap`] or a `None`.
//! - Only [`os`] asks which system it is compiled for, and only it may be `unsafe`.
//! - Only `main` writes to the standard streams; only it and [`query`] look at the environment
//!   and the clock. Renderers write to a [`std::io::Write`].
//! - Text from a process reaches a terminal only through [`render`]'s escaping.
//! - Output is in a deterministic order.

pub mod cli;
pub mod command;
pub mod judge;
pub mod knowledge;
pub mod model;
pub mod os;
pub mod query;
pub mod render;
pub mod report;
