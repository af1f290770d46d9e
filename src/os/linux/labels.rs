//! What a process belongs to, by its control group: service, container, application; and whether a user could choose
//! these names.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::super::decode::linux::cgroup::{Account, ControlGroup, Membership};
use super::proc_dir::ProcessDir;
use super::scan_context::ScanContext;
use crate::model::{Application, Container, Process, ProcessService};

/// Where the hierarchies are mounted (file-hierarchy(7)): version 2 alone, or in a folder beside those of version 1.
const MOUNTED: &str = "/sys/fs/cgroup";
const BESIDE_VERSION_1: &str = "/sys/fs/cgroup/unified";

pub(super) struct Labels {
    pub(super) service: Option<ProcessService>,
    pub(super) container: Option<Container>,
    pub(super) application: Option<Application>,
}

impl ScanContext<'_> {
    pub(super) fn labels(&self, dir: &ProcessDir) -> Labels {
        let text = dir.read("cgroup").unwrap_or_default();
        let Membership { service, mut container, created_in, mut application, account } =
            self.memberships.of(text);
        // All names of users are looked up at once, in the end.
        let user = |account: Account| match account {
            Account::Id(uid) => uid.to_string(),
            Account::Name(name) => name,
        };
        if let Some(application) = &mut application {
            application.user = account.clone().map(user);
        }
        if let Some(container) = &mut container {
            // A service may be delegated to a user, too (`Delegate=` in systemd.resource-control(5)).
            let creator = || created_in.as_ref().and_then(creator).filter(|&uid| uid != 0);
            container.user = account.or_else(|| creator().map(Account::Id)).map(user);
            // Whoever chose the id could have chosen that of another container.
            if container.user.is_none() && !container.nested {
                let label = self.containers.label(&self.proc, &self.mounts, container);
                (container.name, container.image) = (label.name, label.image);
            }
        }
        Labels { service, container, application }
    }
}

/// The users of the labels of a process, which are numbers until they are looked up.
pub(super) fn users_mut(process: &mut Process) -> impl Iterator<Item = &mut String> {
    let Process { container, application, forward, services, .. } = process;
    let forward = forward.as_mut().and_then(|forward| forward.container.as_mut());
    let containers = container.iter_mut().chain(forward).filter_map(|container| container.user.as_mut());
    let applications = application.iter_mut().filter_map(|application| application.user.as_mut());
    let managers = services.iter_mut().filter_map(|service| service.user.as_mut());
    containers.chain(applications).chain(managers)
}

/// The same users, as far as they are to be looked up.
pub(super) fn uids(process: &Process) -> impl Iterator<Item = u32> {
    let Process { container, application, services, .. } = process;
    let container = container.as_ref().and_then(|container| container.user.as_ref());
    let application = application.as_ref().and_then(|application| application.user.as_ref());
    let managers = services.iter().filter_map(|service| service.user.as_ref());
    container.into_iter().chain(application).chain(managers).filter_map(|user| user.parse().ok())
}

/// The user who may create control groups in this one: its owner (cgroups(7), "Delegation"). `None` where that cannot be
/// read, as for one outside this process's own cgroup namespace.
fn creator(group: &ControlGroup) -> Option<u32> {
    folders(group).into_iter().find_map(|folder| Some(fs::metadata(folder).ok()?.uid()))
}

/// Where a control group may be.
pub(super) fn folders(group: &ControlGroup) -> Vec<String> {
    match &group.hierarchy {
        Some(hierarchy) => vec![format!("{MOUNTED}/{hierarchy}{}", group.path)],
        None => vec![format!("{BESIDE_VERSION_1}{}", group.path), format!("{MOUNTED}{}", group.path)],
    }
}
