"""What to do about each key of a binding, as :file:`advice.yaml` has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

#: The sections of the format by the models that describe them. Models that share keys share a section.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "binding": ("BindingFile",),
    "target": ("TargetSection",),
    "service": ("ServiceSection",),
    "marker": ("MarkerEntry",),
    "limits": ("LimitsSection",),
    "operation": ("OperationSection", "StepSection", "VariantSection", "DefaultsSection", "LoginSection"),
    "poll": ("PollSection",),
    "pages": ("PagesSection",),
    "stream": ("StreamSection",),
    "media": ("MediaSection",),
    "websocket": ("WebsocketSection",),
    "graphql": ("GraphqlSection",),
    "condition": ("ConditionSection",),
    "source": (
        "BodySource", "CookieSource", "CssSource", "FormSource", "HeaderSource", "StatusSource", "TextSource",
        "UrlSource", "ValueSource", "WhenSource",
    ),
    "auth": ("NoAuth", "BearerAuth", "BasicAuth", "DigestAuth", "HeaderAuth", "QueryAuth", "CookieAuth"),
    "oauth2": ("OAuth2Auth",),
    "signature": ("SignatureAuth", "CallbackSignature"),
    "accounts": ("AccountEntry",),
    "identities": ("IdentityEntry",),
    "filings": ("FilingEntry",),
    "subjects": ("SubjectEntry",),
    "consents": ("ConsentEntry",),
    "constants": ("ConstantSection",),
    "environments": ("EnvironmentSection",),
    "tls": ("TlsSection",),
    "proxy": ("ProxySection",),
}  # fmt: skip


@cache
def advice() -> Mapping[str, Mapping[str, str]]:
    """Sentences by section and key."""
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(
        (files(__package__) / "advice.yaml").read_text(encoding="utf-8")
    )
    return found


def advice_at(path: str) -> str:
    """What to do about the key at a path of a binding, such as ``operations.generate.poll.every``; empty if there is
    none. A value below a key is advised on by that key.
    """
    steps = [re.sub(r"\[\d+\]", "", step) for step in path.split(".")]
    for end in range(len(steps), 0, -1):
        key, section = steps[end - 1], steps[end - 2] if end > 1 else ""
        for each in (section, "operation" if steps[0] in {"operations", "login", "defaults"} else ""):
            if key in advice().get(each, {}):
                return advice()[each][key]
    return ""


def keys_like(name: str) -> dict[str, str]:
    """The keys of the format that a name may mean, each as ``section.key`` with its advice.

    ``limits.timeout`` names one; ``timeout`` names one in each section that has it; ``operations.generate.poll.every``
    names the key ``every`` of the section ``poll``.
    """
    *before, key = name.split(".")
    found = {
        f"{section}.{key}": entries[key]
        for section, entries in advice().items()
        if key in entries and (not before or section in {before[-1], before[-1].removesuffix("s")})
    }
    if not found and len(before) == 2 and before[0] == "operations" and key in advice()["operation"]:
        return {f"operation.{key}": advice()["operation"][key]}
    return found
