//! `whatlistens --version`.

/// Where it was run, and where it was not, as of this release. README says the same.
const TESTED: &str = "\
Linux    developed and run there; tested beside ss(8), as root and as an ordinary user
Windows  its tests run under Wine 10; it has not been run on Windows itself
macOS    compiled, and linked against stubs of its libraries; it has never been run there";

/// Name and version; with `verbose` also the target, the data, and the systems it was tested on.
pub(super) fn text(verbose: bool) -> String {
    let version = concat!("whatlistens ", env!("CARGO_PKG_VERSION"));
    if !verbose {
        return format!("{version}\n");
    }
    let target = env!("TARGET");
    format!(
        "{version}, built for {target}\n\n\
         Services: IANA's registry of 2024-06-12, with additions of 2026. License managers: the documents of \
         their vendors (see whatlistens explain NAME).\n\n\
         {TESTED}\n"
    )
}
