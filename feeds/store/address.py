"""Where a store is: an address with its parts, and how it is shown to people, without its password.

catalogue: K11, K8. `lake` or any folder or address of pyarrow is a lake; `chdb:FOLDER` ClickHouse in this process;
`clickhouse://user@host:8123/database` (`clickhouses://` with TLS) a server of it; `postgresql://user@host/database` a
server of PostgreSQL, with libpq's options behind a `?`. A password that is not in the address is taken from where libpq
takes it (PGPASSWORD, ~/.pgpass), and for ClickHouse from CLICKHOUSE_PASSWORD.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from native._core import InputError

POSTGRES = ("postgresql", "postgres")
CLICKHOUSE = ("clickhouse", "clickhouses")
REDIS = ("redis", "rediss", "unix")


class Address(NamedTuple):
    """The parts of an address; None where it does not say."""

    url: str
    scheme: str
    user: str | None
    password: str | None
    host: str | None
    port: int | None
    database: str | None
    shown: str
    """The address as it may be shown."""

    def __repr__(self) -> str:
        """Without its password."""
        return f"Address({self.shown})"


def address(url: str, environ: Mapping[str, str] | None = None) -> Address:
    """Takes an address apart. InputError names a bad one, without its password."""
    shown = hidden(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as why:
        raise InputError(f"store must be an address ({why}), was {shown}") from None
    password = unquote(parts.password) if parts.password else None
    if password is None and parts.scheme in CLICKHOUSE:
        password = (environ or {}).get("CLICKHOUSE_PASSWORD")
    user = unquote(parts.username) if parts.username else None
    database = unquote(parts.path.strip("/")) or None
    return Address(url, parts.scheme, user, password, parts.hostname, port, database, shown)


def with_password(url: str, password: str) -> str:
    """The address with a password that stood elsewhere; as it is without one."""
    if not password:
        return url
    scheme, _, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user if at else ''}:{quote(password, safe='')}@{host}"


def hidden(text: str) -> str:
    """An address, or a text with addresses in it, without passwords."""
    text = re.sub(r"(://[^/\s:@]*):[^/\s]*@", r"\1:***@", text)
    return re.sub(r"(password|passwd|pass)=[^&\s]+", r"\1=***", text, flags=re.IGNORECASE)
