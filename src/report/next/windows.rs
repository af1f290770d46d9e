//! Whom Windows holds a port for: its kernel and its service "IP Helper" do so for other programs.

use std::collections::BTreeSet;

use crate::model::phrase::{list, named};
use crate::model::quoting::quoted;
use crate::model::{ProcessRef, Socket};

/// So many programs are named, of so many that a record may have.
const MOST: usize = 8;
const MOST_READ: usize = 1000;

/// Who answers in place of the holder, and how the port is freed; `None` where that is the holder itself, or not known.
pub(super) fn behind(socket: &Socket) -> Option<String> {
    if let Some(to) = &socket.proxied_to {
        return Some(format!(
            "The program that answers is at {}, where a port proxy connects to. To see the proxies: \
             netsh interface portproxy show all",
            quoted(to)
        ));
    }
    let processes = socket.http_urls.iter().flatten().flat_map(|url| &url.processes);
    let programs: BTreeSet<String> = processes.take(MOST_READ).map(ProcessRef::called).collect();
    let programs: Vec<String> = programs.into_iter().collect();
    (!programs.is_empty()).then(|| {
        let programs = named(&programs, MOST, String::clone);
        format!("http.sys holds it for {}: the port is free when that ends.", list(&programs, "and"))
    })
}
