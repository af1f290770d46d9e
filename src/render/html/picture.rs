//! Who can reach what, as a picture and in words.

use super::super::group::RowGroup;
use super::super::text::escape;
use crate::model::Exposure;
use crate::model::quoting::quoted;

/// More ports of one reach are counted, not named, and more dots of one ring are not drawn.
const MOST_PORTS: usize = 60;
const MOST_DOTS: usize = 24;

/// The rings of listeners around a machine.
pub(super) struct Picture {
    pub(super) levels: Vec<Level>,
    /// How many reach to this machine, its networks, and beyond: the rings from within.
    pub(super) counts: [usize; 3],
    pub(super) dots: Vec<Dot>,
    pub(super) in_words: String,
}

pub(super) struct Level {
    pub(super) label: &'static str,
    pub(super) ports: Vec<PortPart>,
    pub(super) more: usize,
}

pub(super) struct PortPart {
    pub(super) text: String,
    pub(super) is_alarm: bool,
}

pub(super) struct Dot {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) is_alarm: bool,
    pub(super) title: String,
}

pub(super) fn picture(groups: &[RowGroup<'_>]) -> Picture {
    let rings = |ring| groups.iter().filter(move |group| ring_of(group) == Some(ring));
    let counts = [0, 1, 2].map(|ring| rings(ring).count());
    Picture {
        levels: levels(groups),
        counts,
        dots: [0, 1, 2].into_iter().flat_map(|ring| dots(ring, &rings(ring).collect::<Vec<_>>())).collect(),
        in_words: format!(
            "{} can be reached from any machine, {} from the machine's own network, {} from this machine only",
            counts[2], counts[1], counts[0]
        ),
    }
}

pub(super) fn is_exposed(group: &RowGroup<'_>) -> bool {
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
        Some(name) => format!("{port} {}", escape(&quoted(name))),
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
