/* Asserts, when a compiler for Windows compiles this file (64 bits, mingw-w64's headers), the layout of the socket tables
 * and of the process list that src/os/decode/windows/socket_tables.rs and process_list.rs read, whose tests compare
 * themselves with this file, and that of the tables that the netstat2 crate reads (its src/integrations/windows/ffi). */
#include <stddef.h>
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include <tcpmib.h>
#include <udpmib.h>
#include <winternl.h>

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)
#define IS(expression, value) _Static_assert((expression) == (value), #expression)

AT(MIB_TCPTABLE_OWNER_PID, table, 4);
AT(MIB_TCPROW_OWNER_PID, dwState, 0);
AT(MIB_TCPROW_OWNER_PID, dwLocalAddr, 4);
AT(MIB_TCPROW_OWNER_PID, dwLocalPort, 8);
AT(MIB_TCPROW_OWNER_PID, dwRemoteAddr, 12);
AT(MIB_TCPROW_OWNER_PID, dwRemotePort, 16);
AT(MIB_TCPROW_OWNER_PID, dwOwningPid, 20);
IS(sizeof(MIB_TCPROW_OWNER_PID), 24);

AT(MIB_TCP6TABLE_OWNER_PID, table, 4);
AT(MIB_TCP6ROW_OWNER_PID, ucLocalAddr, 0);
AT(MIB_TCP6ROW_OWNER_PID, dwLocalScopeId, 16);
AT(MIB_TCP6ROW_OWNER_PID, dwLocalPort, 20);
AT(MIB_TCP6ROW_OWNER_PID, ucRemoteAddr, 24);
AT(MIB_TCP6ROW_OWNER_PID, dwRemoteScopeId, 40);
AT(MIB_TCP6ROW_OWNER_PID, dwRemotePort, 44);
AT(MIB_TCP6ROW_OWNER_PID, dwState, 48);
AT(MIB_TCP6ROW_OWNER_PID, dwOwningPid, 52);
IS(sizeof(MIB_TCP6ROW_OWNER_PID), 56);

AT(MIB_UDPTABLE_OWNER_PID, table, 4);
AT(MIB_UDPROW_OWNER_PID, dwLocalAddr, 0);
AT(MIB_UDPROW_OWNER_PID, dwLocalPort, 4);
AT(MIB_UDPROW_OWNER_PID, dwOwningPid, 8);
IS(sizeof(MIB_UDPROW_OWNER_PID), 12);

AT(MIB_UDP6TABLE_OWNER_PID, table, 4);
AT(MIB_UDP6ROW_OWNER_PID, ucLocalAddr, 0);
AT(MIB_UDP6ROW_OWNER_PID, dwLocalScopeId, 16);
AT(MIB_UDP6ROW_OWNER_PID, dwLocalPort, 20);
AT(MIB_UDP6ROW_OWNER_PID, dwOwningPid, 24);
IS(sizeof(MIB_UDP6ROW_OWNER_PID), 28);

IS(AF_INET6, 23);
IS(TCP_TABLE_OWNER_PID_ALL, 5);
IS(UDP_TABLE_OWNER_PID, 1);
IS(MIB_TCP_STATE_CLOSED, 1);
IS(MIB_TCP_STATE_LISTEN, 2);
IS(MIB_TCP_STATE_DELETE_TCB, 12);

/* What socket_tables.rs reads. */
AT(MIB_TCPTABLE_OWNER_MODULE, table, 8);
AT(MIB_TCPROW_OWNER_MODULE, dwLocalAddr, 4);
AT(MIB_TCPROW_OWNER_MODULE, dwLocalPort, 8);
AT(MIB_TCPROW_OWNER_MODULE, dwRemoteAddr, 12);
AT(MIB_TCPROW_OWNER_MODULE, dwRemotePort, 16);
AT(MIB_TCPROW_OWNER_MODULE, dwState, 0);
AT(MIB_TCPROW_OWNER_MODULE, dwOwningPid, 20);
AT(MIB_TCPROW_OWNER_MODULE, liCreateTimestamp, 24);
AT(MIB_TCPROW_OWNER_MODULE, OwningModuleInfo, 32);
IS(sizeof(MIB_TCPROW_OWNER_MODULE), 160);

AT(MIB_TCP6TABLE_OWNER_MODULE, table, 8);
AT(MIB_TCP6ROW_OWNER_MODULE, ucLocalAddr, 0);
AT(MIB_TCP6ROW_OWNER_MODULE, dwLocalPort, 20);
AT(MIB_TCP6ROW_OWNER_MODULE, dwLocalScopeId, 16);
AT(MIB_TCP6ROW_OWNER_MODULE, ucRemoteAddr, 24);
AT(MIB_TCP6ROW_OWNER_MODULE, dwRemotePort, 44);
AT(MIB_TCP6ROW_OWNER_MODULE, dwState, 48);
AT(MIB_TCP6ROW_OWNER_MODULE, dwOwningPid, 52);
AT(MIB_TCP6ROW_OWNER_MODULE, liCreateTimestamp, 56);
AT(MIB_TCP6ROW_OWNER_MODULE, OwningModuleInfo, 64);
IS(sizeof(MIB_TCP6ROW_OWNER_MODULE), 192);

AT(MIB_UDPTABLE_OWNER_MODULE, table, 8);
AT(MIB_UDPROW_OWNER_MODULE, dwLocalAddr, 0);
AT(MIB_UDPROW_OWNER_MODULE, dwLocalPort, 4);
AT(MIB_UDPROW_OWNER_MODULE, dwOwningPid, 8);
AT(MIB_UDPROW_OWNER_MODULE, liCreateTimestamp, 16);
AT(MIB_UDPROW_OWNER_MODULE, dwFlags, 24);
AT(MIB_UDPROW_OWNER_MODULE, OwningModuleInfo, 32);
IS(sizeof(MIB_UDPROW_OWNER_MODULE), 160);

AT(MIB_UDP6TABLE_OWNER_MODULE, table, 8);
AT(MIB_UDP6ROW_OWNER_MODULE, ucLocalAddr, 0);
AT(MIB_UDP6ROW_OWNER_MODULE, dwLocalPort, 20);
AT(MIB_UDP6ROW_OWNER_MODULE, dwLocalScopeId, 16);
AT(MIB_UDP6ROW_OWNER_MODULE, dwOwningPid, 24);
AT(MIB_UDP6ROW_OWNER_MODULE, liCreateTimestamp, 32);
AT(MIB_UDP6ROW_OWNER_MODULE, dwFlags, 40);
AT(MIB_UDP6ROW_OWNER_MODULE, OwningModuleInfo, 48);
IS(sizeof(MIB_UDP6ROW_OWNER_MODULE), 176);

AT(MIB_TCPTABLE2, table, 4);
AT(MIB_TCPROW2, dwLocalAddr, 4);
AT(MIB_TCPROW2, dwLocalPort, 8);
AT(MIB_TCPROW2, dwOwningPid, 20);
IS(sizeof(MIB_TCPROW2), 28);

AT(MIB_TCP6TABLE2, table, 4);
AT(MIB_TCP6ROW2, LocalAddr, 0);
AT(MIB_TCP6ROW2, dwLocalPort, 20);
AT(MIB_TCP6ROW2, dwLocalScopeId, 16);
AT(MIB_TCP6ROW2, dwOwningPid, 52);
IS(sizeof(MIB_TCP6ROW2), 60);

IS(TCP_TABLE_OWNER_MODULE_ALL, 8);
IS(UDP_TABLE_OWNER_MODULE, 2);

/* What process_list.rs reads. */
AT(SYSTEM_PROCESS_INFORMATION, NextEntryOffset, 0);
AT(SYSTEM_PROCESS_INFORMATION, CreateTime, 32);
AT(SYSTEM_PROCESS_INFORMATION, ImageName, 56);
AT(SYSTEM_PROCESS_INFORMATION, UniqueProcessId, 80);
AT(SYSTEM_PROCESS_INFORMATION, InheritedFromUniqueProcessId, 88);
AT(SYSTEM_PROCESS_INFORMATION, SessionId, 100);
