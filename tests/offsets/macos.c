/* Asserts what src/os/decode/macos/offsets.rs says of macOS's structures and constants, when a compiler for macOS
 * compiles this file. A test there compares this file with it: same order, one assertion a line.
 *
 * Apple's public headers have the structures of libproc. Those of the kernel's lists are in none, so they are declared
 * here by their fields, in the order and with the types of XNU. -DXNU=… says which version:
 *   4570   xnu-4570.71.2 (macOS 10.13)
 *   11417  xnu-11417.121.6 (macOS 15.5)
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <libproc.h>
#include <sys/proc_info.h>

#pragma pack(4)

struct xinpgen {
  uint32_t xig_len, xig_count;
  uint64_t xig_gen, xig_sogen;
};

struct xgen_n {
  uint32_t xgn_len, xgn_kind;
};

struct in_addr_4in6_ {
  uint32_t ia46_pad32[3];
  struct in_addr ia46_addr4;
};

struct xinpcb_n {
  uint32_t xi_len, xi_kind;
  uint64_t xi_inpp;
  uint16_t inp_fport, inp_lport;
  uint64_t inp_ppcb, inp_gencnt;
  int32_t inp_flags;
  uint32_t inp_flow;
  uint8_t inp_vflag, inp_ip_ttl, inp_ip_p;
  union { struct in_addr_4in6_ v4; struct in6_addr v6; } inp_dependfaddr, inp_dependladdr;
  struct { uint8_t inp4_ip_tos; } inp_depend4;
  struct { uint8_t inp6_hlim; int32_t inp6_cksum; uint16_t inp6_ifindex; int16_t inp6_hops; } inp_depend6;
  uint32_t inp_flowhash, inp_flags2;
};

struct xsocket_n {
  uint32_t xso_len, xso_kind;
  uint64_t xso_so;
  int16_t so_type;
  uint32_t so_options;
  int16_t so_linger, so_state;
  uint64_t so_pcb;
  int32_t xso_protocol, xso_family;
  int16_t so_qlen, so_incqlen, so_qlimit, so_timeo;
  uint16_t so_error;
  pid_t so_pgid;
  uint32_t so_oobmark;
  uid_t so_uid;
  pid_t so_last_pid, so_e_pid;
#if XNU > 4570
  uint64_t so_gencnt;
  uint32_t so_flags, so_flags1;
  int32_t so_usecount, so_retaincnt;
  uint32_t xso_filter_flags;
#endif
};

struct xtcpcb_n {
  uint32_t xt_len, xt_kind;
  uint64_t t_segq;
  int32_t t_dupacks, t_timer[4], t_state;
  uint32_t t_flags;
  int32_t t_force;
  uint32_t snd_una, snd_max, snd_nxt, snd_up, snd_wl1, snd_wl2, iss, irs, rcv_nxt, rcv_adv, rcv_wnd, rcv_up;
  uint32_t snd_wnd, snd_cwnd, snd_ssthresh, t_maxopd, t_rcvtime, t_starttime;
  int32_t t_rtttime;
  uint32_t t_rtseq;
  int32_t t_rxtcur;
  uint32_t t_maxseg;
  int32_t t_srtt, t_rttvar, t_rxtshift;
};

#pragma pack()

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)
#define IS(expression, value) _Static_assert((expression) == (value), #expression)

AT(struct xinpgen, xig_len, 0);
AT(struct xinpgen, xig_count, 4);
AT(struct xinpgen, xig_gen, 8);
AT(struct xgen_n, xgn_len, 0);
AT(struct xgen_n, xgn_kind, 4);
AT(struct xinpcb_n, inp_fport, 16);
AT(struct xinpcb_n, inp_lport, 18);
AT(struct xinpcb_n, inp_gencnt, 28);
AT(struct xinpcb_n, inp_vflag, 44);
AT(struct xinpcb_n, inp_dependfaddr, 48);
AT(struct xinpcb_n, inp_dependladdr, 64);
AT(struct xsocket_n, xso_so, 8);
AT(struct xsocket_n, xso_protocol, 36);
AT(struct xsocket_n, so_qlen, 44);
AT(struct xsocket_n, so_incqlen, 46);
AT(struct xsocket_n, so_qlimit, 48);
AT(struct xsocket_n, so_uid, 64);
AT(struct xsocket_n, so_last_pid, 68);
AT(struct xtcpcb_n, t_state, 36);
AT(struct xtcpcb_n, t_rxtshift, 144);
AT(struct socket_fdinfo, psi.soi_so, 160);
AT(struct socket_fdinfo, psi.soi_protocol, 180);
AT(struct socket_fdinfo, psi.soi_qlen, 194);
AT(struct socket_fdinfo, psi.soi_incqlen, 196);
AT(struct socket_fdinfo, psi.soi_qlimit, 198);
AT(struct socket_fdinfo, psi.soi_kind, 256);
AT(struct socket_fdinfo, psi.soi_proto.pri_in.insi_fport, 264);
AT(struct socket_fdinfo, psi.soi_proto.pri_in.insi_lport, 268);
AT(struct socket_fdinfo, psi.soi_proto.pri_in.insi_gencnt, 272);
AT(struct socket_fdinfo, psi.soi_proto.pri_in.insi_vflag, 288);
AT(struct socket_fdinfo, psi.soi_proto.pri_in.insi_faddr, 296);
AT(struct socket_fdinfo, psi.soi_proto.pri_in.insi_laddr, 312);
AT(struct socket_fdinfo, psi.soi_proto.pri_tcp.tcpsi_state, 344);
AT(struct proc_fileportinfo, proc_fileport, 0);
AT(struct proc_fileportinfo, proc_fdtype, 4);
IS(sizeof(struct xinpgen), 24);
IS(sizeof(struct socket_fdinfo), 792);
IS(sizeof(struct proc_fileportinfo), 8);
IS(PROC_ALL_PIDS, 1);
IS(PROC_PIDLISTFILEPORTS, 14);
IS(PROC_PIDFDSOCKETINFO, 3);
IS(PROC_PIDFILEPORTSOCKETINFO, 3);
IS(PROX_FDTYPE_SOCKET, 2);
IS(SOCKINFO_IN, 1);
IS(SOCKINFO_TCP, 2);
IS(IPPROTO_TCP, 6);
IS(IPPROTO_UDP, 17);
IS(INI_IPV4, 1);
IS(INI_IPV6, 2);
IS(TSI_S_CLOSED, 0);
IS(TSI_S_LISTEN, 1);
IS(TSI_S_SYN_SENT, 2);
IS(TSI_S_SYN_RECEIVED, 3);
IS(TSI_S_ESTABLISHED, 4);
IS(TSI_S__CLOSE_WAIT, 5);
IS(TSI_S_FIN_WAIT_1, 6);
IS(TSI_S_CLOSING, 7);
IS(TSI_S_LAST_ACK, 8);
IS(TSI_S_FIN_WAIT_2, 9);
IS(TSI_S_TIME_WAIT, 10);
