"""Assets: everything made in the studio or brought to it, in all its forms."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from ..faults.fault import FaultName
from ..media import film, pictures, voice, writing
from ..media.credentials import with_credential
from ..media.marking import (
    TEXT_LABEL,
    PictureLabel,
    asks_in_parts,
    audible_label,
    film_label,
    picture_label,
    text_label,
    with_implicit_label,
    with_source_type,
)
from ..variants import VariantName
from .accounts import Account
from .refusal import Refusal
from .state import House
from .store import written

Origin = Literal["generated", "edited", "uploaded"]

TEXT, PNG, JPEG, WAV, AVI = "text/plain", "image/png", "image/jpeg", "audio/wav", "video/x-msvideo"
FORMS = ("original", "download", "export", "share", "thumbnail", "unlabelled")
EXCERPT = 40
#: What two variants write and draw: other words with both elements, and a label three times as large as it must be.
OTHER_WORDS = "【人工智能合成内容】"
LARGE = 0.15
#: Words of the cover that represents a sound where only a picture is possible.
COVER = "sound"


def keep(
    house: House,
    caller: Account,
    asset: str,
    origin: Origin,
    media_type: str,
    data: bytes,
    *,
    kind: str = "",
    prompt: str = "",
    provenance: Mapping[str, str] | None = None,
    unlabelled_agreed: bool = False,
    bare: bytes | None = None,
    consent: str | None = None,
) -> None:
    """Put an asset into the store; ``bare`` is its form without visible label where that cannot be made
    again, ``consent`` the one that the edit of a person relies on.
    """
    house.store.insert(
        "asset",
        id=asset,
        account=caller.id,
        origin=origin,
        kind=kind,
        media_type=media_type,
        prompt=prompt,
        provenance=json.dumps(provenance or {}),
        unlabelled_agreed=unlabelled_agreed,
        made_at=written(house.now()),
        consent=consent,
    )
    _keep_form(house, asset, "original", data)
    remember(house, asset, data)
    if bare is not None:
        _keep_form(house, asset, "unlabelled", bare)


def remember(house: House, asset: str, data: bytes) -> None:
    """Know these bytes again as the asset's, wherever they turn up."""
    digest = hashlib.sha256(data).hexdigest()
    house.store.run("INSERT OR IGNORE INTO fingerprint (asset, digest) VALUES (?, ?)", asset, digest)


def forget_made_with(house: House, consent: str) -> None:
    """Delete what was made with a consent that is withdrawn, and take down where it was published."""
    now = written(house.now())
    stays = FaultName.WITHDRAWN_EDITS_STAY_PUBLIC in house.faults
    made = house.store.rows("SELECT id FROM asset WHERE consent = ? AND withdrawn_at IS NULL", consent)
    for row in made:
        house.store.run("UPDATE asset SET withdrawn_at = ? WHERE id = ?", now, row["id"])
        if stays:
            continue
        house.store.run("DELETE FROM form WHERE asset = ?", row["id"])
        house.store.run(
            "UPDATE publication SET removed_at = coalesce(removed_at, ?), removed_for = coalesce(removed_for, ?)"
            " WHERE asset = ?",
            now,
            "consent withdrawn",
            row["id"],
        )


def owned(house: House, caller: Account | None, asset: str, *, open_to_all: bool = False) -> sqlite3.Row:
    """The row of one of the caller's own assets; ``open_to_all`` is a fault that looks at no owner.

    Raises:
        Refusal: 404, ``asset_unknown``.
    """
    row = house.store.row("SELECT * FROM asset WHERE id = ?", asset)
    mine = row is not None and caller is not None and row["account"] == caller.id
    if row is not None and not mine and VariantName.WORKS_OF_OTHERS_FORBIDDEN in house.variants:
        raise Refusal(403, "asset_of_another", "这不是您的作品。 This is not your asset.")
    if row is None or not (mine or open_to_all) or row["withdrawn_at"] is not None:
        raise Refusal(404, "asset_unknown", "没有这个作品。 There is no such asset.")
    return row


def form(house: House, asset: sqlite3.Row, name: str) -> tuple[bytes, str]:
    """The bytes and media type of one form of an asset.

    Raises:
        Refusal: 404, ``form_unknown``; 403, ``label_agreement_required`` for the unlabelled form of an
            asset without an agreement to label it.
    """
    media_type = str(asset["media_type"])
    match name:
        case "original" | "share":
            return original(house, asset), media_type
        case "download" | "export" if FaultName.COPIES_LOSE_IMPLICIT_LABEL in house.faults and _is_file_made_here(
            asset
        ):
            return stripped(original(house, asset), media_type), media_type
        case "download" | "export":
            if _loses_label(house, asset, name):
                return _unlabelled(house, asset), media_type
            return _taken_away(house, asset), media_type
        case "thumbnail":
            return _thumbnail(house, asset)
        case "unlabelled" if asset["origin"] != "uploaded":
            waived = {FaultName.UNLABELLED_COPY_FREELY, FaultName.UNLABELLED_RENDITION_FREELY} & house.faults
            if not asset["unlabelled_agreed"] and not waived:
                raise label_agreement_required()
            note_unlabelled_copy(house, str(asset["account"]), str(asset["id"]))
            copy = _unlabelled(house, asset)
            if FaultName.UNLABELLED_RENDITION_BARE in house.faults and media_type != TEXT:
                copy = stripped(copy, media_type)
            return copy, media_type
    raise Refusal(404, "form_unknown", f"没有这种形式。 The forms of an asset are {', '.join(FORMS)}.")


def _is_file_made_here(asset: sqlite3.Row) -> bool:
    return bool(asset["origin"] != "uploaded" and asset["media_type"] != TEXT)


def stripped(data: bytes, media_type: str) -> bytes:
    """The same content without any label that is not in the pixels or the sound."""
    if media_type == TEXT:
        return data.decode("utf-8", "replace").replace(text_label("", frozenset()), "").lstrip().encode()
    return {WAV: voice.reencoded, AVI: film.reencoded}.get(media_type, pictures.reencoded)(data)


def _taken_away(house: House, asset: sqlite3.Row) -> bytes:
    """A copy that leaves the interface, with the label that only the interface may have shown."""
    data = original(house, asset)
    if asset["media_type"] != TEXT or asset["origin"] == "uploaded" or asset["unlabelled_agreed"]:
        return data
    label = worded(house, text_label(asset["prompt"], house.faults)).encode()
    return data if label in data else label + b"\n\n" + data


def note_unlabelled_copy(house: House, account: str, asset: str) -> None:
    """Log who got a copy without visible label (Labeling Measures, Art. 9: at least six months)."""
    if FaultName.UNLABELLED_COPY_UNRECORDED not in house.faults:
        house.note(account, "unlabelled-copy", asset, f"recipient {account}, who has taken over the duty to label")


def _loses_label(house: House, asset: sqlite3.Row, name: str) -> bool:
    if asset["origin"] == "uploaded":
        return False
    if name == "download":
        pictures_only = FaultName.DOWNLOADED_PICTURES_UNLABELLED in house.faults
        bare_picture = pictures_only and asset["media_type"] in (PNG, JPEG)
        return FaultName.DOWNLOAD_UNLABELLED in house.faults or bare_picture
    in_parts = FaultName.EXPORT_UNLABELLED_FROM_LISTS in house.faults and asks_in_parts(asset["prompt"])
    return in_parts or FaultName.EXPORT_UNLABELLED in house.faults


def original(house: House, asset: sqlite3.Row) -> bytes:
    """The bytes that the asset's holder was given."""
    return _kept_form(house, asset["id"], "original") or b""


def label_agreement_required() -> Refusal:
    """The refusal of a copy without visible label to a user who has not agreed to label it."""
    return Refusal(
        403,
        "label_agreement_required",
        "提供不含显式标识的内容前，须先通过用户协议明确您的标识义务。 "
        "Accept the duty to label in the user agreement before a copy without visible label is handed out.",
    )


def make(
    house: House,
    asset: str,
    kind: str,
    media_type: str,
    prompt: str,
    turns: int,
    visible_label: bool,
    values: Mapping[str, str],
) -> bytes:
    """The file of a generated asset, with or without a visible label; the same bytes on every request."""
    if media_type == TEXT:
        text = writing.answer(prompt, turns, asset, human=FaultName.CLAIMS_TO_BE_HUMAN in house.faults)
        shown = visible_label and VariantName.LABEL_IN_THE_INTERFACE not in house.variants
        label = worded(house, text_label(prompt, house.faults)) if shown else ""
        parts = (text, label) if VariantName.LABEL_AT_THE_END in house.variants else (label, text)
        return "\n\n".join(filter(None, parts)).encode()
    if media_type == WAV:
        say = voice.speak if kind == "speech" else voice.play
        data = say(prompt, asset, visible_label and audible_label(house.faults, kind))
    elif media_type == AVI:
        data = film.draw(prompt, asset, sized(house, film_label(house.faults)) if visible_label else None)
    else:
        picture = sized(house, picture_label(house.faults, kind)) if visible_label else None
        data = pictures.draw(prompt, asset, media_type, picture)
        if VariantName.SOURCE_TYPE_BESIDES in house.variants:
            data = with_source_type(data, media_type)
    bare = FaultName.UNLABELLED_COPY_BARE in house.faults or (
        media_type == JPEG and FaultName.UNLABELLED_JPEG_BARE in house.faults
    )
    if not visible_label and bare:
        return data
    return marked(house, data, media_type, values, prompt)


def marked(house: House, data: bytes, media_type: str, values: Mapping[str, str], prompt: str) -> bytes:
    """A file with its implicit label, and with a credential in addition where this provider writes them."""
    data = with_implicit_label(data, media_type, values, house.faults, prompt)
    if VariantName.CREDENTIALS_BESIDES in house.variants and media_type in (PNG, JPEG):
        return with_credential(data, media_type)
    return data


def worded(house: House, label: str) -> str:
    """The label of a text in the words that this provider uses."""
    return label.replace(TEXT_LABEL, OTHER_WORDS) if VariantName.OTHER_WORDS in house.variants else label


def sized(house: House, label: PictureLabel | None) -> PictureLabel | None:
    """The label of a picture as large as this provider draws it."""
    if label is None or VariantName.LARGE_LABELS not in house.variants:
        return label
    return replace(label, height=LARGE)


def teaser(house: House, text: str, length: int) -> str:
    """The beginning of a text, with the label that may stand at its end."""
    short = writing.excerpt(text, length)
    label = worded(house, TEXT_LABEL)
    return f"{short} {label}" if text.rstrip().endswith(label) and not short.endswith(label) else short


def _unlabelled(house: House, asset: sqlite3.Row) -> bytes:
    kept = _kept_form(house, asset["id"], "unlabelled")
    if kept is not None:
        return kept
    if asset["media_type"] == TEXT:
        label = worded(house, text_label(asset["prompt"], house.faults))
        data = original(house, asset).decode().removeprefix(label).removesuffix(label).strip().encode()
    else:
        data = make(
            house,
            asset["id"],
            asset["kind"],
            asset["media_type"],
            asset["prompt"],
            0,
            False,
            json.loads(asset["provenance"]),
        )
    remember(house, asset["id"], data)
    return data


def _thumbnail(house: House, asset: sqlite3.Row) -> tuple[bytes, str]:
    """A small picture, or the first words of a text; labelled as the whole is."""
    data, media_type = original(house, asset), str(asset["media_type"])
    if media_type == TEXT:
        return teaser(house, data.decode("utf-8", "replace"), EXCERPT).encode(), TEXT
    kept = _kept_form(house, asset["id"], "thumbnail")
    thumbnail_type = {WAV: PNG, AVI: JPEG}.get(media_type, media_type)
    if kept is None:
        values = json.loads(asset["provenance"])
        if media_type == WAV:
            data = pictures.draw(COVER, asset["id"], PNG, None)
        elif media_type == AVI:
            data = film.first_frame(data)
        small, _ = pictures.thumbnail(data)
        label = sized(house, picture_label(house.faults)) if values else None
        kept = pictures.encoded(pictures.labelled(small, label) if label else small, thumbnail_type)
        if values:
            kept = marked(house, kept, thumbnail_type, values, asset["prompt"])
        _keep_form(house, asset["id"], "thumbnail", kept)
    return kept, thumbnail_type


def _keep_form(house: House, asset: str, name: str, data: bytes) -> None:
    house.store.run("INSERT INTO form (asset, name, data) VALUES (?, ?, ?)", asset, name, data)


def _kept_form(house: House, asset: str, name: str) -> bytes | None:
    row = house.store.row("SELECT data FROM form WHERE asset = ? AND name = ?", asset, name)
    return None if row is None else bytes(row["data"])
