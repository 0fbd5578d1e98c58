"""Stage S1, data: ten levels a side stand, more than 100 updates a second come, 99.9 % are whole, the clock is true.

catalogue: H9, M9, M4. Figures of requirements.md (D1 S1). What is measured is a recording: the one that this makes of
the ground's venue, and each that was given. `tickwright book` rebuilds its books and counts what is wrong; the levels
after each change are counted here; the clock is chronyd's word about this host, with its bound.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from feeds.binance import BY_MARKET
from feeds.lake import Lake
from feeds.lake_import import import_recording
from feeds.lake_query import Queries
from feeds.lake_walk import Standing, standing
from native._core import InputError
from pycore import chrony
from pycore.errors import CheckError
from sim.accept.stage import Endurance, Ground, Row, unmeasured

STAGE = "S1"
LEVELS = 10
STABLE_MIN = WHOLE_MIN = 0.999
UPDATES_S_MIN = 100.0
BOUND_NS_MAX = 1_000_000
_WANTED = {
    "levels": f">= {LEVELS} levels a side after >= {STABLE_MIN:.1%} of the changes",
    "rate": f"> {UPDATES_S_MIN:g} updates/s",
    "integrity": f">= {WHOLE_MIN:.1%} whole",
}
_CLOCK_WANTED = f"bound < {BOUND_NS_MAX / 1e6:g} ms"


async def measure(ground: Ground, rows: list[Row]) -> Endurance:
    """Records the venue, judges that recording and the given ones, and asks chronyd."""
    began_ns = ground.clock.mono_ns()
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tickwright-s1-") as place:
        for market in ground.config.markets():
            path = Path(place) / f"{market}.zst"
            if why := await _record(ground, market, path):
                faults.append(why)
                rows += [unmeasured(STAGE, f"{market}: {name}", wanted, why) for name, wanted in _WANTED.items()]
            else:
                rows += await _judged(ground, path, ground.where)
        ran_s = (ground.clock.mono_ns() - began_ns) / 1e9
        for path in ground.recordings:
            rows += await _judged(ground, path, f"recording {path.name}")
    rows.append(clock(*ground.chronyd))
    return Endurance(ground.where, ran_s, tuple(faults))


def clock(host: str, port: int) -> Row:
    """The row of this host's clock."""
    try:
        found = chrony.read(host, port)
    except CheckError as error:
        return unmeasured(STAGE, "clock", _CLOCK_WANTED, str(error))
    state = "" if found.synchronised else ", not synchronised"
    measured = f"{found.offset_ns:+} ns, bound {found.bound_ns} ns, stratum {found.stratum}, by chronyd{state}"
    return Row(STAGE, "clock", _CLOCK_WANTED, measured, found.synchronised and found.bound_ns < BOUND_NS_MAX, "host")


def judge(row: dict[str, Any], stands: Standing, where: str) -> list[Row]:
    """The rows of one instrument: `row` is that of `tickwright book`, `stands` what its changes left behind."""
    name = f"{row['venue']} {row['instrument']}"
    share = stands.share(LEVELS)
    levels = f"after {share:.3%} of {stands.changes} changes, at the least {stands.least}"
    wrong = {
        "gaps": row["gaps"],
        "crossed": row["crossed"],
        "checksums": row["checksums"] - row["checksums_equal"],
        "unknown ids": row["unknown_ids"],
    }
    whole = 1 - sum(wrong.values()) / row["deltas"] if row["deltas"] else 0.0
    integrity = f"{max(0.0, whole):.3%} of {row['deltas']} changes; wrong: "
    integrity += ", ".join(f"{count} {what}" for what, count in wrong.items())
    integrity += f"; {row['tops_equal']} of {row['tops_compared']} tops equal, {row['checksums']} checksums"
    rate = f"{stands.rate:.1f}/s over {stands.seconds:.1f} s: {stands.changes} changes, {stands.tops} best prices"
    return [
        Row(STAGE, f"{name}: levels", _WANTED["levels"], levels, share >= STABLE_MIN, where),
        Row(STAGE, f"{name}: rate", _WANTED["rate"], rate, stands.rate > UPDATES_S_MIN, where),
        Row(STAGE, f"{name}: integrity", _WANTED["integrity"], integrity, whole >= WHOLE_MIN, where),
    ]


async def _record(ground: Ground, market: str, path: Path) -> str:
    """Records one market of the ground for its time; why it could not, or nothing."""
    endpoint = ground.config.venue.endpoint(market)
    if endpoint is None:
        return f"venue.{market} must be configured, was missing"
    symbols = ",".join(item.symbol for item in ground.config.instruments if item.market == market)
    words = ["capture", "--venue", BY_MARKET[market].venue, "--symbols", symbols, "-o", str(path)]
    words += ["--base", endpoint.rest, "--ws-base", endpoint.ws, "--seconds", str(ground.seconds)]
    code, _, err = await _verb(*words)
    return "" if code == 0 else f"capture must end with 0, was {code}: {err.strip()[-200:]}"


async def _judged(ground: Ground, path: Path, where: str) -> list[Row]:
    """The rows of every instrument of a recording."""
    code, out, err = await _verb("book", str(path))
    if code not in (0, 1):
        return [unmeasured(STAGE, f"{path.name}: integrity", _WANTED["integrity"], err.strip()[-200:])]
    found = [row for row in map(json.loads, out.splitlines()) if not row.get("summary")]
    with tempfile.TemporaryDirectory(prefix="tickwright-s1-") as place:
        lake = Lake(place)
        try:
            await asyncio.to_thread(import_recording, lake, path, ground.clock, lambda _: None)
        except InputError as error:
            return [unmeasured(STAGE, f"{path.name}: levels", _WANTED["levels"], str(error))]
        rows = []
        for row in found:
            if row["deltas"]:
                stands = await asyncio.to_thread(standing, Queries(lake), row["venue"], row["instrument"])
                rows += judge(row, stands, where)
        return rows


async def _verb(*words: str) -> tuple[int, str, str]:
    """Runs a verb of the command in a process of its own, which signals and loops of this one do not meet."""
    command = [sys.executable, "-m", "pycore.cli", *words, "--json"]
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        out, err = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    return child.returncode or 0, out.decode(), err.decode()
