"""Where the documentation describes a rule, a check, a deviation or an error: one page and anchor for each.

The links are relative to the root of the built documentation (``make docs``). The builder makes its anchors with the
same functions, and a test follows every link.
"""

from __future__ import annotations

import os
import re

#: Environment variable with the address of a copy of the documentation, for links that can be clicked.
ADDRESS = "SHENHE_DOCS_URL"


def anchor(kind: str, name: str) -> str:
    """
    >>> anchor("rule", "cn-dsp-2023/17.2")
    'rule-cn-dsp-2023-17-2'
    """
    return f"{kind}-{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}"


def rule_link(rule: str) -> str:
    """
    >>> rule_link("cn-dsp-2023/17.2")
    'reference/rules/cn-dsp-2023.html#rule-cn-dsp-2023-17-2'
    """
    return f"reference/rules/{rule.partition('/')[0]}.html#{anchor('rule', rule)}"


def check_link(check: str) -> str:
    """
    >>> check_link("unverified_cannot_publish")
    'reference/checks.html#check-unverified-cannot-publish'
    """
    return f"reference/checks.html#{anchor('check', check)}"


def deviation_link(deviation: str) -> str:
    """
    >>> deviation_link("missing-key")
    'reference/deviations.html#deviation-missing-key'
    """
    return f"reference/deviations.html#{anchor('deviation', deviation)}"


def error_link(name: str) -> str:
    """
    >>> error_link("MissingExtraError")
    'reference/errors.html#error-missingextraerror'
    """
    return f"reference/errors.html#{anchor('error', name)}"


def documentation(link: str) -> str:
    """A page of the documentation: below the address in ``SHENHE_DOCS_URL``, else relative to its root."""
    address = os.environ.get(ADDRESS, "")
    return f"{address.rstrip('/')}/{link}" if address else link
