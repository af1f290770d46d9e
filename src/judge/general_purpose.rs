//! Programs that run or do whatever their arguments say: interpreters, shells, relays. A license file may name any program as a vendor's daemon, so that a license
//! server that started one of these says nothing about it.

use super::wrapper;
use crate::knowledge::Licenses;
use crate::model::{Os, file_name};

/// Where the programs of a Linux or macOS system are. A vendor installs its daemon elsewhere: in `/opt`, in
/// `/usr/local`, or in a folder of its own.
const FOLDERS: &[&str] = &[
    "/bin/",
    "/sbin/",
    "/lib/",
    "/lib32/",
    "/lib64/",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/lib/",
    "/usr/lib32/",
    "/usr/lib64/",
    "/usr/libexec/",
    "/usr/games/",
    "/usr/share/",
    // The whole system of NixOS and of Guix, and what snapd mounts.
    "/nix/store/",
    "/gnu/store/",
    "/snap/",
    "/var/lib/snapd/",
    // macOS.
    "/System/",
    "/Library/Developer/",
    "/opt/homebrew/",
];

/// The same of Windows, behind the letter of the drive.
const WINDOWS_FOLDERS: &[&str] =
    &[r"\windows\", r"\program files\windowsapps\", r"\program files\powershell\"];

/// Shells, interpreters, debuggers and relays under their own names, wherever they are installed; versions may follow.
const NAMES: &[&str] = &[
    "ash",
    "awk",
    "bash",
    "beam",
    "box64",
    "bun",
    "busybox",
    "caddy",
    "cat",
    "chisel",
    "cloudflared",
    "cmd",
    "code-server",
    "crystal",
    "cscript",
    "csh",
    "curl",
    "dash",
    "deno",
    "dotnet",
    "elixir",
    "emacs",
    "env",
    "envoy",
    "erl",
    "expect",
    "fish",
    "frpc",
    "frps",
    "gawk",
    "gdb",
    "gdbserver",
    "ghc",
    "gost",
    "gotty",
    "groovy",
    "guile",
    "jimsh",
    "jshell",
    "julia",
    "jupyter",
    "ksh",
    "lldb-server",
    "lua",
    "luajit",
    "matlab",
    "mawk",
    "microsocks",
    "mksh",
    "mono",
    "nc",
    "ncat",
    "netcat",
    "ngrok",
    "nmap",
    "node",
    "nodejs",
    "octave",
    "openssl",
    "perl",
    "php",
    "powershell",
    "pwsh",
    "pypy",
    "qemu",
    "r",
    "racket",
    "raku",
    "rathole",
    "rinetd",
    "rscript",
    "ruby",
    "sbcl",
    "scala",
    "screen",
    "sh",
    "shellinabox",
    "sing-box",
    "sockd",
    "sqlite3",
    "ss-local",
    "sudo",
    "tailscaled",
    "tclsh",
    "tcsh",
    "tinyproxy",
    "tmux",
    "toybox",
    "traefik",
    "ttyd",
    "v2ray",
    "vim",
    "wasmtime",
    "wish",
    "wscript",
    "xray",
    "zsh",
];

/// Whether the file at a path is one of them.
pub(super) fn is_general_purpose(path: &str, os: Os) -> bool {
    let exe = file_name(path, os);
    is_the_system_s(path, os)
        || wrapper::advice(exe, os).is_some()
        || Licenses::runs_programs(exe)
        || NAMES.iter().any(|name| is_called(name, exe))
}

fn is_the_system_s(path: &str, os: Os) -> bool {
    if os != Os::Windows {
        return FOLDERS.iter().any(|folder| path.starts_with(folder));
    }
    let path = path.replace('/', r"\").to_ascii_lowercase();
    let behind_drive = path.strip_prefix(r"\\?\").unwrap_or(&path).get(2..).unwrap_or_default();
    WINDOWS_FOLDERS.iter().any(|folder| behind_drive.starts_with(folder))
}

/// `lua5.4`, `php-fpm8.2` and `nc.traditional` are called so too, in any case: a needless doubt does no harm.
fn is_called(name: &str, exe: &str) -> bool {
    let exe = exe.to_ascii_lowercase();
    let stem = exe.strip_suffix(".exe").unwrap_or(&exe);
    let is_version = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    stem.strip_prefix(name).is_some_and(|rest| is_version(rest) || rest.starts_with(['-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_license_file_may_name_besides_a_daemon_is_known_by_place_or_name() {
        for path in [
            "/usr/bin/anything",
            "/bin/x",
            "/usr/lib/systemd/systemd-socket-proxyd",
            "/usr/sbin/sshd",
            "/nix/store/x-y/bin/z",
            "/opt/x/nc",
            "/opt/x/nc.traditional",
            "/opt/x/bash",
            "/opt/x/socat",
            "/opt/x/python3.11",
            "/opt/x/perl5.36",
            "/opt/x/BusyBox",
            "/opt/x/java",
            "/usr/local/bin/node",
            "/opt/x/php-fpm8.2",
            "/usr/local/bin/ttyd",
            "/opt/x/frpc",
            "/opt/x/qemu-x86_64-static",
            "/usr/local/matlab/bin/glnxa64/MATLAB",
            "/opt/R/4.3/lib/R/bin/exec/R",
            "/opt/erlang/beam.smp",
        ] {
            assert!(is_general_purpose(path, Os::Linux), "{path}");
        }
        for path in
            ["/opt/x/redshift", "/usr/local/flexlm/nice", "/opt/x/shd", "/opt/usr/bin/envid", "/usr/lm/x"]
        {
            assert!(!is_general_purpose(path, Os::Linux), "{path}");
        }
        for path in [r"C:\Windows\System32\x.exe", r"\\?\c:\WINDOWS\x.exe", r"D:\x\pwsh.exe", r"C:\x\cmd.exe"]
        {
            assert!(is_general_purpose(path, Os::Windows), "{path}");
        }
        for path in [r"C:\x\windows\redshift.exe", r"C:\Program Files\x\redshift.exe"] {
            assert!(!is_general_purpose(path, Os::Windows), "{path}");
        }
        assert!(is_general_purpose("/System/Library/x", Os::Macos));
    }
}
