# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""What the vendors' own libraries say, for tests: slack_sdk and python-telegram-bot.

    vendor_sdks.py slack-sign SECRET TIMESTAMP < BODY     the signature
    vendor_sdks.py slack-valid SECRET TIMESTAMP SIGNATURE < BODY    yes or no
    vendor_sdks.py telegram-update < UPDATE               the update as the library understood it
"""
import json
import sys


def main():
    what, *words = sys.argv[1:]
    body = sys.stdin.buffer.read()
    if what.startswith("slack"):
        from slack_sdk.signature import SignatureVerifier

        verifier = SignatureVerifier(words[0])
        if what == "slack-sign":
            print(verifier.generate_signature(timestamp=words[1], body=body))
        else:
            print("yes" if verifier.is_valid(body, words[1], words[2]) else "no")
    else:
        from telegram import Bot, Update

        update = Update.de_json(json.loads(body), Bot("123456:kafclaw-test"))
        message = update.message
        print(
            json.dumps(
                {
                    "sender": message.from_user.id,
                    "chat": message.chat.id,
                    "text": message.text,
                    "mentions": [message.parse_entity(e) for e in message.entities],
                }
            )
        )


main()
