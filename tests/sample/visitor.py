"""Visitors of the sample provider: what they ask, and what was answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from shenhe.conformance.bindings import AsgiTransport

ID_CARD = "11010519491231002X"
STRANGER = {"id": "person-1", "name": "某甲"}
SURFACES = ("page", "feed", "thumbnail", "download", "share")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back at one step of the walk."""

    step: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Visitor:
    """A person who uses the provider, signed in or not."""

    walk: Walk
    id: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, step: str, method: str, path: str, **options: Any) -> Answer:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.walk.ask(step, method, path, headers=headers, **options)

    def identify(self, step: str, document: str, number: str, holder: str = "") -> Answer:
        body = {"document": {"type": document, "number": number, "holder": holder}}
        return self.ask(step, "POST", f"/v1/accounts/{self.id}/identity", json=body)

    def generate(self, step: str, kind: str = "text", media_type: str = "text/plain", **body: Any) -> Answer:
        body = {"kind": kind, "format": media_type, "prompt": "写一段秋天的风景", **body}
        return self.ask(step, "POST", "/v1/generations", json=body)

    def publish(self, step: str, asset: str, title: str, **options: Any) -> Answer:
        return self.ask(step, "POST", "/v1/publications", json={"asset": asset, "title": title}, **options)

    def edit(
        self, step: str, source: bytes, scope: str, consent: str | None, subject: Mapping[str, str] = STRANGER
    ) -> Answer:
        body = {
            "source": base64.b64encode(source).decode(),
            "subject": subject["id"],
            "scope": scope,
            "prompt": "微笑",
            "consent": consent,
        }
        return self.ask(step, "POST", "/v1/edits", json=body)

    def grant(self, step: str, scope: str, subject: Mapping[str, str] = STRANGER) -> str:
        body = {"subject": dict(subject), "scope": scope, "statement": "我同意。"}
        return str(self.ask(step, "POST", "/v1/consents", json=body).json["consent"]["id"])

    def report(self, step: str, publication: str, **body: Any) -> Answer:
        return self.ask(
            step,
            "POST",
            f"/v1/publications/{publication}/reports",
            json={"kind": "illegal", "statement": "违法", **body},
        )

    def ticket(self, step: str, answer: Answer) -> Answer:
        ticket = answer.json["ticket"]
        return self.ask(
            step,
            "GET",
            f"/v1/tickets/{ticket['id']}",
            params={"receipt": ticket.get("receipt")} if ticket.get("receipt") else {},
        )


class Walk:
    """One client of one application, and the answers so far."""

    def __init__(self, app: Starlette) -> None:
        self.client = httpx.Client(transport=AsgiTransport(app), base_url="http://sample.invalid")
        self.answers: list[Answer] = []

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, step: str, method: str, path: str, **options: Any) -> Answer:
        response = self.client.request(method, path, **options)
        answer = Answer(step, response.status_code, tuple(sorted(response.headers.items())), response.content)
        assert answer.status < 500, answer
        self.answers.append(answer)
        return answer

    def visitor(self) -> Visitor:
        return Visitor(self)

    def newcomer(self, step: str, **profile: Any) -> Visitor:
        answer = self.ask(step, "POST", "/v1/accounts", json={"display_name": step, "particulars": profile}).json
        return Visitor(self, answer["account"]["id"], {"Authorization": f"Bearer {answer['access_token']}"})

    def citizen(self, step: str) -> Visitor:
        visitor = self.newcomer(step)
        visitor.identify(f"{step} identity", "resident_id", ID_CARD)
        return visitor

    def see(self, step: str, publication: str) -> list[Answer]:
        return [
            self.ask(f"{step} {surface}", "GET", f"/v1/publications/{publication}/{surface}") for surface in SURFACES
        ]

    def pass_time(self, hours: float) -> None:
        self.ask(f"{hours} hours later", "POST", "/sandbox/clock", json={"hours": hours})


def asset(answer: Answer) -> str:
    """The id of what was made."""
    return str(answer.json["asset"]["id"])


def content(answer: Answer) -> bytes:
    """The bytes of what was made."""
    given = answer.json["content"]
    return base64.b64decode(given["data"]) if given["encoding"] == "base64" else given["data"].encode()
