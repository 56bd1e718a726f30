"""The seccomp filter of every sandbox: classic BPF, written here so that no library is needed.

A denial answers with an error number rather than a signal, so that programs which only look
whether a feature exists fall back to something else. What a sandbox's capabilities and namespaces
already forbid is denied here once more: most escapes begin in kernel code that should never have
been reachable (seccomp(2); the lists of Docker and systemd were read for the choice).
"""

import errno
import platform
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

# linux/bpf_common.h, linux/seccomp.h, linux/audit.h
_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_GREATER = 0x25
_JUMP_GREATER_OR_EQUAL = 0x35
_JUMP_ANY_BIT = 0x45
_RETURN = 0x06
_KILL_PROCESS = 0x8000_0000
_ERRNO = 0x0005_0000
_ALLOW = 0x7FFF_0000

# struct seccomp_data {int nr; u32 arch; u64 instruction_pointer; u64 args[6];}
_AT_NUMBER, _AT_ARCH, _AT_ARGUMENTS = 0, 4, 16

_X32_BIT = 0x4000_0000
_LAST_KNOWN = 462
"""`mseal`, Linux 6.10. A call nobody has read yet does not exist in a sandbox."""

# sched.h: mount, cgroup; uts, ipc, user, pid, net. CLONE_NEWTIME is unshare's alone.
_NEW_NAMESPACES = 0x0002_0000 | 0x0200_0000 | 0x7C00_0000
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NETLINK_ROUTE = 0
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
# linux/falloc.h: fallocate by its older names, with any file system.
_RESERVE = (0x4030_5828, 0x4030_582A, 0x4030_5839)


@dataclass(frozen=True, slots=True)
class Machine:
    """One instruction set: its audit number and its column in the tables below."""

    audit_arch: int
    column: int
    has_x32: bool


MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(audit_arch=0xC000_003E, column=0, has_x32=True),
    "aarch64": Machine(audit_arch=0xC000_00B7, column=1, has_x32=False),
}

_Numbers: TypeAlias = tuple[int | None, int | None]

REFUSED: Mapping[str, _Numbers] = {
    # mounts
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    # other processes' memory and descriptors
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # kernel machinery that is not divided by namespaces
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "unshare": (272, 97),
    "setns": (308, 268),
    # files by handle, watches of whole file systems
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # the machine itself
    "reboot": (169, 142),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # relics
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "nfsservctl": (180, 42),
    "lookup_dcookie": (212, 18),
}
"""Answered with EPERM: (x86-64, AArch64); None where the machine has no such call."""

ABSENT: Mapping[str, _Numbers] = {
    # Its flags lie in memory, where a filter cannot read: libraries fall back to `clone`.
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_secret": (447, 447),
}
"""Answered with ENOSYS, as a kernel without them would: callers have a second way."""

UNSUPPORTED: Mapping[str, _Numbers] = {
    # Takes a hundred gigabytes of a disk in the time it takes to look how full that is.
    "fallocate": (285, 47),
}
"""Answered with EOPNOTSUPP, as by a file system that cannot do it: callers write instead."""

CLONE: _Numbers = (56, 220)
SOCKET: _Numbers = (41, 198)
SOCKETPAIR: _Numbers = (53, 199)
IOCTL: _Numbers = (16, 29)

_Instruction: TypeAlias = tuple[int, int, int, int]
"""struct sock_filter: code, jump if true, jump if false, operand."""


def _refuse(number: int) -> _Instruction:
    return (_RETURN, 0, 0, _ERRNO | number)


_ALLOWED: _Instruction = (_RETURN, 0, 0, _ALLOW)


def _load(offset: int) -> _Instruction:
    return (_LOAD_WORD, 0, 0, offset)


def _load_argument(index: int) -> _Instruction:
    # The low half (both machines are little-endian): every argument judged here is an int or an
    # unsigned int to the kernel, which drops the high half too.
    return _load(_AT_ARGUMENTS + 8 * index)


def _when_equal(value: int, then: list[_Instruction]) -> list[_Instruction]:
    return [(_JUMP_EQUAL, 0, len(then), value), *then]


def _judge_clone() -> list[_Instruction]:
    namespaces: _Instruction = (_JUMP_ANY_BIT, 0, 1, _NEW_NAMESPACES)
    return [_load_argument(0), namespaces, _refuse(errno.EPERM), _ALLOWED]


def _judge_socket() -> list[_Instruction]:
    judged = [_load_argument(0)]
    for family in (_AF_UNIX, _AF_INET, _AF_INET6):
        judged += _when_equal(family, [_ALLOWED])
    route = [_load_argument(2), *_when_equal(_NETLINK_ROUTE, [_ALLOWED])]
    judged += _when_equal(_AF_NETLINK, route)
    return [*judged, _refuse(errno.EAFNOSUPPORT)]


def _judge_socketpair() -> list[_Instruction]:
    judged = [_load_argument(0), *_when_equal(_AF_UNIX, [_ALLOWED])]
    return [*judged, _refuse(errno.EAFNOSUPPORT)]


def _judge_ioctl() -> list[_Instruction]:
    judged = [_load_argument(1)]
    for request in (_TIOCSTI, _TIOCLINUX):
        judged += _when_equal(request, [_refuse(errno.EPERM)])
    for request in _RESERVE:
        judged += _when_equal(request, [_refuse(errno.EOPNOTSUPP)])
    return [*judged, _ALLOWED]


def _numbers(table: Mapping[str, _Numbers], machine: Machine) -> Iterable[int]:
    return (n for row in table.values() if (n := row[machine.column]) is not None)


def compile_filter(machine_name: str | None = None) -> bytes | None:
    """The filter's bytes as `bwrap --seccomp` reads them, or None for an unknown machine."""
    machine = MACHINES.get(machine_name or platform.machine())
    if machine is None:
        return None
    # Another instruction set's calls (32-bit ones, by `int 0x80` too) have other numbers.
    program = [_load(_AT_ARCH), (_JUMP_EQUAL, 1, 0, machine.audit_arch)]
    program += [(_RETURN, 0, 0, _KILL_PROCESS), _load(_AT_NUMBER)]
    if machine.has_x32:
        program += [(_JUMP_GREATER_OR_EQUAL, 0, 1, _X32_BIT), _refuse(errno.ENOSYS)]
    program += [(_JUMP_GREATER, 0, 1, _LAST_KNOWN), _refuse(errno.ENOSYS)]
    judged = (
        (IOCTL, _judge_ioctl()),
        (CLONE, _judge_clone()),
        (SOCKET, _judge_socket()),
        (SOCKETPAIR, _judge_socketpair()),
    )
    for row, then in judged:
        number = row[machine.column]
        assert number is not None
        program += _when_equal(number, then)
    tables = ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS), (UNSUPPORTED, errno.EOPNOTSUPP))
    for table, answer in tables:
        for number in _numbers(table, machine):
            program += _when_equal(number, [_refuse(answer)])
    program.append(_ALLOWED)
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
