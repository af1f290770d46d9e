//! One page for a ticket or an auditor, in HTML: it loads nothing, and can be read without its script. Every value goes
//! through the template's own escaping, and through ours, which shows what has no shape.

use std::io::{self, Write};

use askama::Template;

use super::Style;
use super::columns::Listing;
use super::group::{self, RowGroup};
use super::preamble::{Origin, processes};
use super::servers::state;
use super::style::ColumnName;
use super::text::{escape, system};
use crate::model::phrase::{capitalized, sentence};
use crate::model::{
    Exposure, Gap, License, LicenseServer, Report, Row, ServerState, ServersReport, Severity, Verdict,
};

/// What a browser may run and obey in the page: its own style and script (Content Security Policy Level 3, section 2.3.1).
const STYLE_HASH: &str = "sha256-mJhA0hNgL9n0gEg6wuUGSjp+TDxkcL+JFPWBmEMgURE=";
const SCRIPT_HASH: &str = "sha256-qYGJla26GiNTI9k1mwmY6UXxzTRcP6wZEAxbaIfiN3Q=";

/// More ports of one reach are counted, not named, and more dots of one ring are not drawn.
const MOST_PORTS: usize = 60;
const MOST_DOTS: usize = 24;

const COLUMNS: [&str; 9] =
    ["port", "address", "process", "pid", "user", "service", "unit", "exposed", "license"];

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    hosts: &'a [HostPart],
    program: &'a str,
    style_hash: &'a str,
    script_hash: &'a str,
}

/// What there is to say of one machine. A page has one or several.
pub(super) struct HostPart {
    machine: String,
    system: &'static str,
    time: String,
    program: String,
    privileged: bool,
    id: Option<String>,
    command: String,
    tiles: Vec<Tile>,
    servers: Vec<ServerPart>,
    listing: Option<ListingPart>,
    gaps: Vec<String>,
    notes: Vec<String>,
}

struct Tile {
    number: usize,
    label: &'static str,
    class: &'static str,
}

struct ServerPart {
    called: String,
    state: String,
    class: &'static str,
    processes: Vec<String>,
    problems: Vec<ProblemPart>,
    notes: Vec<String>,
}

struct ProblemPart {
    severity: &'static str,
    class: &'static str,
    text: String,
}

struct ListingPart {
    columns: Vec<Heading>,
    rows: Vec<RowPart>,
    levels: Vec<Level>,
    /// How many reach to this machine, its networks, and beyond: the rings of the picture from within.
    counts: [usize; 3],
    dots: Vec<Dot>,
    /// The picture in words.
    picture_said: String,
}

struct Heading {
    title: String,
    is_right: bool,
}

struct RowPart {
    is_flagged: bool,
    is_exposed: bool,
    class: &'static str,
    cells: Vec<Cell>,
}

struct Cell {
    label: String,
    text: String,
    is_right: bool,
    /// The class of a verdict; empty for other cells.
    tag: &'static str,
    why: String,
}

struct Level {
    label: &'static str,
    ports: Vec<PortPart>,
    more: usize,
}

struct PortPart {
    text: String,
    is_alarm: bool,
}

struct Dot {
    x: i32,
    y: i32,
    is_alarm: bool,
    title: String,
}

/// Writes the page of some machines.
pub(super) fn write(hosts: &[HostPart], out: &mut dyn Write) -> io::Result<()> {
    let program = concat!("whatlistens ", env!("CARGO_PKG_VERSION"));
    let page = Page { hosts, program, style_hash: STYLE_HASH, script_hash: SCRIPT_HASH };
    page.write_into(&mut &mut *out)
}

/// A machine with its listeners. `notes` are escaped for a terminal.
pub(super) fn of_report(report: &Report, style: &Style, notes: Vec<String>) -> HostPart {
    let mut groups = group::group(&report.rows);
    // The worst first, then as they were.
    groups.sort_by_key(|group| std::cmp::Reverse(alarm(group)));
    let servers = report.license_servers.as_deref().unwrap_or_default();
    let count = |is_it: &dyn Fn(&RowGroup<'_>) -> bool| groups.iter().filter(|group| is_it(group)).count();
    let flagged = count(&|group| group.lead_row().flagged());
    let mut tiles = vec![
        Tile {
            number: groups.len(),
            label: if groups.len() == 1 { "listener" } else { "listeners" },
            class: "",
        },
        Tile { number: count(&is_exposed), label: "exposed to other machines", class: "" },
        Tile { number: flagged, label: "flagged", class: if flagged > 0 { "bad" } else { "" } },
    ];
    // Where none was found there may be some that are hidden, or were not asked about.
    if !servers.is_empty() {
        tiles.push(of_servers_down(servers));
    }
    let listing = Some(listing(&groups, report, style));
    HostPart { listing, tiles, notes, ..host(&Origin::of_report(report), servers) }
}

/// A machine with its license servers.
pub(super) fn of_servers(report: &ServersReport, notes: Vec<String>) -> HostPart {
    let servers = &report.servers;
    let all = Tile { number: servers.len(), label: "license servers", class: "" };
    HostPart {
        tiles: vec![all, of_servers_down(servers)],
        notes,
        ..host(&Origin::of_servers(report), servers)
    }
}

fn of_servers_down(servers: &[LicenseServer]) -> Tile {
    let number = servers.iter().filter(|server| server.state != ServerState::Up).count();
    Tile { number, label: "license servers not up", class: if number > 0 { "bad" } else { "" } }
}

fn host(origin: &Origin<'_>, servers: &[LicenseServer]) -> HostPart {
    HostPart {
        machine: origin.machine(),
        system: system(origin.host.os),
        time: origin.time(),
        program: origin.program(),
        privileged: origin.privileged,
        id: origin.host.id.as_deref().map(|id| escape(id).into_owned()),
        command: escape(origin.command).into_owned(),
        tiles: Vec::new(),
        servers: servers.iter().map(server).collect(),
        listing: None,
        gaps: origin.gaps.iter().map(gap).collect(),
        notes: Vec::new(),
    }
}

fn gap(gap: &Gap) -> String {
    let remedy = gap.remedy.as_ref().map_or(String::new(), |remedy| format!(" To see more: {remedy}"));
    escape(&format!("{}.{remedy}", capitalized(&gap.detail))).into_owned()
}

fn server(server: &LicenseServer) -> ServerPart {
    let shown = |text: &String| escape(text).into_owned();
    ServerPart {
        called: shown(&server.called()),
        state: state(server),
        class: match (server.state, server.severity()) {
            (ServerState::Up, None | Some(Severity::Info)) => "good",
            (ServerState::Up | ServerState::CannotTell, _) => "warn",
            _ => "bad",
        },
        processes: processes(server).iter().map(shown).collect(),
        problems: server
            .problems
            .iter()
            .map(|problem| ProblemPart {
                severity: problem.code.severity().code(),
                class: class(problem.code.severity()),
                text: shown(&problem.in_full()),
            })
            .collect(),
        notes: server.notes.iter().map(shown).collect(),
    }
}

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "bad",
        Severity::Warning => "warn",
        Severity::Info => "",
    }
}

fn listing(groups: &[RowGroup<'_>], report: &Report, style: &Style) -> ListingPart {
    let style = Style { columns: Some(COLUMNS.map(ColumnName).to_vec()), ..style.clone() };
    let listing = Listing { groups, os: report.host.os, style: &style };
    // A column without any value says nothing.
    let columns: Vec<_> = listing
        .columns()
        .into_iter()
        .filter(|column| groups.iter().any(|group| !column.text(group, &listing).is_empty()))
        .collect();
    let rows = groups.iter().map(|group| {
        let license = group.lead_row().license.as_ref();
        let cells = columns.iter().map(|column| {
            let license = license.filter(|_| column.key == "license");
            Cell {
                label: column.title.to_owned(),
                text: column.text(group, &listing),
                is_right: column.is_right,
                tag: license.map_or("", verdict_class),
                why: license.map_or(String::new(), why),
            }
        });
        RowPart {
            is_flagged: group.lead_row().flagged(),
            is_exposed: is_exposed(group),
            class: if license.is_some_and(|license| verdict_class(license) == "bad") {
                "alarm"
            } else {
                "doubt"
            },
            cells: cells.collect(),
        }
    });
    let rings = |ring| groups.iter().filter(move |group| ring_of(group) == Some(ring));
    let counts = [0, 1, 2].map(|ring| rings(ring).count());
    ListingPart {
        columns: columns
            .iter()
            .map(|column| Heading { title: column.title.to_owned(), is_right: column.is_right })
            .collect(),
        rows: rows.collect(),
        levels: levels(groups),
        counts,
        dots: [0, 1, 2].into_iter().flat_map(|ring| dots(ring, &rings(ring).collect::<Vec<_>>())).collect(),
        picture_said: format!(
            "{} can be reached from any machine, {} from the machine's own network, {} from this machine only",
            counts[2], counts[1], counts[0]
        ),
    }
}

fn why(license: &License) -> String {
    let advice = license.advice.as_ref().filter(|_| license.verdict != Verdict::Expected);
    let advice = advice.map_or(String::new(), |advice| format!(" {advice}"));
    escape(&format!("{}.{advice}", sentence(&license.reason))).into_owned()
}

fn verdict_class(license: &License) -> &'static str {
    match (license.verdict, license.severity) {
        (Verdict::Expected, _) => "good",
        (Verdict::Mismatch, Severity::Warning | Severity::Critical) | (_, Severity::Critical) => "bad",
        _ => "warn",
    }
}

fn alarm(group: &RowGroup<'_>) -> Option<(Severity, Verdict)> {
    let row: &Row = group.lead_row();
    row.license.as_ref().filter(|_| row.flagged()).map(|license| (license.severity, license.verdict))
}

fn is_exposed(group: &RowGroup<'_>) -> bool {
    group.exposure().is_some_and(Exposure::is_beyond_loopback)
}

/// The reaches, the widest first, each with its ports.
fn levels(groups: &[RowGroup<'_>]) -> Vec<Level> {
    let labels = Exposure::ALL.into_iter().rev().map(|exposure| {
        let label = match exposure {
            Exposure::AllInterfaces => "Any machine, at every address",
            Exposure::Public => "Any machine, at a public address",
            Exposure::Private => "A private network",
            Exposure::LinkLocal => "The same network segment",
            Exposure::Loopback => "This machine only",
            Exposure::Unassigned => "Nobody: no interface has the address",
        };
        (exposure, label)
    });
    let of = |(exposure, label)| {
        let there: Vec<_> = groups.iter().filter(|group| group.exposure() == Some(exposure)).collect();
        let ports = there
            .iter()
            .take(MOST_PORTS)
            .map(|group| PortPart { text: called(group), is_alarm: group.lead_row().flagged() });
        (!there.is_empty()).then(|| Level {
            label,
            ports: ports.collect(),
            more: there.len().saturating_sub(MOST_PORTS),
        })
    };
    labels.filter_map(of).collect()
}

/// The port, and the program where that is known.
fn called(group: &RowGroup<'_>) -> String {
    let row = group.lead_row();
    let port = format!("{}/{}", row.socket.local.port(), row.socket.protocol);
    match group.lead().and_then(|lead| lead.name.as_deref()) {
        Some(name) => format!("{port} {}", escape(&crate::model::quoting::quoted(name))),
        None => port,
    }
}

/// In which ring of the picture it stands; `None` for what nobody reaches.
fn ring_of(group: &RowGroup<'_>) -> Option<usize> {
    match group.exposure()? {
        Exposure::Unassigned => None,
        Exposure::Loopback => Some(0),
        Exposure::LinkLocal | Exposure::Private => Some(1),
        Exposure::Public | Exposure::AllInterfaces => Some(2),
    }
}

/// Dots at equal distances on the lower half of a ring, with room for its label above.
fn dots(ring: usize, groups: &[&RowGroup<'_>]) -> Vec<Dot> {
    let (radius, count) = ([44.0, 100.0, 165.0][ring], groups.len().min(MOST_DOTS));
    let dot = |(at, group): (usize, &&RowGroup<'_>)| {
        // From the left up to the right, but not across the label in the middle.
        let half = count.div_ceil(2);
        let (at, of, start) = if at < half { (at, half, 172.0) } else { (at - half, count - half, 8.0) };
        let way = [24.0, 52.0, 56.0][ring] * (at as f64 + 0.5) / of as f64;
        let angle = if start > 90.0 { start - way } else { start + way };
        let (sin, cos) = f64::to_radians(angle).sin_cos();
        Dot {
            x: (200.0 + radius * cos).round() as i32,
            y: (210.0 - radius * sin).round() as i32,
            is_alarm: group.lead_row().flagged(),
            title: called(group),
        }
    };
    groups.iter().take(MOST_DOTS).enumerate().map(dot).collect()
}
