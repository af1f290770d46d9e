//! License programs whose sockets are, or may be, in network namespaces that were not scanned: of these it is not known
//! whether they listen.

use super::ScanScope;
use crate::model::phrase::{list, named};
use crate::model::{Gap, GapKind, Process};

/// More of them are counted, not named.
const MOST_NAMED: usize = 3;

/// The gap that these were not looked for where they may listen; `None` where there are none.
pub(super) fn gap<'a>(programs: impl IntoIterator<Item = &'a Process>, scope: &ScanScope) -> Option<Gap> {
    let called: Vec<String> = programs.into_iter().map(Process::called).collect();
    if called.is_empty() {
        return None;
    }
    let names = list(&named(&called, MOST_NAMED, String::clone), "and");
    let (which, remedy) = match scope.all_namespaces {
        true => ("could not be entered", None),
        false => ("are not shown", Some("--all-namespaces".to_owned())),
    };
    let detail = format!("the sockets of {names} are, or may be, in other network namespaces, which {which}");
    Some(Gap { count: Some(called.len() as u64), remedy, ..Gap::new(GapKind::NamespacesHidden, detail) })
}
