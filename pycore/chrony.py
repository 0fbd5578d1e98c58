"""What chronyd says about this host's clock: how far it is from UTC, and an error bound that holds around it.

catalogue: H2, H9. One request over chronyd's command protocol (UDP, port 323, answered to loopback without a key),
laid out as in chrony's `candm.h`, version 6: `REQ_TRACKING` in a packet as long as its answer. The bound is the one of
chronyc's manual for `tracking`: |system time offset| + root dispersion + half the root delay, where the reference
itself is right. <https://chrony-project.org/doc/4.6/chronyc.html>
"""

from __future__ import annotations

import math
import socket
import struct
from typing import NamedTuple

from pycore.errors import CheckError

#: Where chronyd listens unless its configuration says otherwise.
PORT = 323
_VERSION, _REQUEST, _REPLY = 6, 1, 2
_TRACKING, _TRACKING_REPLY = 33, 5
#: version, packet type, two spare bytes, command, attempt, sequence, two words of padding.
_ASK = struct.Struct("!BBBBHHIII")
#: version, packet type, two spare bytes, command, reply, status, three halves of padding, sequence, padding.
_TOLD = struct.Struct("!BBBBHHHHHHIII")
#: reference id, its address (16 bytes, family, padding), stratum, leap status, reference time (seconds in
#: two words, ns), then nine floats: offset, last offset, RMS offset, frequency, residual, skew, root delay, root
#: dispersion, interval.
_DATA = struct.Struct("!I16sHHHHIII9I")
_PACKET_BYTES = _TOLD.size + _DATA.size
_UNSYNCHRONISED = 3
_EXPONENT_BITS, _COEFFICIENT_BITS = 7, 25


class Tracking(NamedTuple):
    """chronyd's state. Times are ns; `offset_ns` above zero means that the clock is behind the reference's."""

    reference: str
    """The reference's id, eight hex digits: an address of IPv4, or a name such as `7F7F0101` for a local clock."""
    stratum: int
    synchronised: bool
    offset_ns: int
    root_delay_ns: int
    root_dispersion_ns: int
    reference_time_ns: int
    """When the reference was last heard, ns since the epoch."""

    @property
    def bound_ns(self) -> int:
        """The clock is no further than this from UTC, if its reference is right."""
        return abs(self.offset_ns) + self.root_dispersion_ns + (self.root_delay_ns + 1) // 2


def read(host: str = "127.0.0.1", port: int = PORT, timeout_s: float = 1.0) -> Tracking:
    """Asks chronyd; CheckError where nobody answers in time, or not with its state."""
    request = _ASK.pack(_VERSION, _REQUEST, 0, 0, _TRACKING, 0, 1, 0, 0).ljust(_PACKET_BYTES, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(timeout_s)
        try:
            line.connect((host, port))
            line.send(request)
            return parse(line.recv(1024))
        except TimeoutError:
            raise CheckError(f"chronyd must answer on {host}:{port} within {timeout_s:g} s, was silent") from None
        except OSError as error:
            raise CheckError(f"chronyd must answer on {host}:{port}, was {error.strerror or error}") from None


def parse(packet: bytes) -> Tracking:
    """The state in an answer; CheckError names what is not as it should be."""
    if len(packet) < _TOLD.size:
        raise CheckError(f"chronyd's answer must have {_TOLD.size} bytes or more, was {len(packet)}")
    version, kind, _, _, command, reply, status, *_ = _TOLD.unpack_from(packet)
    if (version, kind, command) != (_VERSION, _REPLY, _TRACKING):
        raise CheckError(f"chronyd's answer must be one to tracking of version 6, was {packet[:8].hex()}")
    if status != 0 or reply != _TRACKING_REPLY or len(packet) < _PACKET_BYTES:
        raise CheckError(
            f"chronyd's answer must be its tracking, was reply {reply}, status {status}, {len(packet)} bytes"
        )
    reference, _, _, _, stratum, leap, high, low, ns, *floats = _DATA.unpack_from(packet, _TOLD.size)
    offset, _, _, _, _, _, delay, dispersion, _ = (_float(word) * 1e9 for word in floats)
    heard = ((high << 32 | low) if high < 0x7FFFFFFF else low) * 1_000_000_000 + ns
    synchronised = leap != _UNSYNCHRONISED and stratum > 0
    bounds = math.ceil(delay), math.ceil(dispersion)  # a bound is never rounded down
    return Tracking(f"{reference:08X}", stratum, synchronised, round(offset), *bounds, heard)


def _float(word: int) -> float:
    """A number of chrony's own format: a signed exponent of 7 bits, then a signed coefficient of 25."""
    exponent, coefficient = word >> _COEFFICIENT_BITS, word & ((1 << _COEFFICIENT_BITS) - 1)
    if exponent >= 1 << (_EXPONENT_BITS - 1):
        exponent -= 1 << _EXPONENT_BITS
    if coefficient >= 1 << (_COEFFICIENT_BITS - 1):
        coefficient -= 1 << _COEFFICIENT_BITS
    return float(coefficient) * 2.0 ** (exponent - _COEFFICIENT_BITS)
