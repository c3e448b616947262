# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""What the servers of the tests share: loopback, a free port, an end.

A server prints its port as its first line. It ends when its standard input does, so that none
outlives the test that started it.
"""
import http.server
import os
import socket
import ssl
import sys
import threading


def announce(port):
    """Tells the test where to connect, and ends with it."""

    def wait():
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
    print(port, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    """HTTP/1.1 without a log."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", content_type="text/plain", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, content_type):
        """A body whose end is the end of the connection."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Connection", "close")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    """HTTPS on a free port of the loopback; the handshake is part of a connection's own thread."""

    daemon_threads = True

    def __init__(self, handler, certificate, key):
        super().__init__(("127.0.0.1", 0), handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)

    def finish_request(self, request, client_address):
        secure = self.context.wrap_socket(request, server_side=True)
        try:
            self.RequestHandlerClass(secure, client_address, self)
        finally:
            secure.close()

    def handle_error(self, *_):
        """Clients that leave early are the point of many tests."""

    def serve(self):
        announce(self.server_address[1])
        self.serve_forever()


def listen():
    """A plain socket on a free port of the loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    announce(listener.getsockname()[1])
    return listener
