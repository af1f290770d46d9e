//! License managers: the facts about them, and the rules that judge who holds their ports.

mod facts;
mod finding;
mod known;
mod place;
mod verdict;
mod wrapper;

pub use facts::{Facts, Recognised};
pub use known::{
    Belief, CommandLine, Confidence, Document, Emulator, Executables, Interpreter, KnownManager, KnownPort,
    OnWindows, Role, Technology,
};
pub use place::{Claim, Place};
pub use verdict::{Subject, judge};
