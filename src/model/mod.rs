//! Plain values that the stages hand to each other. No I/O, nothing of the operating system.

mod explanation;
mod observation;
mod process;
mod report;
mod socket;
mod unseen;

pub use explanation::{
    Correction, EmulatorFacts, Explanation, ManagerFacts, ManagerPort, ManagerProcesses, RegisteredService,
};
pub use observation::{Gap, GapKind, Holding, Host, Observation, Os};
pub use process::{Container, ProcessService};
pub use process::{Executable, Pid, Process, file_name};
pub use report::{
    Asked, Attributed, Exposure, License, Manager, Owner, PortClass, Report, Row, Service, Severity, Verdict,
    vendor_and_product,
};
pub use socket::{Namespace, PortRange, Protocol, Socket, SocketId, State};
pub use unseen::{Unseen, UnseenProcess};
