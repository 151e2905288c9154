"""Lawful variants: other ways in which a provider may obey the same rules, listed in ``variants.yaml``.

A suite that fails one of them mistakes a habit for the law. A variant is chosen when the application is created. If its
interface has another shape, the overlay of the same name in ``overlays/`` changes the binding accordingly.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import IO, Annotated, Any, Literal

import yaml
from pydantic import Field, RootModel

from shenhe.core.document import read_yaml, validate
from shenhe.core.errors import ShenheError
from shenhe.labels.model import INSTALL

from ..names import NamesFromFile, members

BINDING = "binding.yaml"


class _File(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z0-9-]+$")], Annotated[str, Field(min_length=1)]]]):
    """The file: summaries of variants by name."""


@cache
def _summaries(package: str) -> dict[str, str]:
    data, locate = read_yaml(files(package) / "variants.yaml", "variants.yaml")
    return validate(_File, data, locate).root


def variant_names(package: str) -> dict[str, str]:
    """The members of an enum of the variants in the ``variants.yaml`` of a package."""
    return members(_summaries(package))


class VariantName(StrEnum, metaclass=NamesFromFile):
    """The names of the variants: ``VariantName.PHONE_ONLY`` is ``phone-only``."""

    vars().update(variant_names("shenhe.sample.variants"))


@dataclass(frozen=True, slots=True)
class Variant:
    """One lawful behaviour: its name, and a sentence on how it differs."""

    name: str
    summary: str


def read_variants(package: str) -> dict[str, Variant]:
    """The variants in the ``variants.yaml`` of a package, by name."""
    return {name: Variant(name, summary) for name, summary in _summaries(package).items()}


#: The variants of the sample provider.
VARIANTS: Mapping[str, Variant] = read_variants("shenhe.sample.variants")


#: Variants of one of the styles, or of another variant: how the platform and the gateway may differ.
OF_STYLE: Mapping[VariantName, VariantName] = dict.fromkeys(
    (
        VariantName.UPLOADS_AS_JPEG,
        VariantName.OTHER_NOTICES,
        VariantName.PROPAGATOR_BY_NAME,
        VariantName.REPOSTS_ARE_LINKS,
        VariantName.REMOVED_FILES_HELD_BACK,
    ),
    VariantName.FORMS_PLATFORM,
) | {
    VariantName.CODES_SENT_AGAIN: VariantName.RPC_GATEWAY,
    VariantName.SUPPORTER: VariantName.SIGNED_GATEWAY,
    VariantName.TENANTS_BY_NAME: VariantName.SUPPORTER,
    VariantName.TENANTS_MARKED_BY_SUPPORTER: VariantName.SUPPORTER,
    VariantName.TENANTS_VERIFIED_FIRST: VariantName.SUPPORTER,
    VariantName.TENANTS_DELETED_WITH_WORKS: VariantName.SUPPORTER,
    VariantName.WORKS_OF_OTHERS_FORBIDDEN: VariantName.SUPPORTER,
}


class UnknownVariantError(ShenheError, ValueError):
    """There is no variant of this name. ``closest`` lists the most similar names, nearest first."""

    def __init__(self, name: str, known: Iterable[str] = VARIANTS) -> None:
        self.name = name
        self.closest = tuple(difflib.get_close_matches(name, list(known), n=3, cutoff=0.6))
        hint = f" (closest: {', '.join(self.closest)})" if self.closest else ""
        super().__init__(f"the sample target has no variant {name!r}{hint}; list them with `shenhe sample variants`")


class VariantNotInstalledError(ShenheError, ValueError):
    """The variant needs an optional dependency that is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the variant {name!r} writes content credentials: {INSTALL}")


def chosen_variants(names: Iterable[str]) -> frozenset[VariantName]:
    """The variants with these names.

    Raises:
        UnknownVariantError: one of the names is unknown.
    """
    names = tuple(names)
    for name in names:
        if name not in VARIANTS:
            raise UnknownVariantError(name)
    return frozenset(VariantName(name) for name in names)


@dataclass(frozen=True, slots=True)
class BindingText:
    """The text of a binding that is not in a file; it is read like one."""

    name: str
    text: str

    def open(self, mode: Literal["rb"] = "rb") -> IO[bytes]:
        """The text in UTF-8."""
        return io.BytesIO(self.text.encode())

    def read_text(self, encoding: str = "utf-8") -> str:
        """The text."""
        return self.text


def sample_binding(variant: str | None = None) -> Traversable | BindingText:
    """The binding of the sample provider: the one of the variant's style if it has one, or else the plain binding with
    the overlay of the variant, if any.

    Mappings of an overlay are merged key by key; ``null`` removes a key, and any other value replaces it.

    Raises:
        UnknownVariantError: the name is unknown.
    """
    plain = files("shenhe.sample").joinpath(BINDING)
    if variant is None:
        return plain
    (name,) = chosen_variants([variant])
    style = files("shenhe.sample.styles").joinpath(f"{name.value}.yaml")
    if style.is_file():
        return style
    below = sample_binding(OF_STYLE[name].value) if name in OF_STYLE else plain
    return overlaid(below, files(__package__).joinpath("overlays", f"{name.value}.yaml"), VARIANTS[name])


def overlaid(below: Traversable | BindingText, overlay: Traversable, variant: Variant) -> Traversable | BindingText:
    """The binding ``below``, changed by the overlay of a variant if there is one."""
    if not overlay.is_file():
        return below
    document = _joined(yaml.safe_load(below.read_text(encoding="utf-8")), yaml.safe_load(overlay.read_bytes()))
    text = yaml.dump(document, Dumper=_Written, allow_unicode=True, sort_keys=False, width=140)
    return BindingText(f"{variant.name}.yaml", f"# {variant.summary}\n\n{text}")


def style_of(name: VariantName) -> VariantName:
    """The variant whose interface this one has; itself where it is of none."""
    return style_of(OF_STYLE[name]) if name in OF_STYLE else name


class _Written(yaml.SafeDumper):
    """Writes every value in full, since a binding has no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _joined(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    joined = {key: _joined(below.get(key), value) for key, value in above.items() if value is not None}
    return {key: joined.get(key, value) for key, value in below.items() if above.get(key, "") is not None} | joined
