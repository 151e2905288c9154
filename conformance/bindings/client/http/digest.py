"""HTTP Digest authentication (RFC 7616): the digest of a password over a challenge and a request."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from urllib.parse import urlsplit

from ...language.responses.response import Response
from .connection import Request

#: The algorithms of challenges, by the names that they have there; the best is last.
_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_SCHEME = re.compile(r"(?:^|,)\s*Digest\s+", re.I)
_OTHER_SCHEME = re.compile(r",\s*[A-Za-z][\w-]*\s+[A-Za-z]")
_PARAMETER = re.compile(r"([A-Za-z][\w-]{0,40})\s*=\s*(?:\"((?:[^\"\\]|\\.){0,2000})\"|([^\s,\"]{0,2000}))")


@dataclass
class PasswordDigest:
    """The name and password of one account, and the last challenge of each host."""

    username: str
    password: str = field(repr=False)
    _challenges: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    _counts: dict[str, int] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def challenged(self, request: Request, response: Response) -> bool:
        """Whether a response asks for a digest that the request did not have. The challenge is kept."""
        if response.status != 401:
            return False
        found = challenge_of(response.headers.get("www-authenticate", ""))
        host = urlsplit(request.url).netloc
        with self._lock:
            known = self._challenges.get(host)
            # The same challenge again says that the password is wrong.
            if found is None or (known is not None and known.get("nonce") == found["nonce"]):
                return False
            self._challenges[host] = found
            self._counts[host] = 0
        return True

    def signed(self, request: Request) -> Request:
        """The request with the digest over the last challenge of its host; unchanged before there is one."""
        host = urlsplit(request.url).netloc
        with self._lock:
            challenge = self._challenges.get(host)
            if challenge is None:
                return request
            self._counts[host] = count = self._counts[host] + 1
        value = authorization(challenge, self.username, self.password, request, count, secrets.token_hex(8))
        kept = tuple((name, text) for name, text in request.headers if name.lower() != "authorization")
        return replace(request, headers=(*kept, ("Authorization", value)))


def challenge_of(header: str) -> dict[str, str] | None:
    """The parameters of the best ``Digest`` challenge in ``WWW-Authenticate``; ``None`` where there is none to take."""
    best: dict[str, str] | None = None
    for part in _SCHEME.split(header[:10_000])[1:]:
        other = _OTHER_SCHEME.search(part)
        text = part[: other.start()] if other else part
        found = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in _PARAMETER.findall(text)
        }
        name = _algorithm(found)
        offered = {each.strip().lower() for each in found.get("qop", "auth").split(",")}
        if "nonce" not in found or name not in _ALGORITHMS or not offered & {"auth", "auth-int"}:
            continue
        if best is None or list(_ALGORITHMS).index(name) > list(_ALGORITHMS).index(_algorithm(best)):
            best = found
    return best


def authorization(
    challenge: Mapping[str, str], username: str, password: str, request: Request, count: int, cnonce: str
) -> str:
    """The value of ``Authorization`` for a request."""
    make = _ALGORITHMS[_algorithm(challenge)]

    def digest(text: bytes) -> str:
        return hashlib.new(make, text, usedforsecurity=False).hexdigest()

    parts = urlsplit(request.url)
    uri = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    realm, nonce = challenge.get("realm", ""), challenge["nonce"]
    offered = {each.strip().lower() for each in challenge.get("qop", "").split(",")} - {""}
    qop = "auth" if "auth" in offered else "auth-int" if offered else ""
    secret = digest(f"{username}:{realm}:{password}".encode())
    if challenge.get("algorithm", "").lower().endswith("-sess"):
        secret = digest(f"{secret}:{nonce}:{cnonce}".encode())
    asked = f"{request.method}:{uri}"
    if qop == "auth-int":
        asked += ":" + digest(request.body)
    number = f"{count:08x}"
    middle = f"{nonce}:{number}:{cnonce}:{qop}" if qop else nonce
    response = digest(f"{secret}:{middle}:{digest(asked.encode())}".encode())
    fields = {"username": username, "realm": realm, "nonce": nonce, "uri": uri, "response": response}
    if "opaque" in challenge:
        fields["opaque"] = challenge["opaque"]
    texts = [f'{name}="{_escaped(value)}"' for name, value in fields.items()]
    if "algorithm" in challenge:
        texts.append(f"algorithm={challenge['algorithm']}")
    if qop:
        texts += [f"qop={qop}", f"nc={number}", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(texts)


def _algorithm(challenge: Mapping[str, str]) -> str:
    return challenge.get("algorithm", "MD5").upper().removesuffix("-SESS")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
