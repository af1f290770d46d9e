//! Whether two things are the same, as far as both are seen.

use std::collections::BTreeSet;

/// How two things compare. The more there is to say of them, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Same,
    /// One of them is not seen, or not enough of it.
    CannotTell,
    Differs,
}

impl Outcome {
    pub(super) fn of(is_same: bool) -> Outcome {
        if is_same { Outcome::Same } else { Outcome::Differs }
    }
}

/// Compares all there is at one place with all there is at another. `one` compares one with one, and `is_partial` says
/// of what not everything is seen.
pub(super) fn compare<T: Ord>(
    then: BTreeSet<T>,
    now: BTreeSet<T>,
    one: impl Fn(&T, &T) -> Outcome,
    is_partial: impl Fn(&T) -> bool,
) -> Outcome {
    let only_then: Vec<&T> = then.difference(&now).collect();
    let only_now: Vec<&T> = now.difference(&then).collect();
    match (&only_then[..], &only_now[..]) {
        ([], []) => Outcome::Same,
        ([then], [now]) => one(then, now),
        (then, now) if then.iter().chain(now).any(|one| is_partial(one)) => Outcome::CannotTell,
        _ => Outcome::Differs,
    }
}
