"""How ClickHouse is asked: the embedded engine of chdb in this process, or a server over its HTTP interface.

catalogue: M7. Both take the same SQL, and Arrow streams in and out. https://clickhouse.com/docs/interfaces/http
"""

from __future__ import annotations

import base64
import http.client
import ssl
import tempfile
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import pyarrow as pa
from pyarrow import ipc

from feeds.store.address import Address
from feeds.store.ports import StoreError
from native._core import InputError

#: A question that takes longer is given up: the scan of a day is a matter of seconds.
_TIMEOUT_S = 300.0
#: Texts as texts: without it they are bytes in Arrow.
_SETTINGS = {"output_format_arrow_string_as_string": "1"}


class Engine(Protocol):
    """Runs SQL of ClickHouse."""

    def do(self, sql: str) -> None:
        """Runs a statement that answers nothing."""

    def ask(self, sql: str) -> pa.Table:
        """Runs a query."""

    def put(self, table: str, rows: pa.Table) -> None:
        """Inserts rows by the names of their columns, in one piece."""

    def close(self) -> None:
        """Ends it."""


class Embedded:
    """ClickHouse in this process, over a folder. A process has one folder at a time, and a folder one process."""

    def __init__(self, folder: str) -> None:
        """Opens the folder, which is made where it is missing. InputError where chdb is not installed."""
        try:
            from chdb import session  # noqa: PLC0415  # 500 MB that only who asks for them loads
        except ImportError:
            raise InputError(f"store chdb:{folder} needs the Python package chdb, which is not installed") from None
        self._place = f"chdb:{folder}"
        opened: Any = session.Session
        try:
            self._session = opened(str(Path(folder).absolute()))
        except Exception as why:  # chdb raises what it has at hand
            raise StoreError(f"store {self._place}: {_first_line(why)}") from None

    def do(self, sql: str) -> None:
        """Runs a statement that answers nothing."""
        self._run(sql, "CSV")

    def ask(self, sql: str) -> pa.Table:
        """Runs a query."""
        settings = ", ".join(f"{name} = {value}" for name, value in _SETTINGS.items())
        return ipc.open_stream(self._run(f"{sql} SETTINGS {settings}", "ArrowStream").bytes()).read_all()

    def put(self, table: str, rows: pa.Table) -> None:
        """Inserts rows by the names of their columns, in one piece."""
        names = ", ".join(rows.schema.names)
        with tempfile.NamedTemporaryFile(prefix="tickwright-", suffix=".arrow") as file:
            file.write(stream(rows))
            file.flush()
            self.do(f"INSERT INTO {table} ({names}) SELECT {names} FROM file('{file.name}', ArrowStream)")

    def close(self) -> None:
        """Ends it."""
        self._session.close()

    def _run(self, sql: str, form: str) -> Any:
        try:
            return self._session.query(sql, form)
        except Exception as why:  # chdb raises what it has at hand
            raise StoreError(f"store {self._place}: {_first_line(why)}") from None


class Server:
    """A server of ClickHouse by its address: one connection, made again when it was lost."""

    def __init__(self, address: Address) -> None:
        """Connects with the first question."""
        self._address = address
        self._connection: http.client.HTTPConnection | None = None
        login = f"{address.user or 'default'}:{address.password or ''}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}

    def do(self, sql: str) -> None:
        """Runs a statement that answers nothing."""
        self._post(sql.encode())

    def ask(self, sql: str) -> pa.Table:
        """Runs a query."""
        return ipc.open_stream(self._post(f"{sql} FORMAT ArrowStream".encode())).read_all()

    def put(self, table: str, rows: pa.Table) -> None:
        """Inserts rows by the names of their columns, in one piece."""
        names = ", ".join(rows.schema.names)
        self._post(stream(rows), query=f"INSERT INTO {table} ({names}) FORMAT ArrowStream")

    def close(self) -> None:
        """Ends it."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _post(self, body: bytes, **more: str) -> bytes:
        # Without waiting for the end, an error in the middle of an answer would come behind a 200.
        options = {"database": self._address.database or "default", "wait_end_of_query": "1", **_SETTINGS, **more}
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.request("POST", f"/?{urlencode(options)}", body, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as why:
            self.close()
            raise StoreError(f"store {self._address.shown} does not answer: {why}") from None
        if answer.status != http.client.OK:
            raise StoreError(f"store {self._address.shown}: {_first_line(text.decode(errors='replace'))}")
        return text

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._address.host or "localhost", self._address.port
        if self._address.scheme == "clickhouses":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port or 8443, timeout=_TIMEOUT_S, context=context)
        return http.client.HTTPConnection(host, port or 8123, timeout=_TIMEOUT_S)


def stream(rows: pa.Table) -> bytes:
    """Rows as one Arrow stream."""
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def _first_line(why: object) -> str:
    return (str(why).strip().splitlines() or ["failed"])[0][:500]
