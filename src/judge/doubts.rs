//! The checks that have to bear out a name. Each gives a finding unless it was made and found nothing: what was not
//! examined, or could not be, is a doubt too.

use jiff::SignedDuration;

use super::finding::{Finding, doubts as words};
use super::holder::Holder;
use super::license_port::LicensePort;
use super::replaceable::{Replaceable, quoted};
use crate::knowledge::Licenses;
use crate::model::{Checked, NotInspected, Os, SignatureState, User, Writer};

/// The file is an interpreter under another name.
pub(super) fn disguised_interpreter(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let exe = holder.exe()?;
    let interpreter = holder.process.exe()?.interpreter()?;
    let is_disguised = Licenses::interpreter(exe) != Some(interpreter);
    let called = holder.called().filter(|_| is_disguised)?;
    Some(words::disguised_interpreter(&called, interpreter, port.socket.local.port()))
}

/// The process is in another user namespace, where any user can make a file look like any other.
pub(super) fn user_namespace(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let program = holder.process.program()?;
    let file = program.exe.as_ref()?;
    let failed = [
        file.path_confirmed.failed(),
        file.writers.failed(),
        file.contents.failed(),
        program.loaded.failed(),
    ];
    let is_in_one = failed.contains(&Some(NotInspected::AnotherUserNamespace));
    let exe = holder.called().filter(|_| is_in_one)?;
    Some(words::user_namespace(&exe, port.socket.local.port()))
}

/// The path leads to another file than the one that the process runs. That of a deleted file does so too, and
/// another rule says that it was deleted; one in memory never had that path.
pub(super) fn other_file(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let file = holder.process.exe()?;
    if file.is_in_memory() {
        return Some(words::file_in_memory(&file.path));
    }
    if file.path_confirmed != Checked::Done(false) || file.deleted == Some(true) {
        return None;
    }
    let os = port.socket.os;
    let path = quoted(&file.path, os).filter(|_| os == Os::Linux);
    Some(words::other_file(&file.path, path.map(|path| words::compare(holder.process.pid, &path))))
}

/// Other accounts may have replaced the file.
pub(super) fn replaceable_file(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let file = holder.process.exe()?;
    let by = replaceable(port, holder, &file.path, &file.writers)?;
    Some(words::replaceable_file(&holder.called()?, &by))
}

/// The file was deleted or replaced after the process started. Where that is not known, the path that leads to the
/// file is the answer.
pub(super) fn deleted_file(_: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let is_deleted = holder.process.exe()?.deleted == Some(true);
    holder.called().filter(|_| is_deleted).map(|exe| words::deleted_file(&exe))
}

/// A process starts before it opens a socket. By so much the two times may be wrong: the clock of Windows ticks every
/// 15.6 ms (`GetSystemTimeAdjustment`).
const TICK: SignedDuration = SignedDuration::from_millis(20);

/// The socket is older than the process: another process may have opened it, whose id this one has now (Windows).
pub(super) fn older_socket(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let (opened, started) = (port.socket.opened_at?, holder.process.started_at?);
    let is_older = started.duration_since(opened) > TICK;
    holder.called().filter(|_| is_older).map(|exe| words::older_socket(&exe))
}

/// The file was changed after it was signed (Windows).
pub(super) fn altered_file(_: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let signature = holder.process.exe()?.signature.done()?;
    let is_altered = signature.state == SignatureState::Altered;
    let exe = holder.called().filter(|_| is_altered)?;
    Some(words::altered_file(&exe, signature.signer.as_deref()))
}

/// The file's version resource (Windows) names another maker, or another program as the original.
pub(super) fn other_maker(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let (exe, program) = (holder.called()?, holder.program?);
    let version = holder.process.exe()?.version.as_ref()?;
    let makers = port.licenses.makers(program);
    let verdict = holder.verdict_on_maker(&makers)?;
    Some(words::other_maker(&exe, version, &holder.belongs_to()?, &makers, verdict))
}

/// The command line of an interpreter names a license manager, but the file is not that interpreter.
pub(super) fn no_interpreter(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let exe = holder.exe().filter(|_| holder.is_known_by_command_line())?;
    let found = holder.process.exe()?.contents.done()?.interpreter;
    let is_it = found.is_some() && found == Licenses::interpreter(exe);
    let called = holder.called().filter(|_| !is_it)?;
    Some(words::no_interpreter(&called, port.socket.local.port()))
}

/// An ordinary user runs the interpreter: its command line, options and environment are what that user likes, and so is
/// what it runs.
pub(super) fn user_s_interpreter(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let (process, os) = (holder.process, port.socket.os);
    let exe = holder.called().filter(|_| holder.is_known_by_command_line() && os != Os::Windows)?;
    let is_of_system = process.uid == Some(0) || process.program()?.by_service == Checked::Done(true);
    let user = User { uid: process.uid, name: process.user.clone().unwrap_or_default(), system: false };
    if is_of_system || port.vouched.includes(&user, os) {
        return None;
    }
    let name = match (process.user.as_deref(), process.uid) {
        (Some(name), _) => Some(name.to_owned()),
        (None, uid) => uid.map(|uid| uid.to_string()),
    };
    Some(words::user_s_interpreter(&exe, name.as_deref(), port.socket.local.port()))
}

/// Other accounts may have replaced the script or archive that an interpreter runs.
pub(super) fn replaceable_script(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let script = holder.process.program()?.script.as_ref()?;
    let by = replaceable(port, holder, &script.path, &script.writers)?;
    Some(words::replaceable_script(&holder.called()?, script, &by))
}

/// Other accounts may have replaced a file whose code is loaded into the process.
pub(super) fn replaceable_library(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let mut loaded = holder.process.program()?.loaded.done()?.iter();
    let (library, by) =
        loaded.find_map(|file| Some((file, replaceable(port, holder, &file.path, &file.writers)?)))?;
    Some(words::replaceable_library(&holder.called()?, library, &by))
}

/// Whether the path leads to the file that the process runs is not known.
pub(super) fn unconfirmed_path(_: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let file = holder.believed_file()?;
    Some(words::unconfirmed_path(&holder.called()?, &file.path, file.path_confirmed.why_not()?))
}

/// Who may have replaced the file is not known.
pub(super) fn unknown_writers(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let file = holder.believed_file()?;
    let why = unknown(port, holder, &file.path, &file.writers)?;
    Some(words::unknown_writers(&holder.called()?, why, vouching(port, &file.path, &file.writers)))
}

/// What the file contains is not known: it may be an interpreter under another name. On Windows the version
/// resource says what it is.
pub(super) fn unknown_contents(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let file = holder.believed_file()?;
    if port.socket.os == Os::Windows && file.version.is_some() {
        return None;
    }
    Some(words::unknown_contents(&holder.called()?, file.contents.why_not()?))
}

/// Which script or archive an interpreter runs, or who may have replaced that, is not known.
pub(super) fn unknown_script(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let exe = holder.believed_file().and(holder.called())?;
    let Some(script) = &holder.process.program()?.script else {
        return holder.is_known_by_command_line().then(|| words::no_script(&exe));
    };
    let why = unknown(port, holder, &script.path, &script.writers)?;
    Some(words::unknown_script(&exe, script, why, vouching(port, &script.path, &script.writers)))
}

/// Which other code runs in the process, or who may have replaced that, is not known. It is asked on Linux alone:
/// Windows and macOS show the loaded files of another user's process to a debugger only.
pub(super) fn unknown_libraries(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let exe = holder.believed_file().and(holder.called())?;
    let loaded = &holder.process.program()?.loaded;
    if let Some(why) = loaded.why_not().filter(|_| port.socket.os == Os::Linux) {
        return Some(words::unknown_libraries(&exe, why));
    }
    let mut loaded = loaded.done()?.iter();
    let (library, why) =
        loaded.find_map(|file| Some((file, unknown(port, holder, &file.path, &file.writers)?)))?;
    Some(words::unknown_library(&exe, library, why, vouching(port, &library.path, &library.writers)))
}

fn replaceable<'a>(
    port: &LicensePort<'_>,
    holder: &Holder<'_>,
    path: &str,
    writers: &'a Checked<Vec<Writer>>,
) -> Option<Replaceable<'a>> {
    let os = port.socket.os;
    Replaceable::by(port.vouched.left(path, writers, holder.process.uid, os)?, os)
}

/// Why it is not known who may have replaced a file; `None` where it is, or the caller vouches for the folder.
fn unknown(
    port: &LicensePort<'_>,
    holder: &Holder<'_>,
    path: &str,
    writers: &Checked<Vec<Writer>>,
) -> Option<&'static str> {
    match port.vouched.left(path, writers, holder.process.uid, port.socket.os) {
        Some(_) => None,
        None => writers.why_not(),
    }
}

/// How the caller can vouch for a file whose file system cannot be asked, or is not believed.
fn vouching(port: &LicensePort<'_>, path: &str, writers: &Checked<Vec<Writer>>) -> Option<String> {
    use NotInspected::{MayNotAnswer, TimedOut, UserFileSystem};
    let is_unknown = matches!(writers.failed(), Some(MayNotAnswer | TimedOut | UserFileSystem));
    let is_separator = |c| c == '/' || (port.socket.os == Os::Windows && c == '\\');
    let (folder, _) =
        path.rsplit_once(is_separator).filter(|(folder, _)| is_unknown && !folder.is_empty())?;
    Some(words::vouch_for(&quoted(folder, port.socket.os)?))
}
