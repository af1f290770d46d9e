//! The names of containers, from the files of the runtimes, which root may read.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use crate::model::{Container, Runtime};

/// Where Docker stores the configuration of each container: `ID/config.v2.json` (moby,
/// `container/container.go`).
const DOCKER: &str = "/var/lib/docker/containers";
/// Where podman stores the list of root's containers (containers/storage, `containers.go`).
const PODMAN: &str = "/var/lib/containers/storage/overlay-containers/containers.json";

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(rename = "Name")]
    name: String,
}

#[derive(Deserialize)]
struct PodmanContainer {
    id: String,
    #[serde(default)]
    names: Vec<String>,
}

/// The names, each looked up once: a runtime's list may be long.
#[derive(Default)]
pub(super) struct Containers {
    names: Mutex<HashMap<String, Option<String>>>,
}

impl Containers {
    /// The name of a container; `None` if it has none or it may not be read.
    pub(super) fn name(&self, container: &Container) -> Option<String> {
        let read = || match container.runtime {
            Runtime::Docker => docker(Path::new(DOCKER), &container.id),
            Runtime::Podman => podman(Path::new(PODMAN), &container.id),
            Runtime::Containerd
            | Runtime::CriO
            | Runtime::Kubernetes
            | Runtime::Lxc
            | Runtime::SystemdNspawn => None,
        };
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.entry(container.id.clone()).or_insert_with(read).clone()
    }
}

fn docker(folder: &Path, id: &str) -> Option<String> {
    let config = fs::read(folder.join(id).join("config.v2.json")).ok()?;
    let config: DockerConfig = serde_json::from_slice(&config).ok()?;
    // Docker writes a slash before each name.
    Some(config.name.trim_start_matches('/').to_owned()).filter(|name| !name.is_empty())
}

fn podman(list: &Path, id: &str) -> Option<String> {
    let containers: Vec<PodmanContainer> = serde_json::from_slice(&fs::read(list).ok()?).ok()?;
    containers.into_iter().find(|container| container.id == id)?.names.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4f66ad9a0b2e8b1c3d5e7f90123456789abcdef0123456789abcdef012345678";

    #[test]
    fn names_are_read_as_the_runtimes_keep_them() {
        let folder = tempfile::tempdir().unwrap();
        let docker_folder = folder.path().join(ID);
        fs::create_dir(&docker_folder).unwrap();
        let config = r#"{"State":{"Running":true},"ID":"4f66","Name":"/license-web","Driver":"overlay2"}"#;
        fs::write(docker_folder.join("config.v2.json"), config).unwrap();
        assert_eq!(docker(folder.path(), ID).as_deref(), Some("license-web"));
        assert_eq!(docker(folder.path(), "another"), None);

        let list = folder.path().join("containers.json");
        let text = format!(r#"[{{"id":"ff"}},{{"id":"{ID}","names":["flexnet"],"image":"1"}}]"#);
        fs::write(&list, text).unwrap();
        assert_eq!(podman(&list, ID).as_deref(), Some("flexnet"));
        assert_eq!(podman(&list, "ff"), None);
        fs::write(&list, "not json").unwrap();
        assert_eq!(podman(&list, ID), None);
    }
}
