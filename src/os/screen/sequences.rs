//! What a terminal is sent (XTerm Control Sequences, "DEC Private Mode Set"; consoles of Windows 10 obey them too).

/// Another screen beside the one that the shell writes to, without a cursor, and without lines that go on in the next.
pub(super) const ENTER: &[u8] = b"\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[2J";
/// As it was, with colours switched off.
pub(super) const LEAVE: &[u8] = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/// After somebody else wrote to the screen.
pub(super) const RESUME: &[u8] = b"\x1b[0m\x1b[?7l\x1b[?25l\x1b[2J";
