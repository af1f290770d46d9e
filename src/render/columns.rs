//! The columns of a listing, in order: the title, the value and the layout of each stand here alone.
//! Values are text for a person, escaped for a terminal.

use comfy_table::CellAlignment;
use owo_colors::Style as Paint;

use super::Style;
use super::group::RowGroup;
use super::text::{
    beginning, command_line, escape, one_word, registered_name, service_called, unit_called, verdict_paint,
};
use crate::model::quoting::{quoted, quoted_account};
use crate::model::{
    Application, Container, Namespace, Os, Owner, Presence, Process, ProcessService, State, account_name,
};

pub(super) struct Column {
    /// Kebab-case. Never changes: scripts name columns by it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for formats other than the table"))]
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) align: CellAlignment,
    /// The table leaves the column out if it has fewer terminal columns than this.
    pub(super) least_room: u16,
    pub(super) width: Width,
    /// The colour of each cell, if it has one. Columns with colours come last.
    pub(super) paint: Option<fn(&RowGroup<'_>) -> Paint>,
    is_wanted: fn(&Listing<'_>) -> bool,
    value: fn(&RowGroup<'_>, &Listing<'_>) -> String,
}

/// How far a column may shrink if the table is too wide.
pub(super) enum Width {
    /// Not at all.
    Whole,
    /// To `least` columns if the table has `room` or more, else to any width.
    AtLeast { least: u16, room: u16 },
    /// To any width.
    Any,
}

pub(super) struct Listing<'a> {
    pub(super) groups: &'a [RowGroup<'a>],
    pub(super) os: Os,
    pub(super) style: &'a Style,
}

/// Lines are never cut below this: port, process and PID must stay legible.
pub(super) const LEAST: u16 = 32;

/// So many lines of a text are laid out: what stands in the second decides where the first is broken.
const LINES: usize = 3;

/// A table narrower than this has room for little more than ports and processes.
const NARROW: u16 = 52;
/// A table at least this wide keeps short addresses whole, such as `10.0.0.1 (bound)`.
const ROOMY: u16 = 78;

/// The defaults: left-aligned, always shown.
const TEXT: Column = Column {
    key: "",
    title: "",
    align: CellAlignment::Left,
    least_room: 0,
    width: Width::Any,
    paint: None,
    is_wanted: |_| true,
    value: |_, _| String::new(),
};

/// Where space is short, PORT, PROCESS and PID stay: the detail view has the rest.
const COLUMNS: &[Column] = &[
    Column {
        key: "port",
        title: "PORT",
        align: CellAlignment::Right,
        width: Width::Whole,
        value: |group, _| {
            let socket = &group.lead_row().socket;
            format!("{}/{}", socket.local.port(), socket.protocol)
        },
        ..TEXT
    },
    Column {
        key: "address",
        title: "ADDRESS",
        least_room: 44,
        width: Width::AtLeast { least: 17, room: ROOMY },
        value: addresses,
        ..TEXT
    },
    Column {
        key: "process",
        title: "PROCESS",
        // The length of the kernel's short name (TASK_COMM_LEN without the NUL).
        width: Width::AtLeast { least: 15, room: NARROW },
        value: process,
        ..TEXT
    },
    Column {
        key: "pid",
        title: "PID",
        align: CellAlignment::Right,
        width: Width::Whole,
        value: |group, _| group.lead().map_or(String::new(), |lead| lead.pid.to_string()),
        ..TEXT
    },
    Column {
        key: "user",
        title: "USER",
        least_room: NARROW,
        width: Width::Whole,
        value: |group, listing| {
            let user = group.lead_row().user();
            user.map_or(String::new(), |user| quoted_account(account_name(&user, listing.os)).into_owned())
        },
        ..TEXT
    },
    Column {
        key: "service",
        title: "IANA NAME",
        least_room: 62,
        value: |group, _| registered_name(group.lead_row()).unwrap_or_default(),
        ..TEXT
    },
    Column {
        key: "unit",
        title: "UNIT",
        least_room: 96,
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
        key: "connections",
        title: "CONNS",
        is_wanted: |listing| listing.style.connections,
        value: |group, _| group.connections().map_or(String::new(), |all| all.established.to_string()),
        ..TEXT
    },
    Column {
        key: "command",
        title: "COMMAND",
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
        key: "license",
        title: "LICENSE",
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

impl Column {
    /// The value for a group, escaped for a terminal; empty if there is none. For a table that has to fit a
    /// terminal it is cut: laying out a long command line takes seconds, and no more than a line of it is shown. For a
    /// script it is whole, and one word.
    pub(super) fn text(&self, group: &RowGroup<'_>, listing: &Listing<'_>) -> String {
        let value = (self.value)(group, listing);
        if !listing.style.header {
            return one_word(&escape(&value));
        }
        let shown = match listing.style.width {
            Some(width) => beginning(&value, LINES * usize::from(width.max(LEAST))),
            None => &value,
        };
        escape(shown).into_owned()
    }
}

impl Listing<'_> {
    /// The columns to show if there is room for all.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        COLUMNS.iter().filter(|column| (column.is_wanted)(self))
    }

    /// Scripts split rows at blanks, so this program writes none inside a column for them.
    fn blank(&self) -> &'static str {
        if self.style.header { " " } else { "" }
    }
}

/// In a table, of more addresses only the first is shown; the detail view and the JSON have them all.
const MOST_ADDRESSES: usize = 2;

fn addresses(group: &RowGroup<'_>, listing: &Listing<'_>) -> String {
    let blank = listing.blank();
    let addresses = match &group.addresses_and_port()[..] {
        [first, rest @ ..] if listing.style.header && rest.len() >= MOST_ADDRESSES => {
            format!("{first} +{}", rest.len())
        }
        all => all.join(&format!(",{blank}")),
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
        others => format!("{name}{}+{others}", listing.blank()),
    }
}

/// The container, application or service that the lead is part of, or holds the port for. A login
/// session is not a service.
fn unit(group: &RowGroup<'_>) -> Option<String> {
    let socket = &group.lead_row().socket;
    let is_service = |service: &&ProcessService| !service.name.ends_with(".scope");
    let service = service_called;
    let services = |process: &Process| {
        let names: Vec<String> = process.services.iter().filter(is_service).map(service).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let lead = group.lead();
    if let Some(activation) = &socket.activation
        && lead.is_none_or(|lead| lead.container.is_none())
    {
        return Some(unit_called(activation.manager, &activation.socket));
    }
    let Some(lead) = lead else { return socket.made_in.as_ref().filter(is_service).map(service) };
    let forwards = lead.forward.as_ref().map(|forward| match &forward.container {
        Some(container) => format!("→ {} ({})", container.called(), forward.to),
        None => format!("→ {}", forward.to),
    });
    let container = || lead.container.as_deref().map(Container::called);
    let application = || lead.application.as_ref().map(application_called);
    let kernel = || (lead.presence == Presence::Kernel).then(|| "kernel: http.sys, SMB, …".to_owned());
    forwards.or_else(kernel).or_else(container).or_else(application).or_else(|| services(lead))
}

fn application_called(Application { kind, id, user }: &Application) -> String {
    let user = if user.is_some() { "user " } else { "" };
    format!("{user}{} {}", kind.code(), quoted(id))
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
    fn columns_with_a_colour_stand_last() {
        assert!(COLUMNS.is_sorted_by_key(|column| column.paint.is_some()));
    }
}
