# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""Runs one OpenSSH server for each connection, on a free port of the loopback.

ssh_git.py SSHD CONFIGURATION
"""
import os
import subprocess
import sys
import threading

import serving

program, configuration = sys.argv[1:3]

if os.geteuid() == 0:
    # What the service makes where it is started as such.
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)


def serve(connection):
    with connection:
        subprocess.run(
            [program, "-i", "-e", "-f", configuration], stdin=connection, stdout=connection,
            stderr=subprocess.DEVNULL, check=False)


listener = serving.listen()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
