//! Reading command lines. A process can make whoever reads its own wait: the kernel reads it from the process's
//! memory, which may have to come from a file system that the process itself serves (FUSE).

use serde::{Deserialize, Serialize};

use super::task::{ProcessId, Task, Tools};
use crate::os::decode::linux::proc_pid;

#[derive(Serialize, Deserialize)]
pub(in super::super) struct CommandLineTask {
    pub(in super::super) process: ProcessId,
}

impl Task for CommandLineTask {
    /// `None` where the process has none or has ended, or this user may not read it.
    type Answer = Option<Vec<String>>;
    const SUBJECT: &'static str = "command lines";

    fn run(&self, tools: &Tools<'_>) -> Option<Vec<String>> {
        let dir = tools.proc.same_process(self.process.pid, self.process.started)?;
        let mut bytes = dir.read("cmdline").ok()?;
        if bytes.is_empty() {
            bytes = dir.living_thread()?.read("cmdline").ok()?;
        }
        proc_pid::command_line(&bytes)
    }
}
