//! One line a service, in aligned columns that fit the terminal.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row as Cells, Table, Width};
use owo_colors::Style as Paint;

use super::Style;
use super::group::RowGroup;
use super::text::escape;
use crate::model::{
    Application, Container, Namespace, Os, Owner, Presence, Process, ProcessService, State, account_name,
};

const GAP: u16 = 2;
/// With less room than this there is place for little more than who holds which port.
const NARROW: u16 = 52;
/// With less room than this the lines run over: the port, its process and its id must be legible.
const LEAST: u16 = 32;

/// With this much room an address, and that it is only bound, stays whole.
const ROOMY: u16 = 78;
const MIN_ADDRESS: u16 = 17;
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
/// Where there is room for it, and anything to say.
const UNIT: usize = 6;

/// Writes the table. The verdict stands last, outside the aligned columns, so that colour needs no
/// part in measuring them.
pub(super) fn write(lines: &[RowGroup<'_>], os: Os, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let verdict_width = lines.iter().filter_map(|line| line.first().license.as_ref());
    let verdict_width = verdict_width.map(|license| license.verdict.code().len()).max();
    let mut rendered = aligned(lines, os, style, verdict_width).into_iter();

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
fn aligned(lines: &[RowGroup<'_>], os: Os, style: &Style, verdict_width: Option<usize>) -> Vec<String> {
    let columns = Columns {
        // Rows for scripts have the columns that were asked for, and no more.
        unit: style.header && lines.iter().any(|line| within(line).is_some()),
        os,
        style,
    };
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if style.header {
        let mut header = vec!["PORT", "ADDRESS", "PROCESS", "PID", "USER", "SERVICE"];
        header.extend(columns.unit.then_some("UNIT"));
        header.extend(style.namespaces.then_some("NAMESPACE"));
        header.extend(style.connections.then_some("CONNS"));
        header.extend(style.args.then_some("COMMAND"));
        let mut header = Cells::from(header);
        header.max_height(1);
        table.set_header(header);
    }
    for line in lines {
        let mut row = Cells::from(columns.cells(line));
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
            if room >= ROOMY {
                let longest = table.column_max_content_widths().get(ADDRESS).copied().unwrap_or(0);
                let address = Width::Fixed(longest.min(MIN_ADDRESS) + GAP);
                constraints.push((ADDRESS, ColumnConstraint::LowerBoundary(address)));
            }
            constraints.push((USER, ColumnConstraint::ContentWidth));
        }
        // What is said elsewhere goes first: who holds which port must stay whole.
        let hidden =
            [(UNIT, if columns.unit { 96 } else { 0 }), (SERVICE, 62), (USER, NARROW), (ADDRESS, 44)];
        for (column, least) in hidden {
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

/// What a row shows.
struct Columns<'a> {
    unit: bool,
    os: Os,
    style: &'a Style,
}

impl Columns<'_> {
    fn cells(&self, line: &RowGroup<'_>) -> Vec<String> {
        let style = self.style;
        let row = line.first();
        let socket = &row.socket;
        let safe = |text: Option<&str>| text.map_or(String::new(), |text| escape(text).into_owned());
        // Rows for scripts have no blank inside a column that this program writes, and none empty.
        let blank = if style.header { " " } else { "" };
        let addresses = match &line.addresses()[..] {
            [first, rest @ ..] if rest.len() >= MOST_ADDRESSES => format!("{first}{blank}+{}", rest.len()),
            all => all.join(&format!(",{blank}")),
        };
        let bound = if socket.state == State::Bound { format!("{blank}(bound)") } else { String::new() };
        let mut cells = vec![
            format!("{}/{}", socket.local.port(), socket.protocol),
            format!("{}{bound}", escape(&addresses)),
            process(line, blank),
            line.lead().map_or(String::new(), |lead| lead.pid.to_string()),
            safe(row.user().as_deref().map(|user| account_name(user, self.os))),
            row.service.as_ref().map_or(String::new(), |service| service.name.clone()),
        ];
        if self.unit {
            cells.push(safe(within(line).as_deref()));
        }
        if style.namespaces {
            let called =
                |namespace: &Namespace| namespace.called().replace(' ', if style.header { " " } else { ":" });
            cells.push(safe(socket.namespace.as_ref().map(called).as_deref()));
        }
        if style.connections {
            let connections = line.connections();
            cells.push(connections.map_or(String::new(), |all| all.established.to_string()));
        }
        if style.args {
            let args = line.lead().and_then(|lead| lead.program()?.args.as_ref());
            cells.push(safe(args.map(|args| args.join(" ")).as_deref()));
        }
        if !style.header {
            for empty in cells.iter_mut().filter(|cell| cell.is_empty()) {
                *empty = "-".to_owned();
            }
        }
        cells
    }
}

fn process(line: &RowGroup<'_>, blank: &str) -> String {
    match &line.first().owner {
        Owner::Hidden => "(hidden)".to_owned(),
        Owner::Unattributed => "(no-process)".to_owned(),
        Owner::Identified { .. } => {
            let name = line.lead().and_then(|lead| lead.name.as_deref());
            let has_ended = line.lead().is_some_and(|lead| matches!(lead.presence, Presence::Ended { .. }));
            let nameless = if has_ended { "(ended)" } else { "(unknown)" };
            let name = name.map_or(nameless.to_owned(), |name| escape(name).into_owned());
            match line.others().len() {
                0 => name,
                others => format!("{name}{blank}+{others}"),
            }
        }
    }
}

/// The container, application or service that the lead is, or holds the port for; a login session
/// is none.
fn within(line: &RowGroup<'_>) -> Option<String> {
    let socket = &line.first().socket;
    let is_service = |service: &&ProcessService| !service.name.ends_with(".scope");
    let service = |service: &ProcessService| service.name.clone();
    let services = |process: &Process| {
        let names: Vec<String> = process.services.iter().filter(is_service).map(service).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(activation) = &socket.activation {
        return Some(activation.socket.clone());
    }
    let Some(lead) = line.lead() else { return socket.made_in.as_ref().filter(is_service).map(service) };
    let forwards = lead.forward.as_ref().map(|forward| match &forward.container {
        Some(container) => format!("→ {} ({})", container.called(), forward.to),
        None => format!("→ {}", forward.to),
    });
    let container = || lead.container.as_ref().map(Container::called);
    let application =
        || lead.application.as_ref().map(|Application { kind, id }| format!("{} {id}", kind.code()));
    let kernel = || (lead.presence == Presence::Kernel).then(|| "kernel: http.sys, SMB, …".to_owned());
    forwards.or_else(kernel).or_else(container).or_else(application).or_else(|| services(lead))
}
