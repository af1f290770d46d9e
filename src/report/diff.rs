//! What differs between two looks at a machine, or at two, that may be of other times, with other rights, and of less than
//! everything.

use super::changes::{NamespaceName, Place, moved, places, verdict};
use super::ephemeral::{Ephemeral, settle};
use super::likeness::Outcome;
use super::server_changes::{self, ServerChanges};
use crate::model::phrase::counted;
use crate::model::sorting::sort_by;
use crate::model::{
    CannotTell, Change, ChangedPart, Diff, EventKind, GapKind, Look, LookSource, Owner, Row, Shown, Side,
    State, Verdict,
};
use crate::query::Filter;

/// How two looks are to be compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiffQuestion<'a> {
    /// Also what is nothing but another number of an ephemeral port.
    pub all: bool,
    /// Also the listeners of other network namespaces.
    pub all_namespaces: bool,
    /// What chose the listeners of each look, of one that shows only some; `None` where that is not known.
    pub before: Option<&'a Filter>,
    pub after: Option<&'a Filter>,
}

impl DiffQuestion<'_> {
    fn filter(&self, side: Side) -> Option<&Filter> {
        match side {
            Side::Before => self.before,
            Side::After => self.after,
        }
    }
}

/// Whether a look would show a listener if it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Shows,
    /// It could not be read.
    MayHide,
    /// It was not asked about.
    LeavesOut,
}

/// Compares two looks.
#[must_use]
pub fn diff(question: DiffQuestion<'_>, before: Look, after: Look) -> Diff {
    let (mut before, mut after) = (before, after);
    let namespaces_left_out = !question.all_namespaces && [&before, &after].into_iter().any(has_others);
    for look in [&mut before, &mut after] {
        look.rows.retain(|row| question.all_namespaces || row.socket.namespace.is_none());
    }
    let found = Found::of(question, &before, &after);
    let ServerChanges { changes: license_servers, notes: of_servers } = server_changes::of(&before, &after);
    let servers_unclear = !of_servers.is_empty();
    let mut notes: Vec<String> = of_history(&before, &after).into_iter().collect();
    notes.extend(of_servers);
    notes.extend(uncompared(&before, &after, found.left_out_by_before, found.left_out_by_after));
    if namespaces_left_out {
        notes.push(
            "Listeners in other network namespaces are not compared. To compare them: --all-namespaces"
                .to_owned(),
        );
    }
    notes.extend(of_versions(&before, &after, &found.changes));
    let Found { changes, cannot_tell, left_out, .. } = found;
    let same_host = same_host(&before, &after);
    Diff { before, after, same_host, changes, license_servers, cannot_tell, left_out, servers_unclear, notes }
}

fn has_others(look: &Look) -> bool {
    !look.has_namespaces || look.rows.iter().any(|row| row.socket.namespace.is_some())
}

/// What was found of listeners.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    cannot_tell: Vec<CannotTell>,
    left_out: usize,
    /// Listeners that only one look has, because the other was not asked about them.
    left_out_by_before: usize,
    left_out_by_after: usize,
}

impl Found {
    fn of(question: DiffQuestion<'_>, before: &Look, after: &Look) -> Found {
        let mut found = Found::default();
        let all = places(&before.rows, &after.rows, NamespaceName::of_any_time);
        let ephemeral = Ephemeral::new(before, after);
        let (mut settled, mut open) = (Vec::new(), Vec::new());
        for place in all {
            let is_ephemeral = !question.all && ephemeral.has(&place);
            if is_ephemeral { open.push(place) } else { settled.push(place) }
        }
        let renumbered = settle(open);
        found.left_out = renumbered.left_out;
        found.cannot_tell.extend(renumbered.cannot_tell);
        settled.extend(renumbered.places);
        if ![before, after].iter().any(|look| has_gap(look, GapKind::hides_sockets)) {
            settled = moved(settled);
        }
        sort_by(&mut settled, |one, other| one.order().cmp(&other.order()));
        for place in &settled {
            found.add(place, question, before, after);
        }
        found
    }

    fn add(&mut self, place: &Place<'_>, question: DiffQuestion<'_>, before: &Look, after: &Look) {
        let lacking = match (place.before.first(), place.after.first()) {
            (None, Some(row)) => Some((before, Side::Before, *row)),
            (Some(row), None) => Some((after, Side::After, *row)),
            _ => None,
        };
        if let Some((look, side, row)) = lacking {
            match sight(look, row, question.filter(side)) {
                Sight::Shows => self.changes.extend(place.change(&[])),
                Sight::MayHide => {
                    self.cannot_tell.push(CannotTell { row: row.clone(), parts: Vec::new(), unseen_by: side })
                }
                Sight::LeavesOut if side == Side::Before => self.left_out_by_before += 1,
                Sight::LeavesOut => self.left_out_by_after += 1,
            }
            return;
        }
        let outcomes = place.outcomes();
        let with = |wanted: Outcome| {
            let parts = outcomes
                .iter()
                .filter(move |(part, outcome)| outcome_for(*part, *outcome, place, before, after) == wanted);
            parts.map(|(part, _)| *part).collect::<Vec<ChangedPart>>()
        };
        self.changes.extend(place.change(&with(Outcome::Differs)));
        let unclear = with(Outcome::CannotTell);
        if !unclear.is_empty() {
            self.cannot_tell.push(of_unclear(place, unclear, before, after));
        }
    }
}

/// What an outcome is worth, as far as the looks had different rights.
fn outcome_for(
    part: ChangedPart,
    outcome: Outcome,
    place: &Place<'_>,
    before: &Look,
    after: &Look,
) -> Outcome {
    let doubtful = match part {
        ChangedPart::Verdict => is_for_lack_of_rights(place, before, after),
        ChangedPart::Exposure => {
            [before, after].iter().any(|look| has_gap(look, |kind| kind == GapKind::InterfacesUnreadable))
        }
        ChangedPart::Owner => {
            [before, after].iter().any(|look| has_gap(look, |kind| kind == GapKind::ProcessesUnreadable))
        }
        ChangedPart::State => false,
    };
    if doubtful { outcome.min(Outcome::CannotTell) } else { outcome }
}

/// Whether only the look without administrator's rights cannot tell who is right on a license port.
fn is_for_lack_of_rights(place: &Place<'_>, before: &Look, after: &Look) -> bool {
    let cannot_tell = |rows: &[&Row]| rows.iter().any(|row| verdict(row) == Some(Verdict::CannotTell));
    let (then, now) = (cannot_tell(&place.before), cannot_tell(&place.after));
    (then && !now && !before.privileged && after.privileged)
        || (now && !then && !after.privileged && before.privileged)
}

fn of_unclear(place: &Place<'_>, parts: Vec<ChangedPart>, before: &Look, after: &Look) -> CannotTell {
    let hides = |rows: &[&Row]| rows.iter().any(|row| row.owner == Owner::Hidden);
    let is_before = match (hides(&place.before), hides(&place.after)) {
        (then, now) if then != now => then,
        _ => !before.privileged && after.privileged,
    };
    let (unseen_by, rows) = match is_before {
        true => (Side::Before, &place.after),
        false => (Side::After, &place.before),
    };
    CannotTell { row: rows[0].clone(), parts, unseen_by }
}

fn has_gap(look: &Look, is_it: impl Fn(GapKind) -> bool) -> bool {
    look.gaps.iter().any(|gap| is_it(gap.kind))
}

/// Whether a look would show this listener, which the other has.
fn sight(look: &Look, row: &Row, filter: Option<&Filter>) -> Sight {
    let socket = &row.socket;
    let is_chosen = || {
        let by_place = filter.filter(|filter| filter.by_port_alone() && filter.family.is_none());
        by_place.is_some_and(|filter| filter.keeps(socket.protocol, socket.local.port()))
    };
    let in_namespace = socket.namespace.is_some();
    match look.shown {
        Shown::LicenseServers => Sight::LeavesOut,
        Shown::Selected if !is_chosen() => Sight::LeavesOut,
        _ if in_namespace && !look.has_namespaces => Sight::LeavesOut,
        _ if in_namespace && has_gap(look, |kind| kind == GapKind::NamespacesHidden) => Sight::MayHide,
        _ if has_gap(look, GapKind::hides_sockets) => Sight::MayHide,
        _ if socket.state == State::Bound && look.hides_bound => Sight::MayHide,
        _ => Sight::Shows,
    }
}

/// Whether both looks are of one machine.
fn same_host(before: &Look, after: &Look) -> Option<bool> {
    let equal = |one: &Option<String>, other: &Option<String>| Some(one.as_ref()? == other.as_ref()?);
    let are_redacted_alike = before.redacted == after.redacted;
    let (before, after) = (&before.host, &after.host);
    if before.os != after.os {
        return Some(false);
    }
    // A pseudonym is another name of the same machine, and who has one has no id.
    let are_names_alike = are_redacted_alike && before.id.is_some() == after.id.is_some();
    let by_name = || equal(&before.name, &after.name).filter(|is_same| *is_same || are_names_alike);
    equal(&before.id, &after.id).or_else(by_name)
}

/// That one look does not have all, because it was not asked for all.
fn uncompared(before: &Look, after: &Look, by_before: usize, by_after: usize) -> Vec<String> {
    let sides = [(before, Side::Before, by_before), (after, Side::After, by_after)];
    let note = |(look, side, count): (&Look, Side, usize)| {
        let chose = look.selection.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        let shown = match look.shown {
            Shown::Everything if count == 0 => return None,
            Shown::Everything => "does not have all network namespaces".to_owned(),
            Shown::LicenseServers => "has license servers alone".to_owned(),
            Shown::Selected if chose.is_empty() => "has only some listeners".to_owned(),
            Shown::Selected => format!("has only some listeners ({chose})"),
        };
        let others = match count {
            0 => "nothing else is compared".to_owned(),
            1 => "1 listener that it may leave out is not compared".to_owned(),
            count => format!("{} that it may leave out are not compared", counted(count, "listener")),
        };
        Some(format!("{} {shown}: {others}.", side.title()))
    };
    sides.into_iter().filter_map(note).collect()
}

/// That the two look less alike than they are, or stand in the wrong order.
fn of_history(before: &Look, after: &Look) -> Vec<String> {
    let redacted = [(before, Side::Before), (after, Side::After)].into_iter().find(|(look, _)| look.redacted);
    let redacted = redacted.filter(|_| before.redacted != after.redacted).map(|(_, side)| {
        format!(
            "In {} the names of users and addresses were replaced, so they differ from those of {}.",
            side.title(),
            side.other().title()
        )
    });
    // A document has whole seconds.
    let order = (before.taken_at.as_second() > after.taken_at.as_second())
        .then(|| "BEFORE is later than AFTER: to see it the other way round, exchange them.".to_owned());
    redacted.into_iter().chain(order).collect()
}

/// That verdicts may differ because another version gave them.
fn of_versions(before: &Look, after: &Look, changes: &[Change]) -> Option<String> {
    let is_of_verdict =
        |change: &Change| change.kind == EventKind::Changed && change.parts.contains(&ChangedPart::Verdict);
    let is_other = before.version != after.version && changes.iter().any(is_of_verdict);
    let document = [(before, Side::Before), (after, Side::After)]
        .into_iter()
        .find(|(look, _)| look.source == LookSource::Document)
        .filter(|_| is_other)?;
    let (look, side) = document;
    Some(format!(
        "The verdicts of {} are those of whatlistens {}, which may know other license managers.",
        side.title(),
        look.version
    ))
}
