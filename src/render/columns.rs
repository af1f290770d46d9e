//! The columns of a listing, in order: the title, the value and the layout of each stand here alone.
//! Values are text for a person, escaped for a terminal.

use std::borrow::Cow;
use std::collections::HashSet;

use owo_colors::Style as Paint;

use super::group::{self, RowGroup};
use super::shortening::{self, Shortest};
use super::state;
use super::style::{ColumnName, Style};
use super::text::{beginning, command_line, cut, escape, one_word, registered_name, verdict_paint};
use super::unit::unit;
use crate::model::phrase::counted;
use crate::model::quoting::{quoted, quoted_account, quoted_path};
use crate::model::{Exposure, Namespace, Os, Owner, Presence, Process, Report, State, account_name};

pub(super) struct Column {
    /// Kebab-case. Never changes: scripts name columns by it.
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) is_right: bool,
    /// How narrow the column may be, in a table that is too wide otherwise.
    pub(super) least: usize,
    /// Where there is no room for all columns, the one with the lowest rank is left out first.
    pub(super) rank: u8,
    /// The colour of each cell, if it has one.
    pub(super) paint: Option<fn(&RowGroup<'_>) -> Paint>,
    /// Makes a text no wider than so many columns.
    pub(super) cut: fn(&str, usize) -> Cow<'_, str>,
    /// How narrow a text may become in a table that is too wide otherwise, and how narrow where even that does not fit.
    pub(super) shortest: fn(&str) -> Shortest,
    pub(super) is_wanted: fn(&Listing<'_>) -> bool,
    pub(super) value: fn(&RowGroup<'_>, &Listing<'_>) -> String,
}

/// The column that a user names: by its key, or by its title with `-` for the blank. `service` and `iana-name` are the
/// same.
#[must_use]
pub fn column_named(typed: &str) -> Option<ColumnName> {
    let is_meant = |column: &&Column| {
        let title = column.title.replace(' ', "-");
        column.key.eq_ignore_ascii_case(typed) || title.eq_ignore_ascii_case(typed)
    };
    COLUMNS.iter().find(is_meant).map(|column| ColumnName(column.key))
}

/// The names of all columns, in their order.
pub fn column_names() -> impl Iterator<Item = ColumnName> {
    COLUMNS.iter().map(|column| ColumnName(column.key))
}

/// Whether one column stands before another, in their usual order.
pub(super) fn is_before(one: &Column, other: &Column) -> bool {
    let place = |column: &Column| COLUMNS.iter().position(|known| known.key == column.key);
    place(one) < place(other)
}

pub(super) struct Listing<'a> {
    pub(super) groups: &'a [RowGroup<'a>],
    pub(super) os: Os,
    pub(super) style: &'a Style,
}

/// Of a column that is never cut.
const WHOLE: usize = usize::MAX;
/// Of a column that is never left out.
const ALWAYS: u8 = u8::MAX;

/// The defaults: left-aligned, always wanted.
pub(super) const TEXT: Column = Column {
    key: "",
    title: "",
    is_right: false,
    least: 10,
    rank: 5,
    paint: None,
    cut,
    shortest: shortening::of_text,
    is_wanted: |_| true,
    value: |_, _| String::new(),
};

/// Where space is short, PORT, PROCESS, PID and LICENSE stay: the detail view has the rest.
const COLUMNS: &[Column] = &[
    Column {
        key: "port",
        title: "PORT",
        is_right: true,
        least: WHOLE,
        rank: ALWAYS,
        value: |group, _| {
            let socket = &group.lead_row().socket;
            format!("{}/{}", socket.local.port(), socket.protocol)
        },
        ..TEXT
    },
    Column {
        key: "address",
        title: "ADDRESS",
        // An IPv4 address and port.
        least: 21,
        rank: 4,
        cut: shortening::cut_addresses,
        shortest: shortening::of_addresses,
        value: addresses,
        ..TEXT
    },
    Column { key: "process", title: "PROCESS", least: 12, rank: ALWAYS, value: process, ..TEXT },
    Column {
        key: "pid",
        title: "PID",
        is_right: true,
        least: WHOLE,
        rank: 7,
        value: |group, _| group.lead().map_or(String::new(), |lead| lead.pid.to_string()),
        ..TEXT
    },
    Column {
        key: "user",
        title: "USER",
        rank: 3,
        value: |group, listing| {
            let user = group.user();
            user.map_or(String::new(), |user| quoted_account(account_name(&user, listing.os)).into_owned())
        },
        ..TEXT
    },
    Column {
        key: "service",
        title: "IANA NAME",
        rank: 2,
        paint: Some(|group| match group.lead_row().known_for_service {
            Some(true) => Paint::new(),
            _ => Paint::new().dimmed(),
        }),
        value: |group, listing| registered_name(group.lead_row(), listing.style).unwrap_or_default(),
        ..TEXT
    },
    Column {
        key: "unit",
        title: "UNIT",
        least: 16,
        rank: 1,
        // Rows for scripts have a fixed set of columns.
        is_wanted: |listing| listing.style.header && listing.groups.iter().any(|group| unit(group).is_some()),
        value: |group, _| unit(group).unwrap_or_default(),
        ..TEXT
    },
    Column {
        key: "namespace",
        title: "NAMESPACE",
        is_wanted: |listing| listing.style.namespaces,
        value: |group, _| {
            group.lead_row().socket.namespace.as_ref().map(Namespace::called).unwrap_or_default()
        },
        ..TEXT
    },
    Column {
        key: "state",
        title: "STATE",
        // Who looks for LISTEN or LISTENING searches the output with another program.
        is_wanted: |listing| {
            let Style { states, header, plain, .. } = *listing.style;
            states && header && !plain && listing.style.room().is_none()
        },
        value: |group, listing| state::of(group, listing.os, listing.style, listing.blank()),
        ..TEXT
    },
    Column {
        key: "connections",
        title: "CONNS",
        least: WHOLE,
        is_wanted: |listing| listing.style.connections,
        value: |group, _| group.connections().map_or(String::new(), |all| all.established.to_string()),
        ..TEXT
    },
    Column {
        key: "command",
        title: "COMMAND",
        least: 16,
        is_wanted: |listing| listing.style.args,
        value: |group, listing| {
            let args = group.lead().and_then(|lead| lead.program()?.args.as_ref());
            args.map_or(String::new(), |args| match listing.style.header {
                true => command_line(args),
                false => quoted(&args.join(" ")).into_owned(),
            })
        },
        ..TEXT
    },
    Column {
        key: "exposed",
        title: "EXPOSED",
        is_wanted: by_name_alone,
        value: |group, _| group.exposure().map_or("", Exposure::code).to_owned(),
        ..TEXT
    },
    Column {
        key: "uid",
        title: "UID",
        is_right: true,
        is_wanted: by_name_alone,
        value: |group, _| {
            let uid = group.lead().and_then(|lead| lead.uid).or(group.lead_row().socket.uid);
            uid.map_or(String::new(), |uid| uid.to_string())
        },
        ..TEXT
    },
    Column {
        key: "path",
        title: "PATH",
        cut: shortening::cut_path,
        least: 16,
        is_wanted: by_name_alone,
        value: |group, listing| {
            let exe = group.lead().and_then(Process::exe);
            exe.map_or(String::new(), |exe| {
                let path = if listing.style.header { quoted_path(&exe.path) } else { quoted(&exe.path) }
                    .into_owned();
                match exe.deleted {
                    Some(true) => format!("{path}{}(deleted)", listing.blank()),
                    Some(false) | None => path,
                }
            })
        },
        ..TEXT
    },
    Column {
        key: "script",
        title: "SCRIPT",
        cut: shortening::cut_path,
        is_wanted: by_name_alone,
        value: |group, _| {
            let script =
                group.lead().and_then(|lead| lead.program()?.claimed_script.as_ref()?.name.as_deref());
            script.map_or(String::new(), |name| quoted(name).into_owned())
        },
        ..TEXT
    },
    Column {
        key: "cwd",
        title: "WORKS IN",
        cut: shortening::cut_path,
        least: 16,
        is_wanted: by_name_alone,
        value: |group, listing| {
            let folder = group.lead().and_then(|lead| lead.cwd.as_ref());
            folder.map_or(String::new(), |folder| match listing.style.header {
                true => quoted_path(&folder.path).into_owned(),
                false => quoted(&folder.path).into_owned(),
            })
        },
        ..TEXT
    },
    Column {
        key: "license",
        title: "LICENSE",
        // `cannot-tell`.
        least: 11,
        rank: 8,
        paint: Some(|group| group.lead_row().license.as_ref().map_or(Paint::new(), verdict_paint)),
        // Rows for scripts have a fixed set of columns.
        is_wanted: |listing| {
            !listing.style.header || listing.groups.iter().any(|group| group.lead_row().license.is_some())
        },
        value: |group, _| {
            let license = group.lead_row().license.as_ref();
            license.map_or(String::new(), |license| license.verdict.code().to_owned())
        },
        ..TEXT
    },
];

/// Of columns that are shown only if they are named.
fn by_name_alone(_: &Listing<'_>) -> bool {
    false
}

impl Column {
    /// The value for a group, escaped for a terminal; empty if there is none. In a table that has to fit a
    /// terminal no more of it is laid out than one line could show. For a script it is whole, and one word.
    pub(super) fn text(&self, group: &RowGroup<'_>, listing: &Listing<'_>) -> String {
        let value = (self.value)(group, listing);
        if !listing.style.header {
            return one_word(&escape(&value));
        }
        let shown = match listing.style.room() {
            Some(room) => beginning(&value, (room + 1).max(LONGEST_ADDRESSES)),
            None => &value,
        };
        escape(shown).into_owned()
    }
}

impl Listing<'_> {
    /// The columns to show if there is room for all: those that were named, in that order.
    pub(super) fn columns(&self) -> Vec<&'static Column> {
        match &self.style.columns {
            Some(names) => {
                let named = |name: &ColumnName| COLUMNS.iter().find(|column| column.key == name.0);
                names.iter().filter_map(named).collect()
            }
            None => COLUMNS.iter().filter(|column| (column.is_wanted)(self)).collect(),
        }
    }

    /// The groups that have a line, where process IDs are among the chosen columns: each line once, and for a script one for
    /// each holder that was asked for, as `kill` needs them. `None` where every group has its line.
    pub(super) fn distinct<'a>(report: &'a Report, style: &Style) -> Option<Vec<RowGroup<'a>>> {
        if !style.columns.as_ref()?.contains(&ColumnName("pid")) {
            return None;
        }
        let mut groups = group::group(&report.rows);
        if !style.header {
            let asked = report.holders_asked.as_ref();
            groups = groups.into_iter().flat_map(|group| group.of_each_holder(asked)).collect();
        }
        let listing = Listing { groups: &[], os: report.host.os, style };
        let columns = listing.columns();
        let mut known = HashSet::new();
        groups.retain(|group| {
            known.insert(columns.iter().map(|column| (column.value)(group, &listing)).collect::<Vec<_>>())
        });
        Some(groups)
    }

    /// Scripts split rows at blanks, so this program writes none inside a column for them.
    fn blank(&self) -> &'static str {
        if self.style.header { " " } else { "" }
    }
}

/// Two addresses with their interfaces are shorter, in characters.
const LONGEST_ADDRESSES: usize = 160;

/// In a table, of more addresses only the first is shown; the detail view and the JSON have them all.
const MOST_ADDRESSES: usize = 2;

fn addresses(group: &RowGroup<'_>, listing: &Listing<'_>) -> String {
    let blank = listing.blank();
    let addresses = match &group.addresses_and_port()[..] {
        [first, rest @ ..]
            if listing.style.header && !listing.style.plain && rest.len() >= MOST_ADDRESSES =>
        {
            format!("{first} +{}", rest.len())
        }
        all => all.join(&format!(",{blank}")),
    };
    // A sign that a screen reader may skip.
    let addresses = if listing.style.plain {
        addresses.replace("*:", "IPv6 and IPv4, all addresses:")
    } else {
        addresses
    };
    match group.lead_row().socket.state {
        State::Bound => format!("{addresses}{blank}(bound)"),
        State::Listen | State::Unconnected => addresses,
    }
}

fn process(group: &RowGroup<'_>, listing: &Listing<'_>) -> String {
    let lead = match (&group.lead_row().owner, group.lead()) {
        (Owner::Hidden, _) => return "(hidden)".to_owned(),
        (Owner::Unattributed, _) | (_, None) => return "(no-process)".to_owned(),
        (Owner::Identified { .. }, Some(lead)) => lead,
    };
    let nameless = if matches!(lead.presence, Presence::Ended { .. }) { "(ended)" } else { "(unknown)" };
    let name = lead.name.as_deref().map_or(nameless.into(), quoted);
    let name = if lead.claims_its_name(listing.os) {
        format!("(calls{0}itself{0}{name})", if listing.style.header { " " } else { "-" })
    } else {
        name.into_owned()
    };
    match group.others().len() {
        0 => name,
        others if listing.style.plain => format!("{name} and {}", counted(others, "more holder")),
        others => format!("{name}{}+{others}", listing.blank()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_are_distinct_and_in_kebab_case() {
        let keys: BTreeSet<&str> = COLUMNS.iter().map(|column| column.key).collect();
        assert_eq!(keys.len(), COLUMNS.len());
        let is_kebab = |key: &str| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(keys.iter().all(|key| !key.is_empty() && is_kebab(key)), "{keys:?}");
    }

    #[test]
    fn a_column_is_named_by_its_key_or_its_title() {
        for (typed, key) in [("iana-name", "service"), ("SERVICE", "service"), ("conns", "connections")] {
            assert_eq!(column_named(typed).map(|name| name.0), Some(key));
        }
        assert_eq!(column_named("size"), None);
        assert!(column_names().all(|name| column_named(name.0) == Some(name)));
    }
}
