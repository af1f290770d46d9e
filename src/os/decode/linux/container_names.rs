//! Decodes the names of containers from the files of their runtimes.

use std::collections::HashMap;

use serde::Deserialize;

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

/// The name in the configuration of one container of Docker's (moby, `container/container.go`).
#[must_use]
pub fn docker(config: &[u8]) -> Option<String> {
    let config: DockerConfig = serde_json::from_slice(config).ok()?;
    // Docker writes a slash before each name.
    Some(config.name.trim_start_matches('/').to_owned()).filter(|name| !name.is_empty())
}

/// The names in podman's list of containers, by their ids (containers/storage, `containers.go`).
#[must_use]
pub fn podman(list: &[u8]) -> HashMap<String, String> {
    let containers: Vec<PodmanContainer> = serde_json::from_slice(list).unwrap_or_default();
    let named = |container: PodmanContainer| Some((container.id, container.names.into_iter().next()?));
    containers.into_iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONFIG: &str =
        r#"{"State":{"Running":true},"ID":"4f66","Name":"/license-web","Driver":"overlay2"}"#;
    const LIST: &str = r#"[{"id":"ff"},{"id":"4f66","names":["flexnet","b"],"image":"1"}]"#;

    #[test]
    fn names_are_read_as_the_runtimes_keep_them() {
        assert_eq!(docker(CONFIG.as_bytes()).as_deref(), Some("license-web"));
        for none in [r#"{"Name":"/"}"#, r#"{"Name":7}"#, "{}", "not json", ""] {
            assert_eq!(docker(none.as_bytes()), None, "{none}");
        }
        assert_eq!(podman(LIST.as_bytes()), [("4f66".to_owned(), "flexnet".to_owned())].into());
        for none in ["[]", r#"[{"id":"ff"}]"#, r#"[{"names":["a"]}]"#, "not json", ""] {
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
