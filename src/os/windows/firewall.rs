//! Whether Windows Firewall lets what is sent to a port reach its program (`INetFwMgr::IsPortAllowed`), by the profile in
//! force. Firewalls of other makers are not asked.
#![expect(unsafe_code, reason = "only COM asks Windows Firewall")]

use std::sync::mpsc;
use std::thread::Builder;

use windows::Win32::Foundation::E_UNEXPECTED;
use windows::Win32::NetworkManagement::WindowsFirewall::{
    INetFwMgr, NET_FW_IP_PROTOCOL_TCP, NET_FW_IP_PROTOCOL_UDP, NET_FW_IP_VERSION_V4, NET_FW_IP_VERSION_V6,
    NetFwMgr,
};
use windows::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, COINIT_MULTITHREADED, CoCreateInstance, CoInitializeEx,
};
use windows::Win32::System::Variant::{VARIANT, VT_BOOL};
use windows::core::BSTR;

use super::super::deadline::Deadline;
use crate::model::{Firewall, Protocol, Socket};

/// A port of a program.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) program: String,
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    pub(super) is_ipv6: bool,
}

impl Asked {
    pub(super) fn of(socket: &Socket, program: &str) -> Asked {
        let (protocol, local) = (socket.protocol, socket.local);
        Asked { program: program.to_owned(), protocol, port: local.port(), is_ipv6: local.is_ipv6() }
    }
}

/// What the firewall answers about these, in order; `None` where it does not say, or not before the deadline. Why it says
/// nothing at all, in words.
pub(super) fn answers(asked: Vec<Asked>, deadline: Deadline) -> (Vec<Option<Firewall>>, Option<String>) {
    let mut found = vec![None; asked.len()];
    let mut why = None;
    let (sender, answered) = mpsc::channel();
    let work = move || match manager() {
        Ok(manager) => {
            for (at, asked) in asked.iter().enumerate() {
                // It fails if nobody waits any more.
                if sender.send(is_allowed(&manager, asked).map(|answer| (at, answer))).is_err() {
                    return;
                }
            }
        }
        Err(error) => drop(sender.send(Err(error))),
    };
    // Where the system refuses the thread, nobody asks.
    let _ = Builder::new().spawn(work);
    loop {
        match answered.recv_timeout(deadline.left()) {
            Ok(Ok((at, answer))) => found[at] = Some(answer),
            Ok(Err(error)) => why = Some(error.message()).filter(|text| !text.is_empty()).or(why),
            Err(mpsc::RecvTimeoutError::Disconnected) => return (found, why),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return (found, Some("it does not answer".to_owned()));
            }
        }
    }
}

fn manager() -> windows::core::Result<INetFwMgr> {
    // SAFETY: the thread has no other use of COM, and ends with it.
    unsafe {
        CoInitializeEx(None, COINIT_MULTITHREADED).ok()?;
        CoCreateInstance(&NetFwMgr, None, CLSCTX_INPROC_SERVER)
    }
}

fn is_allowed(manager: &INetFwMgr, asked: &Asked) -> windows::core::Result<Firewall> {
    let protocol = match asked.protocol {
        Protocol::Udp | Protocol::Udplite => NET_FW_IP_PROTOCOL_UDP,
        Protocol::Tcp | Protocol::Sctp => NET_FW_IP_PROTOCOL_TCP,
    };
    let version = if asked.is_ipv6 { NET_FW_IP_VERSION_V6 } else { NET_FW_IP_VERSION_V4 };
    let (mut allowed, mut restricted) = (VARIANT::default(), VARIANT::default());
    // SAFETY: both values outlive the call, which sets them to truth values.
    unsafe {
        manager.IsPortAllowed(
            &BSTR::from(&asked.program),
            version,
            i32::from(asked.port),
            &BSTR::new(),
            protocol,
            &raw mut allowed,
            &raw mut restricted,
        )?;
    }
    let (allowed, restricted) = (truth(&allowed)?, truth(&restricted)?);
    Ok(match (allowed, restricted) {
        (true, false) => Firewall::Allowed,
        (true, true) => Firewall::Restricted,
        (false, _) => Firewall::Blocked,
    })
}

/// The answer in a variant.
fn truth(value: &VARIANT) -> windows::core::Result<bool> {
    // SAFETY: the type says which member of the union is set.
    unsafe {
        let value = &value.Anonymous.Anonymous;
        match value.vt {
            VT_BOOL => Ok(value.Anonymous.boolVal.as_bool()),
            _ => Err(E_UNEXPECTED.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Wine has no such firewall: there this is the path of a refusal.
    #[test]
    fn the_firewall_answers_or_it_is_said_why_not() {
        let program = std::env::current_exe().unwrap().display().to_string();
        let asked = Asked { program, protocol: Protocol::Tcp, port: 27000, is_ipv6: false };
        let (answers, why) = answers(vec![asked], Deadline::after(Duration::from_secs(60)));
        assert_eq!(answers.len(), 1);
        assert!(answers[0].is_some() != why.is_some(), "{answers:?} {why:?}");
    }

    #[test]
    fn nobody_waits_longer_than_the_deadline() {
        let asked = Asked { program: "x".to_owned(), protocol: Protocol::Udp, port: 1, is_ipv6: true };
        let (answers, why) = answers(vec![asked; 2], Deadline::after(Duration::ZERO));
        assert_eq!((answers.len(), why.as_deref()), (2, Some("it does not answer")));
    }
}
