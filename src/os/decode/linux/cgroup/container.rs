//! The control groups of containers, by the names that the runtimes give them.

use super::unit_name::unescaped;
use crate::model::{Container, Runtime};

/// The prefixes of the 64 digits in the name of a container's control group, with the runtime. The supervisors beside
/// it (`libpod-conmon-…`, `crio-conmon-…`) are outside the container.
const RUNTIMES: [(&str, Runtime); 6] = [
    ("docker", Runtime::Docker),
    ("libpod", Runtime::Podman),
    // `podman run --cgroups=split`, as in the units that Quadlet generates.
    ("libpod-payload", Runtime::Podman),
    ("cri-containerd", Runtime::Containerd),
    ("nerdctl", Runtime::Containerd),
    ("crio", Runtime::CriO),
];

/// The containers with their positions in the path, the outermost first.
pub(super) fn containers(names: &[&str]) -> Vec<(usize, Container)> {
    let mut found = Vec::new();
    let (mut parent, mut in_ecs, mut in_kubepods, mut pod, mut pod_is_parent) =
        ("", false, false, None, false);
    for (at, name) in names.iter().copied().enumerate() {
        // systemd-nspawn itself runs in `supervisor`, beside what it contains.
        let supervisor = names.get(at + 1) == Some(&"supervisor");
        let here = pod_of(name, in_kubepods);
        let new_pod = here.is_some();
        pod = here.or(pod);
        let of_parent = || match parent {
            "docker" if is_id(name) => Some((Runtime::Docker, name.to_owned())),
            _ if is_id(name) && pod_is_parent => Some((Runtime::Kubernetes, name.to_owned())),
            _ if is_id(name) && in_ecs => Some((Runtime::Docker, name.to_owned())),
            "lxc" | "lxc.payload" => Some((Runtime::Lxc, name.to_owned())),
            "machine.slice" => machine(name).filter(|_| !supervisor),
            _ => None,
        };
        let container = of_runtime(name)
            .or_else(|| lxc_payload(name))
            .or_else(|| nspawn(name).filter(|_| !supervisor))
            .or_else(of_parent);
        if let Some((runtime, id)) = container {
            let container = Container {
                runtime,
                id,
                name: None,
                image: None,
                pod: pod.clone(),
                user: None,
                nested: false,
            };
            found.push((at, container));
        }
        in_ecs |= name == "ecs";
        in_kubepods |= name.contains("kubepods");
        (parent, pod_is_parent) = (name, new_pod);
    }
    found
}

/// `docker-<id>.scope`. The suffix is missing if systemd did not create it; colons separate the parts if the runtime
/// got a path meant for systemd (`kubepods-pod….slice:cri-containerd:<id>`).
fn of_runtime(name: &str) -> Option<(Runtime, String)> {
    let (before, id) = name.strip_suffix(".scope").unwrap_or(name).rsplit_once(['-', ':'])?;
    let prefix = before.rsplit(':').next()?;
    let &(_, runtime) = RUNTIMES.iter().find(|(known, _)| *known == prefix).filter(|_| is_id(id))?;
    Some((runtime, id.to_owned()))
}

fn lxc_payload(name: &str) -> Option<(Runtime, String)> {
    name.strip_prefix("lxc.payload.")
        .filter(|name| !name.is_empty())
        .map(|name| (Runtime::Lxc, name.to_owned()))
}

fn nspawn(name: &str) -> Option<(Runtime, String)> {
    let name = name.strip_prefix("systemd-nspawn@")?.strip_suffix(".service")?;
    (!name.is_empty()).then(|| (Runtime::SystemdNspawn, unescaped(name)))
}

/// A machine registered with systemd-machined. libvirt registers its LXC containers, and also its virtual machines,
/// which are not containers.
fn machine(name: &str) -> Option<(Runtime, String)> {
    let name = unescaped(name.strip_prefix("machine-")?.strip_suffix(".scope")?);
    let runtime = if name.starts_with("lxc-") { Runtime::Lxc } else { Runtime::SystemdNspawn };
    (!name.is_empty() && !name.starts_with("qemu-")).then_some((runtime, name))
}

/// The UID of a pod's control group: `kubepods-burstable-pod<uid>.slice`, with `_` for the hyphens of the UID, or
/// `pod<uid>` further in.
fn pod_of(name: &str, in_kubepods: bool) -> Option<String> {
    let slice = name.split_once(".slice").map(|(stem, _)| stem).filter(|stem| stem.contains("kubepods"));
    let uid = match slice {
        Some(stem) => stem.rsplit_once("-pod").map(|(_, uid)| uid.replace('_', "-"))?,
        None => name.strip_prefix("pod").filter(|_| in_kubepods)?.to_owned(),
    };
    let plain = !uid.is_empty() && uid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then_some(uid)
}

/// 64 hexadecimal digits in lower case.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
