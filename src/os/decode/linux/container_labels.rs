//! Decodes the names and images of containers from the files of their runtimes.

use std::collections::HashMap;

use serde::Deserialize;

/// What a person knows a container by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerLabel {
    pub name: Option<String>,
    /// As it was typed when the container was created: `nginx:1.25`.
    pub image: Option<String>,
}

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(rename = "Name")]
    name: Option<String>,
    #[serde(rename = "Config")]
    config: Option<DockerImageConfig>,
}

#[derive(Deserialize)]
struct DockerImageConfig {
    #[serde(rename = "Image")]
    image: Option<String>,
}

#[derive(Deserialize)]
struct PodmanContainer {
    id: String,
    #[serde(default)]
    names: Vec<String>,
    /// JSON in a string (libpod, `storage.go`).
    #[serde(default)]
    metadata: String,
}

#[derive(Deserialize)]
struct PodmanMetadata {
    #[serde(rename = "image-name")]
    image_name: String,
}

/// The label in the configuration of one container of Docker's (moby, `container/container.go`).
#[must_use]
pub fn docker(config: &[u8]) -> ContainerLabel {
    let Ok(DockerConfig { name, config }) = serde_json::from_slice(config) else {
        return ContainerLabel::default();
    };
    // Docker writes a slash before each name.
    let name = name.map(|name| name.trim_start_matches('/').to_owned());
    ContainerLabel { name: given(name), image: given(config.and_then(|config| config.image)) }
}

/// The labels in podman's list of containers, by their ids (containers/storage, `containers.go`).
#[must_use]
pub fn podman(list: &[u8]) -> HashMap<String, ContainerLabel> {
    let containers: Vec<PodmanContainer> = serde_json::from_slice(list).unwrap_or_default();
    let label = |PodmanContainer { id, names, metadata }: PodmanContainer| {
        let metadata: Option<PodmanMetadata> = serde_json::from_str(&metadata).ok();
        let image = given(metadata.map(|metadata| metadata.image_name));
        (id, ContainerLabel { name: given(names.into_iter().next()), image })
    };
    containers.into_iter().map(label).collect()
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONFIG: &str = r#"{"State":{"Running":true},"ID":"4f66","Image":"sha256:9c7a","Name":"/license-web",
        "Config":{"Hostname":"4f66","Image":"nginx:1.25","Env":["SECRET=1"]},"Driver":"overlay2"}"#;
    const LIST: &str = r#"[{"id":"ff"},{"id":"4f66","names":["flexnet","b"],"image":"1",
        "metadata":"{\"image-name\":\"docker.io/library/redis:7\",\"image-id\":\"1\",\"name\":\"flexnet\"}"}]"#;

    fn label(name: Option<&str>, image: Option<&str>) -> ContainerLabel {
        ContainerLabel { name: name.map(str::to_owned), image: image.map(str::to_owned) }
    }

    #[test]
    fn labels_are_read_as_the_runtimes_keep_them() {
        assert_eq!(docker(CONFIG.as_bytes()), label(Some("license-web"), Some("nginx:1.25")));
        assert_eq!(docker(br#"{"Name":"/web"}"#), label(Some("web"), None));
        assert_eq!(docker(br#"{"Config":{"Image":"redis"}}"#), label(None, Some("redis")));
        for none in [r#"{"Name":"/"}"#, r#"{"Name":7}"#, r#"{"Config":{"Image":""}}"#, "{}", "not json", ""] {
            assert_eq!(docker(none.as_bytes()), ContainerLabel::default(), "{none}");
        }
        let list = podman(LIST.as_bytes());
        assert_eq!(list["4f66"], label(Some("flexnet"), Some("docker.io/library/redis:7")));
        assert_eq!(list["ff"], ContainerLabel::default());
        assert_eq!(podman(br#"[{"id":"a","metadata":"no json"}]"#)["a"], ContainerLabel::default());
        for none in ["[]", r#"[{"names":["a"]}]"#, "not json", ""] {
            assert_eq!(podman(none.as_bytes()), HashMap::new(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(at: prop::sample::Index, byte: u8) {
            for text in [CONFIG, LIST] {
                let mut bytes = text.as_bytes().to_vec();
                *at.get_mut(&mut bytes) = byte;
                let _ = (docker(&bytes), podman(&bytes));
                let _ = (docker(&bytes[..at.index(bytes.len())]), podman(&bytes[..at.index(bytes.len())]));
            }
        }
    }
}
