//! Decodes the control group of a process: `/proc/PID/cgroup` (`cgroups(7)`), and the names that the creators of
//! control groups give them: systemd (`systemd.unit(5)`, `cg_escape` and
//! `cg_path_get_unit` in its `src/basic/cgroup-util.c`; systemd.io/DESKTOP_ENVIRONMENTS for
//! applications), the container runtimes (`cgroupsPath` in the OCI runtime specification; runc,
//! `docs/systemd.md`), Kubernetes (`pkg/kubelet/cm/cgroup_manager_linux.go`), LXC
//! (`lxc.container.conf(5)`, `lxc.cgroup.dir`) and snapd (`sandbox/cgroup`).

use crate::model::{Application, ApplicationKind, Container, ProcessService, Runtime, ServiceManager};

/// What the control group of a process says it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// The service or scope of systemd, outside any container.
    pub service: Option<ProcessService>,
    /// The innermost one.
    pub container: Option<Container>,
    pub application: Option<Application>,
}

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

/// The scope of the service manager itself, which is not a service.
const MANAGER: &str = "init.scope";

/// Decodes `/proc/PID/cgroup`: lines of the form `hierarchy:controllers:path`. Of several lines, that of version 2
/// takes precedence, then systemd's own, which has no controllers.
#[must_use]
pub fn membership(text: &str) -> Membership {
    // A line without its newline may be cut short.
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let mut lines: Vec<(u8, &str)> = whole.filter_map(ranked).collect();
    lines.sort_by_key(|&(rank, _)| rank);
    let mut found = Membership::default();
    for (_, path) in lines {
        let Membership { service, container, application } = of_path(path);
        found.service = found.service.or(service);
        found.container = found.container.or(container);
        found.application = found.application.or(application);
    }
    found
}

/// The rank of a line, and its path, which may contain colons too.
fn ranked(line: &str) -> Option<(u8, &str)> {
    let (hierarchy, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let rank = match (hierarchy, controllers) {
        ("0", "") => 0,
        (_, "name=systemd") => 1,
        _ => 2,
    };
    let number = !hierarchy.is_empty() && hierarchy.bytes().all(|b| b.is_ascii_digit());
    (number && path.starts_with('/')).then_some((rank, path))
}

/// Decodes one path, such as `/system.slice/nginx.service`.
#[must_use]
pub fn of_path(path: &str) -> Membership {
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    // A path outside the cgroup namespace begins with `/..`. systemd prefixes `_` to a name that the kernel might
    // use for a file.
    let names = path.split('/').filter(|name| !matches!(*name, "" | "." | ".."));
    let names: Vec<&str> = names.map(|name| name.strip_prefix('_').unwrap_or(name)).collect();
    let containers = containers(&names);
    let outermost = containers.first().map(|(at, _)| *at);
    let innermost = containers.last().map(|(at, _)| *at);
    // An application around a container says nothing about what is inside.
    let inside = names.iter().skip(innermost.map_or(0, |at| at + 1));
    Membership {
        service: service(&names, outermost),
        application: inside.rev().find_map(|name| application(name)),
        container: containers.into_iter().next_back().map(|(_, container)| container),
    }
}

/// The outermost unit, which systemd itself means: the unit creates the control groups below it, with any names. Below
/// a user's own systemd, the unit of that. Around a container only a unit that a person would call a service counts,
/// and the container itself may be one.
fn service(names: &[&str], container: Option<usize>) -> Option<ProcessService> {
    let outside = container.map_or(names.len(), |at| at + 1);
    let counts = |name: &str| match container {
        Some(_) => name.ends_with(".service") || name.starts_with("session-") || name.starts_with("app-"),
        None => true,
    };
    let is_it = |name: &&str| is_unit(name) && counts(name) && *name != MANAGER;
    let mut units = names.iter().copied().take(outside).filter(is_it);
    let first = units.next()?;
    let is_user_manager = first.starts_with("user@") && first.ends_with(".service");
    let below = units.next().filter(|_| is_user_manager);
    let manager = if below.is_some() { ServiceManager::SystemdUser } else { ServiceManager::Systemd };
    Some(ProcessService::new(manager, below.unwrap_or(first)))
}

fn is_unit(name: &str) -> bool {
    [".service", ".scope", ".socket"]
        .iter()
        .any(|kind| name.strip_suffix(kind).is_some_and(|stem| !stem.is_empty()))
}

/// The containers with their positions in the path, the outermost first.
fn containers(names: &[&str]) -> Vec<(usize, Container)> {
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
            let container = Container { runtime, id, name: None, pod: pod.clone() };
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

/// `snap.firefox.firefox-<uuid>.scope`, `app-flatpak-org.mozilla.firefox-123.scope`.
fn application(name: &str) -> Option<Application> {
    let (kind, id) = if let Some(rest) = name.strip_prefix("snap.").filter(|_| is_unit(name)) {
        let (snap, _app) = rest.strip_suffix(".scope").or(rest.strip_suffix(".service"))?.split_once('.')?;
        (ApplicationKind::Snap, snap.to_owned())
    } else {
        let stem = name.strip_prefix("app-flatpak-")?.strip_suffix(".scope")?;
        let (id, number) = stem.rsplit_once('-')?;
        let numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        (ApplicationKind::Flatpak, numbered.then(|| unescaped(id))?)
    };
    (!id.is_empty()).then_some(Application { kind, id })
}

/// 64 hexadecimal digits in lower case.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Decodes systemd's escapes, such as `\x2d` for a hyphen (`systemd-escape(1)`).
fn unescaped(name: &str) -> String {
    let mut parts = name.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|two| Some((u8::from_str_radix(two, 16).ok()?, part.get(2..)?))) {
            Some((byte, rest)) => {
                bytes.push(byte);
                bytes.extend(rest.bytes());
            }
            None => bytes.extend(b"\\x".iter().copied().chain(part.bytes())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "3f4e8f1c2b7a9d60e5c4b3a29180f7e6d5c4b3a2918070605040302010ffeedd";
    const UID: &str = "0b5e7c1a-93d2-4c4e-8f11-2a6b7c8d9e0f";

    /// Paths from real systems, with ID, ANOTHER, UID and `U_ID` (with `_`) for the long numbers, and their meaning:
    /// manager and service; runtime, id and pod; kind and application.
    const PATHS: &str = r"
/ => - - -
/../../system.slice/cron.service => systemd:cron.service - -
/system.slice/nginx.service => systemd:nginx.service - -
/system.slice/nginx.service (deleted) => systemd:nginx.service - -
/system.slice/system-postgresql.slice/postgresql@16-main.service => systemd:postgresql@16-main.service - -
/system.slice/system-getty.slice/getty@tty1.service => systemd:getty@tty1.service - -
/system.slice/systemd-udevd.service/udev => systemd:systemd-udevd.service - -
/system.slice/_cpu.service => systemd:cpu.service - -
/system.slice/.service => - - -
/init.scope => - - -
/user.slice/user-1000.slice/session-3.scope => systemd:session-3.scope - -
/user.slice/user-1000.slice/user@1000.service/init.scope => systemd:user@1000.service - -
/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service => systemd-user:syncthing.service - -
/user.slice/user-1000.slice/user@1000.service/session.slice/pipewire.service => systemd-user:pipewire.service - -
/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-code-4711.scope => systemd-user:app-gnome-code-4711.scope - -
/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-UID.scope => systemd-user:vte-spawn-UID.scope - -
/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container => systemd:user@1000.service podman:ID -
/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-ID.scope => systemd-user:libpod-conmon-ID.scope - -
/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-ID => systemd-user:web.service podman:ID -
/user.slice/user-1000.slice/session-3.scope/lxc.payload.web/init.scope => systemd:session-3.scope lxc:web -
/libpod_parent/libpod-ID => - podman:ID -
/system.slice/docker-ID.scope => - docker:ID -
/docker/ID => - docker:ID -
/system.slice/docker.service/docker/ID => systemd:docker.service docker:ID -
/docker/3f4e8f1c2b7a => - - -
/ecs/0123456789abcdef0123456789abcdef/ID => - docker:ID -
/system.slice/nerdctl-ID.scope => - containerd:ID -
/kubepods/besteffort/podUID/ID => - kubernetes:ID:UID -
/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podU_ID.slice/cri-containerd-ID.scope => - containerd:ID:UID -
/kubepods.slice/kubepods-podU_ID.slice/crio-ID.scope/container => - cri-o:ID:UID -
/kubepods.slice/kubepods-podU_ID.slice/crio-conmon-ID.scope => systemd:crio-conmon-ID.scope - -
/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podU_ID.slice/docker-ID.scope => - docker:ID:UID -
/system.slice/containerd.service/kubepods-burstable-podU_ID.slice:cri-containerd:ID => systemd:containerd.service containerd:ID:UID -
/kubepods.slice/kubepods-podU_ID.slice => - - -
/docker/ANOTHER/kubelet/kubepods/burstable/podUID/ID => - kubernetes:ID:UID -
/system.slice/docker-ANOTHER.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podU_ID.slice/cri-containerd-ID.scope => - containerd:ID:UID -
/system.slice/docker-ANOTHER.scope/system.slice/containerd.service => - docker:ANOTHER -
/kubepods/podUID/ANOTHER/docker/ID => - docker:ID:UID -
/lxc/101/ns/system.slice/nginx.service => - lxc:101 -
/lxc.payload/web/system.slice/nginx.service => - lxc:web -
/lxc.payload.web/system.slice/nginx.service => - lxc:web -
/lxc.payload.web/system.slice/docker.service/docker/ID => - docker:ID -
/lxc.payload.web/system.slice/snap.lxd.daemon.service => - lxc:web snap:lxd
/lxc.monitor.web => - - -
/machine.slice/machine-my\x2dweb.scope/payload/system.slice/cron.service => - systemd-nspawn:my-web -
/machine.slice/systemd-nspawn@web.service/payload => systemd:systemd-nspawn@web.service systemd-nspawn:web -
/machine.slice/systemd-nspawn@web.service/supervisor => systemd:systemd-nspawn@web.service - -
/machine.slice/machine-qemu\x2d1\x2dwin.scope/libvirt/emulator => systemd:machine-qemu\x2d1\x2dwin.scope - -
/system.slice/snap.lxd.daemon.service => systemd:snap.lxd.daemon.service - snap:lxd
/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-UID.scope => systemd-user:snap.firefox.firefox-UID.scope - snap:firefox
/user.slice/user-1000.slice/user@1000.service/snap.firefox.firefox.UID.scope => systemd-user:snap.firefox.firefox.UID.scope - snap:firefox
/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.mozilla.firefox-2817.scope => systemd-user:app-flatpak-org.mozilla.firefox-2817.scope - flatpak:org.mozilla.firefox
/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.x.My\x2dApp-1.scope => systemd-user:app-flatpak-org.x.My\x2dApp-1.scope - flatpak:org.x.My-App
/system.slice/app-flatpak-org.x.scope => systemd:app-flatpak-org.x.scope - -
/docker-ID.scope.x/libpod-xyz.scope/snap..scope => systemd:libpod-xyz.scope - -
garbage => - - -";

    fn paths() -> impl Iterator<Item = (String, String)> {
        let long = |text: &str| {
            let another: String = ID.chars().rev().collect();
            let text = text.replace("ANOTHER", &another).replace("U_ID", &UID.replace('-', "_"));
            text.replace("UID", UID).replace("ID", ID)
        };
        PATHS
            .lines()
            .filter_map(|line| line.split_once(" => "))
            .map(move |(path, decoded)| (long(path), long(decoded)))
    }

    fn decoded(found: &Membership) -> String {
        let service = found.service.as_ref().map(|s| format!("{}:{}", s.manager.code(), s.name));
        let container = found.container.as_ref().map(|c| {
            assert_eq!(c.name, None);
            [c.runtime.code(), &c.id].into_iter().chain(c.pod.as_deref()).collect::<Vec<_>>().join(":")
        });
        let application = found.application.as_ref().map(|a| format!("{}:{}", a.kind.code(), a.id));
        [service, container, application].map(|one| one.unwrap_or("-".to_owned())).join(" ")
    }

    #[test]
    fn paths_say_what_a_process_belongs_to() {
        assert!(paths().count() > 50);
        for (path, expected) in paths() {
            assert_eq!(decoded(&of_path(&path)), expected, "{path}");
        }
    }

    #[test]
    fn the_line_of_version_2_counts_most_and_then_systemd_s() {
        let v1 = "12:memory:/system.slice/a.service\n1:name=systemd:/system.slice/b.service\n";
        assert_eq!(decoded(&membership(v1)), "systemd:b.service - -");
        assert_eq!(
            decoded(&membership(&format!("{v1}0::/system.slice/c.service\n"))),
            "systemd:c.service - -"
        );
        assert_eq!(decoded(&membership(&format!("{v1}0::/\n"))), "systemd:b.service - -");
        let split = format!("0::/system.slice/containerd.service\n11:cpu,cpuacct:/docker/{ID}\n");
        assert_eq!(decoded(&membership(&split)), format!("systemd:containerd.service docker:{ID} -"));
        for text in
            ["", "\n", "0::/\n", "0:/a.service\n", "x::/a.service\n", "0::a.service\n", "::/a.service\n"]
        {
            assert_eq!(membership(text), Membership::default(), "{text:?}");
        }
    }

    #[test]
    fn no_truncation_says_anything_else() {
        for (path, expected) in paths() {
            let line = format!("0::{path}\n");
            assert!((0..line.len()).all(|end| membership(&line[..end]) == Membership::default()), "{path}");
            assert!(!path.starts_with('/') || decoded(&membership(&line)) == expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(parts in prop::collection::vec("/|:|\n|0::/|pod|lxc|snap\\.|machine-|\\\\x|\\.slice|\\.scope|\\PC{0,4}", 0..20), which: prop::sample::Index, at: prop::sample::Index, with in any::<char>()) {
            let text = parts.concat();
            let _ = (membership(&text), of_path(&text));
            let known: Vec<_> = paths().collect();
            let mut changed: Vec<char> = which.get(&known).0.chars().collect();
            *at.get_mut(&mut changed) = with;
            let _ = of_path(&changed.into_iter().collect::<String>());
        }
    }
}
