"""Small servers with the published interfaces of platforms and stores, each with a state: what a binding uploads there,
it finds again there. They do what the documentation says of each call and nothing else.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, str, bytes]
#: Media types by the beginning of a file.
_KINDS = {b"RIFF": "audio/wav", b"\xff\xd8": "image/jpeg"}


class Emulator:
    """An ASGI application: ``routes`` take the method and the beginning of a path; the longest that fits answers."""

    key = "key-0123456789abcdef"

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], Callable[..., Any]] = {}
        self.asked: list[str] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        method, path = scope["method"], scope["path"]
        self.asked.append(f"{method} {path}")
        fits = [each for each in self.routes if each[0] == method and path.startswith(each[1])]
        if fits:
            route = max(fits, key=lambda each: len(each[1]))
            answer = self.routes[route](path.removeprefix(route[1]), query, headers, b"".join(parts))
        else:
            answer = 404, {"error": "NotFound", "message": "no such method"}
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        kind = "application/json"
        if isinstance(body, bytes):
            kind = next((kind for start, kind in _KINDS.items() if body.startswith(start)), "image/png")
        elif isinstance(body, str):
            kind, body = "text/html", body.encode()
        else:
            body = json.dumps(body).encode()
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind.encode())]})
        await send({"type": "http.response.body", "body": body})

    def signed_in(self, headers: dict[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {self.key}"


class AtProto(Emulator):
    """A personal data server and the service that shows posts, in one (com.atproto and app.bsky lexicons)."""

    did = "did:plc:abcdefghijklmnopqrstuvwx"

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, bytes] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.reposts: list[str] = []
        self.reports: list[dict[str, Any]] = []
        self.routes = {
            ("POST", "/xrpc/com.atproto.repo.uploadBlob"): self.upload,
            ("GET", "/xrpc/com.atproto.sync.getBlob"): self.blob,
            ("POST", "/xrpc/com.atproto.repo.createRecord"): self.create,
            ("POST", "/xrpc/com.atproto.repo.deleteRecord"): self.delete,
            ("GET", "/xrpc/app.bsky.feed.getPosts"): self.shown,
            ("GET", "/xrpc/app.bsky.feed.getAuthorFeed"): self.feed,
            ("GET", "/xrpc/app.bsky.feed.searchPosts"): self.search,
            ("POST", "/xrpc/com.atproto.moderation.createReport"): self.report,
        }

    def upload(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"error": "AuthMissing", "message": "Authentication Required"}
        cid = f"bafkrei{hashlib.sha256(body).hexdigest()[:52]}"
        self.blobs[cid] = body
        kind = headers["content-type"]
        return {"blob": {"$type": "blob", "ref": {"$link": cid}, "mimeType": kind, "size": len(body)}}

    def blob(self, _: str, query: dict[str, str], headers: Any, body: bytes) -> Any:
        found = self.blobs.get(query.get("cid", ""))
        if found is None or query.get("did") != self.did:
            return 400, {"error": "BlobNotFound", "message": "Blob not found"}
        return found

    def create(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"error": "AuthMissing", "message": "Authentication Required"}
        asked = json.loads(body)
        record = asked["record"]
        if asked["repo"] != self.did or record["$type"] != asked["collection"]:
            return 400, {"error": "InvalidRequest", "message": "the repo or the record is another's"}
        if asked["collection"] == "app.bsky.feed.repost":
            self.reposts.append(record["subject"]["uri"])
            return {"uri": f"at://{self.did}/app.bsky.feed.repost/{len(self.reposts)}", "cid": "bafyrepost"}
        image = record["embed"]["images"][0]["image"]
        if image["ref"]["$link"] not in self.blobs or image["size"] != len(self.blobs[image["ref"]["$link"]]):
            return 400, {"error": "InvalidRequest", "message": "Could not find blob"}
        uri = f"at://{self.did}/app.bsky.feed.post/3k{len(self.posts):05d}"
        post = {"uri": uri, "cid": f"bafyrei{len(self.posts)}", "author": {"did": self.did}, "labels": []}
        self.posts[uri] = {**post, "record": record, "indexedAt": record["createdAt"]}
        return {"uri": uri, "cid": post["cid"]}

    def delete(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        asked = json.loads(body)
        self.posts.pop(f"at://{asked['repo']}/{asked['collection']}/{asked['rkey']}", None)
        return {}

    def shown(self, _: str, query: dict[str, str], headers: Any, body: bytes) -> Any:
        return {"posts": [self.posts[uri] for uri in [query["uris"]] if uri in self.posts]}

    def feed(self, _: str, query: dict[str, str], headers: Any, body: bytes) -> Any:
        return {"feed": [{"post": post} for post in reversed(self.posts.values()) if query["actor"] == self.did]}

    def search(self, _: str, query: dict[str, str], headers: Any, body: bytes) -> Any:
        return {"posts": [post for post in self.posts.values() if query["q"] in post["record"]["text"]]}

    def report(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"error": "AuthMissing", "message": "Authentication Required"}
        asked = json.loads(body)
        self.reports.append({**asked, "proxy": headers.get("atproto-proxy")})
        return {**asked, "id": len(self.reports), "reportedBy": self.did, "createdAt": "2026-11-01T00:00:00Z"}


class PlayConsole(Emulator):
    """The Google Play Developer API with its edits, and the public page of the store."""

    package = "com.example.app"

    def __init__(self, *, approves: bool = True) -> None:
        super().__init__()
        self.approves = approves
        self.edits: dict[str, dict[str, Any]] = {}
        self.live: dict[str, Any] = {"title": "An app", "fullDescription": "As it was."}
        self.releases: list[dict[str, Any]] = []
        base = f"/androidpublisher/v3/applications/{self.package}"
        self.routes = {
            ("POST", f"{base}/edits"): self.edit,
            ("PUT", f"{base}/edits/"): self.change,
            ("GET", f"{base}/tracks/production/releases"): self.listed,
            ("GET", "/store/apps/details"): self.page,
            ("GET", "/about/developer-content-policy/"): lambda *_: "<html><body>Policies for developers</body></html>",
        }

    def edit(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "Request had no credentials."}}
        if not rest:
            edit = f"edit-{len(self.edits) + 1}"
            self.edits[edit] = {}
            return {"id": edit, "expiryTimeSeconds": "1790000000"}
        edit, _, action = rest.strip("/").partition(":")
        changes = self.edits.pop(edit, None)
        if changes is None or action != "commit":
            return 404, {"error": {"code": 404, "status": "NOT_FOUND", "message": "This edit was not found."}}
        state = "PUBLISHED" if self.approves else "NOT_APPROVED"
        for release in changes.get("releases", []):
            self.releases.insert(
                0, {"releaseName": release["name"], "releaseLifecycleState": f"RELEASE_LIFECYCLE_STATE_{state}"}
            )
        if self.approves:
            self.live.update(changes.get("listing", {}))
        return {"id": edit}

    def change(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        edit, _, what = rest.partition("/")
        if edit not in self.edits or not self.signed_in(headers):
            return 404, {"error": {"code": 404, "status": "NOT_FOUND", "message": "This edit was not found."}}
        asked = json.loads(body)
        if what.startswith("listings/"):
            self.edits[edit]["listing"] = asked
        elif what == "tracks/production":
            self.edits[edit]["releases"] = asked["releases"]
        return asked

    def listed(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        return {"releases": self.releases[:20]}

    def page(self, rest: str, query: dict[str, str], headers: Any, body: bytes) -> Any:
        if query.get("id") != self.package:
            return 404, "<html><body>We could not find that.</body></html>"
        words = html.escape(f"{self.live['title']} {self.live['fullDescription']}")
        return f"<html><body><h1>{words}</h1></body></html>"


class Mastodon(Emulator):
    """The Mastodon API of statuses, media, reports and search; ``strips`` loses the metadata of pictures."""

    def __init__(self, *, strips: bool = False) -> None:
        super().__init__()
        self.strips = strips
        self.media: dict[str, bytes] = {}
        self.statuses: dict[str, dict[str, Any]] = {}
        self.reports: list[dict[str, Any]] = []
        self.routes = {
            ("POST", "/api/v2/media"): self.upload,
            ("GET", "/system/media/"): lambda rest, *_: self.media.get(rest.removesuffix(".png"), b""),
            ("POST", "/api/v1/statuses"): self.post,
            ("GET", "/api/v1/statuses/"): self.status,
            ("DELETE", "/api/v1/statuses/"): lambda rest, *_: self.statuses.pop(rest, None) or (404, {"error": "none"}),
            ("GET", "/api/v1/timelines/public"): lambda *_: list(reversed(self.statuses.values())),
            ("GET", "/api/v2/search"): self.search,
            ("POST", "/api/v1/reports"): self.report,
            ("GET", "/api/v1/instance/rules"): lambda *_: [{"id": "1", "text": "Label what AI made."}],
        }

    def upload(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"error": "The access token is invalid"}
        start = body.index(b"\x89PNG")
        data = body[start : body.rindex(b"IEND") + 8]
        name = f"{len(self.media) + 1}"
        self.media[name] = _without_texts(data) if self.strips else data
        return {"id": name, "type": "image", "url": f"/system/media/{name}.png"}

    def post(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"error": "The access token is invalid"}
        if rest.endswith("/reblog"):
            shared = self.statuses[rest.strip("/").partition("/")[0]]
            return self._kept({"content": "", "reblog": shared, "media_attachments": shared["media_attachments"]})
        asked = json.loads(body)
        attachments = [{"id": name, "url": f"/system/media/{name}.png"} for name in asked["media_ids"]]
        words = f"<p>{html.escape(asked['status'])}</p>"
        return self._kept({"content": words, "reblog": None, "media_attachments": attachments})

    def _kept(self, status: dict[str, Any]) -> dict[str, Any]:
        number = str(len(self.statuses) + 100)
        self.statuses[number] = {"id": number, "account": {"id": "9", "username": "poster"}, **status}
        return self.statuses[number]

    def status(self, rest: str, query: Any, headers: Any, body: bytes) -> Any:
        return self.statuses.get(rest) or (404, {"error": "Record not found"})

    def search(self, _: str, query: dict[str, str], headers: Any, body: bytes) -> Any:
        found = [each for each in self.statuses.values() if query["q"] in each["content"]]
        return {"statuses": found[int(query.get("offset", 0)) :], "accounts": [], "hashtags": []}

    def report(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"error": "The access token is invalid"}
        self.reports.append(json.loads(body))
        return {"id": str(len(self.reports)), "action_taken": False}


def _without_texts(png: bytes) -> bytes:
    """A PNG without its textual chunks, as image libraries write one that was opened and saved."""
    kept, at = [png[:8]], 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big") + 12
        if png[at + 4 : at + 8] not in (b"tEXt", b"iTXt", b"zTXt", b"eXIf"):
            kept.append(png[at : at + size])
        at += size
    return b"".join(kept)


class Matrix(Emulator):
    """One room of a Matrix homeserver (client-server API); ``strips`` loses the metadata of pictures."""

    room = "!room:matrix.example"

    def __init__(self, *, strips: bool = False) -> None:
        super().__init__()
        self.strips = strips
        self.media: dict[str, bytes] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.reports: list[tuple[str, dict[str, Any]]] = []
        room = f"/_matrix/client/v3/rooms/{self.room}"
        self.routes = {
            ("POST", "/_matrix/media/v3/upload"): self.upload,
            ("GET", "/_matrix/client/v1/media/download/"): self.download,
            ("PUT", f"{room}/send/m.room.message/"): self.say,
            ("PUT", f"{room}/redact/"): self.redact,
            ("GET", f"{room}/event/"): self.event,
            ("POST", f"{room}/report/"): self.report,
        }

    def upload(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token"}
        name = f"file{len(self.media) + 1}"
        self.media[name] = _without_texts(body) if self.strips else body
        return {"content_uri": f"mxc://matrix.example/{name}"}

    def download(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        data = self.media.get(rest.removeprefix("matrix.example/")) if self.signed_in(headers) else None
        return data if data is not None else (404, {"errcode": "M_NOT_FOUND", "error": "Media not found"})

    def say(self, _: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers):
            return 401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token"}
        number = f"$event{len(self.events) + 1}"
        self.events[number] = {"event_id": number, "type": "m.room.message", "content": json.loads(body)}
        return {"event_id": number}

    def redact(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        self.events[rest.partition("/")[0]]["content"] = {}
        return {"event_id": f"$redaction{len(self.asked)}"}

    def event(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        if not self.signed_in(headers) or rest not in self.events:
            return 404, {"errcode": "M_NOT_FOUND", "error": "Event not found."}
        return self.events[rest]

    def report(self, rest: str, query: Any, headers: dict[str, str], body: bytes) -> Any:
        self.reports.append((rest, json.loads(body)))
        return {}
