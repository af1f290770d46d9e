//! Where the fields of macOS's structures are, and the numbers of its constants, by their names in C.
//!
//! `tests/offsets/macos.c` asserts each of them when a C compiler for macOS compiles it, as `.ci/macos` does. A test
//! here compares that file with these numbers, so neither can change alone.
#![expect(non_upper_case_globals, reason = "fields have their names in C")]

/// A module for each structure, with the offset of each field in bytes; `in` names the inner structure of a field.
macro_rules! structures {
    ($($(#[$doc:meta])* $module:ident = $structure:literal { $($field:ident $(in $inner:literal)? = $at:literal,)+ })+) => {
        $($(#[$doc])* pub mod $module { $(pub const $field: usize = $at;)+ })+
        #[cfg(test)]
        const FIELDS: &[(&str, &str, u64)] =
            &[$($(($structure, concat!($($inner, ".",)? stringify!($field)), $at),)+)+];
    };
}

/// A constant for each, and the expression in C that has its value.
macro_rules! values {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $expression:literal, $value:literal;)+) => {
        $($(#[$doc])* pub const $name: $kind = $value;)+
        #[cfg(test)]
        const VALUES: &[(&str, u64)] = &[$(($expression, $value),)+];
    };
}

structures! {
    /// `bsd/netinet/in_pcb.h`; under `#pragma pack(4)`, as the next three are.
    xinpgen = "struct xinpgen" {
        xig_len = 0,
        xig_count = 4,
        xig_gen = 8,
    }
    /// The head of every structure between two `xinpgen` (`bsd/sys/socketvar.h`).
    xgen_n = "struct xgen_n" {
        xgn_len = 0,
        xgn_kind = 4,
    }
    /// `bsd/netinet/in_pcb.h`.
    xinpcb_n = "struct xinpcb_n" {
        inp_fport = 16,
        inp_lport = 18,
        inp_gencnt = 28,
        inp_vflag = 44,
        inp_dependfaddr = 48,
        inp_dependladdr = 64,
    }
    /// `bsd/sys/socketvar.h`.
    xsocket_n = "struct xsocket_n" {
        xso_so = 8,
        xso_protocol = 36,
        so_qlen = 44,
        so_incqlen = 46,
        so_qlimit = 48,
        so_uid = 64,
        so_last_pid = 68,
    }
    /// `bsd/netinet/tcp_var.h`.
    xtcpcb_n = "struct xtcpcb_n" {
        t_state = 36,
        t_rxtshift = 144,
    }
    /// `bsd/sys/proc_info.h`, as the next two. Fields have their natural alignment there.
    socket_fdinfo = "struct socket_fdinfo" {
        soi_so in "psi" = 160,
        soi_protocol in "psi" = 180,
        soi_qlen in "psi" = 194,
        soi_incqlen in "psi" = 196,
        soi_qlimit in "psi" = 198,
        soi_kind in "psi" = 256,
        insi_fport in "psi.soi_proto.pri_in" = 264,
        insi_lport in "psi.soi_proto.pri_in" = 268,
        insi_gencnt in "psi.soi_proto.pri_in" = 272,
        insi_vflag in "psi.soi_proto.pri_in" = 288,
        insi_faddr in "psi.soi_proto.pri_in" = 296,
        insi_laddr in "psi.soi_proto.pri_in" = 312,
        tcpsi_state in "psi.soi_proto.pri_tcp" = 344,
    }
    /// A socket that is sent in a message: `struct proc_fdinfo` is the same with other names.
    proc_fileportinfo = "struct proc_fileportinfo" {
        proc_fileport = 0,
        proc_fdtype = 4,
    }
}

values! {
    XINPGEN: usize = "sizeof(struct xinpgen)", 24;
    SOCKET_FDINFO: usize = "sizeof(struct socket_fdinfo)", 792;
    PROC_FILEPORTINFO: usize = "sizeof(struct proc_fileportinfo)", 8;
    PROC_ALL_PIDS: u32 = "PROC_ALL_PIDS", 1;
    PROC_PIDLISTFILEPORTS: i32 = "PROC_PIDLISTFILEPORTS", 14;
    PROC_PIDFDSOCKETINFO: i32 = "PROC_PIDFDSOCKETINFO", 3;
    PROC_PIDFILEPORTSOCKETINFO: i32 = "PROC_PIDFILEPORTSOCKETINFO", 3;
    PROX_FDTYPE_SOCKET: u32 = "PROX_FDTYPE_SOCKET", 2;
    SOCKINFO_IN: u32 = "SOCKINFO_IN", 1;
    SOCKINFO_TCP: u32 = "SOCKINFO_TCP", 2;
    IPPROTO_TCP: u32 = "IPPROTO_TCP", 6;
    IPPROTO_UDP: u32 = "IPPROTO_UDP", 17;
    /// Also the flags in `inp_vflag` (`INP_IPV4` and `INP_IPV6` in `bsd/netinet/in_pcb.h`).
    INI_IPV4: u8 = "INI_IPV4", 1;
    INI_IPV6: u8 = "INI_IPV6", 2;
    /// The states of TCP; `TCPS_CLOSED` and so on in `bsd/netinet/tcp_fsm.h`.
    TSI_S_CLOSED: i32 = "TSI_S_CLOSED", 0;
    TSI_S_LISTEN: i32 = "TSI_S_LISTEN", 1;
    TSI_S_SYN_SENT: i32 = "TSI_S_SYN_SENT", 2;
    TSI_S_SYN_RECEIVED: i32 = "TSI_S_SYN_RECEIVED", 3;
    TSI_S_ESTABLISHED: i32 = "TSI_S_ESTABLISHED", 4;
    TSI_S_CLOSE_WAIT: i32 = "TSI_S__CLOSE_WAIT", 5;
    TSI_S_FIN_WAIT_1: i32 = "TSI_S_FIN_WAIT_1", 6;
    TSI_S_CLOSING: i32 = "TSI_S_CLOSING", 7;
    TSI_S_LAST_ACK: i32 = "TSI_S_LAST_ACK", 8;
    TSI_S_FIN_WAIT_2: i32 = "TSI_S_FIN_WAIT_2", 9;
    TSI_S_TIME_WAIT: i32 = "TSI_S_TIME_WAIT", 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments of each line `MACRO(…);`. The last is a number.
    fn asserted(text: &str, assertion: &str) -> Vec<(String, u64)> {
        let start = format!("{assertion}(");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&start)?.strip_suffix(");"));
        let parts = lines.map(|line| line.rsplit_once(", ").expect(line));
        parts.map(|(what, number)| (what.to_owned(), number.parse().expect(number))).collect()
    }

    #[test]
    fn a_c_compiler_is_asked_about_each_of_them_and_nothing_else() {
        let text = include_str!("../../../../tests/offsets/macos.c");
        let fields = FIELDS.iter().map(|(structure, field, at)| (format!("{structure}, {field}"), *at));
        assert_eq!(asserted(text, "AT"), fields.collect::<Vec<_>>());
        let values = VALUES.iter().map(|&(expression, value)| (expression.to_owned(), value));
        assert_eq!(asserted(text, "IS"), values.collect::<Vec<_>>());
    }
}
