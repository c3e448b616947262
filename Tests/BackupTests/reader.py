#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""Reads backup repositories of KafClaw, from docs/formats/backup-repository.md alone.

usage: restore REPOSITORY ROOT_KEY_FILE TARGET [SNAPSHOT] | verify REPOSITORY ROOT_KEY_FILE
       | root REPOSITORY RECOVERY_SECRET_FILE (an X25519 private key); keys are 64 digits
"""

import collections
import ctypes as c
import functools
import hashlib
import hmac
import json
import os
import re
import signal
import stat
import sys
import tempfile

SMALL, HEAD, LARGE = 65_536, 1 << 20, 1 << 28  # bytes at most: config, key; head; others
PACK, SEALED, CHUNK = 17_104_896, 266_240, 262_144  # of a pack, a sealed chunk, its content
Chunk = collections.namedtuple("Chunk", "id pack at size length base")
sodium, zstd = c.CDLL("libsodium.so.23"), c.CDLL("libzstd.so.1")
sodium.sodium_init()
L, S, P = c.c_ulonglong, c.c_size_t, c.c_void_p  # every number is passed as one of these
zstd.ZSTD_createDCtx.restype, zstd.ZSTD_decompressDCtx.restype = P, S
zstd.ZSTD_findFrameCompressedSize.restype, zstd.ZSTD_getFrameContentSize.restype = S, L


def check(good, name, problem):
    if not good:
        raise ValueError(f"{name}: {problem}")


def whole(path, limit=SMALL, at=None):
    """All bytes of a regular file, or some; follows no link and waits for no pipe."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        state = os.fstat(file.fileno())
        check(stat.S_ISREG(state.st_mode), path, "not a regular file")
        check(at is not None or state.st_size <= limit, path, "too large")
        return os.pread(file.fileno(), min(limit, state.st_size), at or 0)


def secret(path):
    """A key from a file of 64 hexadecimal digits."""
    return octets({"key": str(whole(path), "latin-1").strip().lower()}, "key", 32, path)


def parse(data, name):
    """A JSON text, in which no name stands twice: two readers would take different values."""
    try:
        return json.loads(str(data, "utf-8"), object_pairs_hook=lambda x: check(
            len(dict(x)) == len(x), name, "twice") or dict(x))
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
    bad = len(parts) < least or {"", ".", ".."} & set(parts)
    homes = "(state|configuration|trust|workspace)(/[^\0\ud800-\udfff]+)?"
    return check(not bad and re.fullmatch(homes, path), name, f"bad path {path!a}") or parts


class Repository:
    """A repository whose config opens with the root key."""

    def __init__(self, path, root):
        self.path, self.heads, self.packs, self.chunks = path, {}, {}, {}
        self.damaged, self.last, self.uncopied = False, 0, 0
        self.zstd = P(zstd.ZSTD_createDCtx())
        keys = [c.create_string_buffer(32) for _ in range(3)]
        for key, context in zip(keys, (b"bkupdata", b"bkupids_", b"bkuprecs")):
            sodium.crypto_kdf_derive_from_key(key, S(32), L(1), context, root)
        self.data, self.ids, self.records = (x.raw for x in keys)
        config = parse(whole(f"{path}/config"), "config")
        check(field(config, "format", int, "config") == 1, "config", "another format")
        self.id = octets(config, "repository", 16, "config")
        text = octets(config, "parameters", None, "config")
        text = self.unseal(text, self.records, b"config", b"", "config")
        self.signer = octets(parse(text, "config"), "signer", 32, "config")
        self.slots = field(parse(text, "config"), "keys", dict, "config")

    def noted(self, read, *words):
        try:
            return read(*words)
        except (OSError, ValueError) as error:
            self.damaged = True
            return print("reader:", ascii(str(error))[1:-1], file=sys.stderr)

    def unseal(self, data, key, kind, rest, name):
        check(len(data) >= 40, name, "too short")
        more = b"kafclaw-backup/1/" + kind + b"/" + self.id + rest
        clear = c.create_string_buffer(len(data))
        bad = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            clear, None, None, data[24:], L(len(data) - 24), more, L(len(more)), data[:24], key)
        return check(not bad, name, "damaged, or of another key") or clear[:len(data) - 40]

    def hashed(self, name, digest, limit=SMALL):
        data = whole(f"{self.path}/{name}", limit)
        good = hashlib.sha256(data).hexdigest().startswith(digest)
        return check(good, name, "has another hash") or data

    def either(self, read, number, digest):
        """What a file says, or its copy; the newest head may have none yet."""
        tops = ("", "copies/")[:1 if read == self.head and number == self.uncopied else 2]
        found = [self.noted(read, number, digest, top) for top in tops]
        return found[0] or found[-1]

    def record(self, folder, kind, number, digest, top=""):
        name = f"{top}{folder}/{number:010}-{digest[:16]}"
        data, rest = self.hashed(name, digest, LARGE), number.to_bytes(8, "big")
        return name, self.inflate(self.unseal(data, self.records, kind, rest, name), LARGE, name)

    def signed(self, data, kind, number, name):
        """The JSON of signed text, of this repository and number."""
        text, tail = data[:-130], data[-130:]
        check(re.fullmatch(rb"\n[0-9a-f]{128}\n", tail), name, "not signed text")
        message = b"kafclaw-backup/1/" + kind + b"\n" + text
        bad = sodium.crypto_sign_verify_detached(
            bytes.fromhex(str(tail[1:-1], "ascii")), message, L(len(message)), self.signer)
        check(not bad, name, "signature does not fit")
        found = parse(text, name)
        known = octets(found, "repository", 16, name), field(found, "sequence", int, name)
        return check(known == (self.id, number), name, "of another repository or number") or found

    def head(self, number, digest, top):
        name = f"{top}heads/{number:010}"
        data = self.hashed(name, digest, HEAD)
        head = {"manifest": ""} | self.signed(data, b"head", number, name)
        for key, count in (("previous", 32 * (number > 1)), ("index", 32),
                           ("manifest", 32 * (head["manifest"] != ""))):
            octets(head, key, count, name)
        for key, kind in (("isComplete", bool), ("forgotten", list), ("keys", dict)):
            field(head, key, kind, name)
        return head | {"forgotten": [field({"": x}, "", int, name) for x in head["forgotten"]]}

    def read(self):
        """Learns what heads and indexes say; gives the last number, and manifests that count."""
        heads, digest = self.heads, ""
        names, copies = (
            {int(x) for x in (os.listdir(y) if os.path.isdir(y) else ()) if x.isdigit()}
            for y in (f"{self.path}/heads", f"{self.path}/copies/heads"))
        self.last = max(names | copies, default=0)
        self.uncopied = 0 if self.last in copies else self.last
        for number in range(self.last, 0, -1):
            heads[number] = self.either(self.head, number, digest) or {"previous": ""}
            digest = heads[number]["previous"]
        heads = self.heads = {x: y for x, y in heads.items() if len(y) > 1}
        for number in heads:  # from the newest on
            if self.noted(self.index, heads[number]) and heads[number]["isComplete"]:
                break
        gone = {x for number, head in heads.items() for x in head["forgotten"] if x < number}
        return {x: heads[x]["manifest"] for x in set(heads) - gone if heads[x]["manifest"]}

    def index(self, head):
        """Learns where an index says that chunks are, where no later one has said it."""
        read = functools.partial(self.record, "index", b"index")
        name, text = self.either(read, head["sequence"], head["index"]) or (0, b"")
        packs, found = {}, {}
        for pack in field(parse(text, name), "packs", list, name):
            title, chunks, end = octets(pack, "name", 32, name).hex(), [], 0
            title, size = f"packs/{title[:2]}/{title}", field(pack, "size", int, name)
            for item in field(pack, "chunks", list, name):
                at, many, length = (field(item, x, int, name) for x in ("offset", "size", "length"))
                base = octets(item, "base", 32, name) if "base" in item else b""
                check(end <= at and 40 < many <= SEALED and length <= CHUNK, name, "bad chunk")
                check(not base or 0 < field(item, "generation", int, name) < 64, name, "generation")
                chunks.append(Chunk(octets(item, "id", 32, name), title, at, many, length, base))
                end = at + many
            check(end <= size <= PACK and size % 65_536 == 0, name, f"bad size of {title}")
            check(title not in (packs if self.damaged else packs | self.packs), name, "pack twice")
            if not self.damaged or self.noted(os.lstat, f"{self.path}/{title}"):
                packs[title] = size, chunks
                found |= {x.id: x for x in chunks}
        self.packs, self.chunks = packs | self.packs, found | self.chunks
        return True

    def manifest(self, number, digest):
        name, text = self.record("snapshots", b"manifest", number, digest)
        found = self.signed(text, b"manifest", number, name)
        paths, files = [plain(x, 1, name) for x in field(found, "folders", list, name)], {}
        for file in field(found, "files", list, name):
            path = field(file, "path", str, name)
            paths.append(plain(path, 2, name)[:-1])
            mode = re.fullmatch("0?[0-7]{3,4}", field(file, "mode", str, name))
            check(mode and path not in files, name, f"{path!a} stands twice or has a bad mode")
            size = field(file, "size", int, name)
            ids = [octets({"id": x}, "id", 32, name) for x in field(file, "chunks", list, name)]
            check(all(x in self.chunks for x in ids), name, f"{path!a} has an unknown chunk")
            check(sum(self.chunks[x].length for x in ids) == size, name, f"bad size of {path!a}")
            files[path] = ids, int(mode[0], 8)
        folders = {"/".join(x[:y + 1]) for x in paths for y in range(len(x))}
        check(not folders & set(files), name, "a file stands where a folder must be")
        return files, sorted(folders)

    def content(self, chunk, bases=15):
        """Opens a chunk: one frame, no skippable or old one, that fits its length and id."""
        name, prefix, length = f"{chunk.pack}: chunk at {chunk.at}", b"", chunk.length
        if chunk.base:
            check(bases and chunk.base in self.chunks, name, "unknown base, or too many")
            prefix = self.content(self.chunks[chunk.base], bases - 1)
        data = whole(f"{self.path}/{chunk.pack}", chunk.size, chunk.at)
        rest = chunk.id + (chunk.base or bytes(32)) + length.to_bytes(4, "big")
        frame = self.unseal(data, self.data, b"chunk", rest, name)
        clear = self.inflate(frame, length, name, prefix)
        good = len(clear) == length and hmac.digest(self.ids, clear, "sha256") == chunk.id
        return check(good, name, "not of its id") or clear

    def inflate(self, frame, most, name, prefix=b""):
        """The content of one frame, which has at most so many bytes."""
        length = zstd.ZSTD_getFrameContentSize(frame, S(len(frame)))
        one = zstd.ZSTD_findFrameCompressedSize(frame, S(len(frame))) == len(frame)
        check(one and length <= most and frame[:4] == b"\x28\xb5\x2f\xfd", name, "not one frame")
        clear = c.create_string_buffer(length + 1)
        zstd.ZSTD_DCtx_refPrefix(self.zstd, prefix, S(len(prefix)))  # for the next frame only
        count = zstd.ZSTD_decompressDCtx(self.zstd, clear, S(length), frame, S(len(frame)))
        return check(count == length, name, "not the content of its frame") or clear[:length]

    def verify(self):
        snapshots = self.read()
        for slots in (self.slots, *(x["keys"] for x in self.heads.values())):
            for name in slots:
                self.noted(self.hashed, f"keys/{name}", octets(slots, name, 32, "keys").hex())
        for name, (size, chunks) in self.packs.items():
            if chunks := [x for x in chunks if self.chunks[x.id] == x]:
                data = self.noted(self.hashed, name, name[-64:], PACK)
                self.noted(check, data is None or len(data) == size, name, "not of its size")
            for chunk in chunks:
                self.noted(self.content, chunk)
        for number, digest in snapshots.items():
            self.noted(self.manifest, number, digest)
        check(not self.damaged, self.path, "damaged")

    def restore(self, target, wanted=None):
        """Writes the files of a snapshot to a folder that gets its name last."""
        snapshots, target = self.read(), os.path.abspath(target)
        newest = max(snapshots, default=0)
        number = {str(x): x for x in snapshots}.get(wanted or str(newest))
        sure = wanted or all(x in self.heads for x in range(newest + 1, self.last + 1))
        check(number and sure, "heads", "no such snapshot, or nobody can say which is the newest")
        files, folders = self.manifest(number, snapshots[number])
        check(not os.path.lexists(target), target, "is there already")
        with tempfile.TemporaryDirectory(dir=os.path.dirname(target)) as beside:
            for folder in ("", *folders):
                os.mkdir(f"{beside}/root/{folder}", 0o700)
            for path, (ids, mode) in files.items():
                with open(f"{beside}/root/{path}", "xb", 0) as file:
                    file.writelines(self.content(self.chunks[x]) for x in ids)
                    os.fchmod(file.fileno(), mode & 0o700)  # nothing runs as another user
                    os.fsync(file.fileno())
            os.rename(f"{beside}/root", target)


def recovered(path, private):
    """The root key, opened with a recovery key; it must open the repository's config."""
    public, root = c.create_string_buffer(32), c.create_string_buffer(32)
    sodium.crypto_scalarmult_base(public, private)
    name = f"keys/{hashlib.sha256(public.raw).hexdigest()[:16]}"
    box = octets(parse(whole(f"{path}/{name}"), name), "root", 80, name)
    check(not sodium.crypto_box_seal_open(root, box, L(80), public, private), name, "another key")
    return Repository(path, root.raw) and root.raw.hex()


def main(words):
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
        sys.exit(f"reader: {ascii(str(error) or type(error).__name__)[1:-1]}")


if __name__ == "__main__":
    main(sys.argv[1:])
