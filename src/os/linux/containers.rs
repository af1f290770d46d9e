//! The names and images of root's containers, from the files of the runtimes, which root may read. Those of users are in their homes
//! and not read. But the runtimes' folders may be on a server too, or mounted in a container that may do there what it
//! likes: only ordinary files on this machine are read, and no lease is waited for.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::super::decode::linux::container_labels::{self, ContainerLabel};
use super::mount_tables::MountTables;
use super::proc_dir::Proc;
use super::process_root::ProcessRoot;
use crate::model::{Container, Runtime};

/// Where Docker stores the configuration of each container: `ID/config.v2.json`.
const DOCKER: &str = "/var/lib/docker/containers";
/// Where podman stores the list of root's containers.
const PODMAN: &str = "/var/lib/containers/storage/overlay-containers/containers.json";

/// Larger files are not read. The labels of a container are in them, and whoever made its image chose some.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The names and images, each looked up once.
#[derive(Default)]
pub(super) struct Containers {
    /// This program's own; `None` if it is on a server.
    root: OnceLock<Option<ProcessRoot>>,
    of_docker: Mutex<HashMap<String, ContainerLabel>>,
    of_podman: OnceLock<HashMap<String, ContainerLabel>>,
}

impl Containers {
    /// The name and image of a container, as far as they may be read.
    pub(super) fn label(&self, proc: &Proc, mounts: &MountTables, container: &Container) -> ContainerLabel {
        let open = || ProcessRoot::own(proc, mounts).ok();
        let root = || self.root.get_or_init(open).as_ref();
        match container.runtime {
            Runtime::Docker => {
                let mut names = self.of_docker.lock().unwrap_or_else(PoisonError::into_inner);
                let read =
                    || root().map(|root| docker(root, Path::new(DOCKER), &container.id)).unwrap_or_default();
                names.entry(container.id.clone()).or_insert_with(read).clone()
            }
            Runtime::Podman => {
                let list = || small(root()?, Path::new(PODMAN));
                let read = || list().map_or_else(HashMap::new, |list| container_labels::podman(&list));
                self.of_podman.get_or_init(read).get(&container.id).cloned().unwrap_or_default()
            }
            Runtime::Containerd
            | Runtime::CriO
            | Runtime::Kubernetes
            | Runtime::Lxc
            | Runtime::SystemdNspawn => ContainerLabel::default(),
        }
    }
}

fn docker(root: &ProcessRoot, folder: &Path, id: &str) -> ContainerLabel {
    let config = small(root, &folder.join(id).join("config.v2.json"));
    config.map(|config| container_labels::docker(&config)).unwrap_or_default()
}

/// What is in a file of no unusual size.
fn small(root: &ProcessRoot, path: &Path) -> Option<Vec<u8>> {
    let file = root.find(path).ok()?.read().ok()?;
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
    (read as u64 <= LARGEST).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::process_root::tests::root;
    use super::*;

    #[test]
    fn only_files_of_a_usual_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let docker = |id: &str| docker(&root(folder.path()), Path::new("/"), id).name;
        let path = folder.path().join("web/config.v2.json");
        fs::create_dir(path.parent().unwrap()).unwrap();
        let config = |labels: usize| {
            let labels = " ".repeat(labels);
            fs::write(&path, format!(r#"{{"Name":"/license-web"{labels}}}"#)).unwrap();
            docker("web")
        };
        assert_eq!(config(9).as_deref(), Some("license-web"));
        assert_eq!(config(4 * 1024 * 1024), None);
        assert_eq!(docker("another"), None);
        assert_eq!(docker("."), None);
    }
}
