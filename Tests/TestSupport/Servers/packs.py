# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""Packs as gitformat-pack(5) has them, and some that it does not mean."""
import hashlib
import os
import struct
import zlib

BLOB, REF_DELTA = 3, 7


def header(count):
    return b"PACK" + struct.pack(">II", 2, count)


def pack(objects):
    data = header(len(objects)) + b"".join(objects)
    return data + hashlib.sha1(data).digest()


def entry(kind, size, data, extra=b""):
    """The type and size of an object, seven bits a byte after the first, and its content."""
    byte, size = (kind << 4) | (size & 15), size >> 4
    head = bytearray()
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    head.append(byte)
    return bytes(head) + extra + data


def blob(content):
    return entry(BLOB, len(content), zlib.compress(content))


def zeros(size):
    """A blob that is a thousand times larger than its pack."""
    compressor = zlib.compressobj(9)
    data = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(size >> 20))
    return entry(BLOB, size, data + compressor.flush())


def noise(size):
    return os.urandom(size)


def number(value):
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(data) + bytes([value])


def delta_of(base, instructions, size):
    data = number(1) + number(size) + instructions
    return entry(REF_DELTA, len(data), zlib.compress(data), base)


def delta(base_size, size):
    """A base, and a delta that copies 64 KiB of it again and again."""
    base = bytes(base_size)
    identifier = hashlib.sha1(b"blob %d\0" % base_size + base).digest()
    data = number(base_size) + number(size) + b"\x80" * (size >> 16)
    return [blob(base), entry(REF_DELTA, len(data), zlib.compress(data, 9), identifier)]
