//! What is known about ports, services and license managers without scanning a machine.

mod embedded;
pub mod explain;
mod license_errors;
mod licenses;
mod port_claims;
mod registry;
mod usual_programs;

pub use embedded::Knowledge;
pub use license_errors::{CodeSource, ErrorSystem, KnownCause, KnownError, LicenseCode, LicenseErrors};
pub use licenses::{
    Belief, CommandLine, Document, Emulator, Executables, KnownPort, LicenseManager, LicenseProgram,
    Licenses, OnWindows, Technology, same_file_name,
};
pub use port_claims::{PortClaims, RegisteredTo};
pub use registry::{Entry, LicenseBasis, RegisteredPort, Registry, Services, called_otherwise, other_names};
pub use usual_programs::{is_usual, usual_services};
