//! Decodes the control group of a process: `/proc/PID/cgroup` (`cgroups(7)`), and the names that the creators of
//! control groups give them: systemd (`systemd.unit(5)`, `cg_escape` and
//! `cg_path_get_unit` in its `src/basic/cgroup-util.c`; systemd.io/DESKTOP_ENVIRONMENTS for
//! applications), the container runtimes (`cgroupsPath` in the OCI runtime specification; runc,
//! `docs/systemd.md`), Kubernetes (`pkg/kubelet/cm/cgroup_manager_linux.go`), LXC
//! (`lxc.container.conf(5)`, `lxc.cgroup.dir`) and snapd (`sandbox/cgroup`).
//!
//! What is found below a control group that was delegated to a user is the user's, whatever it is called.

mod container;
mod delegation;
mod unit_name;

use std::collections::HashSet;

use self::container::containers;
pub use self::delegation::Account;
use self::delegation::delegated;
use self::unit_name::unescaped;
use crate::model::sorting::sort_by_key;
use crate::model::{Application, ApplicationKind, Container, ProcessService, ServiceManager};

/// What the control group of a process says it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// The service or scope of systemd, outside any container.
    pub service: Option<ProcessService>,
    /// The innermost one.
    pub container: Option<Container>,
    /// The control group in which that of the container was created; `None` where the container is a user's anyway.
    pub created_in: Option<ControlGroup>,
    pub application: Option<Application>,
    /// The user who could choose the names of the container and of the application; `None` where only root could.
    pub account: Option<Account>,
}

/// A control group in its hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlGroup {
    /// The controllers or the name, as the folder of the hierarchy is called; `None` for version 2.
    pub hierarchy: Option<String>,
    pub path: String,
}

/// The scope of the service manager itself, which is not a service.
const MANAGER: &str = "init.scope";

/// Decodes `/proc/PID/cgroup`: lines of the form `hierarchy:controllers:path`. Of several lines, that of version 2
/// takes precedence, then systemd's own, which has no controllers. Where one line is below a user's control group, the
/// other hierarchies may have been delegated to that user too.
#[must_use]
pub fn membership(text: &str) -> Membership {
    // A line without its newline may be cut short.
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let mut lines: Vec<(u8, Option<String>, &str)> = whole.filter_map(ranked).collect();
    sort_by_key(&mut lines, |&(rank, ..)| rank);
    // Hierarchies of version 1 have the same few paths: each says something once.
    let mut paths: HashSet<&str> = HashSet::new();
    lines.retain(|&(.., path)| path != "/" && paths.insert(path));
    let decoded: Vec<Membership> = lines
        .into_iter()
        .map(|(_, hierarchy, path)| {
            let mut one = of_path(path);
            if let Some(created_in) = &mut one.created_in {
                created_in.hierarchy = hierarchy;
            }
            one
        })
        .collect();
    let account = decoded.iter().find_map(|one| one.account.clone());
    let mut found = Membership::default();
    for one in decoded {
        if account.is_none() || one.account.is_some() {
            found.service = found.service.or(one.service);
        }
        if found.container.is_none() {
            (found.container, found.created_in) = (one.container, one.created_in);
        }
        found.application = found.application.or(one.application);
    }
    let created_in = found.created_in.filter(|_| account.is_none());
    Membership { account, created_in, ..found }
}

/// The rank of a line, its hierarchy if that is of version 1, and its path, which may contain colons too.
pub(super) fn ranked(line: &str) -> Option<(u8, Option<String>, &str)> {
    let (hierarchy, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let rank = match (hierarchy, controllers) {
        ("0", "") => 0,
        (_, "name=systemd") => 1,
        _ => 2,
    };
    let number = !hierarchy.is_empty() && hierarchy.bytes().all(|b| b.is_ascii_digit());
    let folder = controllers.strip_prefix("name=").unwrap_or(controllers);
    let folder = (rank != 0).then(|| folder.to_owned());
    (number && path.starts_with('/')).then_some((rank, folder, path))
}

/// Decodes one path, such as `/system.slice/nginx.service`.
#[must_use]
pub fn of_path(path: &str) -> Membership {
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    // A path outside the cgroup namespace begins with `/..`. systemd prefixes `_` to a name that the kernel might
    // use for a file.
    let names = path.split('/').filter(|name| !matches!(*name, "" | "." | ".."));
    let names: Vec<&str> = names.map(|name| name.strip_prefix('_').unwrap_or(name)).collect();
    let delegated = delegated(&names);
    let own = delegated.as_ref().map_or(names.len(), |delegated| delegated.below);
    let all = containers(&names);
    let outermost = all.first().map(|(at, _)| *at);
    // Inside a container of root's, the users are those of the container: what they call theirs does not count.
    let (of_root, of_user): (Vec<_>, Vec<_>) = all.into_iter().partition(|(at, _)| *at < own);
    let (visible, account, mut containers) = match (&of_root[..], delegated) {
        ([], Some(delegated)) => (names.len(), Some(delegated.account), of_user),
        _ => (own, None, of_root),
    };
    let nested = containers.len() > 1;
    let mut innermost = containers.pop();
    if let Some((_, container)) = &mut innermost {
        container.nested = nested;
    }
    // An application around a container says nothing about what is inside.
    let inside = innermost.as_ref().map_or(0, |(at, _)| at + 1);
    let created_in = innermost.as_ref().filter(|_| account.is_none()).map(|(at, _)| {
        // The names as they are, for there may be a folder of that name.
        let raw = path.split('/').filter(|name| !matches!(*name, "" | "."));
        let outside = raw.clone().take_while(|name| *name == "..").count();
        let path: String = raw.take(outside + at).flat_map(|name| ["/", name]).collect();
        ControlGroup { hierarchy: None, path }
    });
    Membership {
        service: service(&names, outermost),
        application: names[inside..visible].iter().rev().find_map(|name| application(name)),
        container: innermost.map(|(_, container)| container),
        created_in,
        account,
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
    // Only root makes `/user`, and below it PAM hands control groups to users. No systemd is there.
    if names.first() == Some(&"user") {
        return None;
    }
    let mut units = names.iter().copied().take(outside).filter(is_it);
    let first = units.next()?;
    let is_user_manager = first.starts_with("user@") && first.ends_with(".service");
    let below = units.next().filter(|_| is_user_manager);
    let Some(below) = below else { return Some(ProcessService::new(ServiceManager::Systemd, first)) };
    let uid = first.strip_prefix("user@").and_then(|rest| rest.strip_suffix(".service"));
    Some(ProcessService {
        user: uid.map(str::to_owned),
        ..ProcessService::new(ServiceManager::SystemdUser, below)
    })
}

fn is_unit(name: &str) -> bool {
    [".service", ".scope", ".socket"]
        .iter()
        .any(|kind| name.strip_suffix(kind).is_some_and(|stem| !stem.is_empty()))
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
    (!id.is_empty()).then_some(Application { kind, id, user: None })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "3f4e8f1c2b7a9d60e5c4b3a29180f7e6d5c4b3a2918070605040302010ffeedd";
    const UID: &str = "0b5e7c1a-93d2-4c4e-8f11-2a6b7c8d9e0f";

    /// Paths from real systems and those that a user may make, with ID, ANOTHER, UID and `U_ID` (with `_`) for the long
    /// numbers, and their meaning: manager and service; runtime, id and pod; kind and application; the user who
    /// chose the names.
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
/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container => systemd:user@1000.service podman:ID - 1000
/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-ID.scope => systemd-user:libpod-conmon-ID.scope - -
/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-ID => systemd-user:web.service podman:ID - 1000
/user.slice/user-1000.slice/user@1000.service/user.slice/docker-ID.scope => systemd:user@1000.service docker:ID - 1000
/user.slice/user-1000.slice/user@1000.service/kubepods/podUID/ID => systemd:user@1000.service kubernetes:ID:UID - 1000
/user.slice/user-1000.slice/user@1000.service/lxc.payload.web => systemd:user@1000.service lxc:web - 1000
/user.slice/user-1000.slice/user@1000.service/machine.slice/machine-web.scope => systemd:user@1000.service systemd-nspawn:web - 1000
/user.slice/user-1000.slice/user@1000.service/nginx.service => systemd-user:nginx.service - -
/user.slice/user-1000.slice/user@1000.service/system.slice/nginx.service => systemd-user:nginx.service - -
/user.slice/user-1000.slice/user@1000.service/system.slice/docker.service/docker/ID => systemd-user:docker.service docker:ID - 1000
/user.slice/user-1000.slice/user@1000.service/user-0.slice/user@0.service/docker-ID.scope => systemd-user:user@0.service docker:ID - 1000
/user.slice/user-1000.slice/user@1000.service/docker/ANOTHER/docker/ID => systemd:user@1000.service docker:ID - 1000
/user.slice/user-1000.slice/session-3.scope/lxc.payload.web/init.scope => systemd:session-3.scope lxc:web - 1000
/user.slice/user-1000.slice/session-3.scope/system.slice/nginx.service => systemd:session-3.scope - -
/user.slice/user-1000.slice/session-3.scope/snap.lxd.daemon.service => systemd:session-3.scope - snap:lxd 1000
/user.slice/user-0.slice/user@0.service/user.slice/libpod-ID.scope => systemd:user@0.service podman:ID -
/user.slice/user-0.slice/session-1.scope/lxc.payload.web => systemd:session-1.scope lxc:web -
/../user@1000.service/docker-ID.scope => systemd:user@1000.service docker:ID - 1000
/user/alice/0/docker-ID.scope => - docker:ID - alice
/user/alice/0/nginx.service => - - -
/user/root/0/lxc.payload.web => - lxc:web -
/user/1000.user/c2.session/lxc/web => - lxc:web - 1000
/docker/ANOTHER/user.slice/user-1000.slice/user@1000.service/docker-ID.scope => - docker:ANOTHER -
/docker/ANOTHER/user.slice/user-1000.slice/user@1000.service/snap.x.y.scope => - docker:ANOTHER -
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
/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-UID.scope => systemd-user:snap.firefox.firefox-UID.scope - snap:firefox 1000
/user.slice/user-1000.slice/user@1000.service/snap.firefox.firefox.UID.scope => systemd-user:snap.firefox.firefox.UID.scope - snap:firefox 1000
/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.mozilla.firefox-2817.scope => systemd-user:app-flatpak-org.mozilla.firefox-2817.scope - flatpak:org.mozilla.firefox 1000
/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.x.My\x2dApp-1.scope => systemd-user:app-flatpak-org.x.My\x2dApp-1.scope - flatpak:org.x.My-App 1000
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
            assert_eq!((&c.name, &c.user), (&None, &None), "this is for the caller to find");
            [c.runtime.code(), &c.id].into_iter().chain(c.pod.as_deref()).collect::<Vec<_>>().join(":")
        });
        let application = found.application.as_ref().map(|a| format!("{}:{}", a.kind.code(), a.id));
        let is_chosen = container.is_some() || application.is_some();
        let account = found.account.as_ref().filter(|_| is_chosen).map(|account| match account {
            Account::Id(uid) => format!(" {uid}"),
            Account::Name(name) => format!(" {name}"),
        });
        assert_eq!(found.created_in.is_some(), found.container.is_some() && found.account.is_none());
        [service, container, application].map(|one| one.unwrap_or("-".to_owned())).join(" ")
            + &account.unwrap_or_default()
    }

    #[test]
    fn paths_say_what_a_process_belongs_to() {
        assert!(paths().count() > 50);
        for (path, expected) in paths() {
            assert_eq!(decoded(&of_path(&path)), expected, "{path}");
        }
    }

    #[test]
    fn whose_manager_a_service_is_of_and_who_chose_a_container_s_id_is_known() {
        let user = |path: &str| of_path(path).service.and_then(|service| service.user);
        let manager = "/user.slice/user-1000.slice/user@1000.service";
        assert_eq!(user(&format!("{manager}/app.slice/shop.service")).as_deref(), Some("1000"));
        assert_eq!(user(&format!("{manager}/init.scope")), None, "that is the system's");
        assert_eq!(user("/system.slice/nginx.service"), None);
        let nested = |path: &str| of_path(&path.replace("ID", ID)).container.map(|one| one.nested);
        assert_eq!(nested("/docker/ID"), Some(false));
        assert_eq!(nested("/docker/ID/docker/ID"), Some(true));
        assert_eq!(nested("/lxc.payload.web/system.slice/docker.service/docker/ID"), Some(true));
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
    fn what_one_line_shows_as_a_user_s_is_not_root_s_in_another() {
        let systemd = "1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n";
        for forged in [
            format!("5:freezer:/docker/{ID}\n{systemd}"),
            format!("{systemd}0::/system.slice/docker-{ID}.scope\n"),
            format!("7:name=mine:/docker/{ID}\n5:freezer:/user/1000/0\n"),
        ] {
            let account = membership(&forged).account;
            assert!(matches!(account, Some(Account::Id(1000) | Account::Name(_))), "{forged} {account:?}");
        }
        let service = "5:freezer:/system.slice/nginx.service\n1:name=systemd:/user/alice/0\n";
        assert_eq!(decoded(&membership(service)), "- - -");
    }

    #[test]
    fn the_control_group_that_a_container_was_created_in_is_known() {
        let created_in = |text: &str| {
            let group = membership(&text.replace("ID", ID)).created_in?;
            Some(format!("{} {}", group.hierarchy.unwrap_or_default(), group.path))
        };
        for (text, expected) in [
            ("0::/system.slice/docker-ID.scope/init.scope\n", " /system.slice"),
            ("0::/docker/ID\n", " /docker"),
            ("0::/lxc.payload.web\n", " "),
            ("0::/system.slice/_runner.service/docker-ID.scope\n", " /system.slice/_runner.service"),
            ("0::/../a/docker-ID.scope\n", " /../a"),
            ("4:cpu,cpuacct:/docker/ID\n", "cpu,cpuacct /docker"),
            ("1:name=systemd:/docker/ID\n", "systemd /docker"),
        ] {
            assert_eq!(created_in(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(created_in("0::/user.slice/user-5.slice/session-1.scope/docker-ID.scope\n"), None);
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
