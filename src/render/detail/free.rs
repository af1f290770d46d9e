//! Ports without a listener: whether they are free, and what may still block them.

use std::io;

use super::super::page::Page;
use crate::model::phrase::{counted, first_few};
use crate::model::{Asked, NoteKind, PortStatus};

/// More sockets than these are counted, not named.
const MOST_USES: usize = 5;

impl Page<'_> {
    pub(super) fn free(&mut self, asked: &Asked) -> io::Result<()> {
        let service = asked.service.as_ref();
        let named = service.filter(|service| service.name != asked.what).map(|service| service.name.as_str());
        self.title(&asked.what, named, None)?;
        let (sentences, notes): (Vec<_>, Vec<_>) =
            asked.notes.iter().partition(|note| note.kind == NoteKind::Sentence);
        sentences.iter().try_for_each(|note| self.prose("Answer", &note.text))?;
        if let Some(next) = &asked.next {
            writeln!(self.out)?;
            self.next(next)?;
        }
        writeln!(self.out)?;
        let uses: Vec<_> = asked.with_status(PortStatus::InUse).flat_map(|answer| &answer.by).collect();
        let (shown, more) = first_few(&uses, MOST_USES);
        shown.iter().try_for_each(|one| self.field("In use", &one.in_words()))?;
        if more > 0 {
            self.field("In use", &counted(more, "more connection"))?;
        }
        for note in notes.iter().filter(|note| note.kind != NoteKind::License) {
            self.field(note.kind.label().unwrap_or_default(), &note.text)?;
        }
        self.registry(service, asked.ports.first().map_or(0, |range| range.first))?;
        for manager in &asked.managers {
            self.field("License", &manager.called())?;
            self.field("Note", &manager.note)?;
        }
        Ok(())
    }
}
