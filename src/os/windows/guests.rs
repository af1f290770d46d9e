//! Virtual machines and containers: what they do with a port of this machine stands in none of its tables. In the mirrored
//! network of WSL their programs listen at the machine's own addresses, and Hyper-V and Docker may forward a port.

use super::services::Services;
use crate::model::phrase::list;
use crate::model::{Gap, GapKind};

/// The services that run them, who that is, and what lists their ports.
const GUESTS: [(&[&str], &str, &str); 3] = [
    (&["WslService", "LxssManager"], "WSL", "wsl ss -tulpn"),
    (&["com.docker.service", "docker"], "Docker", "docker ps"),
    (&["vmms"], "Hyper-V", "powershell Get-NetNatStaticMapping"),
];

/// The gap, if any of these services runs.
pub(super) fn gap(services: &Services) -> Option<Gap> {
    let runs = |name: &&str| services.named(name).is_some_and(|service| service.pid.is_some());
    of(GUESTS.iter().filter(|(services, ..)| services.iter().any(runs)))
}

fn of<'a>(running: impl Iterator<Item = &'a (&'a [&'a str], &'a str, &'a str)>) -> Option<Gap> {
    let (names, commands): (Vec<String>, Vec<&str>) =
        running.map(|(_, name, command)| ((*name).to_owned(), *command)).unzip();
    let runs = match names.len() {
        0 => return None,
        1 => "runs",
        _ => "run",
    };
    let detail = format!(
        "{} {runs} here, and a program inside may have the port: Windows does not list those",
        list(&names, "and")
    );
    let remedy = Some(commands.join("; "));
    Some(Gap { remedy, ..Gap::new(GapKind::GuestsHidden, detail) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_run_are_named_with_what_lists_their_ports() {
        assert_eq!(of([].iter()), None);
        let gap = of(GUESTS[..2].iter()).unwrap();
        assert_eq!(
            gap.detail,
            "WSL and Docker run here, and a program inside may have the port: Windows does not list those"
        );
        assert_eq!(gap.remedy.as_deref(), Some("wsl ss -tulpn; docker ps"));
        assert!(of(GUESTS[2..].iter()).unwrap().detail.starts_with("Hyper-V runs here"));
    }
}
