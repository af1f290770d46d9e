//! Why a row is shown whose process is not the one that was asked for: another holder is.

use std::collections::BTreeMap;

use crate::model::phrase::counted;
use crate::model::quoting::quoted_account;
use crate::model::{Os, Process, Row};
use crate::query::{Filter, Naming};

/// More sentences than these are counted, not said.
const MOST: usize = 5;

/// A sentence for each port whose row names another process or user than those that were asked for.
pub(super) fn notes(rows: &[Row], filter: &Filter, naming: &Naming, os: Os) -> Vec<String> {
    if !filter.by_holder() {
        return Vec::new();
    }
    let mut because: BTreeMap<(u16, String), String> = BTreeMap::new();
    for row in
        rows.iter().filter(|row| !row.owner.lead().is_some_and(|lead| filter.asks_for(lead, naming, os)))
    {
        let place = (row.socket.local.port(), format!("{}/{}", row.socket.local.port(), row.socket.protocol));
        let others = row.owner.processes();
        let holder = others.map(AsRef::as_ref).find(|process| filter.asks_for(process, naming, os));
        let why = holder.map(|process| describe(process, filter.deleted));
        if let Some(why) = why.or_else(|| creator(row, filter, os)) {
            because.entry(place).or_insert(why);
        }
    }
    let more = because.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("{} shown for such a reason.", counted(more, "more port")));
    let said = because.into_iter().map(|((_, place), why)| format!("{place} is shown because {why}."));
    said.take(MOST).chain(more).collect()
}

fn describe(process: &Process, of_file: bool) -> String {
    let user = process.user.as_deref().map_or(String::new(), |user| format!(" of {}", quoted_account(user)));
    let file = if of_file { ", and its program file was deleted or replaced" } else { "" };
    format!("{}{user} holds it too{file}", process.called())
}

/// The user who made a socket is asked for, too.
fn creator(row: &Row, filter: &Filter, os: Os) -> Option<String> {
    let is_about_user = filter.pids.is_empty() && filter.processes.is_empty();
    let (user, uid) = (row.socket.user.as_deref(), row.socket.uid);
    if !is_about_user || row.owner.lead().is_none() || !filter.asks_for_user(user, uid, os) {
        return None;
    }
    let user =
        user.map(|user| quoted_account(user).into_owned()).or_else(|| Some(format!("user {}", uid?)))?;
    Some(format!("{user} made its socket"))
}
