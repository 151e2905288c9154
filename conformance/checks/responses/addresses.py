"""Addresses that earlier responses named: after a removal, each kept link is tried again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ...engine.probing.conversation import Visits
from ...engine.probing.probe import Probe
from ...entities import Account, Media
from ...provider import Accepted

ADDRESSES = "every address in earlier responses"
"""The facet of a case that tries them."""
_NAMING = frozenset({"publish", "view", "search", "share", "edit"})
_COUNTED = re.compile(rb"\d+")


@dataclass(frozen=True)
class Address:
    """An address that serves the thing, who may ask for it (``None``: everybody), and what it served at first."""

    url: str
    account: Account | None
    served: Media


def serving(probe: Probe, begin: int, known: Iterable[Media], token: str = "") -> list[Address]:
    """The addresses in responses since ``begin`` that serve one of the ``known`` files, or a page that has ``token``.

    Each is tried without credentials, then by another account than the one it was given to.
    """
    provider = probe.provider
    if not isinstance(provider, Visits):
        return []
    exchanges = [taken.exchange for taken in probe.recorded[begin:] if taken.exchange.operation in _NAMING]
    files, found = {media.data for media in known if media.data}, []
    for url in provider.addresses(exchanges):
        for account in (None, probe.reporter()):
            answer = probe.observe_leniently(provider.visit, account, url)
            if isinstance(answer, Accepted) and _shows(answer.value, files, token):
                found.append(Address(url, account, answer.value))
                break
            if isinstance(answer, Accepted):
                break
    return found


def still_served(probe: Probe, addresses: Iterable[Address]) -> list[str]:
    """Those that serve the very same as before, once a decision had the declared time to show; the first is judged."""
    provider = probe.provider
    assert isinstance(provider, Visits)  # noqa: S101 - it named the addresses
    left = list(addresses)
    served_by: dict[str, int] = {}

    def gone() -> bool:
        left[:] = [address for address in left if serves(address)]
        return not left

    def serves(address: Address) -> bool:
        answer = probe.observe_leniently(provider.visit, address.account, address.url)
        served_by[address.url] = len(probe.recorded)
        return isinstance(answer, Accepted) and _same(address.served.data, answer.value.data)

    probe.settled(gone)
    if left:
        probe.judges(served_by[left[0].url])
    return [address.url for address in left]


def _shows(media: Media, files: set[bytes], token: str) -> bool:
    return media.data in files or bool(token and token.encode() in media.data)


def _same(before: bytes, after: bytes) -> bool:
    """Whether a file or page is the same, but for numbers that count up: a page that says that something was removed,
    under its title, is another page.
    """
    return before == after or _COUNTED.sub(b"0", before) == _COUNTED.sub(b"0", after)
