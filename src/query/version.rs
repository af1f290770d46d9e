//! Which program this is.

/// Where it was run and where not, as it was released. README says the same.
const TESTED: &str = "\
Linux    developed and run there; tested beside ss(8), as root and as an ordinary user
Windows  its tests were run under Wine 10; it was not run on Windows itself
macOS    type-checked and linked for it; it was not run";

/// Name and version; with `verbose` also what it was built for, what its data are, and where it was tested.
pub(super) fn told(verbose: bool) -> String {
    let version = concat!("whatlistens ", env!("CARGO_PKG_VERSION"));
    if !verbose {
        return format!("{version}\n");
    }
    let target = env!("TARGET");
    format!(
        "{version}, built for {target}\n\n\
         Services are from IANA's registry of 2024-06-12, with additions of 2026. License managers are from \
         documents of their vendors: whatlistens explain names them.\n\n\
         {TESTED}\n"
    )
}
