//! The ports to wait for.

use std::time::Duration;

use super::filter::Filter;
use super::target::{Destination, Ports, Target};
use super::typed::Typed;
use super::usage::UsageError;
use crate::cli::ListArgs;
use crate::knowledge::Knowledge;
use crate::model::{Interface, PortRange, Socket, WaitGoal};
use crate::os::ScanScope;

/// What is waited for.
#[derive(Debug, Clone)]
pub struct WaitQuestion {
    pub goal: WaitGoal,
    /// What scans everything that the answer depends on.
    pub scope: ScanScope,
    pub filter: Filter,
}

impl WaitQuestion {
    /// # Errors
    ///
    /// Where a word is not understood, or is neither a port nor a service of this machine.
    pub fn resolve(
        args: &ListArgs,
        goal: WaitGoal,
        deadline: Duration,
        knowledge: &Knowledge,
    ) -> Result<WaitQuestion, UsageError> {
        if args.what.is_empty() {
            return Err(UsageError::CommandLine("a port is missing, as in whatlistens wait 8080".into()));
        }
        let filter = Filter::resolve(args, knowledge)?;
        if let Some(wrong) = filter.targets.iter().find_map(|target| refused(target, goal)) {
            return Err(wrong);
        }
        let scope = ScanScope {
            ports: filter.ports().map(|ports| ports.range).collect(),
            interfaces: filter.targets.iter().any(|target| matches!(target, Target::At(..))),
            deadline,
            ..ScanScope::default()
        };
        Ok(WaitQuestion { goal, scope, filter })
    }

    /// What scans the ports alone, for whether another look is worth it.
    #[must_use]
    pub fn glance(&self) -> ScanScope {
        let protocol = self.filter.protocol.or_else(|| self.filter.common_protocol());
        ScanScope { glance: true, host_id: false, protocol, ..self.scope.clone() }
    }

    /// Whether a socket is one that this target is about.
    #[must_use]
    pub fn is_about(&self, target: &Target, socket: &Socket, interfaces: Option<&[Interface]>) -> bool {
        let is_on = |ports: &Ports| ports.have(socket.protocol, socket.local.port());
        self.filter.protocol.is_none_or(|only| only == socket.protocol)
            && match target {
                Target::Ports(ports) => is_on(ports),
                Target::At(place, ports) => is_on(ports) && place.destination.reaches(socket, interfaces),
                Target::Name { ports, .. } => ports.iter().any(is_on),
            }
    }

    /// Whether a socket has one of a target's ports, at whatever address and with whatever protocol.
    #[must_use]
    pub fn is_on_port(&self, target: &Target, socket: &Socket) -> bool {
        let is_on = |ports: &Ports| ports.range.contains(socket.local.port());
        match target {
            Target::Ports(ports) | Target::At(_, ports) => is_on(ports),
            Target::Name { ports, .. } => ports.iter().any(is_on),
        }
    }

    #[must_use]
    pub fn is_about_processes(&self) -> bool {
        !self.filter.processes.is_empty()
    }

    /// A filter that selects by process alone.
    #[must_use]
    pub fn by_process(&self) -> Filter {
        let all = Ports { range: PortRange::ALL, protocol: None };
        Filter {
            targets: vec![Target::Ports(all)],
            processes: self.filter.processes.clone(),
            ..Filter::default()
        }
    }
}

/// Why a target cannot be waited for.
fn refused(target: &Target, goal: WaitGoal) -> Option<UsageError> {
    let typed = target.to_string();
    match target {
        Target::Name { ports, word, .. } if ports.is_empty() => {
            let name = Typed::from(word.as_str()).for_shell().unwrap_or_else(|| "NAME".to_owned());
            Some(UsageError::instead(
                word,
                format!(
                    "wait needs a port or the name of a service; for a process give --process too, as in wait \
                     8080 --process {name}"
                ),
            ))
        }
        Target::At(place, _) if matches!(place.destination, Destination::Named(_)) => {
            Some(UsageError::instead(
                &typed,
                "wait looks at this machine alone, and connects to nothing: leave out the name of the machine",
            ))
        }
        Target::Ports(Ports { range, .. }) | Target::At(_, Ports { range, .. })
            if range.single().is_none() && goal == WaitGoal::Listening =>
        {
            let (first, next) = (range.first, range.first + 1);
            Some(UsageError::instead(
                &typed,
                format!(
                    "of a range it is not clear whether all are meant: name each port, as in wait {first} {next}"
                ),
            ))
        }
        Target::Ports(_) | Target::At(..) | Target::Name { .. } => None,
    }
}
