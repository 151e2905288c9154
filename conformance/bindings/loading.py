"""From a binding file to a provider: read, checked whole before anything is sent, then connected."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from shenhe.rulebook.document import DocumentError, Fault, Locate, Mark, Readable, read_yaml, validate

from .. import report as reporting
from ..provider import Account, Capabilities, Consent, Identity, Operation, ReadyMade, Subject
from ..redaction import Redactor, long_enough
from .asgi import AsgiTransport
from .format import BindingFile
from .http import HttpProvider, is_loopback
from .operations import BoundRequest, Compiler, missing_credentials
from .template import expand, variables
from .transport import DeadlineTransport
from .wire import Wire

IN_PROCESS = "http://in-process"
"""The base URL of an application in this process that is given none."""


class BindingError(DocumentError):
    """A binding that cannot be used. ``faults`` lists everything found, each at its line."""


@dataclass(frozen=True)
class Binding:
    """A checked binding. ``sha256`` is the hash of the file as read."""

    name: str
    file: BindingFile = field(repr=False)
    sha256: str
    operations: Mapping[Operation, tuple[BoundRequest, ...]] = field(repr=False)
    capabilities: Capabilities
    ready_made: ReadyMade = field(repr=False)
    _environ: Mapping[str, str] = field(repr=False)
    _secrets: Mapping[str, str] = field(repr=False)
    _locate: Locate = field(repr=False)

    def place(self, *steps: str | int) -> str:
        """``binding.yaml:7`` for a value of the file."""
        return f"{self._locate.source_name}:{self._locate(steps, key=True).line}"

    def way(self, operation: Operation, facets: Mapping[str, Any]) -> BoundRequest | None:
        """How a request with these facets would be asked, or ``None`` where the binding does not say."""
        return next((way for way in self.operations.get(operation, ()) if way.matches(facets)), None)

    def base_url(self) -> str:
        """The base URL that the file names. Raises :class:`BindingError` for a missing variable or anything but a plain http(s) URL."""
        try:
            return _base_url(expand(self.file.target.base_url, self._environ))
        except KeyError as error:
            why = f"found no value for ${{{error.args[0]}}}, expected it in the environment"
        except ValueError as error:
            why = str(error)
        raise BindingError([self._fault(("target", "base_url"), why)])

    def connect(
        self,
        base_url: str | None = None,
        transport: httpx.BaseTransport | None = None,
        *,
        sleep: Callable[[float], None] | None = None,
    ) -> HttpProvider:
        """A provider over one HTTP client.

        ``base_url`` takes the place of the file's. ``transport`` reaches an application in this process
        (:class:`~shenhe.conformance.bindings.asgi.AsgiTransport`). Nothing is sent yet.
        Raises :class:`BindingError` for a base URL that cannot be used.
        """
        if base_url is not None:
            try:
                url = _base_url(base_url)
            except ValueError as error:
                raise BindingError([Fault("base URL", Mark(1, 1), (), str(error))]) from None
        else:
            url = IN_PROCESS if transport is not None else self.base_url()
        limits = self.file.limits
        client = httpx.Client(
            transport=transport or DeadlineTransport(), trust_env=False, follow_redirects=False, timeout=limits.timeout
        )
        wire = Wire(
            client,
            base_url=url,
            limits=limits,
            redactor=Redactor(self._secrets),
            media_hosts=frozenset(host.lower() for host in self.file.target.media_hosts),
            **({} if sleep is None else {"sleep": sleep}),
        )
        capabilities = self.capabilities
        target = reporting.Target(
            name=self._text(self.file.target.name),
            environment=self.file.target.environment,
            transport="http" if transport is None else "asgi" if isinstance(transport, AsgiTransport) else "in process",
            binding_sha256=self.sha256,
            services=[service.value for service in capabilities.services],
            operations=sorted(operation.value for operation in capabilities.operations),
            markets=list(capabilities.markets),
            roles=list(capabilities.roles),
        )
        return HttpProvider(
            wire,
            self.operations,
            capabilities=capabilities,
            ready_made=self.ready_made,
            target=target,
            loopback=transport is not None or is_loopback(urlsplit(url).hostname or ""),
        )

    def _text(self, text: str) -> str:
        return expand(text, self._environ)

    def _fault(self, steps: tuple[str | int, ...], message: str) -> Fault:
        return Fault(self._locate.source_name, self._locate(steps), self._locate.known(steps), message)


def load_binding(
    origin: Readable | str | os.PathLike[str], name: str | None = None, *, environ: Mapping[str, str] | None = None
) -> Binding:
    """Read and check a binding. ``origin`` is a path or a package resource; ``environ`` (the process's own by default) gives ``${NAME}``.

    Nothing is sent. Raises :class:`BindingError` with everything that is wrong, a line each.
    """
    readable: Readable = Path(origin) if isinstance(origin, str | os.PathLike) else origin
    shown_name = name or str(getattr(readable, "name", readable))
    given = dict(os.environ if environ is None else environ)
    try:
        with readable.open("rb") as stream:
            digest = hashlib.sha256(stream.read(4_000_000)).hexdigest()
        data, locate = read_yaml(readable, shown_name)
        if not isinstance(data, dict):
            raise BindingError([Fault(shown_name, Mark(1, 1), (), "found no mapping, expected target and operations")])
        secrets = _secrets(data, locate, given)
        file = validate(BindingFile, _expanded(data, given), locate)
    except BindingError:
        raise
    except DocumentError as error:
        raise BindingError(error.faults) from None
    except OSError as error:
        why = f"the file cannot be read ({error.strerror or type(error).__name__})"
        raise BindingError([Fault(shown_name, Mark(1, 1), (), why)]) from None
    compiler = Compiler(file, locate, given)
    operations = compiler.operations()
    faults = [*compiler.faults]
    for steps, message in [*missing_credentials(file), *_unknown_subjects(file)]:
        faults.append(Fault(shown_name, locate(steps), locate.known(steps), message))
    if faults:
        raise BindingError(sorted(dict.fromkeys(faults), key=lambda fault: fault.mark))
    return Binding(
        shown_name, file, digest, operations, _capabilities(file), _ready_made(file), given, secrets, locate
    )


_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")

#: Sections whose text is used as it is; in the others ``${NAME}`` is put in when a request is filled in.
_PLAIN = ("accounts", "identities", "subjects", "consents", "limits")


def _expanded(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    return {key: _expand(value, environ) if key in _PLAIN else value for key, value in data.items()}


def _expand(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return expand(value, environ)
    if isinstance(value, dict):
        return {key: _expand(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand(inner, environ) for inner in value]
    return value


def _secrets(data: dict[str, Any], locate: Locate, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the file uses with their values. Those of ``target`` are public and checked when connecting."""
    secrets: dict[str, str] = {}
    faults = []
    for steps, name, default in variables(data):
        if steps[:1] == ("target",):
            continue
        value = environ.get(name) or default
        if value is None:
            why = f"found no value for ${{{name}}}, expected it in the environment"
        elif environ.get(name) and not long_enough(value):
            why = f"found a value for ${{{name}}} that is too short to be kept out of the evidence, expected 4 characters or more"
        else:
            if environ.get(name):
                secrets[name] = value
            continue
        faults.append(Fault(locate.source_name, locate(steps), locate.known(steps), why))
    if faults:
        raise BindingError(faults)
    return secrets


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in {"http", "https"} or not port_is_fine or not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError("found a base URL that cannot be used, expected one such as https://api.example.com/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("found a base URL with a user name, query or fragment, expected scheme, host and path alone")
    return url.rstrip("/")


def _unknown_subjects(file: BindingFile) -> list[tuple[tuple[str, ...], str]]:
    known = ", ".join(file.subjects) or "no subjects"
    return [
        (("consents", role, "subject"), f"found {entry.subject!r}, expected a role of subjects: {known}")
        for role, entry in file.consents.items()
        if entry.subject not in file.subjects
    ]


def _capabilities(file: BindingFile) -> Capabilities:
    target = file.target
    return Capabilities(
        operations=frozenset(file.operations),
        services=tuple(target.services),
        media=dict(target.services),
        surfaces=target.surfaces,
        renditions=target.renditions,
        edit_scopes=target.edit_scopes,
        identity_methods=target.identity_methods,
        report_kinds=target.report_kinds,
        disclosure_topics=target.disclosure_topics,
        markers=dict(target.markers),
        markets=tuple(market.value for market in target.markets),
        roles=tuple(target.roles),
        identities=target.identities,
    )


def _ready_made(file: BindingFile) -> ReadyMade:
    subjects = {role: Subject(entry.id, entry.name, entry.minor) for role, entry in file.subjects.items()}
    return ReadyMade(
        accounts={role: Account(entry.id, dict(entry.credentials)) for role, entry in file.accounts.items()},
        identities={
            role: Identity(entry.method, entry.number, entry.name) for role, entry in file.identities.items()
        },
        subjects=subjects,
        consents={
            role: Consent(entry.id, subjects[entry.subject], entry.scope)
            for role, entry in file.consents.items()
            if entry.subject in subjects
        },
    )
