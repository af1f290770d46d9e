//! Plain values that the stages hand to each other. No I/O, nothing of the operating system.

mod explanation;
mod hidden;
mod observation;
pub mod phrase;
mod ports;
mod process;
mod report;
mod socket;

pub use explanation::{
    Confidence, Correction, EmulatorFacts, Explanation, ManagerFacts, ManagerPort, ManagerProcesses,
    PortRole, RegisteredService,
};
pub use hidden::{HiddenProcess, HiddenProcesses};
pub use observation::{Gap, GapKind, Holding, Host, Observation, Os, OtherNamespace};
pub use ports::{ConnectionState, ExcludedPorts, PortConnection, PortRules, UnansweredAttempt};
pub use process::{
    Application, ApplicationKind, Container, Executable, FileVersion, Forward, Interpreter, NotInspected,
    Pid, Presence, Process, ProcessRef, ProcessService, Program, Runtime, ServiceManager, account_name,
    file_name,
};
pub use report::{
    Asked, Attributed, Excluded, Exposure, License, Manager, Owner, PortClass, Report, Row, Service,
    Severity, UnansweredClient, Verdict, vendor_and_product,
};
pub use socket::{
    AcceptQueue, Activation, Connections, Family, Namespace, PortRange, Protocol, Socket, SocketId, State,
};
