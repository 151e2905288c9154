"""A checked binding, and the provider that it connects to: over one HTTP client, with the hosts, certificates and proxy
that it names.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from shenhe.conformance import report as reporting
from shenhe.conformance.evidence.redaction import Redactor
from shenhe.conformance.provider import Capabilities, Operation, ReadyMade
from shenhe.core.document import Fault, Locate, Mark
from shenhe.core.text import visible

from ..language.bound import BoundLogin, BoundRequest
from ..language.errors import BindingError
from ..language.format import BindingFile, TlsSection
from ..language.template import expand, missing
from .charges import Charges, as_charges
from .http.asgi import AsgiTransport
from .http.cassette import CassetteTransport, Recording
from .http.connection import Connection, is_loopback
from .http.transport import DeadlineTransport, Proxy
from .provider import HttpProvider

IN_PROCESS = "http://in-process"
"""The base URL of an application in this process that is given none."""

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


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
    constants: Mapping[str, Any] = field(repr=False)
    _environ: Mapping[str, str] = field(repr=False)
    _secrets: Mapping[str, str] = field(repr=False)
    _locate: Locate = field(repr=False)
    _folder: Path | None = None
    #: The name of the chosen environment; ``""`` for the target itself.
    environment: str = ""
    #: What is lawful in the file and has no effect.
    doubts: tuple[Fault, ...] = ()

    def place(self, *steps: str | int) -> str:
        """``binding.yaml:7`` for a value of the file."""
        return f"{self._locate.source_name}:{self._locate(steps, key=True).line}"

    def request_for(self, operation: Operation, facets: Mapping[str, Any]) -> BoundRequest | None:
        """The request for these facets, or ``None`` if the binding has none."""
        return next((way for way in self.operations.get(operation, ()) if way.matches(facets)), None)

    def base_url(self) -> str:
        """The base URL that the file names. Raises :class:`BindingError` for a missing variable or anything but a plain
        http(s) URL.
        """
        try:
            return usable_base_url(expand(self.file.target.base_url, self._environ))
        except KeyError as error:
            why = missing(error.args[0])
        except ValueError as error:
            why = str(error)
        raise BindingError([self._fault(self._section("base_url"), why)])

    def _phrases(self) -> dict[str, str]:
        """The phrases of the markers by name."""
        markers = self.file.target.markers
        return {name: marker if isinstance(marker, str) else marker.phrase for name, marker in markers.items()}

    def _section(self, key: str) -> tuple[str, ...]:
        """The place of a key of ``target`` that an environment may override."""
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
        """A provider over one HTTP client. Nothing is sent yet.

        ``base_url`` replaces the file's. ``transport`` reaches an application in this process
        (:class:`~.http.asgi.AsgiTransport`). ``record`` writes every response to a cassette, ``replay`` responds from
        one without sending anything (:mod:`~.http.cassette`). Raises :class:`BindingError` for an unusable base URL,
        ``CassetteError`` or ``OSError`` for an unusable cassette.
        """
        if base_url is not None:
            try:
                url = usable_base_url(base_url)
            except ValueError as error:
                raise BindingError([Fault("base URL", Mark(1, 1), (), str(error))]) from None
        else:
            url = IN_PROCESS if transport is not None else self.base_url()
        hosts = {} if replay is not None else self._hosts()
        limits = self.file.limits
        redactor = Redactor(self._secrets)
        salt: str | None = None
        one_thread = transport is not None
        if replay is not None:
            cassette = CassetteTransport(replay, url, redactor)
            one_thread = cassette.in_process
            transport, salt, sleep = cassette, cassette.salt, sleep or (lambda seconds: None)
        own, mounts = (transport, {}) if transport is not None else self._transports(url)
        client = httpx.Client(
            transport=own, mounts=mounts, trust_env=False, follow_redirects=False, timeout=limits.timeout
        )
        connection = Connection(
            client,
            base_url=url,
            limits=limits,
            redactor=redactor,
            media_hosts=frozenset(host.lower() for host in self.file.target.media_hosts),
            auth_hosts=frozenset(host.lower() for host in self.file.target.auth_hosts),
            hosts=hosts,
            sleep=sleep or time.sleep,
            clock=clock or time.monotonic,
        )
        connection.in_process = transport
        recording = Recording(record, url, redactor, in_process=one_thread) if record is not None else None
        salt = recording.salt if recording is not None else salt
        connection.record = recording.add if recording is not None else None
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
            edit_scopes=list(capabilities.edit_scopes),
            traits=dict(capabilities.traits),
            media_hosts=sorted({host.lower() for host in self.file.target.media_hosts}),
        )
        return HttpProvider(
            connection,
            self.operations,
            capabilities=capabilities,
            ready_made=self.ready_made,
            target=target,
            loopback=transport is not None
            or all(is_loopback(urlsplit(each).hostname or "") for each in (url, *hosts.values())),
            fixed={"constants": self.constants, "markers": self._phrases()},
            login=self.login,
            recording=recording,
            salt=salt,
            one_thread=one_thread,
            charges=Charges(
                as_charges(self.file.target.price),
                as_charges(self.file.target.seconds) or {},
                self.file.limits.requests_per_second,
            ),
        )

    def _transports(self, url: str) -> tuple[httpx.BaseTransport, dict[str, httpx.BaseTransport | None]]:
        """How to reach every host, and how to reach the provider's own where that differs: our certificate is shown
        there alone.
        """
        tls, proxy = self.file.tls or TlsSection(), self.file.proxy
        hosts = [urlsplit(url).hostname or "", *(host.partition(":")[0] for host in self._other_hosts())]
        if not tls.verify and not all(map(is_loopback, hosts)):
            why = (
                "found verify: false for a host that is not this machine; write ca: with the file of the authority that"
                " signed it"
            )
            raise BindingError([self._fault((*self._tls_steps(), "verify"), why)])
        given = None
        if proxy is not None:
            given = Proxy(proxy.url, self._text(proxy.username), self._text(proxy.password))
        plain = DeadlineTransport(ssl_context=self._context(tls, ours=False), proxy=given)
        if tls.certificate is None:
            return plain, {}
        parts = urlsplit(url)
        return plain, {
            f"{parts.scheme}://{parts.netloc}": DeadlineTransport(
                ssl_context=self._context(tls, ours=True), proxy=given
            )
        }

    def _hosts(self) -> dict[str, str]:
        """The further base URLs of the provider by name. Raises :class:`BindingError` naming an unusable one."""
        found: dict[str, str] = {}
        faults = []
        for name, url in self.file.target.hosts.items():
            try:
                found[name] = usable_base_url(expand(url, self._environ))
                continue
            except KeyError as error:
                why = missing(error.args[0])
            except ValueError as error:
                why = str(error)
            faults.append(self._fault((*self._section("hosts"), name), why))
        if faults:
            raise BindingError(faults)
        return found

    def _other_hosts(self) -> list[str]:
        named = [urlsplit(url).netloc for url in self._hosts().values()]
        return [*named, *self.file.target.media_hosts, *self.file.target.auth_hosts]

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
            why = f"found an unusable file ({error.reason or 'not PEM'}), expected PEM, and the key that belongs to it"
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


def _transport_name(transport: httpx.BaseTransport | None) -> str:
    names = {AsgiTransport: "asgi", CassetteTransport: "cassette"}
    return "http" if transport is None else names.get(type(transport), "in process")


def usable_base_url(url: str) -> str:
    """``url`` without a slash at its end. Raises :class:`ValueError` for anything but a plain http(s) URL."""
    parts = urlsplit(url)
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in {"http", "https"} or not port_is_fine or not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError("found a base URL that cannot be used, expected one such as https://api.example.com/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("found a base URL with a user name, query or fragment, expected only scheme, host and path")
    return url.rstrip("/")
