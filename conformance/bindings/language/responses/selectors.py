"""CSS selectors, evaluated in time proportional to the page.

The XPath that a selector with combinators is usually translated to takes time that grows with the square or the cube of
the elements. Here each combinator is one step from the elements found so far, and only from those that reach all that
the others reach: the outermost for descendants, the first of each parent for later siblings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cssselect import GenericTranslator, HTMLTranslator, SelectorError, parse
from cssselect.parser import CombinedSelector
from cssselect.parser import Selector as ParsedSelector
from lxml import etree

from .response import ResponseError

#: Characters of a selector; relations (``:has()``) in a compound one, which inside each other multiply the time.
_LONGEST, _MOST_RELATIONS = 2_000, 2
#: Pairs of siblings that conditions on places among siblings (``:nth-child()``) may look at.
_MOST_PAIRS = 400_000_000

_AXES = {
    " ": "descendant::",
    ">": "child::",
    "+": "following-sibling::*[1]/self::",
    "~": "following-sibling::",
}


@dataclass(frozen=True)
class _Step:
    """One compound selector, and how it is reached from the elements before."""

    combinator: str
    path: Any
    conditions: str


class Selector:
    """A compiled CSS selector. Raises ``ValueError`` with a sentence for a text that is none."""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise ValueError(f"found a CSS selector of {len(text):,} characters, expected at most {_LONGEST:,}")
        try:
            chains = [list(_compounds(each)) for each in parse(text)]
            self._in_html = [_compiled(chain, HTMLTranslator()) for chain in chains]
            # The names of XML elements are sensitive to case.
            self._in_xml = [_compiled(chain, GenericTranslator()) for chain in chains]
        except (SelectorError, etree.XPathError, RecursionError) as error:
            first = str(error).splitlines()[0] if str(error) else "too deep"
            raise ValueError(f"found {text[:100]!r}, expected a CSS selector ({first[:100]})") from None
        conditions = [step.conditions for chain in self._in_html for step in chain]
        if max(map(_relations, conditions)) > _MOST_RELATIONS:
            raise ValueError(f"found {text[:100]!r}, expected at most {_MOST_RELATIONS} relations in one of :has()")
        self.text = text
        #: How many times the siblings of an element are looked at for one condition or another.
        self._counts = sum(each.count("-sibling::") for each in conditions)

    def select(self, element: Any) -> list[Any]:
        """The elements below ``element`` that match, in document order."""
        if self._counts and self._counts * _pairs(element) > _MOST_PAIRS:
            raise ResponseError(f"{self.text!r} looks at siblings, and the page has too many beside each other")
        chains = self._in_xml if isinstance(element.getroottree().parser, etree.XMLParser) else self._in_html
        try:
            found = [_matches(chain, element) for chain in chains]
        except etree.XPathError as error:
            raise ResponseError(f"{self.text!r} cannot be evaluated ({type(error).__name__})") from None
        if len(found) == 1 and len(chains[0]) == 1:
            return found[0]
        return _in_order({each for part in found for each in part}, element)


def _compounds(selector: ParsedSelector) -> Iterator[tuple[str, ParsedSelector]]:
    """The compound selectors of a complex one, from left to right, each with the combinator before it."""
    tree, last = selector.parsed_tree, selector.pseudo_element
    steps: list[tuple[str, ParsedSelector]] = []
    while isinstance(tree, CombinedSelector):
        steps.append((tree.combinator, ParsedSelector(tree.subselector, last)))
        tree, last = tree.selector, None
    steps.append(("", ParsedSelector(tree, last)))
    return reversed(steps)


def _compiled(chain: Iterable[tuple[str, ParsedSelector]], translator: GenericTranslator) -> list[_Step]:
    steps = []
    for combinator, compound in chain:
        axis = _AXES[combinator] if combinator else "descendant-or-self::"
        path = translator.selector_to_xpath(compound, axis, True)
        steps.append(_Step(combinator, etree.XPath(path), path.removeprefix(axis)))
    return steps


def _relations(conditions: str) -> int:
    return conditions.count("descendant::") + conditions.count("[following-sibling::") + conditions.count("/")


def _matches(chain: list[_Step], element: Any) -> list[Any]:
    found: list[Any] = _evaluated(chain[0], element)
    for step in chain[1:]:
        if step.combinator == " ":
            found = list(_outermost(found))
        elif step.combinator in ("+", "~"):
            # What is beside the element is not below it.
            found = [each for each in found if each is not element]
        if step.combinator == "~":
            found = list({each.getparent(): each for each in reversed(found)}.values())
        reached = {each: None for start in found for each in _evaluated(step, start)}
        found = _in_order(reached, element)
    return found


def _evaluated(step: _Step, element: Any) -> list[Any]:
    found = step.path(element)
    return found if isinstance(found, list) else []


def _outermost(found: list[Any]) -> Iterator[Any]:
    """The elements that are inside none of the others; ``found`` is in document order."""
    last = None
    for each in found:
        if last is None or all(above is not last for above in each.iterancestors()):
            last = each
            yield each


def _in_order(found: Iterable[Any], element: Any) -> list[Any]:
    """Different elements in document order."""
    wanted = dict.fromkeys(found)
    if len(wanted) < 2:
        return list(wanted)
    return [each for each in element.iter() if each in wanted]


def _pairs(element: Any) -> int:
    """Pairs of elements below ``element`` that have the same parent."""
    return sum(number * number for number in Counter(each.getparent() for each in element.iter()).values())
