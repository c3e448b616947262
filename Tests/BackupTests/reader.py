#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""Reads backup repositories of KafClaw, from docs/formats/backup-repository.md alone.

usage: restore REPOSITORY ROOT_KEY_FILE TARGET [SNAPSHOT] | verify REPOSITORY ROOT_KEY_FILE
       | root REPOSITORY RECOVERY_SECRET_FILE (an X25519 private key); keys are 64 digits
"""

import ctypes as c
import hashlib
import json
import os
import re
import signal
import stat
import sys
import tempfile

SMALL = 65_536  # bytes of config, a key or a head at most, and the step of packs
LARGE = 1 << 28  # bytes of an index or a manifest at most
CHUNK = 262_144  # bytes of content at most
SEALED = 266_240  # bytes of a sealed chunk at most
HOMES = ("state", "configuration", "trust", "workspace")

sodium, zstd = c.CDLL("libsodium.so.23"), c.CDLL("libzstd.so.1")
sodium.sodium_init()
B, L, S = c.c_char_p, c.c_ulonglong, c.c_size_t
sodium.crypto_kdf_derive_from_key.argtypes = [B, S, c.c_uint64, B, B]
sodium.crypto_aead_xchacha20poly1305_ietf_decrypt.argtypes = [B, B, B, B, L, B, L, B, B]
sodium.crypto_sign_verify_detached.argtypes = [B, B, L, B]
sodium.crypto_box_seal_open.argtypes = [B, B, L, B, B]
sodium.crypto_scalarmult_base.argtypes = [B, B]
zstd.ZSTD_findFrameCompressedSize.argtypes, zstd.ZSTD_findFrameCompressedSize.restype = [B, S], S
zstd.ZSTD_decompress.argtypes, zstd.ZSTD_decompress.restype = [B, S, B, S], S


def check(good, name, problem):
    """Refuses what is not good."""
    if not good:
        raise ValueError(f"{name}: {problem}")


def blake(data, key=b""):
    """BLAKE2b-256."""
    return hashlib.blake2b(data, digest_size=32, key=key).digest()


def opened(path):
    """Opens a regular file; follows no link and waits for no pipe."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    check(stat.S_ISREG(os.fstat(file).st_mode), path, "not a regular file")
    return open(file, "rb")


def whole(path, limit=SMALL):
    """All bytes of a file that is not larger than it may be."""
    with opened(path) as file:
        data = file.read(limit + 1)
    return check(len(data) <= limit, path, "too large") or data


def secret(path):
    """A key from a file of 64 hexadecimal digits."""
    return octets({"key": str(whole(path), "latin-1").strip().lower()}, "key", 32, path)


def parse(data, name):
    """A JSON text, in which no name stands twice: two readers would take different values."""
    def unique(pairs):
        return check(len(found := dict(pairs)) == len(pairs), name, "twice") or found
    try:
        return json.loads(str(data, "utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise ValueError(f"{name}: not the JSON that it should be") from None


def field(found, key, kind, name):
    """A field of the type that it must have; isinstance would take True for an integer."""
    value = found.get(key) if type(found) is dict else None
    check(type(value) is kind and (kind is not int or 0 <= value < 1 << 63), name, f"bad {key}")
    return value


def octets(found, key, count, name):
    """A byte string of so many bytes, or of any number if None is given."""
    value = field(found, key, str, name)
    good = re.fullmatch("([0-9a-f]{2})*", value) and count in (None, len(value) // 2)
    return check(good, name, f"bad {key}") or bytes.fromhex(value)


def plain(path, least, name):
    """The parts of a path, all plain, the first being one of the four folders."""
    parts = path.split("/") if type(path) is str else [""]
    bad = parts[0] not in HOMES or len(parts) < least or {"", ".", ".."} & set(parts)
    good = not bad and re.fullmatch("[^\0\ud800-\udfff]{1,4095}", path)
    return check(good, name, f"bad path {path!a}") or parts


class Repository:
    """A repository whose config opens with the root key."""

    def __init__(self, path, root):
        self.path, self.chunks, self.pack = path, {}, (None, None)
        keys = [c.create_string_buffer(32) for _ in range(3)]
        for key, context in zip(keys, (b"bkupdata", b"bkupids_", b"bkuprecs")):
            sodium.crypto_kdf_derive_from_key(key, 32, 1, context, root)
        self.data, self.ids, self.records = (x.raw for x in keys)
        config = parse(whole(f"{path}/config"), "config")
        check(field(config, "format", int, "config") == 1, "config", "another format")
        self.id = octets(config, "repository", 16, "config")
        text = octets(config, "parameters", None, "config")
        text = self.unseal(text, self.records, b"config", b"", "config")
        parameters = parse(text, "config")
        self.signer = octets(parameters, "signer", 32, "config")
        self.slots = field(parameters, "keys", dict, "config")

    def unseal(self, data, key, kind, rest, name):
        check(len(data) >= 40, name, "too short")
        more = b"kafclaw-backup/1/" + kind + b"/" + self.id + rest
        clear = c.create_string_buffer(len(data))
        bad = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            clear, None, None, data[24:], len(data) - 24, more, len(more), data[:24], key)
        check(not bad, name, "does not open: damaged, or of another key")
        return clear[:len(data) - 40]

    def record(self, folder, kind, number, digest):
        """An index or a manifest, opened: its name and text."""
        name = f"{folder}/{number:010}-{digest.hex()[:16]}"
        data = whole(f"{self.path}/{name}", LARGE)
        check(blake(data) == digest, name, "not the file that its head names")
        return name, self.unseal(data, self.records, kind, number.to_bytes(8, "big"), name)

    def signed(self, data, kind, name):
        text, tail = data[:-130], data[-130:]
        check(re.fullmatch(rb"\n[0-9a-f]{128}\n", tail), name, "not signed text")
        message = b"kafclaw-backup/1/" + kind + b"\n" + text
        bad = sodium.crypto_sign_verify_detached(
            bytes.fromhex(str(tail[1:-1], "ascii")), message, len(message), self.signer)
        check(not bad, name, "signature does not fit")
        return parse(text, name)

    def heads(self):
        """The hashes of index and manifest that each head names, from the first."""
        heads, last, names = [], b"", sorted(os.listdir(f"{self.path}/heads"))
        for number, title in enumerate((x for x in names if re.fullmatch("[0-9]{10}", x)), 1):
            name = f"heads/{number:010}"
            check(title == name[6:], name, f"missing, and {title} is there")
            data = whole(f"{self.path}/{name}")
            head = self.signed(data, b"head", name)
            check(field(head, "sequence", int, name) == number, name, "bad sequence")
            check(octets(head, "repository", 16, name) == self.id, name, "of another repository")
            check(field(head, "previous", str, name) == last.hex(), name, "bad previous")
            heads.append((octets(head, "index", 32, name), octets(head, "manifest", 32, name)))
            last = blake(data)
        return heads

    def index(self, number, digest):
        """Learns where an index says that chunks are; gives its packs with their chunks."""
        name, text = self.record("index", b"index", number, digest)
        packs = []
        for pack in field(parse(text, name), "packs", list, name):
            title, chunks, end = octets(pack, "name", 32, name).hex(), [], 0
            for item in field(pack, "chunks", list, name):
                at, size, length = (field(item, x, int, name) for x in ("offset", "size", "length"))
                check(40 < size <= SEALED and length <= CHUNK, name, "bad size of a chunk")
                check(at == end, name, f"chunks of pack {title} do not follow one another")
                chunks.append((octets(item, "id", 32, name), title, at, size, length))
                self.chunks[chunks[-1][0]] = chunks[-1]
                end += size
            size = field(pack, "size", int, name)
            check(size == -(-end // SMALL) * SMALL, name, f"bad size of pack {title}")
            packs.append((title, size, chunks))
        return packs

    def manifest(self, number, digest):
        name, text = self.record("snapshots", b"manifest", number, digest)
        found = self.signed(text, b"manifest", name)
        check(octets(found, "repository", 16, name) == self.id, name, "of another repository")
        check(field(found, "sequence", int, name) == number, name, "bad sequence")
        paths, files = [plain(x, 1, name) for x in field(found, "folders", list, name)], {}
        for file in field(found, "files", list, name):
            path = field(file, "path", str, name)
            paths.append(plain(path, 2, name)[:-1])
            check(path not in files, name, f"{path!a} stands twice")
            mode = field(file, "mode", str, name)
            check(re.fullmatch("0?[0-7]{3,4}", mode), name, f"bad mode of {path!a}")
            size, digest = field(file, "size", int, name), octets(file, "hash", 32, name)
            ids = tuple(octets({"chunks": x}, "chunks", 32, name) for x in
                        field(file, "chunks", list, name))
            check(all(x in self.chunks for x in ids), name, f"{path!a} has an unknown chunk")
            check(sum(self.chunks[x][4] for x in ids) == size, name, f"{path!a} has another size")
            files[path] = (ids, digest, int(mode, 8))
        folders = {"/".join(x[:y + 1]) for x in paths for y in range(len(x))}
        check(not folders & set(files), name, "a file stands where a folder must be")
        return files, sorted(folders)

    def content(self, chunk, data):
        """Opens a chunk: one frame, no skippable or old one, that fits its length and id."""
        key, title, at, _, length = chunk
        name, rest = f"packs/{title[:2]}/{title}", key + bytes(32) + length.to_bytes(4, "big")
        frame = self.unseal(data, self.data, b"chunk", rest, name)
        one = zstd.ZSTD_findFrameCompressedSize(frame, len(frame)) == len(frame)
        check(one and frame[:4] == b"\x28\xb5\x2f\xfd", name, f"chunk at {at} is not one frame")
        clear = c.create_string_buffer(length + 1)
        count = zstd.ZSTD_decompress(clear, length, frame, len(frame))  # never more than length
        check(count == length, name, f"chunk at {at} is not of its length")
        check(blake(clear[:length], self.ids) == key, name, f"chunk at {at} is not of its id")
        return clear[:length]

    def copy(self, entry, path, write):
        digest = hashlib.blake2b(digest_size=32)
        for chunk in (self.chunks[x] for x in entry[0]):
            name = f"packs/{chunk[1][:2]}/{chunk[1]}"
            if self.pack[0] != name:  # the last pack stays open: neighbours lie in one
                self.pack = name, opened(f"{self.path}/{name}")
            content = self.content(chunk, os.pread(self.pack[1].fileno(), chunk[3], chunk[2]))
            digest.update(content)
            write(content)
        check(digest.digest() == entry[1], f"{path!a}", "not what its hash says")

    def verify(self):
        check(self.slots, "keys", "the root key is sealed to nobody")
        for title in sorted(self.slots):
            name = f"keys/{title}"
            digest = blake(whole(f"{self.path}/{name}")).hex()
            check(digest == self.slots[title], name, "not the file that config names")
        seen = set()
        heads = self.heads()
        packs = [self.index(number, head[0]) for number, head in enumerate(heads, 1)]
        for number, (_, manifest) in enumerate(heads, 1):
            for title, size, chunks in packs[number - 1]:
                name, digest = f"packs/{title[:2]}/{title}", hashlib.blake2b(digest_size=32)
                with opened(f"{self.path}/{name}") as file:
                    check(os.fstat(file.fileno()).st_size == size, name, "not of its size")
                    for chunk in chunks:
                        digest.update(data := file.read(chunk[3]))
                        self.content(chunk, data)
                    digest.update(tail := file.read(SMALL))
                check(not tail.strip(b"\0"), name, "padded with other than zero bytes")
                check(digest.hexdigest() == title, name, "not what its name says")
            for path, entry in self.manifest(number, manifest)[0].items():
                if entry[:2] not in seen:
                    self.copy(entry, path, len)
                seen.add(entry[:2])

    def restore(self, target, wanted=None):
        """Writes the files of a snapshot to a folder that gets its name last."""
        heads, target = self.heads(), os.path.abspath(target)
        last = str(len(heads)) if wanted is None else wanted
        number = {str(x): x for x in range(len(heads) + 1)}.get(last, 0)
        check(0 < number <= len(heads), "heads", "there is no such snapshot")
        for which, (index, _) in enumerate(heads, 1):
            self.index(which, index)
        files, folders = self.manifest(number, heads[number - 1][1])
        check(not os.path.lexists(target), target, "is there already")
        with tempfile.TemporaryDirectory(dir=os.path.dirname(target)) as beside:
            for folder in ("", *folders):
                os.mkdir(f"{beside}/root/{folder}", 0o700)
            for path, entry in files.items():
                with open(f"{beside}/root/{path}", "xb") as file:
                    self.copy(entry, path, file.write)
                    file.flush()
                    os.fchmod(file.fileno(), entry[2] & 0o700)  # nothing runs as another user
                    os.fsync(file.fileno())
            os.rename(f"{beside}/root", target)


def recovered(path, private):
    """The root key, opened with a recovery key; it must open the repository's config."""
    public, root = c.create_string_buffer(32), c.create_string_buffer(32)
    sodium.crypto_scalarmult_base(public, private)
    name = f"keys/{blake(public.raw).hex()[:16]}"
    box = octets(parse(whole(f"{path}/{name}"), name), "root", 80, name)
    bad = sodium.crypto_box_seal_open(root, box, 80, public, private)
    check(not bad, name, "does not open")
    Repository(path, root.raw)
    return root.raw.hex()


def main(words):
    """Does what the command line says."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # takes the temporary folder away
    try:
        match words:
            case ["root", path, key]:
                print(recovered(path, secret(key)))
            case ["verify", path, key]:
                Repository(path, secret(key)).verify()
            case ["restore", path, key, target, *rest] if len(rest) < 2:
                Repository(path, secret(key)).restore(target, *rest)
            case _:
                raise ValueError(" ".join(__doc__.split("\n\n")[1].split()))
    except (OSError, ValueError, MemoryError, KeyboardInterrupt) as error:
        text = f"reader: {str(error) or type(error).__name__}"
        sys.exit("".join(x if x.isprintable() else ascii(x)[1:-1] for x in text))


if __name__ == "__main__":
    main(sys.argv[1:])
