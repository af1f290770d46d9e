//! Plain values that the stages pass to each other, and their recorded form. Nothing here asks the operating
//! system for anything.

mod explanation;
mod hidden;
mod observation;
mod packaging;
mod ports;
mod process;
mod program;
pub mod recording;
mod report;
mod service_manager;
mod socket;

pub use explanation::{
    Confidence, Correction, EmulatorFacts, Explanation, ManagerFacts, ManagerPort, ManagerProcesses,
    PortRole, RegisteredService,
};
pub use hidden::{HiddenProcess, HiddenProcesses};
pub use observation::{Gap, GapKind, Holding, Host, Observation, Os, OtherNamespace};
pub use packaging::{Application, ApplicationKind, Container, Runtime};
pub use ports::{ConnectionState, ExcludedPorts, PortConnection, PortRules, UnansweredAttempt};
pub use process::{Forward, Pid, Presence, Process, ProcessRef, account_name};
pub use program::{Executable, FileVersion, Interpreter, NotInspected, Program, file_name};
pub use report::{
    Asked, Attributed, Excluded, Exposure, License, Manager, Owner, PortClass, Report, Row, Service,
    Severity, UnansweredClient, Verdict, vendor_and_product,
};
pub use service_manager::{ProcessService, ServiceManager};
pub use socket::{
    AcceptQueue, Activation, Connections, Family, Namespace, PortRange, Protocol, Socket, SocketId, State,
};
