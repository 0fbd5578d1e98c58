"""What a venue's subscriptions are signed with: the secret of a key, which venues write in base 64.

catalogue: M1. Secrets come from the environment or a file (`feeds.private_file`) and are never printed.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from native._core import InputError


def signature(feed: str, secret: str, text: bytes, algorithm: str) -> str:
    """HMAC of a text in base 64. InputError for a secret that is no base 64, without its text."""
    try:
        key = base64.b64decode(secret, validate=True)
    except binascii.Error:
        raise InputError(f"secret of {feed} must be base 64, was another text") from None
    return base64.b64encode(hmac.digest(key, text, algorithm)).decode()
