//! What is wrong with a license file.

use crate::model::Flaw;

/// How many flaws are told; after them comes how many more there are.
pub(super) const MOST: usize = 20;

#[derive(Default)]
pub(super) struct Flaws {
    first: Vec<Flaw>,
    more: usize,
}

impl Flaws {
    pub(super) fn at(&mut self, line: usize, text: impl Into<String>) {
        self.add(Some(line), text.into());
    }

    pub(super) fn of_file(&mut self, text: impl Into<String>) {
        self.add(None, text.into());
    }

    fn add(&mut self, line: Option<usize>, text: String) {
        if self.first.len() < MOST {
            self.first.push(Flaw { line, text });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn into_list(mut self) -> Vec<Flaw> {
        if self.more > 0 {
            self.first.push(Flaw { line: None, text: format!("{} more", self.more) });
        }
        self.first
    }
}
