//! Plain values that the stages hand to each other. No I/O, nothing of the operating system.

mod explanation;
mod observation;
mod ports;
mod process;
mod report;
mod socket;
mod unseen;

pub use explanation::{
    Correction, EmulatorFacts, Explanation, ManagerFacts, ManagerPort, ManagerProcesses, RegisteredService,
};
pub use observation::{Elsewhere, Gap, GapKind, Holding, Host, Observation, Os};
pub use ports::{ExcludedPorts, Families, PortRules, Remnant, RemnantState, Unanswered};
pub use process::{
    Application, Container, Executable, FileUnseen, FileVersion, Forward, Pid, Process, ProcessService,
    account_name, file_name,
};
pub use report::{
    Asked, Attributed, Excluded, Exposure, License, Manager, Owner, PortClass, Report, Row, Service,
    Severity, Unreached, Verdict, vendor_and_product,
};
pub use socket::{
    AcceptQueue, Activation, Connections, Namespace, PortRange, Protocol, Socket, SocketId, State,
};
pub use unseen::{Unseen, UnseenProcess};
