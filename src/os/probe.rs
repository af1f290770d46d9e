//! What an interface of the system answers, for `--self-test`.

/// One question to the system, and what came back: counts and states, and nothing that names anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    pub asked: &'static str,
    /// The answer, or why there is none.
    pub answer: Result<String, String>,
}

impl Probe {
    pub(super) fn new(asked: &'static str, answer: Result<String, String>) -> Probe {
        Probe { asked, answer }
    }
}
