"""How long a maker waits before it repeats a wish that came to nothing: twice as long after each more in a row.

catalogue: P4. The gate refused it, or the venue did: the order of the wish's tag looks as it did when the wish was
made, and no request about it is under way. Event time decides alone, so a replay and the compiled kernel
(native/glft_kernel.pyx) wait alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from native._core import OwnOrder

#: `OwnOrder.state` of an order that the venue has accepted.
RESTING = 1
#: The longest wait is this many times the first one.
LONGEST = 32


@dataclass(slots=True)
class _Asked:
    """The last wish of a tag: what the tag's order was then, how long to wait, and until when (UTC ns)."""

    look: tuple[int, int] | None
    wait_ns: int
    again_ns: int


class Patience:
    """The last wish of each tag; bounded by the tags that a maker uses."""

    def __init__(self, first_ns: int) -> None:
        """Takes the wait after a first refusal in ns of event time."""
        self.first_ns = first_ns
        self._asked: dict[int, _Asked] = {}

    def may(self, now: int, tag: int, own: OwnOrder | None) -> bool:
        """Whether a wish about the tag may be made at `now` (UTC ns); `own` is the tag's order in this view, if any."""
        asked = self._asked.get(tag)
        if asked is None or (own is not None and (own.pending or own.state != RESTING)):
            return asked is None
        if asked.look != _look(own):
            del self._asked[tag]
            return True
        return now >= asked.again_ns

    def made(self, now: int, tag: int, own: OwnOrder | None) -> None:
        """Notes that a wish about the tag is made at `now` (UTC ns)."""
        asked = self._asked.get(tag)
        wait = min(2 * asked.wait_ns, LONGEST * self.first_ns) if asked else self.first_ns
        self._asked[tag] = _Asked(_look(own), wait, now + wait)


def _look(own: OwnOrder | None) -> tuple[int, int] | None:
    return (own.id, own.price) if own else None
