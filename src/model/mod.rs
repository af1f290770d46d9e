//! Plain values that the stages hand to each other. No I/O, nothing of the operating system.

mod explanation;
mod hidden;
mod observation;
mod ports;
mod process;
mod report;
mod socket;

pub use explanation::{
    Correction, EmulatorFacts, Explanation, ManagerFacts, ManagerPort, ManagerProcesses, RegisteredService,
};
pub use hidden::{HiddenProcess, HiddenProcesses};
pub use observation::{Gap, GapKind, Holding, Host, Observation, Os, OtherNamespace};
pub use ports::{ConnectionState, ExcludedPorts, Families, PortConnection, PortRules, UnansweredAttempt};
pub use process::{
    Application, Container, Executable, FileVersion, Forward, NotInspected, Pid, Process, ProcessService,
    account_name, file_name,
};
pub use report::{
    Asked, Attributed, Excluded, Exposure, License, Manager, Owner, PortClass, Report, Row, Service,
    Severity, UnansweredClient, Verdict, vendor_and_product,
};
pub use socket::{
    AcceptQueue, Activation, Connections, Namespace, PortRange, Protocol, Socket, SocketId, State,
};
