"""The contracts: the committed descriptor set is theirs, no change misleads an older reader, no amount is a number."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tests import contract_rules, contracts

COMMITTED = contracts.committed()


def changed(tmp_path: Path, file: str, old: str, new: str) -> FileDescriptorSet:
    """The contracts with one text in one file replaced by another."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    for path in contracts.FOLDER.glob("*.proto"):
        shutil.copy(path, folder)
    text = (folder / file).read_text()
    assert text.count(old) >= 1, f"{old!r} is not in {file}"
    (folder / file).write_text(text.replace(old, new, 1))
    return contracts.compiled(folder)


def test_the_committed_set_is_that_of_the_contracts() -> None:
    current = contracts.compiled()
    assert contracts.faults(COMMITTED, current) == []
    assert current == COMMITTED, "run `make contracts`"


def test_the_contracts_are_those_of_the_documents() -> None:
    files = [file.name for file in COMMITTED.file]
    assert sorted(files) == ["common.proto", "data_stream.proto", "trading.proto"]
    assert "tickwright.v1.Trading.ExecuteTrade" in contract_rules.methods(COMMITTED)
    messages = contract_rules.messages(COMMITTED)
    (value,) = messages["tickwright.v1.BigAmount"].field
    assert (value.name, value.type) == ("value", value.TYPE_STRING)
    assert {"MarketSnapshot", "PlannedOrder", "ExecutionReport"} <= {name.split(".")[-1] for name in messages}
    assert any(field.name == "last_sync_block" for field in messages["tickwright.v1.DataEvent"].field)


REFUSED = [
    ("trading.proto", "  bool reduce_only = 9;\n", "", "field tickwright.v1.PlannedOrder.reduce_only is removed"),
    ("trading.proto", "bool reduce_only = 9;", "reserved 9;", "PlannedOrder.reduce_only is removed"),
    ("trading.proto", "reduce_only = 9", "reduce_only = 10", "changed its number, was 9, is 10"),
    ("trading.proto", "bool reduce_only", "bool only_reduce", "PlannedOrder.reduce_only is removed or renamed"),
    ("trading.proto", "Decimal stop_price", "BigAmount stop_price", "PlannedOrder.stop_price changed its type"),
    ("trading.proto", "string transaction_hash", "bytes transaction_hash", "was string, is bytes"),
    ("common.proto", "uint32 stream_id", "uint64 stream_id", "was uint32, is uint64"),
    ("trading.proto", "repeated Fill fills", "Fill fills", "ExecutionReport.fills changed its label"),
    ("trading.proto", "bool accepted = 3;", "optional bool accepted = 3;", "changed its presence"),
    ("trading.proto", "bool accepted = 3;", "oneof x { bool accepted = 3; }", "accepted changed its oneof"),
    ("trading.proto", "bool accepted = 3;", 'bool accepted = 3 [json_name = "ok"];', "accepted changed its JSON name"),
    ("common.proto", "  SIDE_SELL = 2;", "  SIDE_SELL = 3;", "value tickwright.v1.Side.SIDE_SELL changed its number"),
    ("common.proto", "  MARKET_CLAMM = 4;\n", "", "value tickwright.v1.Market.MARKET_CLAMM is removed"),
    ("common.proto", "MARKET_CLAMM", "MARKET_POOL", "value tickwright.v1.Market.MARKET_CLAMM is removed or renamed"),
    ("trading.proto", "rpc ExecuteTrade", "rpc Execute", "rpc tickwright.v1.Trading.ExecuteTrade is removed"),
    ("trading.proto", "service Trading", "service Trade", "rpc tickwright.v1.Trading.ExecuteTrade is removed"),
    ("trading.proto", "returns (Exec", "returns (stream Exec", "rpc tickwright.v1.Trading.ExecuteTrade changed"),
    ("data_stream.proto", "(SubscribeRequest)", "(ChainReorg)", "rpc tickwright.v1.DataStream.Subscribe changed"),
    ("data_stream.proto", "message SubscribeRequest {", "message Sub {", "does not compile"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"), REFUSED, ids=[f"{row[1].strip()}-{row[3][-24:]}" for row in REFUSED]
)
def test_an_incompatible_change_is_refused(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    if "compile" in told:
        with pytest.raises(ValueError, match="do not compile"):
            changed(tmp_path, file, old, new)
        return
    found = contracts.faults(COMMITTED, changed(tmp_path, file, old, new))
    assert any(told in fault for fault in found), found


def test_a_removed_message_and_a_removed_enum_are_refused() -> None:
    for name in ("Decimal", "Side"):
        new = FileDescriptorSet.FromString(COMMITTED.SerializeToString())
        common = next(file for file in new.file if file.name == "common.proto")
        for listed in (common.message_type, common.enum_type):
            for item in [item for item in listed if item.name == name]:
                listed.remove(item)  # type: ignore[arg-type]  # the loop's variable is of the list that it came from
        assert any(f"tickwright.v1.{name} is removed" in fault for fault in contracts.faults(COMMITTED, new))


def test_a_number_that_was_reserved_stays_reserved(tmp_path: Path) -> None:
    reserved = changed(tmp_path, "trading.proto", "bool reduce_only = 9;", "bool reduce_only = 9; reserved 40 to 41;")
    assert contracts.faults(COMMITTED, reserved) == []
    assert contracts.faults(reserved, COMMITTED) == [
        "message tickwright.v1.PlannedOrder no longer reserves number 40",
        "message tickwright.v1.PlannedOrder no longer reserves number 41",
    ]


NUMBERS = [
    "double slippage = 40;",
    "float slippage = 40;",
    "repeated double slippage = 40;",
    "map<string, double> slippage = 40;",
    "message Inner { float slippage = 1; } Inner inner = 40;",
    "oneof more { double slippage = 40; }",
    "uint64 amount_out = 40;",
    "int64 price_ticks = 40;",
    "sint64 fee = 40;",
    "fixed64 max_notional = 40;",
    "map<string, int64> balance = 40;",
]


@pytest.mark.parametrize("field", NUMBERS)
def test_a_float_or_a_number_for_an_amount_is_refused(tmp_path: Path, field: str) -> None:
    new = changed(tmp_path, "trading.proto", "bool reduce_only = 9;", f"bool reduce_only = 9; {field}")
    found = contracts.faults(COMMITTED, new)
    assert found
    assert all("amounts are texts of digits" in fault for fault in found)


@pytest.mark.parametrize("name", ["DoubleValue", "FloatValue"])
def test_a_float_in_a_standard_message_is_refused(tmp_path: Path, name: str) -> None:
    head = "package tickwright.v1;"
    added = f'{head}\nimport "google/protobuf/wrappers.proto";\nmessage X {{ google.protobuf.{name} rate = 1; }}'
    new = changed(tmp_path, "common.proto", head, added)
    assert any(f".google.protobuf.{name}" in fault for fault in contracts.faults(COMMITTED, new))


ADDED = [
    (
        "trading.proto",
        "bool reduce_only = 9;",
        "bool reduce_only = 9; string note = 40; map<string, Decimal> prices = 41;",
    ),
    ("common.proto", "SIDE_SELL = 2;", "SIDE_SELL = 2; SIDE_BOTH = 3;"),
    ("common.proto", "enum Side {", "message Wholly { BigAmount new = 1; }\nenum Side {"),
    ("trading.proto", "rpc ExecuteTrade", "rpc CancelTrade(Fill) returns (Refusal);\n  rpc ExecuteTrade"),
]


@pytest.mark.parametrize(("file", "old", "new"), ADDED, ids=[row[2][-24:] for row in ADDED])
def test_an_addition_is_compatible_and_makes_the_committed_set_stale(
    tmp_path: Path, file: str, old: str, new: str
) -> None:
    added = changed(tmp_path, file, old, new)
    assert contracts.faults(COMMITTED, added) == []
    assert added != COMMITTED


def test_the_set_is_written_only_where_nothing_is_at_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "contracts.binpb"
    assert contracts.main(contracts.FOLDER, path) == 0
    assert path.read_bytes() == contracts.COMMITTED.read_bytes()
    changed(tmp_path, "trading.proto", "  bool reduce_only = 9;\n", "")
    assert contracts.main(tmp_path / "contracts", path) == 1
    assert "PlannedOrder.reduce_only is removed" in capsys.readouterr().err
    assert path.read_bytes() == contracts.COMMITTED.read_bytes()


def test_an_amount_of_256_bits_passes_through_the_contract_whole() -> None:
    pool = descriptor_pool.DescriptorPool()
    for file in COMMITTED.file:
        pool.Add(file)
    request = message_factory.GetMessageClass(pool.FindMessageTypeByName("tickwright.v1.ExecuteTradeRequest"))
    sent: Any = request()
    text = str(2**256 - 1)
    sent.swap.amount_in.asset = "1:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
    sent.swap.amount_in.amount.value = text
    read: Any = request.FromString(sent.SerializeToString())
    assert read.swap.amount_in.amount.value == text
    assert read.WhichOneof("trade") == "swap"
