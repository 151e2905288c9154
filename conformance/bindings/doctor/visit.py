"""One visit of the doctor: a try of each operation, and what earlier tries gave to later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from shenhe.conformance.entities import Account
from shenhe.conformance.provider import Accepted, Operation, Result
from shenhe.core.text import visible

from ..client.binding import Binding
from ..client.provider import HttpProvider
from .diagnosis import Diagnosis, diagnosed, unreachable

T = TypeVar("T")


class NeedsEarlier(Exception):
    """Something is missing that an earlier operation should have given."""


#: What to write where the target has no accounts.
_ONE_KEY = "where one key signs for all, write `accounts: {verified_adult: {id: application}}`; any id will do"


class Visit:
    """A binding, its target, and what was obtained so far."""

    def __init__(self, binding: Binding, provider: HttpProvider) -> None:
        self.binding = binding
        self.provider = provider
        self.unreachable = False
        self.given: dict[str, Any] = {}

    def need(self, name: str, source: str) -> Any:
        """What an earlier operation gave. Raises :class:`NeedsEarlier` where it did not."""
        if name not in self.given:
            raise NeedsEarlier(f"it needs {name.replace('_', ' ')}, which {source} would give")
        return self.given[name]

    @property
    def account(self) -> Account:
        """The account that tries what an ordinary user does."""
        account: Account = self.need("account", "register (or accounts.verified_adult)")
        return account

    def kept(self, name: str, result: Result[T]) -> Result[T]:
        """A result, whose value later operations may need."""
        if isinstance(result, Accepted):
            self.given[name] = result.value
        return result

    def not_tried(self, operation: Operation, why: str, detail: str = "") -> Diagnosis:
        """The outcome of an operation that cannot be tried."""
        place = self.binding.place("operations", operation.value)
        unmade = Operation.REGISTER not in self.provider.capabilities.operations and not self.binding.file.accounts
        advice = _ONE_KEY if why.startswith("it needs account,") and unmade else ""
        return Diagnosis(operation.value, detail, "not tried", place, why, advice)

    def attempt(
        self,
        operation: Operation,
        detail: str,
        ask: Callable[[], Result[Any]],
        wrong: Callable[[Any], str] | None = None,
        **facets: Any,
    ) -> Iterator[Diagnosis]:
        """One try. ``wrong`` says what of an accepted value contradicts an earlier response."""
        if operation not in self.provider.capabilities.operations:
            return
        try:
            result = ask()
        except NeedsEarlier as missing:
            yield self.not_tried(operation, str(missing), detail)
            return
        way = self.binding.request_for(operation, facets)

        def at(key: str) -> str:
            return way.place(key).partition(": ")[0] if way else self.binding.place("operations", operation.value)

        self.unreachable = self.unreachable or unreachable(result)
        works = Diagnosis(operation.value, detail, "works", at(""))
        if wrong is not None and isinstance(result, Accepted) and (message := wrong(result.value)):
            advice = "check where extract looks in both responses; or the provider forgets it"
            yield replace(works, state="faulty", place=at("extract"), message=visible(message)[:600], advice=advice)
            return
        yield diagnosed(result, works, self.binding, at)
