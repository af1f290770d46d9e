//! Words for what happens to listeners.

use super::word::words;

words! {
    /// What became of a listener.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EventKind {
        /// it was there when watching began
        Present = "present",
        /// it is new
        Appeared = "appeared",
        /// it is no longer there
        Went = "went",
        /// it is still there, and what `changed` names is not as it was
        Changed = "changed",
    }
}
