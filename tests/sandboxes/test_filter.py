"""The filter's judgement on both machines, by a little interpreter of its own language."""

import errno
import struct

import pytest

from hiringhall.workers.sandboxes.filter import (
    ABSENT,
    CLONE,
    IOCTL,
    MACHINES,
    REFUSED,
    SOCKET,
    SOCKETPAIR,
    UNSUPPORTED,
    compile_filter,
)

ALLOWED, KILLED = "allowed", "killed"
MACHINE_NAMES = list(MACHINES)
# read, write, openat, execve, exit_group, futex, mmap, wait4, connect, getrandom, prctl, seccomp
EVERYDAY = {
    "x86_64": (0, 1, 257, 59, 231, 202, 9, 61, 42, 318, 157, 317),
    "aarch64": (63, 64, 56, 221, 94, 98, 222, 260, 203, 278, 167, 277),
}


def judge(machine: str, number: int, *arguments: int, arch: int | None = None) -> str:
    """Run the program as the kernel would (kernel/seccomp.c, net/core/filter.c)."""
    program = compile_filter(machine)
    assert program is not None
    row = MACHINES[machine]
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack(
        "<IIQ6Q",
        number & 0xFFFF_FFFF,
        row.audit_arch if arch is None else arch,
        0,
        *(argument & 0xFFFF_FFFF_FFFF_FFFF for argument in padded),
    )
    instructions = list(struct.iter_unpack("<HBBI", program))
    value, at = 0, 0
    while True:
        code, when_true, when_false, operand = instructions[at]
        at += 1
        if code == 0x06:
            return _action(operand)
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
            continue
        holds = {
            0x15: value == operand,
            0x25: value > operand,
            0x35: value >= operand,
            0x45: bool(value & operand),
        }[code]
        at += when_true if holds else when_false


def _action(value: int) -> str:
    if value == 0x7FFF_0000:
        return ALLOWED
    if value == 0x8000_0000:
        return KILLED
    assert value & 0xFFFF_0000 == 0x0005_0000
    number = value & 0xFFFF
    return "EOPNOTSUPP" if number == errno.EOPNOTSUPP else errno.errorcode[number]


def test_an_unknown_machine_has_no_filter() -> None:
    assert compile_filter("s390x") is None


@pytest.mark.parametrize("machine", MACHINE_NAMES)
def test_every_path_ends(machine: str) -> None:
    program = compile_filter(machine)
    assert program is not None
    instructions = list(struct.iter_unpack("<HBBI", program))
    assert len(instructions) <= 4096  # BPF_MAXINSNS
    assert instructions[-1][0] == 0x06
    for at, (code, when_true, when_false, _) in enumerate(instructions):
        if code not in {0x06, 0x20}:
            assert at + 1 + max(when_true, when_false) < len(instructions)


@pytest.mark.parametrize("machine", MACHINE_NAMES)
def test_what_is_refused_and_what_is_absent(machine: str) -> None:
    column = MACHINES[machine].column
    for table, answer in ((REFUSED, "EPERM"), (ABSENT, "ENOSYS"), (UNSUPPORTED, "EOPNOTSUPP")):
        judged = {
            name: judge(machine, number)
            for name, row in table.items()
            if (number := row[column]) is not None
        }
        assert set(judged.values()) == {answer}, judged
    assert {judge(machine, number) for number in EVERYDAY[machine]} == {ALLOWED}


@pytest.mark.parametrize("machine", MACHINE_NAMES)
def test_calls_of_the_future_and_of_other_machines(machine: str) -> None:
    assert judge(machine, 462) == ALLOWED
    assert judge(machine, 463) == "ENOSYS"
    assert judge(machine, 0x4000_0000 | 39) == "ENOSYS"
    assert judge(machine, -1) == "ENOSYS"
    i386, arm = 0x4000_0003, 0x4000_0028
    others = [m.audit_arch for name, m in MACHINES.items() if name != machine]
    assert {judge(machine, 20, arch=arch) for arch in (i386, arm, *others)} == {KILLED}


@pytest.mark.parametrize("machine", MACHINE_NAMES)
def test_clone_makes_threads_and_children_but_no_namespace(machine: str) -> None:
    number = _of(CLONE, machine)
    thread, child = 0x003D_0F00, 0x0120_0011  # as glibc asks for them
    assert judge(machine, number, thread) == ALLOWED
    assert judge(machine, number, child) == ALLOWED
    for bit in (17, 25, 26, 27, 28, 29, 30):
        assert judge(machine, number, child | 1 << bit) == "EPERM", bit
        assert judge(machine, number, child | 1 << bit | 1 << 40) == "EPERM", bit


@pytest.mark.parametrize("machine", MACHINE_NAMES)
def test_sockets_by_family(machine: str) -> None:
    socket, pair = _of(SOCKET, machine), _of(SOCKETPAIR, machine)
    allowed = {f for f in range(64) if judge(machine, socket, f, 1, 0) == ALLOWED}
    assert allowed == {1, 2, 10, 16}
    assert {p for p in range(32) if judge(machine, socket, 16, 3, p) == ALLOWED} == {0}
    assert judge(machine, socket, 1 << 32 | 40, 1) == "EAFNOSUPPORT"
    assert {f for f in range(64) if judge(machine, pair, f, 1, 0) == ALLOWED} == {1}


@pytest.mark.parametrize("machine", MACHINE_NAMES)
def test_terminals_take_no_input_from_inside(machine: str) -> None:
    ioctl = _of(IOCTL, machine)
    assert judge(machine, ioctl, 0, 0x5412) == "EPERM"
    assert judge(machine, ioctl, 0, 0x541C) == "EPERM"
    assert judge(machine, ioctl, 0, 1 << 32 | 0x5412) == "EPERM"
    assert judge(machine, ioctl, 0x5412, 0x5401) == ALLOWED


def _of(row: tuple[int | None, int | None], machine: str) -> int:
    number = row[MACHINES[machine].column]
    assert number is not None
    return number


@pytest.mark.parametrize("machine", MACHINE_NAMES)
def test_room_on_a_disk_is_not_reserved_by_the_older_names_either(machine: str) -> None:
    # FS_IOC_RESVSP, FS_IOC_RESVSP64, FS_IOC_ZERO_RANGE
    for request in (0x40305828, 0x4030582A, 0x40305839):
        assert judge(machine, _of(IOCTL, machine), 3, request) == "EOPNOTSUPP"
