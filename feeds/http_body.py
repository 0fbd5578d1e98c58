"""The body of an HTTP answer up to a limit, because a peer may send without end.

catalogue: M1, M6.
"""

from __future__ import annotations

import aiohttp


async def body(answer: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """The whole body. ClientPayloadError for one above the limit."""
    parts, size = [], 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > bytes_max:
            raise aiohttp.ClientPayloadError(f"body must be at most {bytes_max} bytes, was larger")
    return b"".join(parts)
