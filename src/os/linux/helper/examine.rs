//! Examining what processes run. Their files may be on a server that does not answer.

use serde::{Deserialize, Serialize};

use super::super::examination::{Facts, Request};
use super::task::{Task, Tools};

#[derive(Serialize, Deserialize)]
pub(in super::super) struct ExamineTask(pub(in super::super) Request);

impl Task for ExamineTask {
    type Answer = Facts;
    const SUBJECT: &'static str = "the files of programs";

    fn run(&self, tools: &Tools<'_>) -> Facts {
        tools.examiner.examine(&self.0)
    }
}
