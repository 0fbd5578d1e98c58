"""Sessions of venues of single orders, and their captures, against venues on loopback that lose and hang up (M1,
M2)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from feeds.l3.join import HELD_MAX, OrderStream
from feeds.l3.live_books import UNIT, LiveOrderBooks
from feeds.l3.records import ORDER
from feeds.live import LiveFeed
from feeds.session import Listener
from feeds.source import Source
from feeds.venue import SESSIONS
from feeds.venue.spec import Endpoints
from native._core import FullError, InputError
from pycore.cli import main
from pycore.clock import Clock
from tests.order_server import ORDER_VENUES, BitstampOrders, CoinbaseOrders, KrakenOrders, OrderServer, Talk, packed
from tests.test_watch import run

WAIT_S = 30.0
#: What the venues of these tests take for signed.
SECRETS = {**CoinbaseOrders.secrets, **KrakenOrders.secrets}


def shown(books: LiveOrderBooks) -> list[tuple[int, Decimal, Decimal]]:
    """Every order of the first book: side, price, size."""
    sides = [np.frombuffer(books.orders.orders(0, side), ORDER) for side in (0, 1)]
    unit = Decimal(UNIT)
    return sorted(
        (side, int(row["price"]) * unit, int(row["qty"]) * unit) for side, rows in enumerate(sides) for row in rows
    )


def theirs(server: OrderServer) -> list[tuple[int, Decimal, Decimal]]:
    """The same of the server's own."""
    return sorted((side, Decimal(price), Decimal(size)) for side, price, size in server.orders.values())


async def followed(server: OrderServer, at: Endpoints) -> tuple[LiveOrderBooks, LiveFeed]:
    """Follows a venue until its script is over and the book is the server's."""
    venue = SESSIONS[server.venue.feed].signed(SECRETS)
    venue = dataclasses.replace(venue, audit_s=1.0 if venue.audit_s else 0.0)
    source, clock = Source(venue, [server.venue.symbol], at), Clock()
    async with aiohttp.ClientSession() as http:
        kept: list[Any] = []

        def books_of(symbols: list[str]) -> Any:
            kept.append(source.view_books(symbols))
            return kept[-1], kept[-1].numbers

        feed = LiveFeed(
            venue, at, source.symbols, books_of, lambda _: Listener(), clock=clock, http=http, jitter=random.Random(1)
        )
        running = asyncio.create_task(feed.run())
        await asyncio.wait_for(server.done.wait(), WAIT_S)
        [books] = kept
        async with asyncio.timeout(WAIT_S):
            while not (books.state(0)["synced"] and shown(books) == theirs(server)):
                await asyncio.sleep(0.001)
        feed.close()
        await running
    return books, feed


@pytest.mark.parametrize("name", sorted(ORDER_VENUES))
async def test_a_book_is_the_venues_order_by_order(name: str) -> None:
    server = OrderServer(ORDER_VENUES[name], 1)
    async with server.serving() as at:
        books, feed = await followed(server, at)
    assert (books.state(0)["gaps"], feed.tally()["garbage"]) == (0, 0)


@pytest.mark.parametrize("name", sorted(ORDER_VENUES))
async def test_what_is_lost_shows_and_the_book_is_asked_for_again(name: str) -> None:
    server = OrderServer(ORDER_VENUES[name], 2, lose=frozenset({60, 61, 150}), cut=frozenset({220}))
    async with server.serving() as at:
        books, _ = await followed(server, at)
    assert server.connections >= 2
    # Bitstamp numbers nothing: there the audit brings the book back.
    assert books.state(0)["gaps"] > 0 or name == "bitstamp-orders"


async def test_captures_are_rebuilt_and_watched_books_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    async def taped(name: str) -> tuple[int, list[dict[str, Any]]]:
        server = OrderServer(ORDER_VENUES[name], 3, count=1500)
        async with server.serving() as at:
            words = ["--venue", name, "--symbols", server.venue.symbol, "--base", at.rest, "--seconds", "3"]
            return await asyncio.to_thread(run, "capture", *words, "-o", str(tmp_path / f"{name}.zst"))

    async def watched(name: str) -> tuple[int, list[dict[str, Any]]]:
        server = OrderServer(ORDER_VENUES[name], 4, count=100)
        async with server.serving() as at:
            words = ["--venue", name, "--symbols", server.venue.symbol, "--base", at.rest, "--seconds", "3"]
            return await asyncio.to_thread(run, "watch", *words, "--levels", "3")

    names = sorted(ORDER_VENUES)
    *tapes, (code, rows) = await asyncio.gather(*map(taped, names), watched(names[0]))
    assert (code, rows[-1]["synced"], len(rows[-2]["bids"])) == (0, True, 3)
    assert [found[0] for found in tapes] == [0] * len(names)
    for name in names:
        code = main(["book", "--json", str(tmp_path / f"{name}.zst")])
        [row, total] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert (code, row["venue"], row["instrument"]) == (0, name, ORDER_VENUES[name].symbol)
        assert (total["gaps"], total["unknown_ids"], total["deltas"] > 100) == (0, 0, True), row
        assert total["checksums"] == total["checksums_equal"] == (total["messages"] if "kraken" in name else 0), row


def test_a_recording_whose_checksum_differs_is_judged_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    venue = KrakenOrders()
    orders = {1: (0, "99.00", "1.000"), 2: (1, "101.00", "0.500")}
    lines = [venue.whole("ETH/USD", orders, 1, None)]
    for number, told in ((3, True), (4, False)):
        order = (1, f"10{number}.00", "1.000")
        orders |= {number: order} if told else {}
        lines.append(venue.step("ETH/USD", ("created", number, order), number, Talk()))
    path = tmp_path / "level3.txt"
    texts = [packed(line).replace('": ', '":') for line in lines]
    path.write_text("".join(f"{1_790_000_000 + at}.5: {text}\n" for at, text in enumerate(texts)))
    assert main(["book", "--json", str(path)]) == 1
    [row, total] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["venue"], row["checksums"], row["checksums_equal"], row["counts"]) == (
        "kraken-orders",
        3,
        2,
        {"snapshot": 1, "add": 2, "snapshot_orders": 2},
    )
    assert not total["holds"]


def bitstamp(word: str, order: int, at: int) -> bytes:
    """A message of Bitstamp's."""
    return json.dumps(BitstampOrders().step("btcusd", (word, order, (0, "99.00", "1.000")), at, Talk())).encode()


def test_what_overtook_a_whole_book_is_applied_behind_it_and_what_is_older_is_not() -> None:
    books = LiveOrderBooks("bitstamp-orders", ["btcusd"], by_rest=True)
    for message in (bitstamp("created", 7, 5), bitstamp("created", 8, 20), bitstamp("deleted", 9, 21)):
        assert books.take(message)[2] == [(0, "waiting", 0, 0)]
    assert books.levels(0, 5) == ([], [])
    order = (0, "99.00", "1.000")
    whole = json.dumps(BitstampOrders().whole("btcusd", {7: order, 9: order}, 10, None)).encode()
    assert books.take(whole, 0)[2] == [(0, "synced", 0, 0)]
    assert sorted(row["id"] for row in np.frombuffer(books.orders.orders(0, 0), ORDER)) == [7, 8]
    assert books.take(bitstamp("created", 8, 30))[2] == [(0, "gap", 0, 0)], "told twice"
    assert not books.state(0)["synced"]


def test_bounds_and_names_are_told() -> None:
    stream = OrderStream("bitstamp-orders", [("btcusd", UNIT, UNIT)], by_rest=True)
    stream.messages([bitstamp("created", 7, 5)] * HELD_MAX, [0] * HELD_MAX)
    with pytest.raises(FullError, match="messages that wait for the book of btcusd are full"):
        stream.whole(0, "btcusd", json.dumps(BitstampOrders().whole("btcusd", {}, 10, None)).encode(), 0)
    with pytest.raises(InputError, match="was okx"):
        LiveOrderBooks("okx", ["A"], by_rest=False)
    with pytest.raises(InputError, match="a currency and a money as in eth-aud, was eth"):
        SESSIONS["independent-reserve"].subscribe(["eth"], 0)


def test_what_is_to_be_signed_needs_its_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    words = ["--venue", "coinbase-orders", "--symbols", "ETH-USD", "--base", "http://127.0.0.1:9"]
    assert main(["capture", *words, "-o", str(tmp_path / "x")]) == 2
    assert "COINBASE_API_KEY must be in the environment for --venue coinbase-orders" in capsys.readouterr().err
    wrong = SESSIONS["coinbase-orders"].signed({**SECRETS, "COINBASE_API_SECRET": "no base 64!"})
    with pytest.raises(InputError, match="must be base 64") as refused:
        wrong.subscribe(["ETH-USD"], 1)
    shown = f"{refused.value} {wrong!r}"
    assert not any(secret in shown for secret in ("no base 64!", "'words'", "'key'"))
    refusal = wrong.control({"type": "error", "message": "Authentication Failed", "reason": "invalid signature"})
    assert refusal is not None
    assert refusal.text == "Authentication Failed invalid signature"


def private(path: Path, text: str, mode: int = 0o600) -> str:
    """The path of a file of secrets of a mode."""
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_secrets_come_from_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    values = [SECRETS[f"COINBASE_API_{name}"] for name in ("KEY", "SECRET", "PASSPHRASE")]
    text = "".join(
        f'{key} = "{value}"\n' for key, value in zip(("api_key", "secret", "passphrase"), values, strict=True)
    )
    coinbase = SESSIONS["coinbase-orders"]
    path = private(tmp_path / "secrets.toml", text)
    assert coinbase.signed(coinbase.filed(path)) == coinbase.signed(SECRETS)
    for more, mode, said in (
        (text, 0o644, "--secrets-file: mode must be 0600 or 0400, was 0644"),
        (text.replace("passphrase", "password"), 0o600, "password must be api_key, secret, passphrase"),
        (text.partition("passphrase")[0], 0o400, f"passphrase must be a text in {path}"),
    ):
        private(Path(path), more, mode)
        with pytest.raises(InputError, match=said) as refused:
            coinbase.filed(path)
        assert values[1] not in str(refused.value)
        Path(path).unlink()


def test_a_command_takes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = private(tmp_path / "secrets.toml", 'api_key = "key"\nsecret = "c2VjcmV0"\n', 0o640)
    for venue, symbol, said in (
        ("kraken-orders", "ETH/USD", "mode must be 0600 or 0400, was 0640"),
        ("okx", "BTC-USDT", "must be given for a venue whose subscriptions are signed, was for okx"),
        ("itch", "AAPL", "must be given for a venue whose subscriptions are signed, was for itch"),
    ):
        words = ["--venue", venue, "--symbols", symbol, "--secrets-file", path, "--seconds", "1"]
        assert main(["watch", *words, "--base", "http://127.0.0.1:9"]) == 2
        assert said in capsys.readouterr().err


def test_krakens_books_are_cut_to_the_subscribed_levels_and_held_to_the_checksum() -> None:
    venue, books = KrakenOrders(), LiveOrderBooks("kraken-orders", ["ETH/USD"], by_rest=False)
    of_channel = {"channel": "level3", "symbol": "ETH/USD", "snapshot": True}
    orders = {1: (0, "99.00", "1.000"), 2: (0, "98.00", "2.000"), 3: (1, "101.00", "0.500"), 4: (1, "101.00", "0.250")}

    def told(message: Any) -> bytes:
        return packed(message).encode()

    books.take(told({"method": "subscribe", "success": True, "result": {**of_channel, "depth": 2}}))
    assert books.take(told(venue.whole("ETH/USD", orders, 1, None)))[2] == [(0, "synced", 0, 0)]
    orders[5] = (0, "99.50", "3.000")
    del orders[2]  # The third level is beyond the depth, and nobody says so.
    step = ("created", 5, orders[5])
    assert books.take(told(venue.step("ETH/USD", step, 2, Talk())))[2] == []
    assert [row["price"] for row in np.frombuffer(books.orders.orders(0, 0), ORDER)] == [9_950_000_000, 9_900_000_000]
    assert books.state(0)["checksums"] == 2
    lost = told(venue.step("ETH/USD", ("created", 6, (1, "102.00", "1.000")), 3, Talk()))
    assert books.take(lost)[2] == [(0, "gap", 0, 0)], "the venue's book has no such order"
    assert (books.state(0)["checksums_wrong"], books.state(0)["synced"]) == (1, False)


def test_krakens_token_is_in_the_answer_or_the_reason_is() -> None:
    kraken = SESSIONS["kraken-orders"].signed(SECRETS)
    assert kraken.token(b'{"error":[],"result":{"token":"abc","expires":900}}').said == "abc"
    for answer, said in ((b'{"error":["EAPI:Invalid key"]}', "EAPI:Invalid key"), (b"{}", "must be in the answer")):
        with pytest.raises(InputError, match=said):
            kraken.token(answer)
    [text, *_] = kraken.subscribe(["ETH/USD"], 1)
    assert json.loads(kraken.with_token(text, "abc"))["params"]["token"] == "abc"
    wrong = SESSIONS["kraken-orders"].signed({**SECRETS, "KRAKEN_API_SECRET": "no base 64!"})
    with pytest.raises(InputError, match="must be base 64"):
        wrong.token_call(1)
    assert "no base 64!" not in repr(wrong)
