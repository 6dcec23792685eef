"""Messages over a socket: a JSON header and raw buffers, in bounded size and time.

A frame is the length of the header and of all buffers together (4 bytes each,
little endian), the header, and the buffers. The header's ``"_b"`` lists the
lengths of the buffers.
"""

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

MAX_BYTES = 64 << 20
FRAME = struct.Struct("<II")

#: The header of a message.
Head = dict[str, Any]


class Malformed(Exception):
    """Bytes that this package does not write."""


class TooLarge(Exception):
    """A message beyond `MAX_BYTES`."""


def require(condition: object, what: str = "message") -> None:
    """Raise `Malformed` unless the condition holds."""
    if not condition:
        raise Malformed(f"malformed {what}")


def send(
    sock: socket.socket,
    head: Head,
    buffers: Sequence[bytes] = (),
    descriptors: Sequence[int] = (),
    deadline: float | None = None,
) -> None:
    """Send one message, and file descriptors with it (to a process of our own).

    Raises
    ------
    TooLarge
        If it is larger than any reader would accept; nothing is sent.
    """
    head = head | {"_b": [len(buffer) for buffer in buffers]}
    # A letter as it is takes four bytes, escaped up to twelve. Half of one is escaped.
    text = json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass")
    size = sum(map(len, buffers))
    if len(text) + size > MAX_BYTES:
        raise TooLarge(f"more than {MAX_BYTES >> 20} MB")
    data = b"".join([FRAME.pack(len(text), size), text, *buffers])
    _set_timeout(sock, deadline)
    if descriptors:
        sent = socket.send_fds(sock, [data], list(descriptors))
        data = data[sent:]
    sock.sendall(data)


def receive(
    sock: socket.socket,
    deadline: float | None = None,
    most: int = MAX_BYTES,
    data: bytes = b"",
) -> tuple[Head, list[bytes]]:
    """Receive one message: its header and its buffers.

    Parameters
    ----------
    sock : socket
    deadline : float, optional
        By `time.monotonic`.
    most : int
        More bytes than this are refused.
    data : bytes
        What has been read of the message already.

    Raises
    ------
    TimeoutError
        If it has not arrived in full by the deadline.
    EOFError
        If the other end is closed.
    Malformed
        If it is not a message, is too long, or is followed by anything: on every
        line here, one end speaks at a time.
    """
    data = _read(sock, data, FRAME.size, deadline)
    length, more = FRAME.unpack_from(data)
    require(length + more <= most, f"message of {length + more} bytes")
    start = FRAME.size + length
    data = _read(sock, data, start + more, deadline)
    require(len(data) == start + more, "message: something follows it")
    try:
        head = json.loads(data[FRAME.size : start])
    except (ValueError, RecursionError):
        raise Malformed("a message that is not JSON") from None
    require(type(head) is dict and type(head.get("_b")) is list)
    buffers = []
    for size in head.pop("_b"):
        require(type(size) is int and 0 <= size <= len(data) - start)
        buffers.append(data[start : start + size])
        start += size
    require(start == len(data))
    return head, buffers


def _read(
    sock: socket.socket, data: bytes, length: int, deadline: float | None
) -> bytes:
    """Read on until there are at least so many bytes."""
    parts, size = [data], len(data)
    while size < length:
        _set_timeout(sock, deadline)
        part = sock.recv(min(max(length - size, 1 << 16), 1 << 20))
        if not part:
            raise EOFError("the other end is closed")
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _set_timeout(sock: socket.socket, deadline: float | None) -> None:
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise TimeoutError
    if left != sock.gettimeout():
        sock.settimeout(left)
