"""What a third party writes an adapter with: the protocol, the parts of a session, and the shape of events.

catalogue: M1. docs/adapters.md shows how; `tickwright adapter check` proves the result.
"""

from feeds.adapter import Adapter, Decoder, Feed, Sample
from feeds.session import Event
from feeds.venue.spec import (
    ACCEPTED,
    ALIVE,
    RECONNECT,
    Control,
    Endpoints,
    Means,
    Ping,
    Token,
    Venue,
    chunks,
    frame,
    refused,
)

__all__ = [
    "ACCEPTED",
    "ALIVE",
    "RECONNECT",
    "Adapter",
    "Control",
    "Decoder",
    "Endpoints",
    "Event",
    "Feed",
    "Means",
    "Ping",
    "Sample",
    "Token",
    "Venue",
    "chunks",
    "frame",
    "refused",
]
