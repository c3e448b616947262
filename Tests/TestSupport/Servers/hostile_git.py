# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""A server that does not mean well.

hostile_git.py CERTIFICATE KEY TIP
hostile_git.py silent

What it does is the first part of the path that it is asked for. Advertises TIP as refs/heads/main
where that does not say otherwise. The silent one accepts connections and says nothing.
"""
import sys
import time

import packs
import serving

if sys.argv[1:] == ["silent"]:
    listener = serving.listen()
    held = []
    while True:
        held.append(listener.accept())

certificate, key, tip = sys.argv[1:4]
other = "5" * 40
capabilities = b"\0side-band-64k ofs-delta multi_ack_detailed agent=hostile/1"


def line(data):
    return b"%04x" % (len(data) + 4) + data


def advertisement(refs):
    lines = [b"%s %s" % (commit.encode(), name) for commit, name in refs]
    first = line(lines[0] + capabilities + b"\n")
    return first + b"".join(line(each + b"\n") for each in lines[1:])


def bands(pack):
    chunks = [pack[start : start + 60000] for start in range(0, len(pack), 60000)]
    return b"".join(line(b"\x01" + chunk) for chunk in chunks)


class Handler(serving.Handler):
    def send(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    @property
    def mode(self):
        return self.path.split("/")[1]

    def do_GET(self):
        mode = self.mode
        if mode == "stall":
            time.sleep(3600)
        if mode == "html":
            return self.answer(200, b"<html>Sign in</html>", "text/html")
        if mode == "unavailable":
            return self.answer(503, b"later")
        if mode == "redirect-loop":
            return self.answer(302, headers=[("Location", self.path)])
        if mode == "redirect-without-query":
            return self.answer(302, headers=[("Location", "/new/origin.git/info/refs")])
        if mode == "redirect-to-http":
            return self.answer(302, headers=[("Location", "http://localhost/x/info/refs")])
        if mode == "endless-sign-in":
            return self.sign_in()
        self.begin("application/x-git-upload-pack-advertisement")
        self.send(line(b"# service=git-upload-pack\n") + b"0000")
        return self.advertise()

    def sign_in(self):
        """An answer that is to be skipped, and has no end."""
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    def advertise(self):
        mode = self.mode
        main = (tip, b"refs/heads/main")
        if mode == "not-git":
            return self.send(b"zzzz" * 100)
        if mode == "error":
            return self.send(line(b"ERR \x1b[31mgo away\n"))
        if mode == "drip":
            for byte in advertisement([main]) * 1000:
                self.send(bytes([byte]))
                time.sleep(0.05)
        if mode == "endless-refs":
            self.send(advertisement([main]))
            number = 0
            while True:
                names = (b"refs/heads/%d" % (number + each) for each in range(1000))
                self.send(b"".join(line(b"%s %s\n" % (other.encode(), name)) for name in names))
                number += 1000
        if mode == "many-refs":
            refs = [(other, b"refs/heads/%06d" % number) for number in range(100_000)]
            return self.send(advertisement(refs) + b"0000")
        if mode == "hostile-names":
            names = [
                b"refs/heads/../../config", b"refs/heads/a\x01b", b"refs/heads/-x",
                b"../../../escaped", b"/absolute", b"refs/heads/main.lock", b"HEAD",
                b"refs/heads/a\xff", b"refs/kafclaw/candidate", b"refs/replace/" + tip.encode(),
            ]
            refs = [(other, name) for name in names]
            return self.send(advertisement(refs) + b"0000")
        return self.send(advertisement([main]) + b"0000")

    def do_POST(self):
        mode = self.mode
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.begin("application/x-git-upload-pack-result")
        if mode == "endless-acknowledgements":
            while True:
                self.send(line(b"ACK %s common\n" % tip.encode()) * 1000)
        self.send(line(b"NAK\n"))
        if mode == "endless-messages":
            while True:
                self.send(line(b"\x02" + b"wait\r" * 10_000))
        if mode == "endless-pack":
            self.send(bands(packs.header(1_000_000)))
            while True:
                self.send(bands(packs.blob(packs.noise(60_000))))
        if mode == "stall-in-pack":
            self.send(bands(packs.pack([packs.blob(b"x")])[:20]))
            time.sleep(3600)
        pack = self.pack()
        if mode == "cut-connection":
            return self.send(bands(pack)[:-30])
        return self.send(bands(pack) + b"0000")

    def pack(self):
        mode = self.mode
        blob = packs.blob(b"something else")
        if mode == "wrong-checksum":
            return packs.pack([blob])[:-20] + b"\0" * 20
        if mode == "cut-pack":
            return packs.pack([blob])[:-25]
        if mode == "broken-compression":
            return packs.header(1) + b"\x3e" + b"\xff" * 40
        if mode == "many-objects":
            return packs.header(4_000_000_000)
        if mode == "large-object":
            return packs.pack([packs.zeros(200 << 20)])
        if mode == "large-delta":
            return packs.pack(packs.delta(1 << 20, 1 << 30))
        if mode == "endless-delta-base":
            return packs.pack([packs.delta_of(bytes(20), b"x", 1)])
        return packs.pack([blob])


serving.Server(Handler, certificate, key).serve()
