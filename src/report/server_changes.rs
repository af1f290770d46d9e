//! License servers that appeared, went, or serve better or worse than before.

use std::collections::BTreeMap;

use crate::model::{EventKind, GapKind, Look, Problem, ServerChange, ServerLook, ServerState, Shown, Side};

/// What became of license servers, and what cannot be said of them.
#[derive(Default)]
pub(super) struct ServerChanges {
    pub(super) changes: Vec<ServerChange>,
    /// In whole sentences.
    pub(super) notes: Vec<String>,
}

/// Compares the license servers of two looks.
pub(super) fn of(before: &Look, after: &Look) -> ServerChanges {
    let mut found = ServerChanges::default();
    let (Some(then), Some(now)) = (&before.license_servers, &after.license_servers) else {
        return found;
    };
    let sight = Sights::new(before, after);
    let pairs = pairs(then, now);
    // What is installed and does not run is known from files.
    let is_known = |server: &ServerLook| sight.reads_files_alike || server.state != ServerState::Stopped;
    for (then, now) in pairs {
        match (then, now) {
            (Some(then), Some(now)) => found.compare(then, now, &sight),
            (None, Some(now)) if is_known(now) => found.add(EventKind::Appeared, now, before, Side::Before),
            (Some(then), None) if is_known(then) => found.add(EventKind::Went, then, after, Side::After),
            _ => {}
        }
    }
    found
}

/// What both looks show of license servers.
struct Sights {
    /// Whether license files were read for both, or for none.
    reads_files_alike: bool,
    /// The look that hides processes or files, where the other does not.
    hiding: Option<Side>,
}

impl Sights {
    fn new(before: &Look, after: &Look) -> Sights {
        let hiding = match (hides(before), hides(after)) {
            (true, false) => Some(Side::Before),
            (false, true) => Some(Side::After),
            _ => None,
        };
        Sights { reads_files_alike: before.reads_license_files == after.reads_license_files, hiding }
    }
}

/// Whether a license server may be there, or a problem of one, that is not seen.
fn hides(look: &Look) -> bool {
    let hides = |kind| {
        matches!(
            kind,
            GapKind::SocketsUnreadable
                | GapKind::SocketsHidden
                | GapKind::OwnerHidden
                | GapKind::HoldersHidden
                | GapKind::ProcessesUnreadable
                | GapKind::ProcessesHidden
                | GapKind::LicenseSetupUnreadable
        )
    };
    look.gaps.iter().any(|gap| hides(gap.kind))
}

impl ServerChanges {
    /// Adds one that only one look has; `look` is the other.
    fn add(&mut self, kind: EventKind, server: &ServerLook, look: &Look, side: Side) {
        if look.shown == Shown::Selected || !look.selection.iter().flatten().all(String::is_empty) {
            return;
        }
        if hides(look) {
            let there = if side == Side::Before { "was there" } else { "is still there" };
            self.cannot_tell(&format!("{} {there}", server.called()), side);
            return;
        }
        self.changes.push(ServerChange {
            kind,
            server: server.clone(),
            was: None,
            new_problems: Vec::new(),
            gone_problems: Vec::new(),
        });
    }

    fn compare(&mut self, then: &ServerLook, now: &ServerLook, sight: &Sights) {
        let is_hidden =
            |state: ServerState, side| state == ServerState::CannotTell && sight.hiding == Some(side);
        let unseen = [(then.state, Side::Before), (now.state, Side::After)];
        let unseen =
            unseen.into_iter().find(|(state, side)| is_hidden(*state, *side) && then.state != now.state);
        if let Some((_, side)) = unseen {
            self.cannot_tell(&format!("{} is as it was", now.called()), side);
            return;
        }
        let was = (then.state != now.state).then_some(then.state);
        let are_known = sight.reads_files_alike && sight.hiding.is_none();
        let only = |these: &[Problem], others: &[Problem]| -> Vec<Problem> {
            let is_new = |problem: &&Problem| !others.iter().any(|other| other.code == problem.code);
            these.iter().filter(|_| are_known).filter(is_new).cloned().collect()
        };
        let new_problems = only(&now.problems, &then.problems);
        let gone_problems = only(&then.problems, &now.problems);
        if was.is_some() || !new_problems.is_empty() || !gone_problems.is_empty() {
            let server = now.clone();
            self.changes.push(ServerChange {
                kind: EventKind::Changed,
                server,
                was,
                new_problems,
                gone_problems,
            });
        }
    }

    fn cannot_tell(&mut self, what: &str, side: Side) {
        self.notes.push(format!("It is not known whether {what}: {} does not show enough.", side.title()));
    }
}

type Pair<'a> = (Option<&'a ServerLook>, Option<&'a ServerLook>);

/// Each license server with the same of the other look: that with the same license file, or else any of its kind.
fn pairs<'a>(then: &'a [ServerLook], now: &'a [ServerLook]) -> Vec<Pair<'a>> {
    let mut kinds: BTreeMap<&str, (Vec<&ServerLook>, Vec<&ServerLook>)> = BTreeMap::new();
    then.iter().for_each(|server| kinds.entry(&server.id).or_default().0.push(server));
    now.iter().for_each(|server| kinds.entry(&server.id).or_default().1.push(server));
    let mut pairs = Vec::new();
    for (then, now) in kinds.into_values() {
        let mut by_file: BTreeMap<Option<&str>, (Vec<&ServerLook>, Vec<&ServerLook>)> = BTreeMap::new();
        then.iter().for_each(|one| by_file.entry(one.license_file.as_deref()).or_default().0.push(one));
        now.iter().for_each(|one| by_file.entry(one.license_file.as_deref()).or_default().1.push(one));
        let (mut rest_then, mut rest_now) = (Vec::new(), Vec::new());
        for (mut then, mut now) in by_file.into_values() {
            let common = then.len().min(now.len());
            rest_then.extend(then.split_off(common));
            rest_now.extend(now.split_off(common));
            pairs.extend(then.into_iter().map(Some).zip(now.into_iter().map(Some)));
        }
        let most = rest_then.len().max(rest_now.len());
        let at = |rest: &[&'a ServerLook], index: usize| rest.get(index).copied();
        pairs.extend((0..most).map(|index| (at(&rest_then, index), at(&rest_now, index))));
    }
    pairs
}
