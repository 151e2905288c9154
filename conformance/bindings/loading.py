"""From a binding file to a provider: read, checked whole before anything is sent, then connected."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from shenhe.rulebook.document import DocumentError, Fault, Locate, Mark, Readable, read_yaml, validate

from .. import report as reporting
from ..exchange import visible
from ..provider import Account, Capabilities, Consent, Identity, Operation, ReadyMade, Subject
from ..redaction import Redactor, long_enough
from .asgi import AsgiTransport
from .auth import auth_texts, missing_credentials
from .bound import BoundLogin, BoundRequest
from .cassette import CassetteTransport, Recording
from .compiler import Compiler
from .format import BindingFile, TargetSection, TlsSection
from .http import HttpProvider
from .template import expand, missing, variables
from .transport import DeadlineTransport, Proxy
from .wire import Wire, is_loopback

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
    login: BoundLogin | None = field(repr=False)
    _environ: Mapping[str, str] = field(repr=False)
    _secrets: Mapping[str, str] = field(repr=False)
    _locate: Locate = field(repr=False)
    _folder: Path | None = None
    #: The name of the chosen environment; ``""`` for the target as it stands.
    environment: str = ""

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
            why = missing(error.args[0])
        except ValueError as error:
            why = str(error)
        raise BindingError([self._fault(self._section("base_url"), why)])

    def _section(self, key: str) -> tuple[str, ...]:
        """Where a key of ``target`` stands that an environment may give too."""
        return ("environments", self.environment, key) if self.environment else ("target", key)

    def connect(
        self,
        base_url: str | None = None,
        transport: httpx.BaseTransport | None = None,
        *,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] | None = None,
        record: Path | None = None,
        replay: Path | None = None,
    ) -> HttpProvider:
        """A provider over one HTTP client.

        ``base_url`` takes the place of the file's. ``transport`` reaches an application in this process
        (:class:`~shenhe.conformance.bindings.asgi.AsgiTransport`). Nothing is sent yet.
        ``record`` keeps every answer in a cassette, ``replay`` answers from one without sending anything
        (:mod:`~shenhe.conformance.bindings.cassette`).
        Raises :class:`BindingError` for a base URL that cannot be used, ``CassetteError`` or ``OSError`` for a cassette that cannot.
        """
        if base_url is not None:
            try:
                url = _base_url(base_url)
            except ValueError as error:
                raise BindingError([Fault("base URL", Mark(1, 1), (), str(error))]) from None
        else:
            url = IN_PROCESS if transport is not None else self.base_url()
        limits = self.file.limits
        redactor = Redactor(self._secrets)
        if replay is not None:
            transport, sleep = CassetteTransport(replay, url, redactor), sleep or (lambda seconds: None)
        own, mounts = (transport, {}) if transport is not None else self._transports(url)
        client = httpx.Client(transport=own, mounts=mounts, trust_env=False, follow_redirects=False, timeout=limits.timeout)
        wire = Wire(
            client,
            base_url=url,
            limits=limits,
            redactor=redactor,
            media_hosts=frozenset(host.lower() for host in self.file.target.media_hosts),
            auth_hosts=frozenset(host.lower() for host in self.file.target.auth_hosts),
            sleep=sleep or time.sleep,
            clock=clock or time.monotonic,
        )
        recording = Recording(record, url, redactor) if record is not None else None
        wire.record = recording.add if recording is not None else None
        capabilities = self.capabilities
        target = reporting.Target(
            name=visible(self._text(self.file.target.name)),
            environment=self.file.target.environment,
            transport=_transport_name(transport),
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
            login=self.login,
            recording=recording,
        )

    def _transports(self, url: str) -> tuple[httpx.BaseTransport, dict[str, httpx.BaseTransport | None]]:
        """How to reach every host, and how to reach the provider's own where that differs: our certificate is shown there alone."""
        tls, proxy = self.file.tls or TlsSection(), self.file.proxy
        hosts = [urlsplit(url).hostname or "", *(host.partition(":")[0] for host in self._other_hosts())]
        if not tls.verify and not all(map(is_loopback, hosts)):
            why = "found verify: false for a host that is not this machine; write ca: with the file of the authority that signed it"
            raise BindingError([self._fault((*self._tls_steps(), "verify"), why)])
        given = None
        if proxy is not None:
            given = Proxy(proxy.url, self._text(proxy.username), self._text(proxy.password))
        plain = DeadlineTransport(ssl_context=self._context(tls, ours=False), proxy=given)
        if tls.certificate is None:
            return plain, {}
        parts = urlsplit(url)
        return plain, {f"{parts.scheme}://{parts.netloc}": DeadlineTransport(ssl_context=self._context(tls, ours=True), proxy=given)}

    def _other_hosts(self) -> list[str]:
        return [*self.file.target.media_hosts, *self.file.target.auth_hosts]

    def _tls_steps(self) -> tuple[str, ...]:
        chosen = self.file.environments.get(self.environment)
        return ("environments", self.environment, "tls") if chosen is not None and chosen.tls is not None else ("tls",)

    def _context(self, tls: TlsSection, *, ours: bool) -> ssl.SSLContext:
        """Raises :class:`BindingError` naming the line of a file that cannot be used."""
        context = httpx.create_ssl_context(trust_env=False)
        if not tls.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        key = "ca"
        try:
            if tls.ca is not None:
                context.load_verify_locations(cafile=str(self._file(tls.ca)))
            if ours and tls.certificate is not None:
                key = "certificate"
                password = self._text(tls.key_password) if tls.key_password is not None else ""
                own_key = None if tls.key is None else str(self._file(tls.key))
                context.load_cert_chain(str(self._file(tls.certificate)), own_key, password=password)
        except ssl.SSLError as error:
            why = f"found a file that cannot be used ({error.reason or 'not PEM'}), expected PEM, and the key that belongs to it"
        except OSError as error:
            why = f"the file cannot be read ({error.strerror or type(error).__name__})"
        else:
            return context
        raise BindingError([self._fault((*self._tls_steps(), key), why)])

    def _file(self, name: str) -> Path:
        path = Path(self._text(name)).expanduser()
        return path if path.is_absolute() or self._folder is None else self._folder / path

    def _text(self, text: str) -> str:
        return expand(text, self._environ)

    def _fault(self, steps: tuple[str | int, ...], message: str) -> Fault:
        return Fault(self._locate.source_name, self._locate(steps), self._locate.known(steps), message)


def load_binding(
    origin: Readable | str | os.PathLike[str],
    name: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    environment: str | None = None,
) -> Binding:
    """Read and check a binding. ``origin`` is a path, a package resource or the name of a ready-made one (:func:`ready_names`);
    ``environ`` (the process's own by default) gives ``${NAME}``; ``environment`` chooses one of the file's ``environments``.

    Nothing is sent. Raises :class:`BindingError` with everything that is wrong, a line each.
    """
    readable: Readable = _found(origin) if isinstance(origin, str | os.PathLike) else origin
    shown_name = name or str(getattr(readable, "name", readable))
    given = dict(os.environ if environ is None else environ)
    try:
        with readable.open("rb") as stream:
            digest = hashlib.sha256(stream.read(4_000_000)).hexdigest()
        data, locate = read_yaml(readable, shown_name)
        if not isinstance(data, dict):
            raise BindingError([Fault(shown_name, Mark(1, 1), (), "found no mapping, expected target and operations")])
        secrets = _secrets(data, locate, given)
        file = _in_environment(validate(BindingFile, _expanded(data, given), locate), environment, locate)
    except BindingError:
        raise
    except DocumentError as error:
        raise BindingError(error.faults) from None
    except OSError as error:
        why = f"the file cannot be read ({error.strerror or type(error).__name__})"
        raise BindingError([Fault(shown_name, Mark(1, 1), (), why)]) from None
    compiler = Compiler(file, locate, given)
    operations, login = compiler.operations(), compiler.login()
    faults = [*compiler.faults]
    for steps, message in [*missing_credentials(file), *_unknown_subjects(file)]:
        faults.append(Fault(shown_name, locate(steps), locate.known(steps), message))
    if faults:
        raise BindingError(sorted(dict.fromkeys(faults), key=lambda fault: fault.mark))
    folder = readable.parent if isinstance(readable, Path) else None
    return Binding(
        name=shown_name,
        file=file,
        sha256=digest,
        operations=operations,
        capabilities=_capabilities(file, operations),
        ready_made=_ready_made(file),
        login=login,
        _environ=given,
        _secrets={**_written_secrets(file), **secrets},
        _locate=locate,
        _folder=folder,
        environment=environment or "",
    )


def ready_names() -> list[str]:
    """The bindings that come with shenhe, by name."""
    return sorted(each.name.removesuffix(".yaml") for each in (files(__package__) / "ready").iterdir() if each.name.endswith(".yaml"))


def ready_text(name: str) -> str:
    """The text of a ready-made binding."""
    return (files(__package__) / "ready" / f"{name}.yaml").read_text(encoding="utf-8")


def _found(origin: str | os.PathLike[str]) -> Readable:
    """The file of that path, or the ready-made binding of that name; a file comes first."""
    path = Path(origin)
    if not path.exists() and str(origin) in ready_names():
        return files(__package__) / "ready" / f"{origin}.yaml"
    return path


def _in_environment(file: BindingFile, name: str | None, locate: Locate) -> BindingFile:
    """``file`` with what the chosen environment says in place of what the target says."""
    if name is None:
        return file
    chosen = file.environments.get(name)
    if chosen is None:
        known = ", ".join(file.environments) or "none, the file has no environments"
        why = f"found no environment {name!r}, expected one of: {known}"
        raise BindingError([Fault(locate.source_name, locate(("environments",)), (), why)])
    target = {key: value for key in TargetSection.model_fields if (value := getattr(chosen, key, None)) is not None}
    changes: dict[str, Any] = {"target": file.target.model_copy(update=target)}
    changes |= {key: value for key in ("tls", "proxy") if (value := getattr(chosen, key)) is not None}
    return file.model_copy(update=changes)


def _written_secrets(file: BindingFile) -> dict[str, str]:
    """Secrets that stand in the file itself, against all advice: they are kept out of the evidence all the same."""
    sections = [file.auth, *(each.auth for section in file.operations.values() for each in (section, *section.variants) if each.auth)]
    found: dict[str, str] = {}
    for auth in sections:
        for key, text in auth_texts(auth).items():
            if "{{" not in text and "${" not in text and key not in {"username", "client_id"}:
                found.setdefault("auth_" + re.sub(r"[^a-z0-9_]", "_", key), text)
    for role, entry in file.accounts.items():
        found |= {f"{role}_{re.sub(r'[^a-zA-Z0-9_]', '_', name)}": value for name, value in entry.credentials.items()}
    return {name: value for name, value in found.items() if long_enough(value)}


def _transport_name(transport: httpx.BaseTransport | None) -> str:
    names = {AsgiTransport: "asgi", CassetteTransport: "cassette"}
    return "http" if transport is None else names.get(type(transport), "in process")


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
    """The variables that the file uses with their values. Those of ``target`` and of
    ``environments`` are public and checked when connecting."""
    secrets: dict[str, str] = {}
    faults = []
    for steps, name, default in variables(data):
        if steps[:1] in {("target",), ("environments",)}:
            continue
        value = environ.get(name) or default
        if value is None:
            why = missing(name)
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


def _capabilities(file: BindingFile, operations: Mapping[Operation, tuple[BoundRequest, ...]]) -> Capabilities:
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
        consents_expire=target.consents_expire,
        text_labels=target.text_labels,
        accounts_named=frozenset(name for name, ways in operations.items() if all(way.names_account for way in ways)),
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
