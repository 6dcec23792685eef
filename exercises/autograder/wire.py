"""Messages over a socket: a JSON header and raw buffers, in bounded size and time.

Frame: lengths of the header and of all buffers together (4 bytes each, little
endian), the header, the buffers. The header's ``"_b"`` lists the buffers' lengths.
"""

import json
import socket
import struct
import time

MAX_BYTES = 64 << 20
FRAME = struct.Struct("<II")


class Malformed(Exception):
    """Bytes that this package does not write."""


class TooLarge(Exception):
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
    size = sum(map(len, buffers))
    if len(text) + size > MAX_BYTES:
        raise TooLarge(f"more than {MAX_BYTES >> 20} MB")
    data = b"".join([FRAME.pack(len(text), size), text, *buffers])
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
    length, more = FRAME.unpack(_exactly(sock, FRAME.size, deadline))
    need(length + more <= most, f"message of {length + more} bytes")
    data = _exactly(sock, length + more, deadline)
    try:
        head = json.loads(data[:length])
    except (ValueError, RecursionError):
        raise Malformed("a message that is not JSON") from None
    need(type(head) is dict and type(head.get("_b")) is list)
    buffers, start = [], length
    for size in head.pop("_b"):
        need(type(size) is int and 0 <= size <= len(data) - start)
        buffers.append(data[start : start + size])
        start += size
    need(start == len(data))
    return head, buffers


def _exactly(sock, length, deadline):
    sock.settimeout(_left(deadline))
    data = sock.recv(length)
    if len(data) == length:
        return data
    data = bytearray(data)
    while len(data) < length:
        part = sock.recv(min(length - len(data), 1 << 20))
        if not part:
            raise EOFError("the other end is closed")
        data += part
        sock.settimeout(_left(deadline))
    return bytes(data)


def _left(deadline):
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
