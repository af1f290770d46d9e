//! License servers as blocks: a line for each, its processes and license files, and what is wrong.

use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::text::{escape, fill, unbroken};
use super::width::display_width;
use super::{Style, list};
use crate::model::phrase::{capitalized, counted, list as joined};
use crate::model::quoting::{quoted, quoted_path};
use crate::model::{JudgedLine, LicenseServer, ServerLicenseFile, ServerProcess, ServerState, Severity};

const INDENT: &str = "  ";
/// The width of a heading up to the state, in columns, where it is shorter.
const HEADING: usize = 60;
/// The ports of one process beyond these are counted.
const MOST_PORTS: usize = 6;

/// The columns of a process: name, id, ports, version, and the rest.
type Cells = [String; 5];

pub(super) fn write(servers: &[LicenseServer], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (index, server) in servers.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        block(server, style, out)?;
    }
    Ok(())
}

pub(super) fn block(server: &LicenseServer, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let technology =
        server.technology.as_ref().filter(|technology| !server.product.contains(&technology.name));
    let technology = technology.map_or(String::new(), |technology| format!(" ({})", technology.name));
    let called = escape(&format!("{}{technology}", server.called())).into_owned();
    let state = state(server);
    if style.plain {
        return plain_block(&called, &state, server, style, out);
    }
    let room = style.width.map_or(HEADING, |width| HEADING.min(usize::from(width).saturating_sub(20)));
    let gap = room.saturating_sub(display_width(&called)).max(2);
    let gap = match style.fits(display_width(&called) + gap + display_width(&state)) {
        true => " ".repeat(gap),
        false => format!("\n{INDENT}"),
    };
    let (called, state) = (style.set(&called), style.paint(&state, state_paint(server)));
    writeln!(out, "{}{gap}{state}", style.paint(&called, Paint::new().bold()))?;
    let rows: Vec<Cells> = server.processes().map(|process| cells(process, server)).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = display_width(cell).max(*width);
        }
    }
    for row in &rows {
        let mut line = INDENT.to_owned();
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            let last = line.lines().last().map_or(0, display_width);
            if !style.fits(last + display_width(cell)) {
                line = format!("{}\n{INDENT}{INDENT}", line.trim_end());
            }
            line += cell;
            line += &" ".repeat(width - display_width(cell) + 2);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    findings(server, style, out)
}

/// A line for each thing there is to say.
fn plain_block(
    called: &str,
    state: &str,
    server: &LicenseServer,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    list::line("License server", called, out)?;
    list::line("State", state, out)?;
    for process in server.processes() {
        let cells = cells(process, server);
        let known: Vec<&str> = cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        list::line("Process", &known.join(", "), out)?;
    }
    findings(server, style, out)
}

fn findings(server: &LicenseServer, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for file in &server.license_files {
        license_file(file, style, out)?;
    }
    for note in &server.notes {
        hanging("note", note, Paint::new().dimmed(), style, out)?;
    }
    for problem in &server.problems {
        let severity = problem.code.severity();
        let paint = match severity {
            Severity::Critical => Paint::new().red().bold(),
            Severity::Warning => Paint::new().yellow().bold(),
            Severity::Info => Paint::new().yellow(),
        };
        hanging(severity.code(), &problem.in_full(), paint, style, out)?;
    }
    Ok(())
}

pub(super) fn state(server: &LicenseServer) -> String {
    let clients = server.clients.filter(|_| server.state == ServerState::Up).map(|clients| match clients {
        0 => ", no clients".to_owned(),
        clients => format!(", {}", counted(clients, "client")),
    });
    format!("{}{}", server.state.in_words(), clients.unwrap_or_default())
}

fn state_paint(server: &LicenseServer) -> Paint {
    match (server.state, server.severity()) {
        (ServerState::Up, None | Some(Severity::Info)) => Paint::new().green(),
        (ServerState::Up | ServerState::CannotTell, _) => Paint::new().yellow(),
        _ => Paint::new().red().bold(),
    }
}

fn cells(one: &ServerProcess, server: &LicenseServer) -> Cells {
    let process = &one.process;
    let ports: Vec<String> =
        one.ports.iter().take(MOST_PORTS).map(|port| format!("{}/{}", port.port, port.protocol)).collect();
    let more = one.ports.len().saturating_sub(MOST_PORTS);
    let ports = match ports.len() {
        // Not even its file may be seen.
        0 if process.exe().is_none() => "(hidden)".to_owned(),
        0 => "no port".to_owned(),
        _ if more > 0 => format!("{} +{more}", ports.join(" ")),
        _ => ports.join(" "),
    };
    let is_server = server.server.as_ref().is_some_and(|own| own.process.pid == process.pid);
    let clients = one.clients().filter(|_| !is_server || server.daemons.is_empty());
    let rest = match clients {
        Some(clients) if !is_server => counted(clients, "client"),
        _ => process.exe().map_or(String::new(), |exe| quoted_path(&exe.path).into_owned()),
    };
    let version = one.version.clone().unwrap_or_default();
    [
        escape(&process.name.as_deref().map_or("?".into(), quoted)).into_owned(),
        format!("PID {}", process.pid),
        ports,
        escape(&quoted(&version)).into_owned().trim_matches('"').to_owned(),
        escape(&rest).into_owned(),
    ]
}

fn license_file(file: &ServerLicenseFile, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let path = quoted_path(&file.path);
    let Some(lines) = &file.lines else {
        return hanging("license", &format!("{path}: not read"), Paint::new().dimmed(), style, out);
    };
    let texts: Vec<&str> =
        lines.iter().map(|line| line.text.as_str()).filter(|text| !text.is_empty()).collect();
    let wrong: Vec<&JudgedLine> = lines.iter().filter(|line| line.remark.is_some()).collect();
    let ending = match (&texts[..], wrong.is_empty()) {
        ([], true) => "no line of a server".to_owned(),
        (texts, true) => format!("{}: all as it should be", texts.join(", ")),
        (texts, false) => texts.join(", "),
    };
    hanging("license", &format!("{path}: {ending}"), Paint::new().dimmed(), style, out)?;
    for JudgedLine { line, text, remark } in wrong {
        let remark = remark.as_deref().unwrap_or_default();
        let text = match (text.is_empty(), *line) {
            (true, 0) => remark.to_owned(),
            (true, line) => format!("line {line}: {remark}"),
            (false, line) => format!("line {line}, {text}: {remark}"),
        };
        hanging("", &text, Paint::new(), style, out)?;
    }
    Ok(())
}

/// A label and a text; what is wrapped stands below the text.
fn hanging(label: &str, text: &str, paint: Paint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if style.plain {
        let label = if label.is_empty() { "remark" } else { label };
        return list::line(&capitalized(label), &escape(text), out);
    }
    const LABEL: usize = 10;
    let margin = " ".repeat(INDENT.len() + LABEL);
    let first = format!("{INDENT}{label:<LABEL$}");
    let text = escape(text);
    let filled = match style.width {
        Some(width) => {
            let options = unbroken(usize::from(width)).initial_indent(&first).subsequent_indent(&margin);
            fill(&text, options)
        }
        None => format!("{first}{text}"),
    };
    // Painted after filling: colour codes would count as width.
    writeln!(out, "{}", filled.replacen(label, &style.paint(label, paint), usize::from(!label.is_empty())))
}

/// What is said where no license server was found. `complete`: whether everything was seen.
pub(super) fn none(products: &[String], complete: bool) -> String {
    match products {
        [] => "No license server was found.".to_owned(),
        products => {
            let products: Vec<_> = products.iter().map(|product| quoted(product)).collect();
            let what = if complete { "runs here" } else { "was found" };
            format!("No license server of {} {what}.", joined(&products, "or"))
        }
    }
}
