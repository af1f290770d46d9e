//! One line a service, in aligned columns that fit the terminal.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row as Cells, Table, Width};
use owo_colors::Style as Paint;

use super::Style;
use super::fold::Folded;
use super::text::escape;
use crate::model::Owner;

const GAP: u16 = 2;
/// With less room than this there is place for little more than who holds which port.
const NARROW: u16 = 52;
/// With less room than this the lines run over: the port, its process and its id must be legible.
const LEAST: u16 = 32;

/// What a process's name keeps when space is short: the kernel's short name would fit.
const MIN_PROCESS: u16 = 15;
/// Of more addresses than these only the first is given; detail and JSON have them all.
const MOST_ADDRESSES: usize = 2;

const PORT: usize = 0;
const ADDRESS: usize = 1;
const PROCESS: usize = 2;
const PID: usize = 3;
const USER: usize = 4;
const SERVICE: usize = 5;

/// Writes the table. The verdict stands last, outside the aligned columns, so that colour needs no
/// part in measuring them.
pub(super) fn write(lines: &[Folded<'_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let verdict_width = lines.iter().filter_map(|line| line.first().license.as_ref());
    let verdict_width = verdict_width.map(|license| license.verdict.code().len()).max();
    let mut rendered = aligned(lines, style, verdict_width).into_iter();

    if style.header
        && let Some(header) = rendered.next()
    {
        let title = if verdict_width.is_some() { "LICENSE" } else { "" };
        let header = format!("{header}{title}");
        writeln!(out, "{}", style.paint(header.trim_end(), Paint::new().bold()))?;
    }
    for (line, cells) in lines.iter().zip(rendered) {
        match &line.first().license {
            Some(license) => writeln!(out, "{cells}{}", style.verdict(license))?,
            None => writeln!(out, "{}", cells.trim_end())?,
        }
    }
    Ok(())
}

/// The header, if there is one, and the lines without their verdicts.
fn aligned(lines: &[Folded<'_>], style: &Style, verdict_width: Option<usize>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if style.header {
        let mut header = vec!["PORT", "ADDRESS", "PROCESS", "PID", "USER", "SERVICE"];
        header.extend(style.args.then_some("COMMAND"));
        let mut header = Cells::from(header);
        header.max_height(1);
        table.set_header(header);
    }
    for line in lines {
        let mut row = Cells::from(cells(line, style));
        row.max_height(1);
        table.add_row(row);
    }
    if let Some(width) = style.width {
        let verdict = verdict_width.map_or(0, |width| u16::try_from(width).unwrap_or(0));
        let room = width.saturating_sub(verdict).max(LEAST);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(room);
        let mut constraints =
            vec![(PORT, ColumnConstraint::ContentWidth), (PID, ColumnConstraint::ContentWidth)];
        if room >= NARROW {
            let longest = table.column_max_content_widths().get(PROCESS).copied().unwrap_or(0);
            let process = Width::Fixed(longest.min(MIN_PROCESS) + GAP);
            constraints.push((PROCESS, ColumnConstraint::LowerBoundary(process)));
            constraints.push((USER, ColumnConstraint::ContentWidth));
        }
        // What is said elsewhere goes first: who holds which port must stay whole.
        for (column, least) in [(SERVICE, 62), (USER, NARROW), (ADDRESS, 44)] {
            if room < least {
                constraints.push((column, ColumnConstraint::Hidden));
            }
        }
        for (index, constraint) in constraints {
            if let Some(column) = table.column_mut(index) {
                column.set_constraint(constraint);
            }
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    for number in [PORT, PID] {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().collect()
}

fn cells(line: &Folded<'_>, style: &Style) -> Vec<String> {
    let row = line.first();
    let socket = &row.socket;
    let safe = |text: Option<&str>| text.map_or(String::new(), |text| escape(text).into_owned());
    // Rows for scripts have no blank inside a column that this program writes, and none empty.
    let blank = if style.header { " " } else { "" };
    let process = match &row.owner {
        Owner::Hidden => "(hidden)".to_owned(),
        Owner::Unattributed => "(no-process)".to_owned(),
        Owner::Identified(_) => {
            let name = line.lead().and_then(|lead| lead.name.as_deref());
            let name = name.map_or("(unknown)".to_owned(), |name| escape(name).into_owned());
            match line.others().len() {
                0 => name,
                others => format!("{name}{blank}+{others}"),
            }
        }
    };
    let addresses = match &line.addresses()[..] {
        [first, rest @ ..] if rest.len() >= MOST_ADDRESSES => format!("{first}{blank}+{}", rest.len()),
        all => all.join(&format!(",{blank}")),
    };
    let mut cells = vec![
        format!("{}/{}", socket.local.port(), socket.protocol),
        escape(&addresses).into_owned(),
        process,
        line.lead().map_or(String::new(), |lead| lead.pid.to_string()),
        safe(row.user().as_deref()),
        row.service.as_ref().map_or(String::new(), |service| service.name.clone()),
    ];
    if style.args {
        let args = line.lead().and_then(|lead| lead.args.as_ref());
        cells.push(safe(args.map(|args| args.join(" ")).as_deref()));
    }
    if !style.header {
        for empty in cells.iter_mut().filter(|cell| cell.is_empty()) {
            *empty = "-".to_owned();
        }
    }
    cells
}
