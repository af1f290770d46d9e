//! What a listener can be on Windows alone.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use windows_service::define_windows_service;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult};
use windows_service::service_dispatcher;

use super::{Result, Sockets};

/// Opens the sockets, lets a child inherit them, which holds them until its input ends, and ends.
pub(crate) fn leave_to_an_heir(places: &[OsString]) -> Result<()> {
    let sockets = Sockets::open_all(places, &mut io::stdout())?;
    for listener in &sockets.listeners {
        socket2::SockRef::from(listener).set_no_inherit(false)?;
    }
    Command::new(std::env::current_exe()?).stdin(Stdio::inherit()).stdout(Stdio::null()).spawn()?;
    Ok(())
}

define_windows_service!(service_entry, service_main);

/// Is a service until it is stopped.
pub(crate) fn serve() -> Result<()> {
    Ok(service_dispatcher::start(String::new(), service_entry)?)
}

fn service_main(_: Vec<OsString>) {
    // Nobody would read why: the test waits for the file in vain.
    let _ = run();
}

fn run() -> Result<()> {
    let (stop, stopped) = mpsc::channel();
    let handler = move |control| match control {
        ServiceControl::Stop => {
            let _ = stop.send(());
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    };
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let first = words[0].to_string_lossy();
    let (name, file) =
        first.trim_start_matches("service:").split_once(':').ok_or("give service:NAME:FILE")?;
    let handle = service_control_handler::register(name, handler)?;
    let state = |current_state, controls_accepted| ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state,
        controls_accepted,
        exit_code: ServiceExitCode::Win32(0),
        checkpoint: 0,
        wait_hint: Duration::default(),
        process_id: None,
    };
    let _sockets = Sockets::open_all(&words[1..], &mut File::create(file)?)?;
    handle.set_service_status(state(ServiceState::Running, ServiceControlAccept::STOP))?;
    stopped.recv()?;
    handle.set_service_status(state(ServiceState::Stopped, ServiceControlAccept::empty()))?;
    Ok(())
}
