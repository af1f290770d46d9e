//! A policy as its administrator writes it, in TOML.

mod contradictions;
mod lines;
mod managers;
mod names;
mod ports;
mod source;
mod table;

use toml::Spanned;
use toml::de::DeTable;

use self::contradictions::contradictions;
use self::source::{Name, Source};
use self::table::Table;
use super::trust;
use crate::knowledge::{Knowledge, LicenseManager};
use crate::model::sorting::sort_by_key;
use crate::model::{Policy, PolicyRule, Vouched};
use crate::os::FileAt;

pub use self::lines::expectation;
pub use self::names::{account, follow_links, program};
pub use self::ports::exposure;
pub use self::source::PolicyFault;

/// A policy that was read.
#[derive(Debug, Clone, Default)]
pub struct SitePolicy {
    pub policy: Policy,
    /// The license managers of the site.
    pub managers: Vec<LicenseManager>,
    /// The programs that it names, and the users that must exist.
    names: Vec<Name>,
}

/// So many lines a policy has at most.
pub const MOST_LINES: usize = 5000;
/// So many faults are said.
const MOST_FAULTS: usize = 20;

/// Reads a policy. `path` says where it is from.
///
/// # Errors
///
/// All that is wrong with it, in the order of its lines; at least one.
pub fn read_policy(
    path: &str,
    contents: &[u8],
    knowledge: &Knowledge,
) -> Result<SitePolicy, Vec<PolicyFault>> {
    let mut source = Source::new(path, contents)?;
    let text = source.text.to_owned();
    let root = match DeTable::parse(&text) {
        Ok(root) => root,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            source.add(at, "", format!("this is not TOML: {}", error.message()));
            return Err(source.faults);
        }
    };
    let mut site = read(&root, &mut source, knowledge);
    site.names = std::mem::take(&mut source.names);
    if let Some(line) = site.policy.lines.get(MOST_LINES).and_then(|line| line.place.as_ref()) {
        let text = format!("a policy has at most {MOST_LINES} lines: write a range in place of its ports");
        source.add_to_line(line.line, "port", text);
        return Err(source.faults);
    }
    source.faults.extend(contradictions(&site.policy.lines, path));
    source.faults.sort();
    source.faults.truncate(MOST_FAULTS);
    if source.faults.is_empty() { Ok(site) } else { Err(source.faults) }
}

impl SitePolicy {
    /// The first program or user that the machine cannot have. `has_user` says so as far as that is known.
    #[must_use]
    pub fn unknown_name(
        &self,
        path: &str,
        has_user: impl Fn(&str) -> Option<bool>,
        file_at: impl Fn(&str) -> FileAt,
    ) -> Option<PolicyFault> {
        self.names.iter().find_map(|name| name.wrong(path, &has_user, &file_at))
    }

    /// That it demands nothing, if so: such as what is left of a file whose download failed.
    #[must_use]
    pub fn without_rule(&self, path: &str) -> Option<PolicyFault> {
        let text = "it demands nothing; whatlistens check --suggest prints a policy of what listens now";
        self.policy.is_empty().then(|| PolicyFault::new(path, 1, "policy", text))
    }
}

const KEYS: [&str; 5] = ["nothing-else", "max-exposure", "no-flagged", "trust", "manager"];

fn read(root: &Spanned<DeTable<'_>>, source: &mut Source<'_>, knowledge: &Knowledge) -> SitePolicy {
    let mut site = SitePolicy::default();
    let root = Table::new(root.get_ref(), root.span().start, "");
    let keys: Vec<&str> = PolicyRule::ALL.into_iter().map(PolicyRule::name).chain(KEYS).collect();
    root.refuse_others(&keys, source);
    site.policy.max_exposure = root.exposure("max-exposure", source);
    site.policy.no_flagged = root.switch("no-flagged", source).unwrap_or(false);
    if let Some(trust) = root.table("trust", source) {
        trust.refuse_others(&["users", "paths"], source);
        let users = names::users("users", &trust, source);
        let paths = trust.strings("paths", source);
        for (at, folder) in &paths {
            if let Err(error) = trust::vouched(&[], std::slice::from_ref(folder)) {
                source.add(*at, "paths", in_a_file(&error.to_string()));
            }
        }
        let folders = paths.into_iter().map(|(_, folder)| folder).collect();
        site.policy.vouched = Vouched { users, folders };
    }
    for rule in PolicyRule::ALL {
        for table in root.tables(rule.name(), source) {
            site.policy.lines.extend(lines::read(rule, &table, source, knowledge));
        }
    }
    let allows = site.policy.with_rule(PolicyRule::MayListen).next().is_some();
    site.policy.nothing_else = root.switch("nothing-else", source).unwrap_or(allows);
    if allows && !site.policy.nothing_else {
        let at = root.value("nothing-else").map_or(0, |(at, _)| at);
        source.add(
            at,
            "nothing-else",
            "with [[may-listen]] nothing else may listen: leave out the key, or these lines",
        );
    }
    sort_by_key(&mut site.policy.lines, |line| line.place.as_ref().map(|place| place.line));
    for table in root.tables("manager", source) {
        let manager = managers::read(&table, source, knowledge, &site.managers);
        site.managers.extend(manager);
    }
    site
}

/// A message about an option as one about a key of a file.
fn in_a_file(message: &str) -> String {
    message.replace("--trust-path ", "").replace("--trust-path", "paths")
}
