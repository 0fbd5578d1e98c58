"""Takes secrets out of texts before anybody writes them: those we know, and whatever looks like one.

catalogue: Q3, K8. Known secrets (API key, HMAC secret, PEM) are found in every form in which a URL, a JSON text or a
Python repr may carry them; signatures, listen keys and key blocks, which are made while we run, by the name before
them. What is taken out reads `***`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
#: A shorter text is no secret of a venue (theirs have 64 characters), and masking it would eat ordinary words.
SECRET_CHARS_MIN = 8
_NAMES = r"signature|listenKey|api_?key|X-MBX-APIKEY|secret|password|passphrase|token|ed25519_pem|authorization"
#: `name=value`, `"name": "value"`, `name: value`, also with the escapes of a text inside a text.
_NAMED = re.compile(
    rf"\b({_NAMES})(\\*[\"']?\s*[:=]\s*\\*[\"']?(?:Basic |Bearer )?)([^\s\"'&,;)}}\]\\]+)", re.IGNORECASE
)
_NAME = re.compile(rf"(?:{_NAMES})", re.IGNORECASE)
_BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)


class Redactor:
    """Cleans texts of the secrets that it was given and of what is named like one."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        """Keeps every form of each secret; None and texts below `SECRET_CHARS_MIN` characters are left out."""
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        # The longest first: a secret may be part of another's form.
        longest = sorted((form for form in forms if len(form) >= SECRET_CHARS_MIN), key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(form) for form in longest)) if longest else None

    def __repr__(self) -> str:
        """Shows nothing of what it knows."""
        return "Redactor()"

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _NAMED.sub(rf"\1\2{MASK}", _BLOCK.sub(MASK, text))

    def value(self, value: Any) -> Any:
        """A value made of mappings, sequences and scalars, ready for JSON, without secrets; odd things become text."""
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): MASK if _NAME.fullmatch(str(name)) else self.value(item)
                for name, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(value if isinstance(value, str) else str(value))


def _forms(secret: str) -> set[str]:
    """How a secret may stand in a text: as it is, percent-encoded, escaped, and a PEM line by line."""
    lines = [line for line in secret.splitlines() if not line.startswith("-----")] if "-----BEGIN" in secret else []
    return {
        form
        for part in (secret, secret.strip(), "".join(lines), *lines)
        for form in (part, quote(part, safe=""), quote_plus(part), json.dumps(part)[1:-1], repr(part)[1:-1])
    }
