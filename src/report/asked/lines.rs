//! The answer to one word among several, in a line.

use std::collections::BTreeSet;

use super::sentences::{Facts, refused};
use crate::model::phrase::{counted, first_few, list, named};
use crate::model::{Asked, ExcludedPorts, Family, GapKind, PortAnswer, PortRange, PortStatus, Protocol};

/// Of more uses, ports and reservations than these, the rest is counted.
const MOST_CLAUSES: usize = 3;

/// What to say of ports below the rows; `None` where the rows say it all.
pub(super) fn line(asked: &Asked, facts: &Facts<'_>) -> Option<String> {
    let mut said = blocked(asked, facts);
    let is_held = asked.is_matched || held(asked).next().is_some();
    if !is_held {
        said = match said.is_empty() {
            true => unheld(asked, facts),
            false => format!("nothing listens, but {said}"),
        };
    }
    let rest = rest(asked, facts, !said.is_empty());
    let text = [said, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| format!("{}: {text}", label(asked)))
}

/// The word, with the ports that a name stands for.
fn label(asked: &Asked) -> String {
    // An address has its port.
    if asked.what.starts_with(|c: char| c.is_ascii_digit()) || asked.what.contains([':', '@']) {
        return asked.what.clone();
    }
    let ports = named(&asked.ports, MOST_CLAUSES, PortRange::to_string);
    format!("{} ({})", asked.what, ports.join(", "))
}

fn held(asked: &Asked) -> impl Iterator<Item = &PortAnswer> {
    asked.with_status(PortStatus::Listening).chain(asked.with_status(PortStatus::Bound))
}

/// What is said of ports that nothing has, as far as that is known.
fn unheld(asked: &Asked, facts: &Facts<'_>) -> String {
    let it_is = if asked.is_one_port() { "it is" } else { "they are" };
    if facts.gaps.iter().any(|gap| gap.kind.hides_sockets()) {
        return format!(
            "no listener was found, but not all sockets are visible: whether {it_is} free is unknown."
        );
    }
    if asked.more_free.is_none() {
        return format!(
            "no listener. Whether {it_is} free was not examined, because you asked about more than 64 ports."
        );
    }
    match facts.family {
        Some(Family::Ipv4) => {
            "no listener at an IPv4 address. Of the IPv6 sockets, only those that are known to accept IPv4 too were \
             scanned."
                .to_owned()
        }
        Some(Family::Ipv6) => "no listener at an IPv6 address. IPv4 sockets were not scanned.".to_owned(),
        None if facts.has_gap(GapKind::PortRulesUnreadable) => format!(
            "no listener, but the system may have reserved {}: its rules for ports could not be read.",
            if asked.is_one_port() { "it" } else { "them" }
        ),
        None => format!("free{}{}.", protocols(asked, None), facts.how_free()),
    }
}

/// What is free besides the ports that have something; nothing where that is all that there is to say.
fn rest(asked: &Asked, facts: &Facts<'_>, others_are_said: bool) -> String {
    if asked.more_free.is_none() || asked.answers.iter().any(|answer| answer.status == PortStatus::Unknown) {
        return String::new();
    }
    if asked.is_one_port() {
        let free: Vec<Protocol> = asked.with_status(PortStatus::Free).map(|answer| answer.protocol).collect();
        let is_said = !asked
            .answers
            .iter()
            .any(|answer| matches!(answer.status, PortStatus::InUse | PortStatus::Reserved));
        return match is_said || free.is_empty() {
            true => String::new(),
            false => format!("Free{}{}.", protocols(asked, Some(&free)), facts.how_free()),
        };
    }
    let taken: BTreeSet<u16> = asked.answers.iter().map(|answer| answer.port).collect();
    let all: BTreeSet<u16> = asked.ports.iter().flat_map(|range| range.first..=range.last).collect();
    match (all.len() - taken.len(), taken.is_empty()) {
        (0, _) | (_, true) => String::new(),
        (free, false) => {
            let is = if free == 1 { "is" } else { "are" };
            let more = if others_are_said || asked.is_matched { " more" } else { "" };
            let ports = counted(free, "port").replacen(' ', &format!("{more} "), 1);
            format!("{ports} {is} free{}{}.", protocols(asked, None), facts.how_free())
        }
    }
}

/// ` for TCP and UDP`; nothing where the word itself names the protocol.
fn protocols(asked: &Asked, only: Option<&[Protocol]>) -> String {
    let titles: Vec<&str> = match (only, asked.protocol) {
        (_, Some(_)) if asked.what.contains('/') => return String::new(),
        (_, Some(protocol)) => vec![protocol.title()],
        (Some(only), None) => only.iter().map(|protocol| protocol.title()).collect(),
        (None, None) => vec!["TCP", "UDP"],
    };
    format!(" for {}", list(&titles, "and"))
}

/// What blocks ports on which nothing listens.
fn blocked(asked: &Asked, facts: &Facts<'_>) -> String {
    let used: Vec<&PortAnswer> = asked.with_status(PortStatus::InUse).collect();
    let (shown, more) = first_few(&used, MOST_CLAUSES);
    let mut clauses: Vec<String> = shown.iter().map(|answer| in_use(answer)).collect();
    clauses.extend((more > 0).then(|| format!("{} in use", counted(more, "more port"))));
    clauses.extend(reserved(asked, facts));
    clauses.iter().map(|clause| format!("{clause}.")).collect::<Vec<_>>().join(" ")
}

/// Who uses a port without listening on it.
fn in_use(PortAnswer { protocol, port, by, .. }: &PortAnswer) -> String {
    let first = by.first().map(|one| one.connection.in_words()).unwrap_or_default();
    let others = match by.len() {
        0 | 1 => String::new(),
        several => format!("; and {}", counted(several - 1, "more socket")),
    };
    match by.first().and_then(|one| one.processes.first()) {
        Some(holder) => format!("{} uses {port}/{protocol}: {first}{others}", holder.called()),
        None => format!("{port}/{protocol} is in use: {first}{others}"),
    }
}

fn reserved(asked: &Asked, facts: &Facts<'_>) -> Option<String> {
    let range = |excluded: &ExcludedPorts| match excluded.family {
        Some(family) => format!("{excluded} on {} addresses", family.name()),
        None => excluded.to_string(),
    };
    let ranges: BTreeSet<&ExcludedPorts> = refused(asked, facts).map(|(excluded, _)| excluded).collect();
    let ranges: Vec<&ExcludedPorts> = ranges.into_iter().collect();
    let is_one = matches!(&ranges[..], [one] if one.ports.single().is_some());
    let these = if is_one { "this port" } else { "these ports" };
    let named = list(&named(&ranges, MOST_CLAUSES, |excluded| range(excluded)), "and");
    (!ranges.is_empty()).then(|| format!("{}: opening {these} fails", facts.has_reserved(&named)))
}
