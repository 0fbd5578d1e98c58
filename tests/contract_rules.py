"""The rules of change of the contracts as pure functions: two descriptor sets go in, one sentence a fault comes out.

catalogue: K10. Rules: docs/decisions/0008-contracts.md. tests/test_contracts.py holds them on the committed set, and on
mutated contracts that each rule must refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

Described = TypeVar("Described")

_PACKAGE = "tickwright."
_FLOATS = {FieldDescriptorProto.TYPE_FLOAT, FieldDescriptorProto.TYPE_DOUBLE}
#: Standard messages whose content is a double.
_FLOAT_MESSAGES = {f".google.protobuf.{name}" for name in ("DoubleValue", "FloatValue", "Value", "Struct", "ListValue")}
_TEXTS = {FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_MESSAGE}
#: Fields so called are money, prices or sizes, and no number type may carry them.
_AMOUNT = re.compile(r"(?:^|_)(?:amounts?\d*|price|quantity|fee|notional|balance|value|liquidity)(?:_|$)")


def incompatible(old: FileDescriptorSet, new: FileDescriptorSet) -> Iterator[str]:
    """What an older reader or writer would miss or misread in `new`; adding is compatible, changing is not."""
    yield from _messages(old, new)
    yield from _enums(old, new)
    yield from _methods(old, new)


def floats(contracts: FileDescriptorSet) -> Iterator[str]:
    """Every field that is a float, or a standard message that holds one."""
    for name, message in _ours(contracts):
        for field in message.field:
            if field.type in _FLOATS or field.type_name in _FLOAT_MESSAGES:
                yield f"{name}.{field.name} is a {_type(field)}: amounts are texts of digits"


def numbers(contracts: FileDescriptorSet) -> Iterator[str]:
    """Every amount, price or size that a number type carries, which would be too narrow for 256 bits."""
    for name, message in _ours(contracts):
        for field in message.field:
            if _AMOUNT.search(field.name) and field.type not in _TEXTS:
                yield f"{name}.{field.name} is a {_type(field)}: amounts are texts of digits"


def _ours(contracts: FileDescriptorSet) -> Iterator[tuple[str, DescriptorProto]]:
    """Our own messages: an import may bring others in, of which only those that a field names matter."""
    return ((name, message) for name, message in messages(contracts).items() if name.startswith(_PACKAGE))


def messages(contracts: FileDescriptorSet) -> dict[str, DescriptorProto]:
    """Every message by its full name, nested ones (a map's entries too) included."""
    found: dict[str, DescriptorProto] = {}

    def add(prefix: str, message: DescriptorProto) -> None:
        found[f"{prefix}.{message.name}"] = message
        for nested in message.nested_type:
            add(f"{prefix}.{message.name}", nested)

    for file in contracts.file:
        for message in file.message_type:
            add(file.package, message)
    return found


def enums(contracts: FileDescriptorSet) -> dict[str, EnumDescriptorProto]:
    """Every enum by its full name."""
    found = {f"{file.package}.{enum.name}": enum for file in contracts.file for enum in file.enum_type}
    for name, message in messages(contracts).items():
        found |= {f"{name}.{enum.name}": enum for enum in message.enum_type}
    return found


def methods(contracts: FileDescriptorSet) -> dict[str, MethodDescriptorProto]:
    """Every rpc by its full name."""
    return {
        f"{file.package}.{service.name}.{method.name}": method
        for file in contracts.file
        for service in file.service
        for method in service.method
    }


def _kept(what: str, old: dict[str, Described], new: dict[str, Described]) -> Iterator[str]:
    yield from (f"{what} {name} is removed" for name in old if name not in new)


def _messages(old: FileDescriptorSet, new: FileDescriptorSet) -> Iterator[str]:
    before, after = messages(old), messages(new)
    yield from _kept("message", before, after)
    for name, message in before.items():
        if name in after:
            yield from _fields(name, message, after[name])


def _fields(name: str, old: DescriptorProto, new: DescriptorProto) -> Iterator[str]:
    after = {field.name: field for field in new.field}
    for field in old.field:
        path, now = f"{name}.{field.name}", after.get(field.name)
        if now is None:
            yield f"field {path} is removed or renamed"
            continue
        seen = {
            "number": (field.number, now.number),
            "type": (_type(field), _type(now)),
            "label": (field.label, now.label),
            "oneof": (_oneof(old, field), _oneof(new, now)),
            "presence": (field.proto3_optional, now.proto3_optional),
            "JSON name": (field.json_name, now.json_name),
        }
        yield from (f"field {path} changed its {what}, was {a}, is {b}" for what, (a, b) in seen.items() if a != b)
    held = {number for span in new.reserved_range for number in range(span.start, span.end)}
    yield from (
        f"message {name} no longer reserves number {number}"
        for span in old.reserved_range
        for number in range(span.start, span.end)
        if number not in held
    )


def _enums(old: FileDescriptorSet, new: FileDescriptorSet) -> Iterator[str]:
    before, after = enums(old), enums(new)
    yield from _kept("enum", before, after)
    for name, enum in before.items():
        now = {value.name: value.number for value in after[name].value} if name in after else {}
        for value in enum.value if name in after else []:
            if value.name not in now:
                yield f"value {name}.{value.name} is removed or renamed"
            elif now[value.name] != value.number:
                yield f"value {name}.{value.name} changed its number, was {value.number}, is {now[value.name]}"


def _methods(old: FileDescriptorSet, new: FileDescriptorSet) -> Iterator[str]:
    before, after = methods(old), methods(new)
    yield from _kept("rpc", before, after)
    for name, method in before.items():
        if name in after and _call(method) != _call(after[name]):
            yield f"rpc {name} changed, was {_call(method)}, is {_call(after[name])}"


def _call(method: MethodDescriptorProto) -> str:
    asked = f"{'stream ' if method.client_streaming else ''}{method.input_type}"
    return f"{asked} -> {'stream ' if method.server_streaming else ''}{method.output_type}"


def _type(field: FieldDescriptorProto) -> str:
    name = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    return f"{name} {field.type_name}" if field.type_name else name


def _oneof(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    return message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
