//! The page of several machines: one after the other as they come, and an overview of all. That is written last, as only
//! then it is known, and shown first.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::host::{HostPart, Tile, of_listeners, of_servers_down};
use super::page::{MachineRow, Machines, begin, end, section};
use crate::model::phrase::counted;
use crate::model::sorting::sort_by_key;

/// The machines of a page that were written so far.
#[derive(Default)]
pub(in super::super) struct ManyHosts {
    rows: Vec<MachineRow>,
}

impl ManyHosts {
    pub(in super::super) fn add(&mut self, host: &HostPart, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        let anchor = self.rows.len() + 1;
        let listing = host.listing.as_ref();
        self.rows.push(MachineRow {
            anchor,
            machine: host.machine.clone(),
            id: host.id.clone(),
            time: host.time.clone(),
            listeners: listing.map_or(0, |listing| listing.rows.len()),
            exposed: listing.map_or(0, |listing| listing.exposed),
            flagged: listing.map_or(0, |listing| listing.flagged),
            servers_down: host.servers_down,
            is_complete: host.gaps.is_empty(),
        });
        section(host, Some(anchor), out)
    }

    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() { begin("What listens on several machines", true, out) } else { Ok(()) }
    }

    /// `unreadable` are files, and why; escaped for a terminal.
    pub(in super::super) fn finish(
        self,
        unreadable: Vec<(String, String)>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.begin(out)?;
        let mut rows = self.rows;
        let all = |of: fn(&MachineRow) -> usize| rows.iter().map(of).sum();
        let mut tiles =
            of_listeners(all(|row| row.listeners), all(|row| row.exposed), all(|row| row.flagged));
        let down = all(|row| row.servers_down);
        if down > 0 {
            tiles.push(of_servers_down(down));
        }
        let incomplete = rows.iter().filter(|row| !row.is_complete).count();
        if incomplete > 0 {
            let label = if incomplete == 1 { "record not complete" } else { "records not complete" };
            tiles.push(Tile { number: incomplete, label, class: "warn" });
        }
        // Names are not those of one machine alone, and a pseudonym is another name of it.
        let machines: BTreeSet<&str> =
            rows.iter().map(|row| row.id.as_deref().unwrap_or(&row.machine)).collect();
        let count = match machines.len() {
            count if count == rows.len() => counted(count, "machine"),
            count => format!("{} ({})", counted(count, "machine"), counted(rows.len(), "record")),
        };
        // The worst first, then as they were.
        sort_by_key(&mut rows, |row| std::cmp::Reverse((row.flagged, row.servers_down)));
        end(Some(&Machines { count, rows, tiles, unreadable }), out)
    }
}
