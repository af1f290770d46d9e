//! What is part of macOS and holds a port: what it is, and where it is switched off.

use crate::model::{Os, Protocol, Row, ServiceManager};

/// A part of macOS, as people know it.
pub(super) struct Part {
    name: &'static str,
    /// Where it is switched off.
    settings: &'static str,
}

const SHARING: &str = "System Settings > General > Sharing";

/// The AirPlay Receiver has listened on these ports since macOS 12; it is part of the Control Center.
const AIRPLAY_PORTS: [u16; 2] = [5000, 7000];
const CONTROL_CENTER: &str = "/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter";
const AIRPLAY: Part = Part {
    name: "AirPlay Receiver",
    settings: "System Settings > General > AirDrop & Handoff (macOS 12: System Preferences > Sharing)",
};

/// The jobs that launchd opens ports for, in `/System/Library/LaunchDaemons`.
const JOBS: &[(&str, Part)] = &[
    ("com.openssh.sshd", Part { name: "Remote Login", settings: SHARING }),
    ("com.apple.screensharing", Part { name: "Screen Sharing", settings: SHARING }),
    ("com.apple.smbd", Part { name: "File Sharing", settings: SHARING }),
];

/// The part of macOS that has a port.
pub(super) fn part(row: &Row, os: Os) -> Option<&'static Part> {
    if os != Os::Macos {
        return None;
    }
    let socket = &row.socket;
    let runs_control_center =
        row.owner.lead().and_then(|lead| lead.exe()).is_some_and(|exe| exe.path == CONTROL_CENTER);
    if runs_control_center && socket.protocol == Protocol::Tcp && AIRPLAY_PORTS.contains(&socket.local.port())
    {
        return Some(&AIRPLAY);
    }
    let activation = socket.activation.as_ref().filter(|held| held.manager == ServiceManager::Launchd)?;
    JOBS.iter().find(|(label, _)| *label == activation.socket).map(|(_, part)| part)
}

impl Part {
    /// A sentence.
    pub(super) fn is_switched_off(&self) -> String {
        let Part { name, settings } = self;
        format!("{name}, a part of macOS, has this port. To free it, switch that off in {settings}.")
    }
}
