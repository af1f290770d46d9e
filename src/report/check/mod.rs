//! Whether what listens is as a policy says: the answer of a monitoring plugin.

mod answer;
mod held;
mod listeners;
mod must_listen;
mod scene;
mod suggest;

pub use self::answer::{CheckQuestion, check};
pub use self::suggest::suggested_policy;
