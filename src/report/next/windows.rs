//! Whom Windows holds a port for: its kernel and its service "IP Helper" do so for other programs.

use crate::model::phrase::list;
use crate::model::quoting::quoted;
use crate::model::{ProcessRef, Socket};

/// Who answers in place of the holder, and how the port is freed; `None` where that is the holder itself, or not known.
pub(super) fn behind(socket: &Socket) -> Option<String> {
    if let Some(to) = &socket.proxied_to {
        return Some(format!(
            "The program that answers is at {}, where a port proxy connects to. To see the proxies: \
             netsh interface portproxy show all",
            quoted(to)
        ));
    }
    let mut programs: Vec<String> = Vec::new();
    for process in socket.http_urls.iter().flatten().flat_map(|url| &url.processes) {
        let called = ProcessRef::called(process);
        if !programs.contains(&called) {
            programs.push(called);
        }
    }
    (!programs.is_empty()).then(|| {
        format!("http.sys holds it for {}: the port is free when that ends.", list(&programs, "and"))
    })
}
