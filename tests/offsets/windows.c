/* Asserts the layout of Windows's socket tables as the netstat2 crate declares it (src/integrations/windows/ffi), when a
 * compiler for Windows compiles this file: 64 bits, mingw-w64's headers. */
#include <stddef.h>
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include <tcpmib.h>
#include <udpmib.h>

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
