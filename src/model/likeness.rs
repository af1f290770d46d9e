//! Which processes a word names, and how well.

use super::{ClaimedScript, Container, Process, ProcessService, ServiceManager};

/// How a word names something, the best first. Of several processes those count that it names best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    Exact,
    /// But for capital and small letters: `NGINX` for `nginx`.
    Case,
    /// `python3` for `python3.11`.
    Beginning,
    /// `flexlm` for what runs in `flexlm.service`.
    Unit,
    /// `server.js` for the node that runs it, by its command line.
    Script,
    /// `shop` for what works in `/srv/shop`, if that was read.
    Folder,
    /// It may be the whole of a name that the kernel has cut, of a process whose file this user does not see.
    Cut,
}

/// So many bytes of a process's name does Linux keep (`TASK_COMM_LEN` in proc_pid_comm(5), without the last byte).
pub const KEPT_OF_NAME: usize = 15;

/// The fewest letters that a longer name may be known by.
const SHORTEST_BEGINNING: usize = 3;
/// The fewest digits of a container's id that name it: as many as the runtimes show.
const SHORTEST_ID: usize = 12;

impl Likeness {
    /// How a word is like a name. The beginning of a name is so only where a number or another word follows: `ngi` is
    /// not `nginx`.
    #[must_use]
    pub fn of_name(name: &str, word: &str) -> Option<Likeness> {
        if name == word || is_called_on_windows(name, word) {
            return Some(Likeness::Exact);
        }
        let (beginning, rest) = name.split_at_checked(word.len())?;
        if !beginning.eq_ignore_ascii_case(word) {
            return None;
        }
        let follows = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        match rest.chars().next() {
            None => Some(Likeness::Case),
            Some(next) if follows(next) && word.len() >= SHORTEST_BEGINNING => Some(Likeness::Beginning),
            Some(_) => None,
        }
    }

    /// How a word names a process: by its name or what it calls itself, the path of its file, its service, its
    /// container, or the script that it runs and the folder it works in, if these were read. Of all but the names only the
    /// whole counts.
    #[must_use]
    pub fn of_process(process: &Process, word: &str) -> Option<Likeness> {
        if is_path(word) {
            let at = || is_at(process, word).then_some(Likeness::Exact);
            let script = || runs(process, word).then_some(Likeness::Script);
            return at().or_else(script).or_else(|| works_below(process, word).then_some(Likeness::Folder));
        }
        // A link to the file gives the process the link's name: what runs as `python3` is no other program than what runs as
        // `python3.11`.
        let of_name = |name: &Option<String>| Likeness::of_name(name.as_deref()?, word);
        let by_name = of_name(&process.name).or_else(|| of_name(&process.short_name));
        let forward = process.forward.as_ref().and_then(|forward| forward.container.as_deref());
        let containers = process.container.as_deref().into_iter().chain(forward);
        let is_labelled = || {
            process.services.iter().any(|service| is_service(service, word))
                || containers.into_iter().any(|container| is_container(container, word))
        };
        let is_in_unit = || process.services.iter().any(|service| is_stem_of(service, word));
        match by_name {
            Some(Likeness::Exact) => by_name,
            _ if is_labelled() => Some(Likeness::Exact),
            None if is_in_unit() => Some(Likeness::Unit),
            _ => by_name
                .or_else(|| runs(process, word).then_some(Likeness::Script))
                .or_else(|| works_in(process, word).then_some(Likeness::Folder))
                .or_else(|| may_be_cut(process, word).then_some(Likeness::Cut)),
        }
    }
}

/// Whether a word can only be the path of a file: no name of a process has these signs in it.
#[must_use]
pub fn is_path(word: &str) -> bool {
    word.starts_with('/') || word.contains('\\')
}

/// Whether a word can only be the name of a unit of systemd: it ends with its kind (systemd.unit(5)).
#[must_use]
pub fn is_unit(word: &str) -> bool {
    [".service", ".socket", ".scope"].iter().any(|kind| word.len() > kind.len() && word.ends_with(kind))
}

fn is_at(process: &Process, path: &str) -> bool {
    let exe = process.exe().map(|exe| exe.path.as_str());
    exe.is_some_and(|exe| exe == path || (path.contains('\\') && exe.eq_ignore_ascii_case(path)))
}

/// Whether a word names the script, module, class or archive that a process runs, by its file name or its path.
fn runs(process: &Process, word: &str) -> bool {
    let script = process.program().and_then(|program| program.claimed_script.as_ref());
    let Some(name) = script.and_then(|script| script.name.as_deref()) else { return false };
    let in_folder =
        |folder: &str| Some(word.strip_prefix(folder)?.strip_prefix('/')? == name.trim_start_matches("./"));
    name == word
        || script.and_then(ClaimedScript::short_name) == Some(word)
        || process.cwd.as_ref().and_then(|cwd| in_folder(&cwd.path)).unwrap_or_default()
}

/// Whether a word may be the whole of a name that was cut: where the file is seen, its name is known.
fn may_be_cut(process: &Process, word: &str) -> bool {
    let cut = process.short_name.as_deref().filter(|short| short.len() == KEPT_OF_NAME);
    process.exe().is_none() && cut.is_some_and(|cut| word.len() > KEPT_OF_NAME && word.starts_with(cut))
}

/// Whether a process works in a folder of this name. A user's home goes by the user's name, which means the user.
fn works_in(process: &Process, word: &str) -> bool {
    let folder = process.cwd.as_ref().and_then(|cwd| cwd.path.rsplit(['/', '\\']).next());
    folder == Some(word) && process.user.as_deref() != Some(word)
}

/// Whether a process works in the folder of this path, or below it. Everything works below `/`.
fn works_below(process: &Process, path: &str) -> bool {
    let below = process.cwd.as_ref().and_then(|cwd| cwd.path.strip_prefix(path));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\'])) && path.len() > 1
}

/// Programs of Windows go by their names in any case, and without the ending.
fn is_called_on_windows(name: &str, word: &str) -> bool {
    let stem = name.len().checked_sub(4).and_then(|at| name.split_at_checked(at));
    stem.is_some_and(|(stem, ending)| {
        ending.eq_ignore_ascii_case(".exe")
            && (stem.eq_ignore_ascii_case(word) || name.eq_ignore_ascii_case(word))
    })
}

fn is_service(service: &ProcessService, word: &str) -> bool {
    match service.manager {
        ServiceManager::Windows => service.name.eq_ignore_ascii_case(word),
        ServiceManager::Systemd | ServiceManager::SystemdUser | ServiceManager::Launchd => {
            service.name == word
        }
    }
}

/// Whether a word is the name of a unit but for its kind, which `systemctl` adds too.
fn is_stem_of(service: &ProcessService, word: &str) -> bool {
    let is_systemd = matches!(service.manager, ServiceManager::Systemd | ServiceManager::SystemdUser);
    is_systemd && unit_is_called(&service.name, word)
}

/// Whether a unit of systemd goes by this word: its name, with or without its kind. A scope is called as its maker likes.
#[must_use]
pub fn unit_is_called(unit: &str, word: &str) -> bool {
    let stem = [".service", ".socket"].iter().find_map(|kind| unit.strip_suffix(kind));
    unit == word || stem == Some(word)
}

fn is_container(container: &Container, word: &str) -> bool {
    let is_id = || {
        let may_be = word.len() >= SHORTEST_ID && word.bytes().all(|b| b.is_ascii_hexdigit());
        may_be && container.id.starts_with(word)
    };
    container.name.as_deref() == Some(word) || container.id == word || is_id()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Executable, Presence, Program, Runtime, ScriptKind, WorkingFolder};

    #[test]
    fn the_beginning_of_a_name_ends_where_a_number_or_word_does() {
        let (exact, case, beginning) =
            (Some(Likeness::Exact), Some(Likeness::Case), Some(Likeness::Beginning));
        for (name, word, expected) in [
            ("nginx", "nginx", exact),
            ("nginx", "NGINX", case),
            ("MLM", "mlm", case),
            ("python3.11", "python3", beginning),
            ("python3.11", "python", beginning),
            ("python3.11", "Python3", beginning),
            ("apache2", "apache", beginning),
            ("node_exporter", "node", beginning),
            ("lmgrd.intel", "lmgrd", beginning),
            ("ora_pmon_xe", "ora", beginning),
            ("nginx", "ngin", None),
            ("nginx", "ng", None),
            ("go1.22", "go", None),
            ("dockerd", "docker", None),
            ("nginx", "nginx2", None),
            ("größe", "gr", None),
            ("lmgrd.exe", "LMGRD", exact),
            ("lmgrd.exe", "lmgrd.exe", exact),
            ("lmgrd.exe", "lmgr", None),
        ] {
            assert_eq!(Likeness::of_name(name, word), expected, "{word} for {name}");
        }
    }

    #[test]
    fn a_process_goes_by_its_file_its_service_and_its_container_too() {
        let exe = Executable { path: "/usr/sbin/nginx".to_owned(), ..Executable::default() };
        let container = Container {
            runtime: Runtime::Docker,
            id: "3f4e8f1c2b7a".repeat(6)[..64].to_owned(),
            name: Some("web".to_owned()),
            image: None,
            pod: None,
            user: None,
            nested: false,
        };
        let process = Process {
            name: Some("nginx".to_owned()),
            short_name: Some("worker".to_owned()),
            presence: Presence::Running(Program { exe: Some(exe), ..Program::default() }),
            services: vec![ProcessService::new(ServiceManager::Systemd, "nginx.service")],
            container: Some(Box::new(container)),
            ..Process::default()
        };
        for word in ["nginx", "worker", "/usr/sbin/nginx", "nginx.service", "web", "3f4e8f1c2b7a"] {
            assert_eq!(Likeness::of_process(&process, word), Some(Likeness::Exact), "{word}");
        }
        for word in ["/usr/bin/nginx", "/usr/sbin", "nginx.socket", "we", "3f4e8f1c2b7", "3f4e8f1c2b7b"] {
            assert_eq!(Likeness::of_process(&process, word), None, "{word}");
        }
        assert_eq!(Likeness::of_process(&process, "Worker"), Some(Likeness::Case));
        let running = |name: &str| {
            let claimed_script =
                Some(ClaimedScript { kind: ScriptKind::Script, name: Some(name.to_owned()) });
            Process {
                name: Some("node".to_owned()),
                cwd: Some(WorkingFolder { path: "/srv/shop".to_owned(), deleted: false }),
                presence: Presence::Running(Program { claimed_script, ..Program::default() }),
                ..Process::default()
            }
        };
        for script in ["server.js", "./server.js", "/srv/shop/server.js"] {
            for word in ["server.js", "/srv/shop/server.js"] {
                assert_eq!(Likeness::of_process(&running(script), word), Some(Likeness::Script), "{word}");
            }
            for word in ["shop", "/srv/shop", "/srv"] {
                assert_eq!(Likeness::of_process(&running(script), word), Some(Likeness::Folder), "{word}");
            }
            for word in ["server", "srv", "/srv/blog/server.js", "/srv/sho", "/srv/shopserver.js", "/", "sho"]
            {
                assert_eq!(Likeness::of_process(&running(script), word), None, "{word} for {script}");
            }
        }
        let at_home = Process { user: Some("shop".to_owned()), ..running("server.js") };
        assert_eq!(Likeness::of_process(&at_home, "shop"), None, "that is the user");
        assert_eq!(Likeness::of_process(&running("node"), "node"), Some(Likeness::Exact));
        let linked = Process {
            name: Some("python3.11".to_owned()),
            short_name: Some("python3".to_owned()),
            ..Process::default()
        };
        assert_eq!(Likeness::of_process(&linked, "python3"), Some(Likeness::Beginning));
        let in_unit = |unit: &str, word: &str| {
            let services = vec![ProcessService::new(ServiceManager::Systemd, unit)];
            Likeness::of_process(&Process { services, ..process.clone() }, word)
        };
        for (unit, word, expected) in [
            ("flexlm.service", "flexlm", Some(Likeness::Unit)),
            ("flexlm.service", "flexl", None),
            ("flexlm.service", "Flexlm", None),
            ("postgresql@16-main.service", "postgresql@16-main", Some(Likeness::Unit)),
            ("session-4.scope", "session-4", None),
            ("nginx.service", "nginx", Some(Likeness::Exact)),
        ] {
            assert_eq!(in_unit(unit, word), expected, "{word} in {unit}");
        }
    }
}
