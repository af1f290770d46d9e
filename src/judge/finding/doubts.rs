//! Why a file does not bear out a name, in words.

use super::super::replaceable::Replaceable;
use super::Finding;
use crate::model::phrase::list;
use crate::model::quoting::{quoted_account, quoted_path};
use crate::model::{CodeFile, FileVersion, Interpreter, Pid, Severity, Verdict};

pub(in crate::judge) fn disguised_interpreter(exe: &str, interpreter: Interpreter, port: u16) -> Finding {
    Finding::new(
        Verdict::Mismatch,
        Severity::Warning,
        format!("it is called {exe}, but its file is {} under another name", interpreter.name()),
        Some(format!("Find out who renamed it, and what it runs: whatlistens --args {port}")),
    )
}

pub(in crate::judge) fn no_interpreter(exe: &str, port: u16) -> Finding {
    doubtful(
        format!("it is called {exe}, and its command line names a license manager, but its file is no {exe}"),
        format!("Find out who put it there, and what it runs: whatlistens --args {port}"),
    )
}

pub(in crate::judge) fn user_namespace(exe: &str, port: u16) -> Finding {
    Finding::cannot_tell(
        format!(
            "it is called {exe}, but it runs in another user namespace, where any user can make a program \
             look like that"
        ),
        Some(format!("Find out who started it, and from which file: whatlistens {port}")),
    )
}

/// `compare` is the command that compares the two files, where the system has one.
pub(in crate::judge) fn other_file(path: &str, compare: Option<String>) -> Finding {
    let compare = compare.map_or(String::new(), |command| format!(" Compare the two files: {command}."));
    doubtful(
        format!("it calls itself {}, but that path leads to another file", quoted_path(path)),
        format!("Find out who started it, and from which file.{compare}"),
    )
}

pub(in crate::judge) fn file_in_memory(path: &str) -> Finding {
    doubtful(
        format!("it calls itself {}, and runs a file that is in memory alone", quoted_path(path)),
        "Find out who started it, and from which file.".to_owned(),
    )
}

/// The command that compares the file of a process with the one at its path.
pub(in crate::judge) fn compare(pid: Pid, path: &str) -> String {
    format!("cmp /proc/{pid}/exe {path}")
}

pub(in crate::judge) fn replaceable_file(exe: &str, by: &Replaceable<'_>) -> Finding {
    doubtful(format!("it is called {exe}, but {}", by.who("it")), by.advice(exe))
}

pub(in crate::judge) fn replaceable_script(exe: &str, script: &CodeFile, by: &Replaceable<'_>) -> Finding {
    doubtful(
        format!("{exe} runs {}, but {}", quoted_path(&script.path), by.who("that")),
        by.advice(&quoted_path(&script.path)),
    )
}

pub(in crate::judge) fn replaceable_library(exe: &str, library: &CodeFile, by: &Replaceable<'_>) -> Finding {
    doubtful(
        format!("{exe} also runs the code in {}, but {}", quoted_path(&library.path), by.who("that")),
        format!(
            "Find out why {exe} loads it: LD_PRELOAD or LD_LIBRARY_PATH in its environment may say so.{} If it \
             should, {}",
            by.trusting().map_or(String::new(), |trusting| format!(" {trusting}")),
            by.mending(&quoted_path(&library.path))
        ),
    )
}

pub(in crate::judge) fn deleted_file(exe: &str) -> Finding {
    Finding::cannot_tell(
        format!("it was started from a file called {exe} that has since been deleted or replaced"),
        Some("Restart it so that it runs the current file. Then run whatlistens again.".to_owned()),
    )
}

pub(in crate::judge) fn older_socket(exe: &str) -> Finding {
    Finding::cannot_tell(
        format!(
            "the socket is older than {exe}: another process may have opened it, whose ID {exe} has now, or the \
             clock was set back"
        ),
        Some(format!("Restart {exe}, and run whatlistens again.")),
    )
}

/// The name of the signer stands in a signature that does not fit the file: it is a claim.
pub(in crate::judge) fn altered_file(exe: &str, signer: Option<&str>) -> Finding {
    let names = signer.map_or(String::new(), |signer| format!(", which names {}", quoted_account(signer)));
    Finding::cannot_tell(
        format!("it is called {exe}, but its file does not fit its signature{names}: it was changed"),
        Some(format!("Find out who changed {exe}. Then install it again from its maker.")),
    )
}

/// `what` is what the file seems to be, `makers` how the names of those who make that begin; empty where
/// they are not known.
pub(in crate::judge) fn other_maker(
    exe: &str,
    version: &FileVersion,
    what: &str,
    makers: &[&str],
    verdict: Verdict,
) -> Finding {
    let says = match (&version.company, version.original_name.as_deref()) {
        (Some(company), Some(original)) => format!("it is {original}, made by {company}"),
        (Some(company), None) => format!("{company} made it"),
        (None, original) => format!("it is {}, and names no maker", original.unwrap_or_default()),
    };
    let makers = match makers {
        [] => format!("the maker of {what} is not known"),
        makers => format!("{what} is made by {}", list(makers, "or")),
    };
    let reason = format!("it is called {exe}, but its file says that {says}; {makers}");
    let advice = format!("Find out who installed {exe}, and from where.");
    Finding::new(verdict, Severity::Warning, reason, Some(advice))
}

pub(in crate::judge) fn unconfirmed_path(exe: &str, path: &str, why: &str) -> Finding {
    unknown(
        format!(
            "it is called {exe}, but whether it runs {} could not be confirmed: {why}",
            quoted_path(path)
        ),
        None,
    )
}

pub(in crate::judge) fn user_s_interpreter(exe: &str, user: Option<&str>, port: u16) -> Finding {
    let whose =
        user.map_or("an ordinary user".to_owned(), |user| format!("the user {}", quoted_account(user)));
    let trusted = user.map_or(String::new(), |user| {
        format!(" If you trust {0}, add --trust-user {0}.", quoted_account(user))
    });
    doubtful(
        format!("{exe} is run by {whose}, who decides what it runs, whatever its command line says"),
        format!("Find out what it runs: whatlistens --args {port}.{trusted}"),
    )
}

pub(in crate::judge) fn unknown_writers(exe: &str, why: &str, vouch: Option<String>) -> Finding {
    unknown(format!("it is called {exe}, but who may have replaced its file is not known: {why}"), vouch)
}

pub(in crate::judge) fn unknown_contents(exe: &str, why: &str) -> Finding {
    unknown(format!("it is called {exe}, but what its file contains is not known: {why}"), None)
}

pub(in crate::judge) fn no_script(exe: &str) -> Finding {
    let reason = format!(
        "only the command line of {exe} names a license manager, and which file it runs is not known; any \
         process can have any command line"
    );
    unknown(reason, None)
}

pub(in crate::judge) fn unknown_script(
    exe: &str,
    script: &CodeFile,
    why: &str,
    vouch: Option<String>,
) -> Finding {
    unknown(
        format!(
            "{exe} runs {}, but who may have replaced that is not known: {why}",
            quoted_path(&script.path)
        ),
        vouch,
    )
}

pub(in crate::judge) fn unknown_libraries(exe: &str, why: &str) -> Finding {
    unknown(format!("it is called {exe}, but which other code it runs is not known: {why}"), None)
}

pub(in crate::judge) fn unknown_library(
    exe: &str,
    library: &CodeFile,
    why: &str,
    vouch: Option<String>,
) -> Finding {
    let path = quoted_path(&library.path);
    unknown(
        format!("{exe} also runs the code in {path}, but who may have replaced that is not known: {why}"),
        vouch,
    )
}

/// What the caller can do where a file cannot be examined. `folder` is quoted for a shell.
pub(in crate::judge) fn vouch_for(folder: &str) -> String {
    format!("If only people whom you trust can write there, add --trust-path {folder}.")
}

/// Somebody may have arranged it.
fn doubtful(reason: String, advice: String) -> Finding {
    Finding::new(Verdict::CannotTell, Severity::Warning, reason, Some(advice))
}

/// A check that found nothing wrong, because it could not be made.
fn unknown(reason: String, advice: Option<String>) -> Finding {
    Finding::cannot_tell(reason, advice)
}
