"""From a binding file to a binding: read, and checked whole before anything is sent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from shenhe.conformance.apps import Filing
from shenhe.conformance.entities import Account, Consent, Identity, Marker, Reading, Subject
from shenhe.conformance.provider import Capabilities, Operation, ReadyMade
from shenhe.core.document import DocumentError, Fault, Locate, Mark, Readable, read_origin, read_yaml, validate
from shenhe.core.files import read_up_to
from shenhe.rulebook import Service

from ..language.auth import missing_credentials
from ..language.bound import BoundRequest
from ..language.compiler import Compiler
from ..language.constants import constant_of
from ..language.errors import BindingError
from ..language.format import (
    BindingFile,
    FilingEntry,
    MarkerEntry,
    ServiceSection,
    TargetSection,
    TlsSection,
)
from ..language.mistakes import addresses_elsewhere, doubts, mistakes, mistakes_as_written
from ..language.template import expand, mentions
from ..language.variables import expanded, secrets_of, written_secrets
from .binding import Binding, usable_base_url
from .environ import Environ, environ_of

#: The folder of the bindings that come with shenhe.
_READY = Path(str(files("shenhe.conformance.bindings") / "ready"))

E = TypeVar("E")


def load_binding(
    origin: Readable | str | os.PathLike[str],
    name: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    environment: str | None = None,
) -> Binding:
    """Read and check a binding. ``origin`` is a path, a package resource or the name of a ready-made one
    (:func:`ready_names`); ``environ`` gives ``${NAME}``, by default what :func:`.environ.environ_of` lets the file take
    of the process's own; ``environment`` chooses one of the file's ``environments``.

    Nothing is sent. Raises :class:`BindingError` with every mistake, one line each.
    """
    readable: Readable = _found(origin) if isinstance(origin, str | os.PathLike) else origin
    shown_name = name or str(getattr(readable, "name", readable))
    allowed = Environ(environ) if environ is not None else _environ_of(readable)
    given = dict(allowed.values)
    try:
        digest = hashlib.sha256(read_origin(readable, 4_000_000)[:4_000_000]).hexdigest()
        data, locate = read_yaml(readable, shown_name)
        if not isinstance(data, dict):
            raise BindingError([Fault(shown_name, Mark(1, 1), (), "found no mapping, expected target and operations")])
        secrets = secrets_of(data, locate, given, allowed.refused)
        file = _in_environment(validate(BindingFile, expanded(data, given), locate), environment, locate)
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
    folder = readable.parent if isinstance(readable, Path) else None
    wrong = [*mistakes_as_written(data, locate), *missing_credentials(file), *_unknown_subjects(file), *mistakes(file)]
    wrong += [*addresses_elsewhere(file, given), *_missing_files(file, folder, given), *_unusable_urls(file)]
    for steps, message in wrong:
        faults.append(Fault(shown_name, locate(steps), locate.known(steps), message))
    constants: dict[str, Any] = {}
    for role, entry in file.constants.items():
        try:
            constants[role] = constant_of(entry, folder)
        except ValueError as error:
            steps = ("constants", role)
            faults.append(Fault(shown_name, locate(steps), locate.known(steps), str(error)))
    if faults:
        raise BindingError(sorted(dict.fromkeys(faults), key=lambda fault: fault.mark))
    return Binding(
        name=shown_name,
        file=file,
        sha256=digest,
        operations=operations,
        capabilities=_capabilities(file, operations),
        ready_made=_ready_made(file),
        login=login,
        constants=constants,
        _environ=given,
        _secrets={**written_secrets(file), **secrets},
        _locate=locate,
        _folder=folder,
        environment=environment or "",
        doubts=tuple(Fault(shown_name, locate(steps), locate.known(steps), why) for steps, why in doubts(file)),
    )


def _environ_of(readable: Readable) -> Environ:
    """What a binding may take of the process's environment. A ready-made one is part of shenhe."""
    if not isinstance(readable, Path) or not readable.is_file() or readable.is_relative_to(_READY):
        return Environ(os.environ)
    return environ_of(readable)


def ready_names() -> list[str]:
    """The bindings that come with shenhe, by name."""
    return sorted(
        each.name.removesuffix(".yaml")
        for each in (files("shenhe.conformance.bindings") / "ready").iterdir()
        if each.name.endswith(".yaml")
    )


def ready_text(name: str) -> str:
    """The text of a ready-made binding."""
    return (files("shenhe.conformance.bindings") / "ready" / f"{name}.yaml").read_text(encoding="utf-8")


def _found(origin: str | os.PathLike[str]) -> Readable:
    """The file of that path, or the ready-made binding of that name; a file comes first."""
    path = Path(origin)
    if not path.exists() and str(origin) in ready_names():
        return files("shenhe.conformance.bindings") / "ready" / f"{origin}.yaml"
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


def _unusable_urls(file: BindingFile) -> Iterator[tuple[tuple[str, ...], str]]:
    """Base URLs that are none. One with a variable is left to the connection, which may replace it."""
    named: dict[tuple[str, ...], str] = {("target", "base_url"): file.target.base_url}
    named |= {("target", "hosts", name): url for name, url in file.target.hosts.items()}
    for steps, url in named.items():
        try:
            usable_base_url(url if "${" not in url else "http://variable")
        except ValueError as error:
            yield steps, str(error)


def _missing_files(
    file: BindingFile, folder: Path | None, environ: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Files of ``tls`` that cannot be read. One whose name has a variable without a value is left to the connection."""
    sections: dict[tuple[str, ...], TlsSection | None] = {("tls",): file.tls}
    sections |= {("environments", name, "tls"): each.tls for name, each in file.environments.items()}
    for steps, section in sections.items():
        for key in ("ca", "certificate", "key"):
            name = None if section is None else getattr(section, key)
            try:
                path = Path(expand(name or "", environ)).expanduser()
            except (KeyError, RuntimeError):
                continue
            if name is None or (folder is None and not path.is_absolute()):
                continue
            try:
                read_up_to(path if path.is_absolute() or folder is None else folder / path, 0)
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or type(error).__name__
                yield (*steps, key), f"the file cannot be read ({why}), expected a PEM file beside the binding"


def _unknown_subjects(file: BindingFile) -> list[tuple[tuple[str, ...], str]]:
    known = ", ".join(file.subjects) or "no subjects"
    return [
        (("consents", role, "subject"), f"found {entry.subject!r}, expected a role of subjects: {known}")
        for role, entry in file.consents.items()
        if entry.subject not in file.subjects
    ]


def _confirms_consents(file: BindingFile) -> bool:
    """Whether a step of ``grant_consent`` gives the id of the consent, so that its last request confirms it."""
    section = file.operations.get(Operation.GRANT_CONSENT)
    number = section.extract.get("id") if section is not None and section.steps else None
    return isinstance(number, Mapping) and mentions(number, "steps")


def _capabilities(file: BindingFile, operations: Mapping[Operation, tuple[BoundRequest, ...]]) -> Capabilities:
    target = file.target
    services = target.services
    making = operations.get(Operation.GENERATE, ())
    return Capabilities(
        operations=frozenset(file.operations),
        services=tuple(services),
        media={service: section.media for service, section in services.items()},
        surfaces=target.surfaces,
        renditions=target.renditions,
        edit_scopes=target.edit_scopes,
        identity_methods=target.identity_methods,
        report_kinds=target.report_kinds,
        disclosure_topics=target.disclosure_topics,
        record_kinds=target.record_kinds,
        markers={name: _marker(marker) for name, marker in target.markers.items()},
        markets=tuple(market.value for market in target.markets),
        roles=tuple(target.roles),
        identities=target.identities,
        consents_expire=target.consents_expire,
        traits={trait.value: present for trait, present in target.traits.items()},
        personas=target.personas,
        ages_named=any(way.names_age for way in operations.get(Operation.REGISTER, ())),
        producers_named=any(way.names_producer for way in operations.get(Operation.REGISTER, ())),
        codes=frozenset(name for name, ways in operations.items() if any(way.asks_for_code for way in ways)),
        consents_confirmed=_confirms_consents(file),
        agreement_named=any(way.names_agreement for way in making),
        upload_steps=max((len(way.steps) for way in operations.get(Operation.UPLOAD, ())), default=0),
        archived=_media_of(making, services, lambda way: way.media is not None and way.media.kind == "zip"),
        called_back=_media_of(making, services, lambda way: way.poll is not None and way.poll.callback),
        signed_back=_media_of(making, services, lambda way: way.poll is not None and way.poll.signature is not None),
        text_labels=target.text_labels,
        holders_named=all(each.names_holder for each in operations.get(Operation.VERIFY_IDENTITY, ())),
        accounts_named=frozenset(
            name for name, requests in operations.items() if all(each.names_account for each in requests)
        ),
        options={service: dict(section.options) for service, section in services.items() if section.options},
        inputs={service: section.inputs for service, section in services.items() if section.inputs},
        uploads=target.uploads,
        storefronts=target.storefronts,
        listing_surfaces=target.listing_surfaces,
        orders=target.orders,
        orders_signed=any(auth.of_account for way in operations.get(Operation.ORDER_APP, ()) for auth in way.auth),
        publish_ways=target.publish_ways,
        surfaces_of={name: each.surfaces for name, each in services.items() if each.surfaces is not None},
        renditions_of={name: each.renditions for name, each in services.items() if each.renditions is not None},
        report_kinds_of={name: each.report_kinds for name, each in services.items() if each.report_kinds is not None},
        markers_of={
            service: {name: _marker(marker) for name, marker in {**target.markers, **each.markers}.items()}
            for service, each in services.items()
            if each.markers
        },
        dialogue=target.dialogue,
        settling_seconds=target.settling_seconds,
        readings={
            operation: tuple(Reading(each.when, each.channels) for each in requests)
            for operation, requests in operations.items()
        },
    )


def _media_of(
    making: tuple[BoundRequest, ...],
    services: Mapping[Service, ServiceSection],
    chosen: Callable[[BoundRequest], bool],
) -> tuple[tuple[Service, str], ...]:
    """The media of services for which the binding describes a request of this kind."""

    def way(service: Service, media_type: str) -> BoundRequest | None:
        facets = {"service": service.value, "media_type": media_type, "labelled": True, "agreed": False}
        return next((each for each in making if each.matches(facets)), None)

    return tuple(
        (service, media_type)
        for service, section in services.items()
        for media_type in section.media
        if (found := way(service, media_type)) is not None and chosen(found)
    )


def _marker(marker: str | MarkerEntry) -> Marker:
    if isinstance(marker, str):
        return Marker(marker)
    return Marker(marker.phrase, marker.place, marker.services, marker.texts)


def _listed(entry: E | tuple[E, ...]) -> tuple[E, ...]:
    return entry if isinstance(entry, tuple) else (entry,)


def _filing(entry: FilingEntry) -> Filing:
    return Filing(entry.number, entry.entity, entry.holder, entry.assessment)


def _ready_made(file: BindingFile) -> ReadyMade:
    subjects = {role: Subject(entry.id, entry.name, entry.minor, entry.number) for role, entry in file.subjects.items()}
    entries = {role: _listed(each) for role, each in file.accounts.items()}
    accounts = {
        role: tuple(Account(entry.id, dict(entry.credentials)) for entry in several)
        for role, several in entries.items()
    }
    return ReadyMade(
        accounts={role: several[0] for role, several in accounts.items()},
        further_accounts={role: several for role, several in accounts.items() if len(several) > 1},
        identities={role: Identity(entry.method, entry.number, entry.name) for role, entry in file.identities.items()},
        filings={role: tuple(map(_filing, _listed(each))) for role, each in file.filings.items()},
        profiles={role: dict(several[0].profile) for role, several in entries.items()},
        subjects=subjects,
        consents={
            role: Consent(entry.id, subjects[entry.subject], entry.scope)
            for role, entry in file.consents.items()
            if entry.subject in subjects
        },
    )
