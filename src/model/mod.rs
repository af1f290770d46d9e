//! Plain values that the stages pass to each other, and their recorded form. Nothing here asks the operating
//! system for anything.

mod asked;
mod change;
mod check;
mod command_line;
pub mod document;
pub mod escaping;
mod event_kind;
mod explanation;
mod exposure;
mod file_trust;
mod firewall;
mod gap;
mod hidden;
mod interface;
mod license_error;
mod license_file;
mod license_server;
mod license_setup;
mod likeness;
mod look;
mod net;
mod observation;
mod os;
mod other_socket;
mod packaging;
pub mod packed;
mod packet_rules;
pub mod phrase;
mod policy;
mod port_range;
mod ports;
mod process;
mod program;
pub mod quoting;
pub mod record;
pub mod redact;
mod registered;
mod relay;
mod report;
mod script;
mod service_manager;
mod signature;
mod socket;
pub mod sorting;
mod sought;
pub mod typed_at;
mod verdict;
mod vouched;
mod waiting;
mod watched;
mod word;

pub use asked::{Asked, AskedProcess, Note, NoteKind, PortAnswer, PortStatus, PortUse};
pub use change::{Change, ChangedPart};
pub use check::{CheckResult, CheckService, CheckStatus, CheckedMachine, Expectation, Finding, Performance};
pub use command_line::{PythonProgram, interpreter_called, python_program, script_of};
pub use event_kind::EventKind;
pub use explanation::{
    Confidence, Correction, EmulatorFacts, ExplainedTerm, Explanation, ManagerFacts, ManagerPort,
    ManagerProcesses, PortRole, RegisteredService, TermKind,
};
pub use exposure::Exposure;
pub use file_trust::{Account, Checked, FileTrust, NotInspected, User, Writer};
pub use firewall::Firewall;
pub use gap::{Gap, GapKind};
pub use hidden::{HiddenProcess, HiddenProcesses};
pub use interface::{
    AssignedTo, Interface, InterfaceAddress, device_receives_at, needs_interface, reached_at, receives_at,
};
pub use license_error::{Cause, Check, KnownSystemError, LicenseError, Minor, SystemError};
pub use license_file::{
    DaemonLine, DaemonProgram, Expiry, Flaw, LicenseFile, LicenseLines, LicenseSystem, NamedBy, ServerLine,
};
pub use license_server::{
    JudgedLine, LicenseServer, LicenseTechnology, Problem, ProblemCode, ServerLicenseFile, ServerPort,
    ServerProcess, ServerState, ServersReport,
};
pub use license_setup::{
    DebugLog, InstalledServer, InstalledState, LicenseSetup, LockFile, MachineIdentity, ServiceStart, Starter,
};
pub use likeness::{KEPT_OF_NAME, Likeness, is_path, is_unit, unit_is_called};
pub use look::{CannotTell, Diff, Look, LookSource, ServerChange, ServerLook, Shown, Side};
pub use net::{Family, Protocol};
pub use observation::{Holding, Host, Observation, OtherNamespace};
pub use os::Os;
pub use other_socket::{OtherSocket, OtherSocketKind};
pub use packaging::{Application, ApplicationKind, Container, Runtime};
pub use packet_rules::PacketRules;
pub use policy::{Policy, PolicyLine, PolicyPlace, PolicyPort, PolicyProgram, PolicyRule, SuggestedPolicy};
pub use port_range::PortRange;
pub use ports::{
    ConnectionState, ExcludedPorts, PortConnection, PortRules, UnansweredAttempt, usual_ephemeral,
};
pub use process::{
    AtTarget, Forward, ListenerElsewhere, Pid, Presence, Process, ProcessRef, Receiver, RunState,
    WorkingFolder, account_name, name_of_account,
};
pub use program::{CodeFile, Contents, Executable, FileVersion, Interpreter, Program, file_name};
pub use registered::{Manager, Service, Source, vendor_and_product};
pub use relay::{RelayTarget, forward_targets, is_relay, relay_targets};
pub use report::{
    Attributed, Excluded, ExcludedReport, HeldOtherSocket, Owner, OwnerStatus, PortClass, Report, Row,
    UnansweredClient,
};
pub use script::{ClaimedScript, ScriptKind, claimed_script, runs_scripts};
pub use service_manager::{ProcessService, ServiceManager};
pub use signature::{Signature, SignatureState};
pub use socket::{AcceptQueue, Activation, Connections, HttpUrl, Namespace, Socket, SocketId, State, one_of};
pub use sought::{SoughtProcess, SoughtProcesses, UnlistedPorts};
pub use verdict::{License, Severity, Verdict};
pub use vouched::Vouched;
pub use waiting::{WaitGoal, WaitOutcome, WaitReport, WaitedPort};
pub use watched::{Logged, Watched};
pub use word::Word;
