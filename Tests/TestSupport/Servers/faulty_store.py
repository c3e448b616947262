# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""A store that fails as planned, in front of one that does not.

faulty_store.py PORT PLAN LOG [CERTIFICATE KEY]

PORT is that of the store behind. Each line of the file PLAN is a method, or `*`, and a fault. A
request that the first line fits takes it; any other is passed on. Each request becomes a line of
LOG: method, path, and what was done.
"""
import base64
import hashlib
import http.client
import http.server
import os
import socket
import struct
import sys
import threading

import serving

port, plan, log = int(sys.argv[1]), sys.argv[2], sys.argv[3]
lock = threading.Lock()
# Requests that arrive at the store after everything else, as on a slow way.
late = []

DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>no</Message></Error>"


def take(method):
    """The fault for a request, which is used up then."""
    with lock:
        if not os.path.exists(plan):
            return "pass"
        with open(plan, encoding="utf-8") as file:
            lines = file.read().splitlines()
        if not lines or lines[0].split()[0] not in (method, "*"):
            return "pass"
        with open(plan, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines[1:]))
        return lines[0].split()[1]


def forward(method, path, headers, body):
    """One at a time, so that the store's conditions hold."""
    with lock:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content


class Handler(serving.Handler):
    def do_GET(self):
        self.handle_request()

    do_PUT = do_HEAD = do_DELETE = do_GET

    def handle_request(self):
        fault = take(self.command)
        length = 0 if fault == "early" else int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        with lock, open(log, "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {fault}\n")
        request = (self.command, self.path, list(self.headers.items()), body)
        getattr(self, "do_" + fault.replace("-", "_"))(request)
        waiting, late[:] = late[:], []
        for each in waiting:
            if each is not request:
                forward(*each)
            else:
                late.append(each)

    def answer(self, status, body=b"", content_type="text/plain", headers=()):
        super().answer(status, b"" if self.command == "HEAD" else body, content_type, headers)

    def drop(self):
        """The other side sees a reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def reply(self, status, headers, content, cut=0):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = next((v for n, v in headers if n.lower() == "content-length"), len(content))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) - cut])

    def do_pass(self, request):
        self.reply(*forward(*request))

    def do_drop_before(self, _):
        self.drop()

    def do_drop_after(self, request):
        forward(*request)
        self.drop()

    def do_late(self, request):
        late.append(request)
        self.drop()

    def do_end_before(self, _):
        self.close_connection = True

    def do_cut(self, request):
        status, headers, content = forward(*request)
        self.reply(status, headers, content, cut=1 + len(content) // 2)
        self.close_connection = True

    def do_unannounced(self, request):
        """Half of the body, whose end is that of the connection."""
        status, headers, content = forward(*request)
        self.close_connection = True
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    def do_hang_before(self, _):
        self.close_connection = True
        self.connection.recv(1)

    def do_hang_after(self, request):
        forward(*request)
        self.do_hang_before(request)

    def do_garbage(self, _):
        self.close_connection = True
        self.wfile.write(b"\x00\xff SSH-2.0-nothing\r\n\r\n" * 10)

    def do_500_before(self, _):
        self.answer(500, b"<Error><Code>InternalError</Code></Error>")

    def do_500_after(self, request):
        forward(*request)
        self.answer(500, b"<Error><Code>InternalError</Code></Error>")

    def do_early(self, request):
        """Before anything of the body is read."""
        self.do_503(request)
        self.close_connection = True

    def do_double(self, request):
        """Two answers to one request."""
        self.do_503(request)
        self.do_503(request)

    def do_other_object(self, _):
        """Says that something was stored, and stores nothing."""
        checksum = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
        self.answer(200, headers=[("x-amz-checksum-sha256", checksum)])

    def do_503(self, _):
        self.answer(503, b"<Error><Code>SlowDown</Code></Error>")

    def do_409(self, _):
        self.answer(409, b"<Error><Code>ConditionalRequestConflict</Code></Error>")

    def do_403(self, _):
        self.answer(403, DENIED)

    def do_404(self, _):
        self.answer(404, b"<html>no such page</html>", "text/html")

    def do_301(self, _):
        headers = [("Location", f"http://127.0.0.1:{port}/"), ("x-amz-bucket-region", "eu-north-1")]
        self.answer(301, b"<Error><Code>PermanentRedirect</Code></Error>", headers=headers)

    def do_long_error(self, _):
        self.answer(403, DENIED + b" " * (4 << 20))

    def do_endless(self, _):
        """More than was asked for, and no end."""
        self.begin("application/octet-stream")
        while True:
            self.wfile.write(b"x" * 65536)

    def do_whole(self, request):
        """Does not know ranges."""
        method, path, headers, body = request
        kept = [(name, value) for name, value in headers if name.lower() != "range"]
        self.reply(*forward(method, path, kept, body))

    def do_unconditional(self, request):
        """Does not know conditions."""
        method, path, headers, body = request
        kept = [(name, value) for name, value in headers if name.lower() != "if-none-match"]
        self.reply(*forward(method, path, kept, body))


class PlainServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients that leave early are the point of many tests."""


if len(sys.argv) > 4:
    serving.Server(Handler, sys.argv[4], sys.argv[5]).serve()
else:
    server = PlainServer(("127.0.0.1", 0), Handler)
    serving.announce(server.server_address[1])
    server.serve_forever()
