/* Which system call numbers are looked at, as an array by number. */
#ifndef WIRESTITCH_CALLS_H
#define WIRESTITCH_CALLS_H

#define CALLS 512

static const u8 call_of[CALLS] = {
#if defined(__TARGET_ARCH_x86)
    [0] = CALL_READ,       [1] = CALL_WRITE,     [3] = CALL_CLOSE,      [7] = CALL_POLL,
    [19] = CALL_READV,     [20] = CALL_WRITEV,   [23] = CALL_SELECT,    [40] = CALL_SENDFILE,
    [42] = CALL_CONNECT,   [43] = CALL_ACCEPT,   [44] = CALL_SENDTO,    [45] = CALL_RECVFROM,
    [46] = CALL_SENDMSG,   [47] = CALL_RECVMSG,  [48] = CALL_OTHER,     [55] = CALL_OTHER,
    [232] = CALL_EPOLL,    [270] = CALL_SELECT,  [271] = CALL_POLL,     [275] = CALL_SPLICE,
    [281] = CALL_EPOLL,    [288] = CALL_ACCEPT,  [299] = CALL_RECVMMSG, [307] = CALL_SENDMMSG,
    [426] = CALL_EPOLL,    [441] = CALL_EPOLL,
#else
    [22] = CALL_EPOLL,     [57] = CALL_CLOSE,    [63] = CALL_READ,      [64] = CALL_WRITE,
    [65] = CALL_READV,     [66] = CALL_WRITEV,   [71] = CALL_SENDFILE,  [72] = CALL_SELECT,
    [73] = CALL_POLL,      [76] = CALL_SPLICE,   [202] = CALL_ACCEPT,   [203] = CALL_CONNECT,
    [206] = CALL_SENDTO,   [207] = CALL_RECVFROM, [209] = CALL_OTHER,   [210] = CALL_OTHER,
    [211] = CALL_SENDMSG,  [212] = CALL_RECVMSG, [242] = CALL_ACCEPT,   [243] = CALL_RECVMMSG,
    [269] = CALL_SENDMMSG, [426] = CALL_EPOLL,   [441] = CALL_EPOLL,
#endif
};

#endif
