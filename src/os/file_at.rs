//! What a path leads to.

/// What a path of this machine leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAt {
    /// A file, with its path without links.
    File(String),
    /// A folder, likewise.
    Folder(String),
    Nothing,
    /// What may not answer, or may not be looked at.
    Unknown,
}
