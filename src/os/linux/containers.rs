//! The names of containers, from the files of the runtimes, which root may read.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Deserialize;

use crate::model::{Container, Runtime};

/// Where Docker stores the configuration of each container: `ID/config.v2.json` (moby,
/// `container/container.go`).
const DOCKER: &str = "/var/lib/docker/containers";
/// Where podman stores the list of root's containers (containers/storage, `containers.go`).
const PODMAN: &str = "/var/lib/containers/storage/overlay-containers/containers.json";

/// A larger file is not read, in bytes: Docker's has some kilobytes, podman's some hundred for each container.
const LARGEST: u64 = 4 * 1024 * 1024;

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
    of_podman: OnceLock<HashMap<String, String>>,
}

impl Containers {
    /// The name of a container; `None` if it has none or it may not be read.
    pub(super) fn name(&self, container: &Container) -> Option<String> {
        let read = || match container.runtime {
            Runtime::Docker => docker(Path::new(DOCKER), &container.id),
            Runtime::Podman => {
                let of_podman = self.of_podman.get_or_init(|| podman(Path::new(PODMAN)));
                of_podman.get(&container.id).cloned()
            }
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
    let config = whole(&folder.join(id).join("config.v2.json"))?;
    let config: DockerConfig = serde_json::from_slice(&config).ok()?;
    // Docker writes a slash before each name.
    Some(config.name.trim_start_matches('/').to_owned()).filter(|name| !name.is_empty())
}

/// The first name of each container in podman's list, by its id.
fn podman(list: &Path) -> HashMap<String, String> {
    let text = whole(list).unwrap_or_default();
    let containers: Vec<PodmanContainer> = serde_json::from_slice(&text).unwrap_or_default();
    let first_name = |PodmanContainer { id, names }| Some((id, names.into_iter().next()?));
    containers.into_iter().filter_map(first_name).collect()
}

/// A file, unless it is larger than [`LARGEST`].
fn whole(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= LARGEST).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        assert_eq!(podman(&list), HashMap::from([(ID.to_owned(), "flexnet".to_owned())]));
        fs::write(&list, "not json").unwrap();
        assert!(podman(&list).is_empty());
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(ID)).unwrap();
        let config = folder.path().join(ID).join("config.v2.json");
        let text = r#"{"Name":"/huge"}"#;
        fs::write(&config, text).unwrap();
        assert_eq!(docker(folder.path(), ID).as_deref(), Some("huge"));
        fs::OpenOptions::new().append(true).open(&config).unwrap().set_len(LARGEST + 1).unwrap();
        assert_eq!(whole(&config), None);
        fs::remove_file(&config).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &config).unwrap();
        assert_eq!(whole(&config), None);
    }
}
