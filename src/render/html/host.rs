//! What there is to say of one machine, as the template of the page takes it.

use super::super::Style;
use super::super::columns::Listing;
use super::super::group::{self, RowGroup};
use super::super::preamble::{Origin, processes};
use super::super::servers::state;
use super::super::style::ColumnName;
use super::super::text::{escape, system};
use super::picture::{Picture, is_exposed, picture};
use crate::model::phrase::{capitalized, sentence};
use crate::model::sorting::sort_by_key;
use crate::model::{Gap, License, LicenseServer, Report, Row, ServerState, ServersReport, Severity, Verdict};

const COLUMNS: [&str; 9] =
    ["port", "address", "process", "pid", "user", "service", "unit", "exposed", "license"];

/// What there is to say of one machine.
pub(in super::super) struct HostPart {
    pub(in super::super) machine: String,
    pub(super) system: &'static str,
    pub(super) time: String,
    pub(super) program: String,
    pub(super) privileged: bool,
    pub(super) id: Option<String>,
    pub(super) command: String,
    pub(super) tiles: Vec<Tile>,
    pub(super) servers: Vec<ServerPart>,
    pub(super) servers_down: usize,
    pub(super) listing: Option<ListingPart>,
    pub(super) gaps: Vec<String>,
    pub(super) notes: Vec<String>,
}

pub(super) struct Tile {
    pub(super) number: usize,
    pub(super) label: &'static str,
    pub(super) class: &'static str,
}

pub(super) struct ServerPart {
    pub(super) called: String,
    pub(super) state: String,
    pub(super) class: &'static str,
    pub(super) processes: Vec<String>,
    pub(super) problems: Vec<ProblemPart>,
    pub(super) notes: Vec<String>,
}

pub(super) struct ProblemPart {
    pub(super) severity: &'static str,
    pub(super) class: &'static str,
    pub(super) text: String,
}

pub(super) struct ListingPart {
    pub(super) exposed: usize,
    pub(super) flagged: usize,
    pub(super) columns: Vec<Heading>,
    pub(super) rows: Vec<RowPart>,
    pub(super) picture: Picture,
}

pub(super) struct Heading {
    pub(super) title: String,
    pub(super) is_right: bool,
}

pub(super) struct RowPart {
    pub(super) is_flagged: bool,
    pub(super) is_exposed: bool,
    pub(super) class: &'static str,
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    pub(super) label: String,
    pub(super) text: String,
    pub(super) is_right: bool,
    /// The class of a verdict; empty for other cells.
    pub(super) tag: &'static str,
    pub(super) why: String,
}

/// A machine with its listeners. `notes` are escaped for a terminal.
pub(in super::super) fn of_report(report: &Report, style: &Style, notes: Vec<String>) -> HostPart {
    let mut groups = group::group(&report.rows);
    // The worst first, then as they were.
    sort_by_key(&mut groups, |group| std::cmp::Reverse(alarm(group)));
    let servers = report.license_servers.as_deref().unwrap_or_default();
    let count = |is_it: &dyn Fn(&RowGroup<'_>) -> bool| groups.iter().filter(|group| is_it(group)).count();
    let (exposed, flagged) = (count(&is_exposed), count(&|group| group.lead_row().flagged()));
    let mut tiles = of_listeners(groups.len(), exposed, flagged);
    // Where none was found there may be some that are hidden, or were not asked about.
    if !servers.is_empty() {
        tiles.push(of_servers_down(servers_down(servers)));
    }
    let listing = Some(listing(&groups, exposed, flagged, report, style));
    HostPart { listing, tiles, notes, ..host(&Origin::of_report(report), servers) }
}

/// A machine with its license servers.
pub(in super::super) fn of_servers(report: &ServersReport, notes: Vec<String>) -> HostPart {
    let servers = &report.servers;
    let all = Tile { number: servers.len(), label: "license servers", class: "" };
    HostPart {
        tiles: vec![all, of_servers_down(servers_down(servers))],
        notes,
        ..host(&Origin::of_servers(report), servers)
    }
}

pub(super) fn of_listeners(all: usize, exposed: usize, flagged: usize) -> Vec<Tile> {
    vec![
        Tile { number: all, label: if all == 1 { "listener" } else { "listeners" }, class: "" },
        Tile { number: exposed, label: "exposed to other machines", class: "" },
        Tile { number: flagged, label: "flagged", class: if flagged > 0 { "bad" } else { "" } },
    ]
}

pub(super) fn of_servers_down(number: usize) -> Tile {
    Tile { number, label: "license servers not up", class: if number > 0 { "bad" } else { "" } }
}

fn servers_down(servers: &[LicenseServer]) -> usize {
    servers.iter().filter(|server| server.state != ServerState::Up).count()
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
        servers_down: servers_down(servers),
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

fn listing(
    groups: &[RowGroup<'_>],
    exposed: usize,
    flagged: usize,
    report: &Report,
    style: &Style,
) -> ListingPart {
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
    ListingPart {
        exposed,
        flagged,
        columns: columns
            .iter()
            .map(|column| Heading { title: column.title.to_owned(), is_right: column.is_right })
            .collect(),
        rows: rows.collect(),
        picture: picture(groups),
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
