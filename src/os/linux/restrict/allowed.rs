//! The system calls that a scan needs.

use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

use super::super::loop_device::LOOP_GET_STATUS64;

/// The system calls that are allowed with any arguments.
pub(super) const ALLOWED: &[libc::c_long] = &[
    // Files and folders.
    libc::SYS_close,
    libc::SYS_dup3,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_pread64,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_fgetxattr,
    libc::SYS_getcwd,
    // Memory with a descriptor, which is no file: to know such memory in other processes.
    libc::SYS_memfd_create,
    // The output.
    libc::SYS_write,
    libc::SYS_writev,
    // The kernel's tables, and the helper process.
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    libc::SYS_socketpair,
    libc::SYS_ppoll,
    libc::SYS_wait4,
    // Namespaces and processes.
    libc::SYS_bpf,
    libc::SYS_kcmp,
    libc::SYS_setns,
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_membarrier,
    // Threads and signals.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    // Clocks, and facts about this process and the system.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getuid,
    libc::SYS_gettimeofday,
    libc::SYS_capget,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// The older calls that C libraries still make on this architecture.
#[cfg(target_arch = "x86_64")]
pub(super) const ALLOWED_OLDER: &[libc::c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup2,
    libc::SYS_getdents,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
pub(super) const ALLOWED_OLDER: &[libc::c_long] = &[];

/// The flags of open(2) with which a file is not only read.
const WRITES: libc::c_int =
    libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// The kinds of sockets: to the kernel's tables, for names of interfaces, to ask for packet rules, and one that a scan has
/// to find again.
const FAMILIES: [libc::c_int; 4] = [libc::AF_UNIX, libc::AF_NETLINK, libc::AF_INET, libc::AF_INET6];

/// Asking for the name of an interface, the size of a terminal, facts about a namespace (`ioctl_nsfs(2)`), and the file
/// of a disk image; and setting how a terminal gives its keys, by the call of older and of newer C libraries: `watch` takes
/// the screen after its first look, and gives it back.
#[allow(clippy::unnecessary_cast, reason = "C libraries differ in the type of a request")]
const REQUESTS: [u64; 11] = [
    libc::SIOCGIFNAME as u64,
    libc::TIOCGWINSZ as u64,
    libc::TCGETS as u64,
    libc::TCSETS as u64,
    libc::TCSETS2 as u64,
    libc::FIONBIO as u64,
    0xb701,
    0xb702,
    0xb703,
    0xb704,
    LOOP_GET_STATUS64 as u64,
];

/// The system calls that are allowed with some arguments only.
pub(super) fn conditional() -> seccompiler::Result<Vec<(libc::c_long, Vec<SeccompRule>)>> {
    let is = |argument, value: u64| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?;
        SeccompRule::new(vec![condition])
    };
    let masked = |argument, mask: u64, value: u64| {
        let operator = SeccompCmpOp::MaskedEq(mask);
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
        SeccompRule::new(vec![condition])
    };
    let one_of = |argument, values: &[u64]| -> seccompiler::Result<Vec<SeccompRule>> {
        values.iter().map(|&value| Ok(is(argument, value)?)).collect()
    };
    let families: Vec<u64> = FAMILIES.iter().map(|&family| u64::from(family.unsigned_abs())).collect();
    let writes = u64::from(WRITES.unsigned_abs());
    let mut rules = vec![
        (libc::SYS_openat, vec![masked(2, writes, 0)?]),
        (libc::SYS_socket, one_of(0, &families)?),
        (libc::SYS_ioctl, one_of(1, &REQUESTS)?),
        // Netlink messages go to the kernel without an address.
        (libc::SYS_sendto, vec![null(4)?]),
        // Threads and helper processes, which have the filter too, but no namespaces.
        (libc::SYS_clone, vec![masked(0, NEW_NAMESPACES, 0)?]),
        // Names of threads, and the end of helper processes.
        (libc::SYS_prctl, one_of(0, &PRCTL)?),
        // Reading the own limits; a change has no null pointer.
        (libc::SYS_prlimit64, vec![null(2)?]),
        (libc::SYS_fcntl, one_of(1, &READING_FCNTL)?),
    ];
    #[cfg(target_arch = "x86_64")]
    rules.push((libc::SYS_open, vec![masked(1, writes, 0)?]));
    Ok(rules)
}

/// What clone(2) must not make, above its low bits.
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// What prctl(2) may be asked.
const PRCTL: [u64; 3] = [libc::PR_SET_NAME as u64, libc::PR_SET_PDEATHSIG as u64, PR_GET_AUXV];
/// In `include/uapi/linux/prctl.h` since Linux 6.4; the libc crate lacks it.
const PR_GET_AUXV: u64 = 0x4155_5856;

/// What fcntl(2) may be asked: the flags of a descriptor, and a copy of it.
const READING_FCNTL: [u64; 4] =
    [libc::F_GETFD as u64, libc::F_SETFD as u64, libc::F_GETFL as u64, libc::F_DUPFD_CLOEXEC as u64];

fn null(argument: u8) -> seccompiler::Result<SeccompRule> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    Ok(SeccompRule::new(vec![condition])?)
}
