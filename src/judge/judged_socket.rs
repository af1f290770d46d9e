//! What is judged.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{Os, Owner, Process, ProcessService, Protocol};

/// A socket to judge, and who holds it.
#[derive(Debug, Clone, Copy)]
pub struct JudgedSocket<'a> {
    /// The observed system: file names compare by its rules.
    pub os: Os,
    pub protocol: Protocol,
    pub local: SocketAddr,
    pub owner: &'a Owner,
    /// The service that opened it, where the system says that.
    pub made_in: Option<&'a ProcessService>,
    /// When it got its port, where the system says that.
    pub opened_at: Option<Timestamp>,
    /// The lead's parent.
    pub parent: Option<&'a Process>,
    /// The ancestors of the lead, as far as they are known, the parent first.
    pub ancestors: &'a [Arc<Process>],
    /// Whether a hidden process may hold it too.
    pub more_holders: bool,
    /// Who receives what the lead forwards, where that was observed.
    pub behind: Option<Behind<'a>>,
}

/// Who receives what a proxy forwards.
#[derive(Debug, Clone, Copy)]
pub struct Behind<'a> {
    pub owner: &'a Owner,
    /// The parent of its lead.
    pub parent: Option<&'a Process>,
    /// Whether a hidden process may receive it too.
    pub more_holders: bool,
}
