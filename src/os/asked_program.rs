//! Starts a program of the system and reads what it prints, with a limit for its time and for its output.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::deadline::Deadline;
use super::in_words;

/// How often to look whether a program that has closed its output has ended. As a rule it has.
const PAUSE: Duration = Duration::from_millis(1);

/// How long a program that was killed is waited for.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// A program that runs, and what it prints. It is ended when this is dropped.
pub(super) struct AskedProgram {
    /// For messages.
    name: &'static str,
    child: Child,
    printed: Receiver<io::Result<Vec<u8>>>,
    most: u64,
}

impl AskedProgram {
    /// Starts it, without input; its error messages are not read. `most` is how many bytes it may print.
    ///
    /// # Errors
    ///
    /// Why it cannot be started, in words.
    pub(super) fn start(
        name: &'static str,
        command: &mut Command,
        most: u64,
    ) -> Result<AskedProgram, String> {
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child =
            started.map_err(|error| format!("{name} cannot be started ({})", in_words(&error)))?;
        let pipe = child.stdout.take();
        let (sender, printed) = mpsc::channel();
        let program = AskedProgram { name, child, printed, most };
        let pipe = pipe.ok_or_else(|| format!("{name} has no output"))?;
        let read = move || {
            let mut bytes = Vec::new();
            // It fails if nobody waits any more.
            let _ = sender.send(pipe.take(most + 1).read_to_end(&mut bytes).map(|_| bytes));
        };
        thread::Builder::new().spawn(read).map_err(|refused| in_words(&refused))?;
        Ok(program)
    }

    /// What it printed: at least one byte, all of it, and it ended with success.
    ///
    /// # Errors
    ///
    /// What is wrong with the answer, in words.
    pub(super) fn answer(mut self, deadline: Deadline) -> Result<Vec<u8>, String> {
        let name = self.name;
        let late = || format!("{name} does not answer");
        let printed = self.printed.recv_timeout(deadline.left()).map_err(|_| late())?;
        let printed = printed.map_err(|error| in_words(&error))?;
        if printed.len() as u64 > self.most {
            return Err(format!("{name} prints too much"));
        }
        let status = loop {
            match self.child.try_wait().map_err(|error| in_words(&error))? {
                Some(status) => break status,
                None if deadline.left().is_zero() => return Err(late()),
                None => thread::park_timeout(PAUSE),
            }
        };
        match status.success() {
            true if printed.is_empty() => Err(format!("{name} printed nothing")),
            true => Ok(printed),
            false => Err(format!("{name} failed ({status})")),
        }
    }
}

impl Drop for AskedProgram {
    fn drop(&mut self) {
        // It fails if it has ended and was waited for. What is stuck in the kernel does not end: it is left behind.
        let _ = self.child.kill();
        let deadline = Deadline::after(LAST_WAIT);
        while matches!(self.child.try_wait(), Ok(None)) && !deadline.left().is_zero() {
            thread::park_timeout(PAUSE);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);
    const MOST: u64 = 100_000;

    fn asked(script: &str, patience: Duration) -> Result<Vec<u8>, String> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        AskedProgram::start("it", &mut command, MOST)?.answer(Deadline::after(patience))
    }

    #[test]
    fn all_that_it_prints_is_read_up_to_the_limit() {
        assert_eq!(asked("printf 'a\\0b\\377'", PATIENCE).unwrap(), b"a\0b\xff");
        let length = |script: &str| asked(script, PATIENCE).map(|bytes| bytes.len() as u64);
        let too_much = Err("it prints too much".to_owned());
        assert_eq!(length(&format!("exec head -c {MOST} /dev/zero")), Ok(MOST));
        assert_eq!(length(&format!("exec head -c {} /dev/zero", MOST + 1)), too_much);
        assert_eq!(length("exec cat /dev/zero"), too_much);
    }

    #[test]
    fn it_has_no_input_and_its_messages_are_not_the_answer() {
        assert_eq!(asked("cat; echo answer; echo message >&2", PATIENCE).unwrap(), b"answer\n");
    }

    #[test]
    fn what_fails_or_prints_nothing_has_no_answer() {
        assert_eq!(asked("exit 0", PATIENCE), Err("it printed nothing".to_owned()));
        let failed = asked("echo half; exit 3", PATIENCE).unwrap_err();
        assert!(failed.starts_with("it failed (") && failed.contains('3'), "{failed}");
        let killed = asked("echo half; kill -9 $$", PATIENCE).unwrap_err();
        assert!(killed.starts_with("it failed ("), "{killed}");
        let absent = AskedProgram::start("it", &mut Command::new("/nowhere/sysctl"), MOST);
        assert_eq!(absent.err().unwrap(), "it cannot be started (No such file or directory)");
    }

    #[test]
    fn what_hangs_is_not_waited_for_and_is_ended() {
        for script in ["exec sleep 1000", "exec >&-; exec sleep 1000"] {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            let program = AskedProgram::start("it", &mut command, MOST).unwrap();
            let pid = nix::unistd::Pid::from_raw(program.child.id().cast_signed());
            let answer = program.answer(Deadline::after(Duration::from_millis(300)));
            assert_eq!(answer, Err("it does not answer".to_owned()), "{script}");
            // Gone, also from the table of processes.
            assert_eq!(nix::unistd::getpgid(Some(pid)), Err(nix::errno::Errno::ESRCH), "{script}");
        }
    }
}
