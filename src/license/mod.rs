//! License managers: the facts about them, and the rules that judge who holds their ports.

mod facts;
mod verdict;

pub use facts::{Confidence, Executables, Facts, KnownManager, KnownPort, Role, Technology};
pub use verdict::{Subject, judge};
