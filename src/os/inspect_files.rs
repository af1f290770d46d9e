//! Inspects the files that processes run, as far as [`Inspect`] requests it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::decode::file_text::{MOST_READ, interpreter_in, texts_in};
use super::this_os::THIS_OS;
use super::{FileChecks, Inspect};
use crate::model::{Checked, Contents, NotInspected, Pid, Process, Protocol, Writer};

/// The ports that each process holds.
pub(super) type PortsOf = BTreeMap<Pid, Vec<(Protocol, u16)>>;

/// Access to the files that processes run.
pub(super) trait Files {
    /// Why the file must not be inspected, if it must not.
    fn hidden(&self, pid: Pid, path: &Path) -> Option<NotInspected>;

    /// # Errors
    ///
    /// If the file cannot be opened.
    fn open(&self, pid: Pid, path: &Path) -> io::Result<File>;

    /// Who besides administrators could put other content there.
    fn writers(&self, pid: Pid, path: &Path) -> Checked<Vec<Writer>>;
}

/// Adds to the processes what their files are.
pub(super) fn files(
    processes: &mut BTreeMap<Pid, Process>,
    ports_of: &PortsOf,
    inspect: &dyn Inspect,
    files: &dyn Files,
) {
    let interest = |process: &Process| {
        let parent = process.ppid.and_then(|ppid| processes.get(&ppid));
        let ports = ports_of.get(&process.pid).map_or(&[][..], Vec::as_slice);
        inspect.interest(process, parent, ports, THIS_OS)
    };
    let wanted = processes.values().filter(|process| process.exe().is_some());
    let wanted: Vec<(Pid, FileChecks)> = wanted.map(|process| (process.pid, interest(process))).collect();
    let texts = inspect.texts();
    for (pid, FileChecks { place, content }) in wanted {
        let Some(exe) = processes.get_mut(&pid).and_then(|process| process.program_mut()?.exe.as_mut())
        else {
            continue;
        };
        if !place && !content {
            continue;
        }
        let path = PathBuf::from(&exe.path);
        if let Some(why) = files.hidden(pid, &path) {
            (exe.writers, exe.contents) = (Checked::Failed(why), Checked::Failed(why));
            continue;
        }
        if place {
            exe.writers = files.writers(pid, &path);
        }
        let read = || {
            let mut bytes = Vec::new();
            files.open(pid, &path)?.take(MOST_READ).read_to_end(&mut bytes).map(|_| bytes)
        };
        if content {
            exe.contents = match read() {
                Ok(bytes) => Checked::Done(Contents {
                    interpreter: interpreter_in(&bytes),
                    texts: texts_in(&bytes, &texts),
                }),
                Err(_) => Checked::Failed(NotInspected::Unreadable),
            };
        }
    }
}
