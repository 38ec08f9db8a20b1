"""A pickled settings object in, its plain settings out; nothing is built, imported or called.

`training_args.bin` is `torch.save(TrainingArguments)`: a zip archive with a pickle in it. A pickle
is a program for a small stack machine; here its opcodes are walked, and plain values followed.
"""

from __future__ import annotations

import io
import pickletools
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, TypeAlias

from lossscan.errors import UnreadableLog, reason_of
from lossscan.model import Message
from lossscan.sources.archive import BOUNDED

Scalar: TypeAlias = str | int | float | bool | None

_LARGEST: Final = 4 << 20  # bytes of pickle; TrainingArguments take 5 kB
_STEPS: Final = 200_000  # opcodes; TrainingArguments take 600
_LONGEST: Final = 10_000  # characters of a setting; the longest real ones are paths
_WIDEST: Final = 1 << 63  # larger integers are no settings
_LEGACY: Final = 0x1950A86A20F9469CFC6C  # opens the files of torch before 1.6
_LEGACY_PREFIX: Final = 2  # pickles between that number and the object: version, machine

_OPAQUE: Final = object()  # a value that is not followed
_MARK: Final = object()

_PLAIN: Final = (
    *(pickletools.pyint, pickletools.pyinteger_or_bool, pickletools.pyfloat),
    *(pickletools.pyunicode, pickletools.pybytes_or_str),
)
_ZIP_ERRORS: Final = (  # what zipfile raises on damaged, encrypted and oddly packed archives
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(OSError, ValueError),
)


def scalars(data: bytes) -> dict[str, Scalar]:
    """The plain settings in the state of the object that `data` pickles; an enum by its value.

    `data` is a torch file, new (a zip archive) or old, or a bare pickle. Tokens are left out.
    Raises UnreadableLog, without the path, where the bytes are none of these.
    """
    stream = io.BytesIO(_member(data) if data.startswith(b"PK") else data[:_LARGEST])
    with warnings.catch_warnings():  # an escape that Python finds odd is of no concern here
        warnings.simplefilter("ignore")
        top = _walk(stream)
        if top == _LEGACY:
            *_, top = [_walk(stream) for _ in range(_LEGACY_PREFIX + 1)]
    state = top if isinstance(top, dict) else {}
    return {key: value for key, value in state.items() if not key.endswith("token")}


def _unreadable(key: str, **values: object) -> UnreadableLog:
    return UnreadableLog("pickle_unreadable", reason=Message(key, **values))


def _member(data: bytes) -> bytes:
    """The pickle inside a torch archive; no more of it is unpacked than is allowed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = next((n for n in archive.namelist() if f"/{n}".endswith("/data.pkl")), None)
            if name is None:
                raise _unreadable("pickle_no_data")
            if archive.getinfo(name).compress_type not in BOUNDED:
                raise _unreadable("pickle_compressed")
            with archive.open(name) as member:
                held = member.read(_LARGEST + 1)
    except _ZIP_ERRORS as error:
        raise _unreadable("pickle_zip", reason=str(error)) from None
    if len(held) > _LARGEST:
        raise _unreadable("pickle_large", mib=_LARGEST >> 20)
    return held


def _walk(stream: BinaryIO) -> Any:
    """Follow one pickle to its end; returns what it leaves on the stack."""
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    begin = stream.tell()
    try:
        for count, (opcode, arg, at) in enumerate(pickletools.genops(stream)):
            if count > _STEPS:
                raise _unreadable("pickle_steps", byte=at, steps=_STEPS)
            _step(opcode, arg, stack, memo)
            if opcode.name == "STOP":
                return stack[-1]
    except (ValueError, IndexError) as error:
        raise _unreadable("pickle_broken", byte=begin, reason=reason_of(error)) from None
    raise _unreadable("pickle_none", byte=begin)


def _step(opcode: pickletools.OpcodeInfo, arg: Any, stack: list[Any], memo: dict[Any, Any]) -> None:
    """One opcode; what it takes and leaves is written in the standard library's own table."""
    if opcode.name in _STORES:
        memo[len(memo) if arg is None else arg] = stack[-1]
    elif opcode.name in _FETCHES:
        stack.append(memo.get(arg, _OPAQUE))
    elif opcode.name != "STOP":
        taken = _take(opcode, stack)
        make = _MAKERS.get(opcode.name)
        if make is not None:
            stack.append(make(taken))
        elif opcode.stack_after:
            plain = opcode.stack_after[0] in _PLAIN and not opcode.stack_before
            stack.extend([arg if plain else _OPAQUE] * len(opcode.stack_after))


def _take(opcode: pickletools.OpcodeInfo, stack: list[Any]) -> list[Any]:
    """Take an opcode's operands off the stack, in order; the mark among them is left out."""
    before, top = opcode.stack_before, len(stack)
    count = len(before)
    if pickletools.markobject in before:
        count = before.index(pickletools.markobject)
        top -= 1
        while top >= 0 and stack[top] is not _MARK:
            top -= 1
    if top < count:
        raise IndexError("the stack is empty")
    taken = stack[top - count : top] + stack[top + 1 :]
    del stack[top - count :]
    return taken


def _settings(held: dict[str, Scalar], pairs: list[Any]) -> dict[str, Scalar]:
    both = zip(pairs[::2], pairs[1::2], strict=False)
    held.update((key, value) for key, value in both if isinstance(key, str) and _is_plain(value))
    return held


def _assigned(taken: list[Any]) -> Any:
    held, *pairs = taken
    return _settings(held, pairs) if isinstance(held, dict) else held


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST
    if isinstance(value, int):
        return -_WIDEST <= value < _WIDEST
    return value is None or isinstance(value, float)


def _called(taken: list[Any]) -> Any:
    """The result of a call: the value for `Enum(value)`, else an object without state."""
    arguments = taken[1]
    if isinstance(arguments, tuple) and len(arguments) == 1 and _is_plain(arguments[0]):
        return arguments[0]
    return {}


def _built(taken: list[Any]) -> Any:
    """An object given its state: a dict, or a pair of dicts where the class has slots."""
    state = taken[1]
    parts = state if isinstance(state, tuple) else (state,)
    return next((part for part in parts if isinstance(part, dict) and part), taken[0])


_STORES: Final = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})
_FETCHES: Final = frozenset({"GET", "BINGET", "LONG_BINGET"})
_MAKERS: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "MARK": lambda _: _MARK,
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_DICT": lambda _: {},
    "DICT": lambda taken: _settings({}, taken),
    "SETITEM": _assigned,
    "SETITEMS": _assigned,
    "EMPTY_TUPLE": lambda _: (),
    "TUPLE": tuple,
    "TUPLE1": tuple,
    "TUPLE2": tuple,
    "TUPLE3": tuple,
    "REDUCE": _called,
    "NEWOBJ": lambda _: {},
    "NEWOBJ_EX": lambda _: {},
    "OBJ": lambda _: {},
    "INST": lambda _: {},
    "BUILD": _built,
}
