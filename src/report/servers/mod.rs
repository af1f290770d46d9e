//! Sockets, processes, license files and services → license servers as wholes: which are up, and if not, why.

mod answer;
mod block;
mod causes;
mod check;
mod files;
mod judging;
mod lines;
mod ports;
mod problems;
mod redundancy;
mod stopped;
mod survey;
mod vendor;

pub use self::answer::{ServersQuestion, servers};
pub(super) use self::answer::{about, add_processes, elsewhere, is_known_by, listed};
pub use self::causes::add_causes_here;
pub use self::check::check;
pub(super) use self::check::{clients, findings, ok, up};
pub use self::judging::{EXPIRY_DAYS, license_servers};
