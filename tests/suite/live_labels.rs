//! Who could choose the name of a control group: what any user may make is not shown as root's.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::live::{look, look_at};
use crate::live_linux::NOBODY;
use crate::network::in_cgroup;
use crate::started::{Listening, listener_program};

/// A control group of a user, with one below it that is called as Docker calls those of its containers.
pub struct Delegated(PathBuf);

/// The id of that container.
pub fn container_id() -> String {
    "ab".repeat(32)
}

impl Delegated {
    /// `None` where this machine has no hierarchy to make one in.
    pub fn to(user: u32) -> Option<Delegated> {
        let root = Path::new("/sys/fs/cgroup");
        let hierarchies = ["", "unified", "systemd", "freezer", "memory"].map(|name| root.join(name));
        let hierarchy = hierarchies.into_iter().find(|root| root.join("cgroup.procs").exists())?;
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let own = hierarchy.join(format!("wl-labels-{}-{number}", std::process::id()));
        fs::create_dir(&own).ok()?;
        let delegated = Delegated(own);
        fs::create_dir(delegated.container()).ok()?;
        chown(&delegated.0, Some(user), Some(user)).unwrap();
        Some(delegated)
    }

    fn container(&self) -> PathBuf {
        self.0.join(format!("docker-{}.scope", container_id()))
    }

    /// Moves a process into the container's control group.
    pub fn hold(&self, pid: u32) {
        fs::write(self.container().join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        let _ = (fs::remove_dir(self.container()), fs::remove_dir(&self.0));
    }
}

#[test]
#[ignore = "needs root: makes control groups"]
fn a_container_belongs_to_who_could_make_its_control_group() {
    for (owner, expected) in [(0, None), (NOBODY, Some("nobody"))] {
        let Some(delegated) = Delegated::to(owner) else {
            eprintln!("skipped: no control groups");
            return;
        };
        let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
        delegated.hold(listening.pid());
        let document = look_at(&listening);
        let container = document.listeners[0].processes[0].container.as_ref().unwrap();
        assert_eq!((container.runtime.as_str(), container.user.as_deref()), ("docker", expected));
        drop(listening);
    }
}

/// To stop the unit would stop the other one, too.
#[test]
#[ignore = "needs root: makes control groups"]
fn a_unit_in_which_another_program_runs_is_not_stopped_for_one() {
    let at_any_port = || Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let (one, other) = (at_any_port(), at_any_port());
    let group = format!("system.slice/wl-mates-{}.service", std::process::id());
    let Some(_one) = in_cgroup(&group, one.pid()) else { return };
    let next = || look(&format!("{}/tcp", one.port())).asked.remove(0).next.unwrap();
    let unit = format!("systemctl stop wl-mates-{}", std::process::id());
    let of_other = in_cgroup(&group, other.pid());
    let said = next();
    assert!(said.contains("as 1 other process does") && said.contains(&unit), "{said}");
    assert!(
        said.contains(&format!("To stop it, and nothing else of that unit: kill {}", one.pid())),
        "{said}"
    );
    drop(of_other);
    assert!(!next().contains("other process"), "{}", next());
}
