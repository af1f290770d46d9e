//! Who receives what a proxy forwards.

use std::sync::Arc;

use super::ancestry::Ancestry;
use super::attribute::{may_be_hidden, owner};
use crate::judge::Behind;
use crate::model::{AtTarget, Observation, Owner, Pid, Process};

/// Who receives what a proxy forwards.
pub(super) struct BehindProxy {
    owner: Owner,
    parent: Option<Arc<Process>>,
    more_holders: bool,
}

impl BehindProxy {
    /// `None` where a process forwards nothing, or who receives it was not observed.
    pub(super) fn of<'a>(
        proxy: &Process,
        observation: &'a Observation,
        ancestry: &mut Option<Ancestry<'a>>,
    ) -> Option<BehindProxy> {
        let forward = proxy.forward.as_ref()?;
        if !matches!(forward.there, Some(AtTarget::Listener { .. })) {
            return None;
        }
        let pids: Vec<Pid> = forward.listeners();
        // Of a proxy that gets no verdict, the process behind is known by its name alone.
        if pids.is_empty() || !pids.iter().all(|pid| observation.processes.contains_key(pid)) {
            return None;
        }
        let ancestry = ancestry.get_or_insert_with(|| Ancestry::of(&observation.processes));
        let owner = owner(Some(&pids), observation, ancestry);
        let parent = ancestry.line(owner.lead()?).first().cloned();
        let users = || owner.processes().map(|holder| holder.uid);
        let more_holders = match observation.privileged {
            true => may_be_hidden(observation, |uid| users().any(|holder| holder == Some(uid))),
            false => !observation.hidden.is_nothing(),
        };
        Some(BehindProxy { parent, more_holders, owner })
    }

    pub(super) fn judged(&self) -> Behind<'_> {
        Behind { owner: &self.owner, parent: self.parent.as_deref(), more_holders: self.more_holders }
    }
}
