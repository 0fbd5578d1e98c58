"""Sessions of every venue against a venue on loopback: subscriptions, faults, and the books at the end (M1, M3).

The books must equal the server's own, which it keeps as texts apart from our decoders and rules.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import zstandard

from feeds.live import LiveFeed
from feeds.session import ASKS_MAX, Action, Books, Drop, Event, Fetch, Listener, Refused, Send, Session, Warn
from feeds.venue import SESSIONS, session_of
from feeds.venue.spec import ExperimentalError, Venue
from native._core import InputError, LiveBooks
from pycore.clock import Clock
from tests.recorded_counts import ORDERS, RECORDED
from tests.venue_dialects import DIALECTS, TextBook, Told, packed
from tests.venue_server import ALL, FAULTS, Script, VenueServer, anew, made_up, recorded

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
WAIT_S = 60.0
#: Where any lost message shows at once; of the others the next whole book, a checksum or the audit tells.
NUMBERED = {
    "okx",
    "bybit-linear",
    "bybit-spot",
    "coinbase",
    "kraken-futures",
    "bitget-spot-v2",
    "bitget-mix-v2",
    "deribit",
    "kucoin-spot",
    "gate-spot",
    "kucoin-futures",
    "gate-linear",
    "gate-inverse",
    "lighter",
}
#: The feeds of recordings whose protocol the venue has left, and its protocol since.
SERVED_AS = {"bitget-spot": "bitget-spot-v2", "bitget-mix": "bitget-mix-v2"}
#: These send a book anew on another connection alone.
RECONNECTING = {"coinbase", "bitfinex"}
S = 1_000_000_000


class Heard(Listener):
    """Counts what a session tells."""

    def __init__(self) -> None:
        self.kinds: dict[str, int] = {}
        self.notes: list[str] = []

    def events(self, events: Any) -> None:
        for event in events:
            self.kinds[event["kind"]] = self.kinds.get(event["kind"], 0) + 1

    def note(self, symbol: str, what: str, expected: int, was: int) -> None:
        self.notes.append(what)


def quick(feed: str, fault: str) -> Venue:
    """The venue's session with a silence and an audit that a test can wait for."""
    venue = SESSIONS[feed]
    stale_s = 1.5 if fault == "silence" else WAIT_S
    return dataclasses.replace(venue, stale_s=stale_s, audit_s=2.0 if venue.audit_s else 0.0)


def equal(books: LiveBooks, numbers: Mapping[str, int], server: VenueServer) -> bool:
    """Whether every book of ours is the server's."""
    for symbol, number in numbers.items():
        tick, lot = (Decimal(unit) for unit in server.script.units[symbol])
        ours = books.levels(number, 10_000)
        book, shown = server.books[symbol], server.dialect.shown
        theirs = tuple(
            [(int(Decimal(price) / tick), int(Decimal(size) / lot)) for price, size in book.best(side, shown)]
            for side in ("bids", "asks")
        )
        if ours != theirs:
            return False
    return True


async def play(feed: str, script: Script, fault: str, pace: int = 1) -> tuple[VenueServer, Heard, LiveFeed]:
    """Runs a session until the script is over and the books are equal; fails by name where they never are."""
    server, heard = VenueServer(feed, script, fault, pace), Heard()
    made: list[tuple[LiveBooks, dict[str, int]]] = []

    def books_of(symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
        books = LiveBooks(feed)
        numbers = {symbol: books.define(symbol, *script.units[symbol]) for symbol in script.units}
        made.append((books, {symbol: numbers[symbol] for symbol in symbols}))
        return made[-1]

    async with server.serving() as at, aiohttp.ClientSession() as http:
        feed_ = LiveFeed(
            quick(feed, fault), at, list(script.books), books_of, lambda _: heard, Clock(), http, random.Random(1)
        )
        running = asyncio.create_task(feed_.run())
        try:
            await asyncio.wait_for(server.done.wait(), WAIT_S)
            for _ in range(int(WAIT_S / 0.02)):
                if feed_.synced and equal(*made[0], server):
                    break
                if running.done():
                    running.result()
                await asyncio.sleep(0.02)
            else:
                pytest.fail(f"{feed}, {fault}: the books never became equal; {feed_.lines[0].session.tally}")
        finally:
            feed_.close()
            await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), WAIT_S)
    return server, heard, feed_


async def test_every_venue_recovers_from_every_fault_and_ends_with_the_venues_own_book() -> None:
    """All at the same time, because most of it is waiting."""
    cases = [(feed, fault) for fault in FAULTS for feed in ALL]
    played = await asyncio.gather(*(play(feed, made_up(ALL[feed], 7), fault) for feed, fault in cases))
    for case, (server, heard, live) in zip(cases, played, strict=True):
        feed, fault = case
        tally = live.lines[0].session.tally
        assert heard.kinds["depth"] > 0, case
        # What dYdX answers to a subscription is its book.
        assert tally.accepted > 0 or feed == "dydx", case
        if feed not in RECONNECTING:
            assert (server.connections > 1) == (fault in ("disconnect", "silence")), (case, tally)
        assert (tally.garbage > 0) == (fault == "garbage"), (case, tally)
        if fault in ("drop", "garbage") and feed in NUMBERED:
            assert tally.gaps > 0, (case, tally)
        # Where a change names the one before it, one that comes twice does not follow itself.
        if fault == "none" or (fault == "duplicate" and feed not in ("okx", "deribit")):
            assert tally.gaps == 0, (case, tally, heard.notes)


@pytest.mark.parametrize("counted", RECORDED, ids=lambda counted: Path(counted.path).stem)
async def test_recordings_replayed_through_sessions_end_with_the_recorded_book(counted: Any) -> None:
    path = SHARED / counted.path
    if not path.exists():
        pytest.skip(f"needs {path}")
    for feed in counted.feeds:
        served = SERVED_AS.get(feed, feed)
        script = recorded(path, feed, ALL[served])
        script = script if served == feed else anew(script, ALL[served])
        assert script.books
        server, heard, live = await play(served, script, "disconnect", pace=40)
        assert heard.kinds["depth"] > len(script.books)
        assert server.done.is_set()
        del live


def leaves(value: Any) -> set[str]:
    """Every text in a message, as far as it says what is wanted."""
    if isinstance(value, dict):
        return {leaf for name, one in value.items() if name not in ("id", "time") for leaf in leaves(one)}
    if isinstance(value, list):
        return {leaf for one in value for leaf in leaves(one)}
    return {str(value)}


#: What our subscriptions say that the recordings' do not: a heartbeat, the best price, the time between two books.
_MORE = {
    "deribit": {"10", "public/set_heartbeat", "book.{}.100ms", "trades.{}.100ms", "quote.{}", "ticker.{}.100ms"}
    | {"chart.trades.{}.1"},
    "kraken-futures": {"heartbeat", "ticker"},
    "kraken-spot": {"ohlc", "1"},
    "htx-linear": {"market.{}.bbo", "market.{}.detail", "market.{}.kline.1min"},
    "htx-inverse": {"market.{}.bbo", "market.{}.detail", "market.{}.kline.1min"},
}
#: The recorder of these subscribed in lower case, topics together, or with the symbol inside.
_SYMBOLS = {
    "okx": ("OKX", "BTC-USDT"),
    "bybit-spot": ("BYBIT", "BTCUSDT"),
    "coinbase": ("COINBASE", "BTC-USD"),
    "kraken-spot": ("KRAKEN", "XMR/USD"),
    "kraken-futures": ("KRAKEN_FUTURES", "pi_ethusd"),
    "deribit": ("DERIBIT", "BTC-24SEP21-8000-P"),
    "bitstamp": ("BITSTAMP", "ethusd"),
    "htx-linear": ("HUOBI_SWAP", "GRT-USDT"),
    "htx-inverse": ("HUOBI_SWAP", "ATOM-USD"),
}


@pytest.mark.parametrize("feed", _SYMBOLS)
def test_subscriptions_say_what_a_client_said_that_was_understood(feed: str) -> None:
    name, symbol = _SYMBOLS[feed]
    path = SHARED / "ws" / "cryptofeed" / f"{name}.jsonl.zst"
    if not path.exists():
        pytest.skip(f"needs {path}")
    with zstandard.open(path, "rt") as lines:
        sent = [entry["data"] for entry in map(json.loads, lines) if entry["t"] == "send"]
    known = set().union(*(leaves(json.loads(text)) for text in sent))
    known |= {more.format(symbol) for more in _MORE.get(feed, ())}
    ours = set().union(*(leaves(json.loads(text)) for text in SESSIONS[feed].subscribe([symbol], 1)))
    assert ours - known == set()


def test_a_server_of_every_dialect_understands_every_subscription() -> None:
    """A frame that the venue would not know raises in the dialect."""
    for feed, dialect in ALL.items():
        venue = SESSIONS[feed]
        wanted = [dialect.asked(json.loads(text)) for text in venue.subscribe(["A-B", "C-D"], 1)]
        assert {symbol for asked in wanted for symbol in asked.books} == {"A-B", "C-D"}
        again = [dialect.asked(json.loads(text)) for text in venue.book_again("A-B", 1)]
        streamed = not venue.whole_by_rest and feed not in RECONNECTING
        assert [symbol for asked in again for symbol in asked.books] == (["A-B"] if streamed else [])
        if venue.ping is not None and venue.ping.text.startswith(b"{"):
            assert dialect.asked(json.loads(venue.ping.text)).answers


def session(feed: str, symbol: str = "BTC-USDT") -> tuple[Session, list[str]]:
    """A session without a network, and the notes that it gives."""
    heard, books = Heard(), LiveBooks(SESSIONS[feed].books)
    return Session(SESSIONS[feed], {symbol: books.define(symbol, "0.01", "0.001")}, books, heard), heard.notes


def sent(actions: list[Action]) -> list[Any]:
    return [json.loads(action.payload) for action in actions if isinstance(action, Send)]


def test_a_book_that_never_comes_is_asked_for_and_then_the_connection_is_given_up() -> None:
    okx, _ = session("okx")
    okx.opened(0, 0)
    asked, dropped = 0, []
    for tenth in range(1, 2000):
        for action in okx.tick(tenth * S // 10, 0):
            asked += isinstance(action, Send) and b'"unsubscribe"' in action.payload
            dropped += [action.why] if isinstance(action, Drop) else []
        if dropped:
            break
    assert asked == ASKS_MAX
    assert dropped == [f"the book of BTC-USDT could not be had in {ASKS_MAX} requests"]
    okx.closed()
    assert okx.tick(3000 * S, 0) == []
    assert okx.opened(3000 * S, 0)
    assert not any(isinstance(action, Drop) for action in okx.tick(3001 * S, 0)), "another connection begins anew"


def test_gaps_are_answered_at_once_but_not_faster_than_once_a_second() -> None:
    feed, dialect = "bybit-linear", DIALECTS["bybit-linear"]
    bybit, notes = session(feed)
    bybit.opened(0, 0)
    book = TextBook({"99.00": "1"}, {"101.00": "1"}, 10)
    whole = packed(dialect.whole("BTC-USDT", book))

    def gap() -> bytes:
        book.number += 5
        return packed(dialect.whole("BTC-USDT", book)).replace(b'"snapshot"', b'"delta"')

    assert bybit.received(whole, S, 0) == []
    assert bybit.synced
    assert [text["op"] for text in sent(bybit.received(gap(), 2 * S, 0))] == ["unsubscribe", "subscribe"]
    assert not bybit.synced
    assert bybit.received(packed(dialect.whole("BTC-USDT", book)), 2 * S + 1, 0) == []
    assert bybit.received(gap(), 2 * S + 2, 0) == [], "asked a moment ago"
    assert sent(bybit.tick(2 * S + 3, 0)) == []
    assert len(sent(bybit.tick(3 * S + 1, 0))) == 2
    assert notes == ["synced", "gap", "synced", "gap"]
    assert bybit.silent(20 * S, 5 * S) == ["BTC-USDT"]
    assert bybit.silent(3 * S, 5 * S) == []


def test_a_refusal_ends_a_session_that_was_never_accepted_and_warns_in_another() -> None:
    okx, _ = session("okx")
    okx.opened(0, 0)
    error = b'{"event":"error","code":"60018","msg":"wrong instId"}'
    assert okx.received(error, 1, 0) == [Refused("60018 wrong instId")]
    okx.received(b'{"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"}}', 2, 0)
    assert okx.received(error, 3, 0) == [Warn("60018 wrong instId")]
    assert okx.received(b'{"event":"notice","code":"64008"}', 4, 0) == [Drop("the venue asks for another connection")]
    assert okx.received(b"pong", 5, 0) == []
    assert okx.tick(21 * S, 0)[:1] == [Send(b"ping")]


@pytest.mark.parametrize(
    ("feed", "refusal", "why"),
    [
        ("bybit-spot", {"success": False, "ret_msg": "bad topic", "op": "subscribe"}, "bad topic"),
        ("coinbase", {"type": "error", "message": "no product"}, "no product"),
        (
            "kraken-spot",
            {"event": "subscriptionStatus", "status": "error", "pair": "X", "errorMessage": "not found"},
            "X not found",
        ),
        ("kraken-futures", {"event": "alert", "message": "Bad request"}, "Bad request"),
        ("deribit", {"jsonrpc": "2.0", "id": 1, "result": []}, "none of the channels is known"),
        ("deribit", {"id": 1, "error": {"code": 11050}}, "{'code': 11050}"),
        ("bitstamp", {"event": "bts:error", "data": {"code": 4009}}, "{'code': 4009}"),
        ("kucoin-spot", {"type": "error", "code": 404, "data": "topic is not found"}, "404 topic is not found"),
        ("bitget-spot-v2", {"event": "error", "code": 30001, "msg": "no channel"}, "30001 no channel"),
        ("hyperliquid", {"channel": "error", "data": "Invalid"}, "Invalid"),
        ("htx-linear", {"status": "error", "err-msg": "invalid topic"}, "invalid topic"),
        ("gate-spot", {"channel": "spot.trades", "event": "subscribe", "error": {"code": 2}}, "{'code': 2}"),
        ("kraken-spot-v2", {"method": "subscribe", "success": False, "symbol": "X", "error": "no"}, "X no"),
        ("gate-linear", {"channel": "futures.trades", "event": "subscribe", "error": {"code": 2}}, "{'code': 2}"),
        ("bitmex", {"status": 400, "error": "Unknown table"}, "Unknown table"),
        ("dydx", {"type": "error", "message": "Invalid id"}, "Invalid id"),
        ("bitfinex", {"event": "error", "code": 10300, "msg": "failed"}, "10300 failed"),
        ("binance-spot", {"error": {"code": 2, "msg": "bad"}}, "{'code': 2, 'msg': 'bad'}"),
    ],
)
def test_each_venues_refusal_is_understood(feed: str, refusal: dict[str, Any], why: str) -> None:
    venue, _ = session(feed)
    venue.opened(0, 0)
    assert venue.received(json.dumps(refusal).encode(), 1, 0) == [Refused(why)]


def test_a_venue_that_asks_for_an_answer_gets_it() -> None:
    htx, _ = session("htx-linear")
    htx.opened(0, 0)
    assert sent(htx.received(b'{"ping":1645289389619}', 1, 0)) == [{"pong": 1645289389619}]
    deribit, _ = session("deribit")
    deribit.opened(0, 0)
    wanted = b'{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}'
    assert sent(deribit.received(wanted, 1, 0))[0]["method"] == "public/test"


def test_a_rest_book_is_asked_for_with_the_first_change_once_and_after_a_failure_again() -> None:
    kucoin, notes = session("kucoin-spot")
    dialect, book = DIALECTS["kucoin-spot"], TextBook({"99.00": "1"}, {"101.00": "1"}, 10)
    kucoin.opened(0, 0)
    fetch = Fetch("BTC-USDT", "/api/v1/market/orderbook/level2_100?symbol=BTC-USDT")

    def change() -> bytes:
        told = Told("BTC-USDT", False, [("99.00", "1")], [], book.number + 2)
        text = packed(dialect.change(told, book))
        book.apply(told)
        return text

    assert kucoin.received(change(), 2 * S, 0) == [fetch]
    assert kucoin.received(change(), 3 * S, 0) == []
    assert kucoin.tick(20 * S, 0)[1:] == [], "one request is under way"
    kucoin.not_fetched("BTC-USDT")
    assert fetch in kucoin.tick(40 * S, 0)
    kucoin.received(change(), 41 * S, 0)
    assert kucoin.fetched("BTC-USDT", b"no book", 41 * S, 0) == []
    assert kucoin.tally.garbage == 1
    assert fetch in kucoin.tick(80 * S, 0)
    assert kucoin.fetched("BTC-USDT", packed(dialect.whole("BTC-USDT", book)), 81 * S, 0) == []
    assert kucoin.synced
    assert "synced" in notes
    kucoin.closed()
    assert not kucoin.synced
    assert kucoin.fetched("BTC-USDT", packed(dialect.whole("BTC-USDT", book)), 82 * S, 0) == [], "came too late"


def test_kucoins_token_says_where_and_how_often() -> None:
    kucoin = SESSIONS["kucoin-spot"]
    body = {"data": {"token": "abc", "instanceServers": [{"endpoint": "wss://x/endpoint", "pingInterval": 18000}]}}
    token = kucoin.token(json.dumps(body).encode())
    assert (token.address, token.ping_s) == ("wss://x/endpoint?token=abc&connectId=tickwright", 9.0)
    for bad in (b"", b"{}", b'{"data":{"token":"t","instanceServers":[]}}'):
        with pytest.raises(InputError, match="token must name a server"):
            kucoin.token(bad)
    with pytest.raises(InputError, match="token of okx must"):
        SESSIONS["okx"].token(b"x")


def test_bitgets_futures_are_subscribed_by_their_market() -> None:
    [text] = SESSIONS["bitget-mix-v2"].subscribe(["BTCUSDT", "BTCPERP", "BTCUSD"], 1)
    kinds = {arg["instId"]: arg["instType"] for arg in json.loads(text)["args"]}
    assert kinds == {"BTCUSDT": "USDT-FUTURES", "BTCPERP": "USDC-FUTURES", "BTCUSD": "COIN-FUTURES"}
    names = [f"{at:05}A-LONG-NAME-USDT" for at in range(SESSIONS["bitget-mix-v2"].symbols_max)]
    frames = SESSIONS["bitget-mix-v2"].subscribe(names, 1)
    assert max(map(len, frames)) <= 4096
    assert len(frames) < 10, "a second's messages"


def test_a_short_name_is_the_spot_market_and_an_unknown_one_is_refused() -> None:
    assert session_of("kraken").feed == "kraken-spot"
    assert session_of("okx").feed == "okx"
    with pytest.raises(InputError, match=r"--venue must be one of .*, was nowhere"):
        session_of("nowhere")


def test_experimental_venues_are_refused_at_their_production_address_alone() -> None:
    for feed, venue in SESSIONS.items():
        if not venue.experimental:
            assert venue.endpoints() == venue.production
            continue
        with pytest.raises(ExperimentalError, match=f"--venue {feed} is experimental and refused live"):
            venue.endpoints()
        at = venue.endpoints("http://127.0.0.1:9000")
        assert (at.rest, at.ws) == ("http://127.0.0.1:9000", "ws://127.0.0.1:9000")
    proved = {feed for counted in RECORDED for feed in counted.feeds} | {f for f in SESSIONS if f.startswith("binance")}
    # Bitstamp's single orders are recorded as a table alone, not as its messages.
    proved |= {counted.venue for counted in ORDERS} - {"bitstamp-orders"}
    assert {feed for feed, venue in SESSIONS.items() if not venue.experimental} <= proved


def test_addresses_of_another_scheme_are_refused() -> None:
    okx = SESSIONS["okx"]
    with pytest.raises(InputError, match="--base must begin with http"):
        okx.endpoints("ftp://x")
    with pytest.raises(InputError, match="--ws-base must begin with ws"):
        okx.endpoints("http://x", "http://y")
    with pytest.raises(InputError, match="--testnet must be of a venue that has one, was bitstamp"):
        SESSIONS["bitstamp"].endpoints(testnet=True)
    assert okx.endpoints(testnet=True).ws == "wss://wspap.okx.com:8443"


def test_more_symbols_than_a_connection_carries_get_another() -> None:
    symbols = [f"S{at}" for at in range(SESSIONS["okx"].symbols_max + 1)]
    made: list[list[str]] = []

    def books_of(some: list[str]) -> tuple[Books, Mapping[str, int]]:
        made.append(some)
        books = LiveBooks("okx")
        return books, {symbol: books.watch(symbol) for symbol in some[:2]}

    okx = SESSIONS["okx"]
    feed = LiveFeed(okx, okx.production, symbols, books_of, lambda _: Listener(), Clock(), None, random.Random(1))  # type: ignore[arg-type]  # connects nothing
    assert [len(some) for some in made] == [100, 1]
    assert len(feed.lines) == 2


def test_an_event_names_its_instrument() -> None:
    told: list[Event] = []

    class Keeps(Listener):
        def events(self, events: Sequence[Event]) -> None:
            told.extend(events)

    bybit, _ = session("bybit-linear")
    bybit.listener = Keeps()
    bybit.opened(0, 0)
    book = TextBook({"99.00": "1.5"}, {"101.00": "1"}, 10)
    bybit.received(packed(DIALECTS["bybit-linear"].whole("BTC-USDT", book)), 1, 0)
    assert [(event["kind"], event["instrument"], event["bids"]) for event in told] == [("depth", 1, [(9900, 1500)])]
