"""Identity numbers that are wrong, as recipes: what is changed in a valid number of any person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ..entities import Identity, IdentityMethod
from .people import REGIONS, USCC_ALPHABET, Person, id_number, uscc

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: The characters that a number can end with, where the last one checks the rest.
_CHECK_CHARACTERS = {IdentityMethod.ID_CARD: "0123456789X", IdentityMethod.USCC: USCC_ALPHABET}


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a number, apart from numbers that have to be new each time: a person born on ``born`` (``None``:
    as the invented person), of the region at ``region`` of :data:`REGIONS` (``None``: likewise).
    """

    born: date | None = None
    region: int | None = None

    def number(self, person: Person, method: IdentityMethod) -> str:
        """A valid number for ``person``, made to be this holder's."""
        if method is IdentityMethod.ID_CARD:
            region = person.id_number[:6] if self.region is None else REGIONS[self.region]
            return id_number(region, self.born or person.born, int(person.id_number[14:17]))
        if method is IdentityMethod.USCC and self.region is not None:
            return uscc(REGIONS[self.region], person.uscc[8:17])
        return person.identity(method).number


@dataclass(frozen=True, slots=True)
class Flawed:
    """How an invalid number is made from a valid one: a recipe, since each number may be used up by being presented.

    ``flaw`` names the change and ``change`` makes it. The same recipe gives another number for another person.
    """

    method: IdentityMethod
    flaw: str
    change: Callable[[str], str] = field(compare=False, repr=False)
    holder: Holder = Holder()
    named: bool = True

    def of(self, person: Person) -> Identity:
        """What ``person`` presents."""
        name = person.name if self.named else ""
        return Identity(self.method, self.change(self.holder.number(person, self.method)), name)

    def sound(self, person: Person) -> Identity:
        """The valid counterpart of :meth:`of`."""
        return Identity(self.method, self.holder.number(person, self.method), person.name)


def _any_holder() -> SearchStrategy[Holder]:
    """Adults and minors, the aged, and those whose year of birth a provider may treat specially (16, 18, another
    century), of every region.
    """
    from hypothesis import strategies as st

    years = st.sampled_from((1938, 1955, 1969, 1979, 1999, 2000, 2007, 2008, 2009, 2010, 2017, 2023))
    born = st.tuples(years, st.integers(0, 364)).map(lambda day: date(day[0], 1, 1) + timedelta(days=day[1]))
    region = st.integers(0, len(REGIONS) - 1)
    return st.sampled_from(
        (st.just(Holder()), st.builds(Holder, st.none(), region), st.builds(Holder, born, region))
    ).flatmap(lambda holders: holders)


def near_misses(method: IdentityMethod) -> SearchStrategy[Flawed]:
    """Numbers that are right but for the check character: accepted by a provider that looks at the form only, or that
    checks only some holders or provinces. Only cards and credit codes have a check character.
    """
    from hypothesis import strategies as st

    alphabet = _CHECK_CHARACTERS[method]

    def mistyped(drawn: tuple[Holder, int]) -> Flawed:
        holder, by = drawn

        def change(number: str) -> str:
            return number[:-1] + alphabet[(alphabet.index(number[-1]) + by) % len(alphabet)]

        return Flawed(method, f"the check character moved by {by}", change, holder)

    return st.tuples(_any_holder(), st.integers(1, len(alphabet) - 1)).map(mistyped)


def flawed_identities(method: IdentityMethod) -> SearchStrategy[Flawed]:
    """Numbers of one method that are wrong in one place or altogether; where there is a check character, most are wrong
    in that only.

    A few come out valid by chance: judge by :func:`flaw`.
    """
    from hypothesis import strategies as st

    alphabet = {
        IdentityMethod.ID_CARD: "0123456789X",
        IdentityMethod.USCC: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    }.get(method, "0123456789")

    def words(least: int, most: int) -> SearchStrategy[str]:
        # Not `text`: that reads the whole of Unicode first, which takes most of a second.
        return st.lists(st.sampled_from(alphabet), min_size=least, max_size=most).map("".join)

    def changed(drawn: tuple[int, str]) -> Flawed:
        at, char = drawn

        def change(number: str) -> str:
            place = at % len(number)
            return number[:place] + char + number[place + 1 :]

        return Flawed(method, f"{char} at place {at + 1}", change)

    def swapped(at: int) -> Flawed:
        def change(number: str) -> str:
            place = at % (len(number) - 1)
            return number[:place] + number[place + 1] + number[place] + number[place + 2 :]

        return Flawed(method, f"places {at + 1} and {at + 2} swapped", change)

    def resized(drawn: tuple[int, str]) -> Flawed:
        cut, more = drawn
        return Flawed(
            method, f"{cut} characters less, then {more!r}", lambda number: number[: len(number) - cut] + more
        )

    def replaced(word: str) -> Flawed:
        return Flawed(method, f"{word!r} instead", lambda number: word)

    ways = [
        st.tuples(st.integers(0, 17), st.sampled_from(alphabet)).map(changed),
        st.integers(0, 16).map(swapped),
        st.tuples(st.integers(0, 6), words(0, 4)).map(resized),
        words(1, 20).map(replaced),
    ]
    if method is IdentityMethod.ID_CARD:
        ways.append(_born_on_no_day())
    if method in _CHECK_CHARACTERS:
        # `one_of` would take each way once, however often it is named.
        ways = [near_misses(method)] * (2 * len(ways)) + ways
    return st.sampled_from(ways).flatmap(lambda way: way)


def born(written: str) -> Flawed:
    """A card whose check character is right and whose birth date is these eight digits."""

    def change(number: str) -> str:
        return id_number(number[:6], written, int(number[14:17]))

    return Flawed(IdentityMethod.ID_CARD, f"born {written}", change)


def _born_on_no_day() -> SearchStrategy[Flawed]:
    """Numbers whose check character is right and whose birth date is not."""
    from hypothesis import strategies as st

    impossible = st.one_of(
        st.tuples(st.integers(1950, 2010), st.integers(13, 99), st.integers(1, 28)),
        st.tuples(st.integers(1950, 2010), st.integers(1, 12), st.integers(32, 99)),
        st.tuples(st.integers(1950, 2010), st.just(2), st.integers(30, 31)),
        st.tuples(st.integers(2100, 9999), st.integers(1, 12), st.integers(1, 28)),
    )
    return impossible.map(lambda day: born(f"{day[0]:04d}{day[1]:02d}{day[2]:02d}"))
