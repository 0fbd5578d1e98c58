"""A file of secrets, which only its owner can read: checked before it is read, and never quoted.

catalogue: K8, M1. It is TOML; its mode must be 0600 or 0400, its owner the user who runs us, and it must not be a
symbolic link. The engine's account, the kill and the feeds whose subscriptions are signed take their secrets from such.
"""

from __future__ import annotations

import os
import stat
import tomllib

from native._core import InputError

_MODES = (0o600, 0o400)


class PrivateFileError(InputError):
    """A file of secrets that is refused; `fault` is what of it and why."""

    def __init__(self, where: str, field: str, why: str) -> None:
        """`where` is who names the file: an option, or a section of the configuration."""
        self.fault = (field, why)
        super().__init__(f"{where}: {field} {why}")


def private_table(path: str, where: str) -> dict[str, object]:
    """What a file of secrets holds. PrivateFileError for one that others may read, and for what is no TOML."""
    try:
        # O_NOFOLLOW and fstat on the open file: what is checked is what is read.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise PrivateFileError(where, "file", f"cannot be read ({reason}), was {path}") from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        mode = stat.S_IMODE(found.st_mode)
        if not stat.S_ISREG(found.st_mode):
            raise PrivateFileError(where, "file", f"must be a regular file, was {path}")
        if mode not in _MODES:
            raise PrivateFileError(where, "mode", f"must be 0600 or 0400, was {mode:04o} on {path}")
        if found.st_uid != os.geteuid():
            raise PrivateFileError(where, "owner", f"must be the running user, was uid {found.st_uid}")
        try:
            return tomllib.loads(file.read().decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            # The parser's message would quote the line, and the line may be the secret.
            raise PrivateFileError(where, "file", f"is not TOML, was {path}") from None
