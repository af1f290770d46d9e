//! Where the facts about license managers come from.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::schema::{Document, LicenseManager};
use crate::model::packed::unpacked;

/// The sources of the managers in `data/licenses.toml`, by their ids: they are a quarter of what is known of these, and few
/// runs show them. Unpacked at the first question.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(OnceLock<BTreeMap<String, Vec<String>>>);

impl Sources {
    /// Those of a manager. One of a site brings its own.
    pub(super) fn of<'s>(&'s self, manager: &'s LicenseManager) -> &'s [String] {
        let known = || {
            let all = self.0.get_or_init(|| {
                let text = unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/license_sources.json.packed")));
                serde_json::from_str(&text).expect("build.rs wrote it, and the tests read it")
            });
            all.get(&manager.id).map(Vec::as_slice)
        };
        let own = Some(&manager.sources[..]).filter(|own| !own.is_empty());
        own.or_else(known).unwrap_or_default()
    }
}

/// Sources, with the title of the document in place of its key: `[key] pp. 23-25`.
pub(super) fn cited(sources: &[String], documents: &[Document]) -> Vec<String> {
    let title = |key: &str| documents.iter().find(|document| document.key == key);
    let cited = sources.iter().map(|source| {
        let keyed = source.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let document = keyed.and_then(|(key, place)| Some((&title(key)?.title, place)));
        document.map_or_else(|| source.clone(), |(title, place)| format!("{title}{place}"))
    });
    cited.collect()
}
