# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""Serves the repositories below a folder with `git http-backend`.

https_git.py CERTIFICATE KEY FOLDER LOG [TOKEN]

Every request becomes a line of LOG: method, path, and the credential it came with or `-`. With
TOKEN, only who sends it as password is let in. `/moved/HOST:PORT/…` redirects there, `/alias/…`
to the same path of this server without `/alias`.
"""
import base64
import os
import subprocess
import sys
import urllib.parse

import serving

certificate, key, folder, log = sys.argv[1:5]
token = sys.argv[5] if len(sys.argv) > 5 else None


class Handler(serving.Handler):
    def do_GET(self):
        self.handle_git(b"")

    def do_POST(self):
        self.handle_git(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def handle_git(self, body):
        password = self.password()
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {password or '-'}\n")
        parts = self.path.split("/")
        if parts[1] == "moved":
            where = f"https://{parts[2]}/{'/'.join(parts[3:])}"
            return self.answer(301, headers=[("Location", where)])
        if parts[1] == "alias":
            port = self.server.server_address[1]
            where = f"https://localhost:{port}/{'/'.join(parts[2:])}"
            return self.answer(301, headers=[("Location", where)])
        if token is not None and password != token:
            return self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="git"')])
        return self.run_git(body)

    def password(self):
        kind, _, text = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return None
        return base64.b64decode(text).decode().partition(":")[2]

    def run_git(self, body):
        url = urllib.parse.urlsplit(self.path)
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "GIT_PROJECT_ROOT": folder,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": urllib.parse.unquote(url.path),
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
        }
        result = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=False)
        head, _, content = result.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(fields.get("Status", "200 OK").split()[0])
        self.answer(status, content, fields.get("Content-Type", "text/plain"))


serving.Server(Handler, certificate, key).serve()
