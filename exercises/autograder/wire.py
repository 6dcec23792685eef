"""Messages over a socket: a JSON header and raw buffers, in bounded size and time.

Frame: length of the header (4 bytes, little endian), the header, the buffers.
The header's ``"_b"`` lists the lengths of the buffers.
"""

import json
import socket
import struct
import time

MAX_BYTES = 64 << 20


class Malformed(ValueError):
    """Bytes that this package does not write."""


class TooLarge(ValueError):
    """A message beyond `MAX_BYTES`."""


def need(condition, what="message"):
    """Raise `Malformed` unless the condition holds."""
    if not condition:
        raise Malformed(f"malformed {what}")


def send(sock, head, buffers=(), descriptors=(), deadline=None):
    """Send one message, and file descriptors with it (to a process of our own).

    Raises
    ------
    TooLarge
        If it is larger than any reader would accept; nothing is sent.
    """
    text = json.dumps(head | {"_b": [len(one) for one in buffers]}).encode()
    if len(text) + sum(map(len, buffers)) > MAX_BYTES:
        raise TooLarge(f"more than {MAX_BYTES >> 20} MB")
    data = b"".join([struct.pack("<I", len(text)), text, *buffers])
    sock.settimeout(_left(deadline))
    if descriptors:
        data = data[socket.send_fds(sock, [data], descriptors) :]
    sock.sendall(data)


def receive(sock, deadline=None, most=MAX_BYTES):
    """Receive one message: its header and its buffers.

    Raises
    ------
    TimeoutError
        If it has not arrived in full by the deadline (`time.monotonic`).
    EOFError
        If the other end is closed.
    Malformed
        If it is not a message, or one of more than `most` bytes.
    """
    (length,) = struct.unpack("<I", _exactly(sock, 4, deadline))
    need(length <= most, f"message of {length} bytes")
    try:
        head = json.loads(_exactly(sock, length, deadline))
    except (ValueError, RecursionError):
        raise Malformed("a message that is not JSON") from None
    need(type(head) is dict and type(head.get("_b")) is list)
    sizes = head.pop("_b")
    need(all(type(size) is int and size >= 0 for size in sizes))
    need(length + sum(sizes) <= most, "message size")
    return head, [_exactly(sock, size, deadline) for size in sizes]


def _exactly(sock, length, deadline):
    data = bytearray()
    while len(data) < length:
        sock.settimeout(_left(deadline))
        part = sock.recv(min(length - len(data), 1 << 20))
        if not part:
            raise EOFError("the other end is closed")
        data += part
    return bytes(data)


def _left(deadline):
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
