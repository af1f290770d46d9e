//! The driver for which the kernel of Windows has a port.

use crate::model::Socket;

pub(super) enum Driver {
    HttpSys,
    /// Its ports are its own ([MS-SMB2], section 2.1).
    Smb,
    /// RFC 1002, section 4.
    NetBios,
    /// Not http.sys, which was asked.
    Other,
    Unknown,
}

impl Driver {
    pub(super) fn of(socket: &Socket) -> Driver {
        match (&socket.http_urls, socket.local.port()) {
            (Some(urls), _) if !urls.is_empty() => Driver::HttpSys,
            (_, 445) => Driver::Smb,
            (_, 137..=139) => Driver::NetBios,
            (Some(_), _) => Driver::Other,
            (None, _) => Driver::Unknown,
        }
    }
}
