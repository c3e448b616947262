# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""Chat platforms, as far as a bot sees them, in one plain HTTP server.

chat_platforms.py [--slack-token T] [--telegram-token T] [--whatsapp-token T]
                  [--whatsapp-number ID] [--matrix-token T]

/slack/api/METHOD                         Slack's Web API
/telegram/botTOKEN/METHOD                 Telegram's Bot API
/whatsapp/v23.0/PHONE_NUMBER_ID           WhatsApp's Cloud API
/matrix/_matrix/client/v3/                Matrix's client-server API
/hook/NAME                                takes what is posted to it
/_control/                                for the test

The control paths take and give JSON:

POST fail       {"path", "count", "status", "headers", "body", "mode"}: the next `count` requests
                whose path contains `path` are answered so. Modes: `before` (the default), without
                an effect; `after`, with its effect and a closed connection; `drop`, neither effect
                nor answer; `hang`, no effect, and open until the client closes it.
POST telegram   an Update without update_id, which it gets
POST matrix     {"room", "event", "limited"}; without an event, the bot joins the room
GET telegram    what is not confirmed yet, and whether somebody waits for more
GET sent        what was accepted, in order
GET requests    method, path and status of each request; 0 is none
GET hooks/NAME  what was posted there
POST reset      forgets all of this; ids go on
"""
import argparse
import base64
import http.server
import json
import os
import re
import socket
import struct
import threading
import time
import urllib.parse

import serving

parser = argparse.ArgumentParser()
parser.add_argument("--slack-token", default="xoxb-kafclaw-test")
parser.add_argument("--telegram-token", default="123456:kafclaw-test")
parser.add_argument("--whatsapp-token", default="EAAkafclawtest")
parser.add_argument("--whatsapp-number", default="106540352242922")
parser.add_argument("--matrix-token", default="syt_kafclaw_test")
arguments = parser.parse_args()

# Guards everything below, and wakes those who wait for news.
changed = threading.Condition()


def identifier(prefix="", size=24):
    return prefix + base64.urlsafe_b64encode(os.urandom(size)).decode().rstrip("=")


class Request:
    """What a platform sees of a request."""

    def __init__(self, method, target, headers, body):
        split = urllib.parse.urlsplit(target)
        self.method, self.path, self.headers, self.body = method, split.path, headers, body
        self.query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        self.type = headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def bearer(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def json(self):
        """The object in the body, if that is one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def fields(self):
        """Query, form and JSON together."""
        found = dict(self.query)
        if self.type == "application/x-www-form-urlencoded":
            found |= urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True)
        elif self.type == "application/json":
            found |= self.json() or {}
        return found


class Outbox:
    """What the platforms accepted."""

    def __init__(self):
        self.sent = []

    def add(self, platform, conversation, text, raw, **more):
        entry = {"platform": platform, "conversation": str(conversation), "thread": None}
        entry |= {"text": text, "key": None, "at": time.time(), "raw": raw} | more
        self.sent.append(entry)


outbox = Outbox()


class Slack:
    """Answers 200 to nearly everything; `ok` tells."""

    refused = {"C0GONE": "channel_not_found", "C0OLD": "is_archived", "C0OUT": "not_in_channel"}

    def __init__(self):
        self.last = 0

    def handle(self, request):
        answer = self.call(request, request.path.removeprefix("/slack/api/"))
        if request.type == "application/json" and "charset" not in request.headers["Content-Type"]:
            answer |= {"warning": "missing_charset"}
            answer |= {"response_metadata": {"warnings": ["missing_charset"]}}
        return 200, answer, {}

    def call(self, request, method):
        methods = {"auth.test": self.auth_test, "chat.postMessage": self.post_message}
        methods["chat.postEphemeral"] = self.post_ephemeral
        if method not in methods:
            return {"ok": False, "error": "unknown_method", "req_method": method}
        if request.bearer() != arguments.slack_token:
            return {"ok": False, "error": "invalid_auth" if request.bearer() else "not_authed"}
        return methods[method](request)

    def auth_test(self, _):
        answer = {"ok": True, "url": "https://example.slack.com/", "team": "Example"}
        answer |= {"user": "kafclaw", "team_id": "T0TEAM", "user_id": "U0BOT", "bot_id": "B0BOT"}
        return answer | {"is_enterprise_install": False}

    def problem(self, request):
        if request.method != "POST" or request.type != "application/json":
            return "invalid_post_type"
        body = request.json()
        if body is None:
            return "invalid_json"
        channel, text = body.get("channel"), body.get("text")
        if not isinstance(channel, str) or not re.fullmatch("[CDGU][A-Z0-9]+", channel):
            return "channel_not_found"
        if channel in self.refused:
            return self.refused[channel]
        if not isinstance(text, str) or not text:
            return "no_text"
        return "msg_too_long" if len(text) > 40000 else None

    def timestamp(self):
        """Microseconds, and never twice the same."""
        self.last = max(self.last + 1, int(time.time() * 1_000_000))
        return f"{self.last // 1_000_000}.{self.last % 1_000_000:06}"

    def post_message(self, request):
        if problem := self.problem(request):
            return {"ok": False, "error": problem}
        body = request.json()
        with changed:
            ts = self.timestamp()
            thread, blocks = body.get("thread_ts"), body.get("blocks", [])
            buttons = [
                f'{element["action_id"]} {element["value"]}'
                for block in blocks if block["type"] == "actions" for element in block["elements"]
            ]
            more = {"thread": thread, "id": ts, "buttons": buttons}
            outbox.add("slack", body["channel"], body["text"], body, **more)
        message = {"user": "U0BOT", "type": "message", "ts": ts, "bot_id": "B0BOT"}
        message |= {"app_id": "A0APP", "text": body["text"], "team": "T0TEAM"}
        message["bot_profile"] = {"id": "B0BOT", "app_id": "A0APP", "name": "kafclaw"}
        message["bot_profile"] |= {"deleted": False, "updated": 1700000000, "team_id": "T0TEAM"}
        message |= {name: body[name] for name in ("thread_ts", "blocks") if name in body}
        return {"ok": True, "channel": body["channel"], "ts": ts, "message": message}

    def post_ephemeral(self, request):
        if problem := self.problem(request):
            return {"ok": False, "error": problem}
        body = request.json()
        if "user" not in body:
            return {"ok": False, "error": "user_not_in_channel"}
        with changed:
            ts = self.timestamp()
            thread = body.get("thread_ts")
            outbox.add("slack", body["channel"], body["text"], body, thread=thread, id=ts)
        return {"ok": True, "message_ts": ts}


class Telegram:
    """One queue of updates; who asks with an offset confirms all before it."""

    # Not sent unless asked for by name.
    unusual = ("chat_member", "message_reaction", "message_reaction_count")
    bot = {"id": 123456, "is_bot": True, "first_name": "KafClaw", "username": "kafclaw_bot"}

    def __init__(self):
        self.pending, self.next_id, self.allowed = [], 1000000001, []
        self.webhook, self.waiting, self.chats, self.messages = "", None, {}, 0

    def handle(self, request):
        token, _, method = request.path.removeprefix("/telegram/bot").partition("/")
        if token != arguments.telegram_token:
            return self.refuse(401, "Unauthorized")
        methods = {"getme": self.get_me, "getupdates": self.get_updates}
        methods |= {"getwebhookinfo": self.get_webhook_info, "sendmessage": self.send_message}
        methods |= {"setwebhook": self.set_webhook, "deletewebhook": self.set_webhook}
        methods["sendchataction"] = lambda _: self.accept(True)
        if method.lower() not in methods:
            return self.refuse(404, "Not Found")
        if request.type == "application/json" and request.body and request.json() is None:
            return self.refuse(400, "Bad Request: can't parse JSON object")
        with changed:
            return methods[method.lower()](request.fields())

    def accept(self, result):
        return 200, {"ok": True, "result": result}, {}

    def refuse(self, code, description, **parameters):
        answer = {"ok": False, "error_code": code, "description": description}
        return code, answer | ({"parameters": parameters} if parameters else {}), {}

    def get_me(self, _):
        more = {"can_join_groups": True, "can_read_all_group_messages": False}
        more |= {"supports_inline_queries": False, "can_connect_to_business": False}
        return self.accept(self.bot | more | {"has_main_web_app": False})

    def get_webhook_info(self, _):
        info = {"url": self.webhook, "has_custom_certificate": False}
        return self.accept(info | {"pending_update_count": len(self.pending)})

    def set_webhook(self, fields):
        self.webhook = fields.get("url", "")
        self.waiting = None if self.webhook else self.waiting
        self.allow(fields)
        if fields.get("drop_pending_updates") in (True, "true", "True", "1"):
            self.pending = []
        changed.notify_all()
        return self.accept(True)

    def allow(self, fields):
        if "allowed_updates" in fields:
            allowed = fields["allowed_updates"]
            self.allowed = json.loads(allowed) if isinstance(allowed, str) else allowed

    def enqueue(self, update):
        """The id that the update gets; none if nobody wants it."""
        kind = next(name for name in update if name != "update_id")
        message = update[kind]
        if isinstance(message, dict) and "chat" in message:
            self.chats[message["chat"]["id"]] = message["chat"]
        if kind not in self.allowed if self.allowed else kind in self.unusual:
            return None
        self.pending.append({"update_id": self.next_id} | update)
        self.next_id += 1
        changed.notify_all()
        return self.next_id - 1

    def confirm(self, offset):
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset <= self.next_id + 10:
            self.pending = [each for each in self.pending if each["update_id"] >= offset]

    def get_updates(self, fields):
        """A later one that has to wait as well ends this one."""

        def integer(name, default, low, high):
            text = str(fields.get(name, default))
            return min(max(int(text) if re.fullmatch(r"-?\d+", text) else default, low), high)

        if self.webhook:
            advice = "use deleteWebhook to delete the webhook first"
            text = f"Conflict: can't use getUpdates method while webhook is active; {advice}"
            return self.refuse(409, text)
        self.allow(fields)
        self.confirm(integer("offset", 0, -(1 << 31), (1 << 31) - 1))
        limit = integer("limit", 100, 1, 100)
        end = time.monotonic() + integer("timeout", 0, 0, 50)
        if not self.pending and end > time.monotonic():
            mine = self.waiting = object()
            changed.notify_all()
            while self.waiting is mine and not self.pending and end > time.monotonic():
                changed.wait(end - time.monotonic())
            if self.waiting is not mine:
                advice = "getUpdates request; make sure that only one bot instance is running"
                other = "setWebhook request" if self.webhook else f"other {advice}"
                return self.refuse(409, f"Conflict: terminated by {other}")
            self.waiting = None
        return self.accept(self.pending[:limit])

    def send_message(self, fields):
        chat, text = str(fields.get("chat_id", "")), str(fields.get("text", "")).strip()
        if not chat:
            return self.refuse(400, "Bad Request: chat_id is empty")
        if not re.fullmatch(r"-?[1-9]\d*", chat) or chat == "404":
            return self.refuse(400, "Bad Request: chat not found")
        if chat == "403":
            return self.refuse(403, "Forbidden: bot was blocked by the user")
        if chat == "-400":
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            return self.refuse(400, text, migrate_to_chat_id=-1000000000400)
        if not text:
            return self.refuse(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) > 2 * 4096:
            return self.refuse(400, "Bad Request: message is too long")
        self.messages += 1
        group = {"id": int(chat), "title": "Group", "type": "supergroup"}
        other = group if chat[0] == "-" else {"id": int(chat), "first_name": "A", "type": "private"}
        message = {"message_id": self.messages, "from": self.bot}
        message["chat"] = self.chats.get(int(chat), other)
        message |= {"date": int(time.time()), "text": text}
        thread = fields.get("message_thread_id")
        if thread is not None:
            message |= {"message_thread_id": int(thread), "is_topic_message": True}
        if entities := fields.get("entities"):
            message["entities"] = json.loads(entities) if isinstance(entities, str) else entities
        more = {"thread": None if thread is None else str(thread), "id": str(self.messages)}
        outbox.add("telegram", chat, text, fields, **more)
        return self.accept(message)


class WhatsApp:
    """The node of one phone number, and its messages."""

    refused = {
        "4900000403": (131026, "Message undeliverable", "Message Undeliverable."),
        "4900000047": (
            131047,
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer last"
            " replied to this number.",
        ),
    }

    def handle(self, request):
        match = re.fullmatch(r"/whatsapp/v\d+\.\d/(\d+)(/messages)?", request.path)
        if request.bearer() != arguments.whatsapp_token:
            text = "Invalid OAuth access token - Cannot parse access token"
            return self.refuse(401, 190, text)
        verb = "post" if request.method == "POST" else "get"
        if not match or match[1] != arguments.whatsapp_number:
            name = match[1] if match else request.path.split("/")[-1]
            text = (
                f"Unsupported {verb} request. Object with ID '{name}' does not exist, cannot be"
                " loaded due to missing permissions, or does not support this operation. Please"
                " read the Graph API documentation at"
                " https://developers.facebook.com/docs/graph-api"
            )
            return self.refuse(400, 100, text, kind="GraphMethodException", subcode=33)
        if request.method == "GET" and not match[2]:
            return self.node(request.query.get("fields"))
        if request.method == "POST" and match[2]:
            return self.send(request)
        return self.refuse(400, 100, f"Unsupported {verb} request.", kind="GraphMethodException")

    def refuse(self, status, code, message, details=None, kind="OAuthException", subcode=None):
        error = {"message": message, "type": kind, "code": code}
        if details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": details}
        if subcode:
            error["error_subcode"] = subcode
        return status, {"error": error | {"fbtrace_id": identifier("A", 16)}}, {}

    def node(self, fields):
        node = {"verified_name": "KafClaw", "code_verification_status": "VERIFIED"}
        node |= {"display_phone_number": "+1 555-078-3881", "quality_rating": "GREEN"}
        node |= {"platform_type": "CLOUD_API", "throughput": {"level": "STANDARD"}}
        if fields:
            node = {name: node[name] for name in fields.split(",") if name in node}
        return 200, node | {"id": arguments.whatsapp_number}, {}

    def send(self, request):
        body = request.json() if request.type == "application/json" else {}
        if body is None:
            return self.refuse(400, 100, "(#100) Invalid parameter", "The body is not JSON.")
        if body.get("messaging_product") != "whatsapp":
            return self.refuse(400, 100, "(#100) The parameter messaging_product is required.")
        if body.get("status") == "read":
            return 200, {"success": True}, {}
        to = re.sub(r"[+ ()-]", "", str(body.get("to", "")))
        if not to:
            return self.refuse(400, 100, "(#100) The parameter to is required.")
        text = body.get("text", {}).get("body") if body.get("type", "text") == "text" else None
        if not isinstance(text, str) or not text:
            text = "The parameter text['body'] is required."
            return self.refuse(400, 131008, "(#131008) Required parameter is missing", text)
        if len(text) > 4096:
            text = "Param text['body'] must be at most 4096 characters long."
            return self.refuse(400, 100, "(#100) Invalid parameter", text)
        if to in self.refused:
            code, title, details = self.refused[to]
            return self.refuse(400, code, f"(#{code}) {title}", details)
        name = "wamid." + base64.b64encode(os.urandom(36)).decode()
        more = {"thread": body.get("context", {}).get("message_id"), "id": name}
        with changed:
            outbox.add("whatsapp", to, text, body, key=body.get("biz_opaque_callback_data"), **more)
        answer = {"messaging_product": "whatsapp", "contacts": [{"input": body["to"], "wa_id": to}]}
        return 200, answer | {"messages": [{"id": name}]}, {}


class Matrix:
    """One stream of events of all rooms, seen by one device."""

    user, device = "@kafclaw:example.org", "KAFCLAW"

    def __init__(self):
        # Of (position, room, event, limited).
        self.events, self.position = [], 1
        # What the bot is in each room, and who else is there.
        self.rooms, self.members = {}, {}
        self.transactions = {}

    def handle(self, request):
        if request.path == "/matrix/_matrix/client/versions":
            return 200, {"versions": ["v1.10", "v1.11", "v1.12"], "unstable_features": {}}, {}
        if request.bearer() is None:
            return self.refuse(401, "M_MISSING_TOKEN", "Missing access token")
        if request.bearer() != arguments.matrix_token:
            text = "Invalid access token passed."
            return self.refuse(401, "M_UNKNOWN_TOKEN", text, soft_logout=False)
        path = request.path.removeprefix("/matrix/_matrix/client/v3/")
        parts = [urllib.parse.unquote(part) for part in path.split("/")]
        with changed:
            match (request.method, *parts):
                case "GET", "account", "whoami":
                    answer = {"user_id": self.user, "is_guest": False, "device_id": self.device}
                    return 200, answer, {}
                case "GET", "sync":
                    return self.sync(request.query)
                case "GET", "joined_rooms":
                    names = [name for name in self.rooms if self.rooms[name] == "join"]
                    return 200, {"joined_rooms": names}, {}
                case "POST", "rooms", room, "join":
                    return self.join(room)
                case "POST", "join", room:
                    return self.join(room)
                case "POST", "user", _, "filter":
                    return 200, {"filter_id": "0"}, {}
                case _, "rooms", room, *_ if self.rooms.get(room) != "join":
                    return self.refuse(403, "M_FORBIDDEN", f"User {self.user} not in room {room}")
                case "POST", "rooms", room, "leave":
                    self.change(room, "leave", self.user)
                    return 200, {}, {}
                case "GET", "rooms", room, "joined_members":
                    return self.joined_members(room)
                case "GET", "rooms", room, "messages":
                    return self.messages(room, request.query)
                case "PUT", "rooms", room, "send", kind, key:
                    return self.send(room, kind, key, request)
                case ("PUT", "rooms", _, "typing", _) | ("POST", "rooms", _, "receipt", _, _):
                    return 200, {}, {}
        return self.refuse(404, "M_UNRECOGNIZED", "Unrecognized request")

    def refuse(self, status, code, text, **more):
        return status, {"errcode": code, "error": text} | more, {}

    def add(self, room, event, limited=False):
        """The id of a new event, which may change who is in the room."""
        if room not in self.rooms:
            self.rooms[room], self.members[room] = "join", [self.user]
        event = {"type": "m.room.message", "sender": "@alice:example.org"} | event
        now = int(time.time() * 1000)
        event = {"event_id": identifier("$", 32), "origin_server_ts": now} | event
        if event["type"] == "m.room.member":
            membership, who = event["content"]["membership"], event["state_key"]
            if who == self.user:
                self.rooms[room] = membership
            self.members[room] = [each for each in self.members[room] if each != who]
            self.members[room] += [who] if membership == "join" else []
        if event["sender"] not in self.members[room] and event["type"] != "m.room.member":
            self.members[room].append(event["sender"])
        self.position += 1
        self.events.append((self.position, room, event, limited))
        changed.notify_all()
        return event["event_id"]

    def change(self, room, membership, sender):
        content = {"membership": membership, "displayname": "KafClaw"}
        event = {"type": "m.room.member", "state_key": self.user, "sender": sender}
        return self.add(room, event | {"content": content})

    def join(self, room):
        if room not in self.rooms:
            text = "Can't join remote room because no servers that are in the room have been"
            return self.refuse(404, "M_UNKNOWN", text + " provided.")
        if self.rooms[room] not in ("invite", "join"):
            return self.refuse(403, "M_FORBIDDEN", "You are not invited to this room.")
        if self.rooms[room] == "invite":
            self.change(room, "join", self.user)
        return 200, {"room_id": room}, {}

    def joined_members(self, room):
        names = {each: each[1:].partition(":")[0] for each in self.members[room]}
        joined = {each: {"display_name": names[each], "avatar_url": None} for each in names}
        return 200, {"joined": joined}, {}

    def token(self, position):
        return f"s{position}_1_0_1"

    def position_of(self, token):
        match = re.fullmatch(r"s(\d+)_1_0_1", token)
        return int(match[1]) if match else None

    def sync(self, query):
        since = self.position_of(query["since"]) if "since" in query else 0
        limit = 10
        if query.get("filter", "").startswith("{"):
            wanted = json.loads(query["filter"]).get("room", {}).get("timeline", {})
            limit = wanted.get("limit", limit)
        if since is None or not query.get("timeout", "0").isdigit():
            return self.refuse(400, "M_UNKNOWN", "Invalid stream token")
        end = time.monotonic() + int(query.get("timeout", "0")) / 1000
        while not (rooms := self.news(since, limit)) and since and end > time.monotonic():
            changed.wait(end - time.monotonic())
        answer = {"next_batch": self.token(self.position)}
        answer |= {"device_one_time_keys_count": {"signed_curve25519": 0}}
        answer |= {"device_unused_fallback_key_types": []}
        return 200, answer | ({"rooms": rooms} if rooms else {}), {}

    def news(self, since, limit):
        found = {}
        for room, membership in self.rooms.items():
            events = [each for each in self.events if each[1] == room and each[0] > since]
            if membership == "invite" and events:
                state = [self.stripped(each[2]) for each in events if "state_key" in each[2]]
                found.setdefault("invite", {})[room] = {"invite_state": {"events": state}}
            elif events or (membership == "join" and not since):
                kind = "join" if membership == "join" else "leave"
                found.setdefault(kind, {})[room] = self.room(room, events, since, limit)
        return found

    def stripped(self, event):
        return {name: event[name] for name in ("type", "state_key", "sender", "content")}

    def room(self, room, events, since, limit):
        """Of what happened, what comes after the last gap; for who just joined, also before."""
        states = [each[2] for each in events if each[2]["type"] == "m.room.member"]
        joined = any(
            each["state_key"] == self.user and each["content"]["membership"] == "join"
            for each in states
        )
        if joined:
            events = [each for each in self.events if each[1] == room]
        cut = max((index for index, each in enumerate(events) if each[3]), default=None)
        limited = joined or cut is not None or len(events) > limit
        events = events[cut or 0 :][-limit:]
        before = events[0][0] - 1 if events else self.position
        timeline = {"events": [self.dated(each[2]) for each in events]}
        timeline |= {"prev_batch": self.token(before), "limited": limited}
        summary = {}
        if states or not since:
            others = [each for each in self.members[room] if each != self.user][:5]
            summary = {"m.joined_member_count": len(self.members[room]), "m.heroes": others}
            summary |= {"m.invited_member_count": 0}
        answer = {"timeline": timeline, "state": {"events": []}, "account_data": {"events": []}}
        answer |= {"ephemeral": {"events": []}, "summary": summary}
        return answer | {"unread_notifications": {"notification_count": 0, "highlight_count": 0}}

    def dated(self, event):
        age = max(0, int(time.time() * 1000) - event["origin_server_ts"])
        unsigned = {"age": age, "membership": "join"} | event.get("unsigned", {})
        return event | {"unsigned": unsigned}

    def messages(self, room, query):
        """Without an `end` once there is nothing more."""
        back = query.get("dir", "f") == "b"
        first, last = self.token(0), self.token(self.position)
        start = self.position_of(query.get("from", last if back else first))
        stop = self.position_of(query.get("to", first if back else last))
        if start is None or stop is None or not query.get("limit", "10").isdigit():
            return self.refuse(400, "M_UNKNOWN", "Invalid stream token")
        low, high = (stop, start) if back else (start, stop)
        events = [each for each in self.events if each[1] == room and low < each[0] <= high]
        events = (events[::-1] if back else events)[: int(query.get("limit", "10"))]
        chunk = [self.dated(each[2]) | {"room_id": room} for each in events]
        answer = {"chunk": chunk, "start": self.token(start)}
        if events:
            answer["end"] = self.token(events[-1][0] - (1 if back else 0))
        return 200, answer, {}

    def send(self, room, kind, key, request):
        content = request.json()
        if content is None:
            return self.refuse(400, "M_NOT_JSON", "Content not JSON.")
        if len(request.body) > 65536:
            return self.refuse(413, "M_TOO_LARGE", "event too large")
        known = (room, kind, key)
        if known not in self.transactions:
            event = {"type": kind, "sender": self.user, "content": content}
            name = self.add(room, event | {"unsigned": {"transaction_id": key}})
            self.transactions[known] = name
            thread = content.get("m.relates_to", {})
            thread = thread.get("event_id") if thread.get("rel_type") == "m.thread" else None
            more = {"thread": thread, "key": key, "id": name}
            outbox.add("matrix", room, content.get("body"), content, **more)
        return 200, {"event_id": self.transactions[known]}, {}


class Hooks:
    """Take everything."""

    def __init__(self):
        self.posted = {}

    def handle(self, request):
        name = urllib.parse.unquote(request.path.removeprefix("/hook/"))
        if request.method != "POST":
            return 405, {"error": "method not allowed"}, {"Allow": "POST"}
        headers = {key.lower(): value for key, value in request.headers.items()}
        text = request.body.decode(errors="replace")
        raw = request.json()
        with changed:
            entry = {"method": request.method, "path": request.path, "at": time.time()}
            self.posted.setdefault(name, []).append(entry | {"headers": headers, "body": text})
            words = raw.get("text") if raw else text
            more = {"key": headers.get("webhook-id"), "headers": headers}
            outbox.add("webhook", name, words, raw, **more)
        return 200, {}, {}


slack, telegram, whatsapp, matrix, hooks = Slack(), Telegram(), WhatsApp(), Matrix(), Hooks()
platforms = {"slack": slack, "telegram": telegram, "whatsapp": whatsapp}
platforms |= {"matrix": matrix, "hook": hooks}


class Control:
    """What the test asks and arranges."""

    def __init__(self):
        self.faults, self.requests = [], []

    def take(self, target):
        """The fault for a request, which is used up then."""
        with changed:
            for fault in self.faults:
                if fault["path"] in target and fault["count"] > 0:
                    fault["count"] -= 1
                    return fault
        return None

    def note(self, method, target, status):
        for name in ("slack_token", "telegram_token", "whatsapp_token", "matrix_token"):
            target = target.replace(getattr(arguments, name), "<token>")
        target = re.sub("^/telegram/bot[^/]*", "/telegram/bot<token>", target)
        with changed:
            self.requests.append({"method": method, "path": target, "status": status})

    def handle(self, request):
        path = request.path.removeprefix("/_control/")
        body = request.json() or {}
        with changed:
            match (request.method, *path.split("/")):
                case "POST", "fail":
                    defaults = {"path": "", "count": 1, "status": 500, "headers": {}}
                    self.faults.append(defaults | {"body": None, "mode": "before"} | body)
                    return 200, {}, {}
                case "POST", "telegram":
                    return 200, {"update_id": telegram.enqueue(body)}, {}
                case "POST", "matrix":
                    if "event" not in body:
                        name = matrix.change(body["room"], "join", matrix.user)
                    else:
                        name = matrix.add(body["room"], body["event"], body.get("limited", False))
                    return 200, {"event_id": name, "position": matrix.position}, {}
                case "GET", "telegram":
                    answer = {"pending": [each["update_id"] for each in telegram.pending]}
                    waits = telegram.waiting is not None
                    return 200, answer | {"waiting": waits, "webhook": telegram.webhook}, {}
                case "GET", "sent":
                    return 200, list(outbox.sent), {}
                case "GET", "requests":
                    return 200, list(self.requests), {}
                case "GET", "hooks", name:
                    return 200, list(hooks.posted.get(urllib.parse.unquote(name), [])), {}
                case "POST", "reset":
                    self.reset()
                    return 200, {}, {}
        return 404, {"error": "no such control"}, {}

    def reset(self):
        self.faults, self.requests, outbox.sent, hooks.posted = [], [], [], {}
        telegram.pending, telegram.allowed, telegram.webhook, telegram.chats = [], [], "", {}
        matrix.events, matrix.rooms, matrix.members, matrix.transactions = [], {}, {}, {}


control = Control()


def failure(platform, status, headers):
    """How the platform says that it failed."""
    after = int(headers.get("Retry-After", 1))
    if platform == "telegram":
        if status == 429:
            text = f"Too Many Requests: retry after {after}"
            return telegram.refuse(429, text, retry_after=after)[1]
        reason = http.server.BaseHTTPRequestHandler.responses.get(status, ("Error",))[0]
        return telegram.refuse(status, reason)[1]
    if platform == "slack":
        return {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}
    if platform == "matrix":
        if status == 429:
            text = "Too Many Requests"
            return matrix.refuse(429, "M_LIMIT_EXCEEDED", text, retry_after_ms=after * 1000)[1]
        return matrix.refuse(status, "M_UNKNOWN", "Internal server error")[1]
    if platform == "whatsapp":
        if status == 429:
            details = (
                "Message failed to send because there were too many messages sent from this phone"
                " number in a short period of time."
            )
            return whatsapp.refuse(429, 130429, "(#130429) Rate limit hit", details)[1]
        details = "Message failed to send due to an unknown error."
        return whatsapp.refuse(status, 131000, "(#131000) Something went wrong", details)[1]
    return {"error": "failed"}


class Handler(serving.Handler):
    disable_nagle_algorithm = True

    def do_GET(self):
        self.handle_request()

    do_POST = do_PUT = do_DELETE = do_GET

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            # A request that was cut off is none.
            if len(body) < length:
                raise ConnectionResetError
            return body
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def handle_request(self):
        request = Request(self.command, self.path, self.headers, self.read_body())
        root = request.path.split("/")[1]
        if root == "_control":
            self.reply(*control.handle(request))
            return
        fault = control.take(self.path)
        mode = fault["mode"] if fault else None
        if mode in ("hang", "drop"):
            control.note(self.command, self.path, 0)
            self.hang() if mode == "hang" else self.drop()
        elif mode == "before":
            headers, body = dict(fault["headers"]), fault["body"]
            if body is None:
                body = failure(root, fault["status"], headers)
            if fault["status"] == 429:
                headers.setdefault("Retry-After", "1")
            control.note(self.command, self.path, fault["status"])
            self.reply(fault["status"], body, headers)
        else:
            known = platforms.get(root)
            answer = known.handle(request) if known else (404, {"error": "no such platform"}, {})
            control.note(self.command, self.path, 0 if mode else answer[0])
            self.drop() if mode else self.reply(*answer)

    def reply(self, status, body, headers):
        headers = dict(headers)
        kind = headers.pop("Content-Type", "application/json")
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.answer(status, content, kind, list(headers.items()))

    def drop(self):
        """The other side sees a reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def hang(self):
        """At most for the handler's timeout."""
        self.close_connection = True
        try:
            self.connection.recv(1)
        except TimeoutError:
            pass


class PlainServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Clients that leave early are the point of many tests."""


server = PlainServer(("127.0.0.1", 0), Handler)
serving.announce(server.server_address[1])
server.serve_forever()
