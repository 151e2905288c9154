"""The studio: generating text, pictures and voices; editing faces and voices with consent; taking in what
users bring.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from . import assets, pictures, voice
from .accounts import Account
from .assets import JPEG, PNG, TEXT, WAV
from .consent import Scope, demand
from .faults import FaultName
from .house import House
from .marking import (
    CONTENT_NOTICE,
    CONVERSATION_NOTICE,
    PROPAGATION_NOTICES,
    PROPAGATOR_CODE,
    audible_label,
    labels_of,
    picture_label,
    provenance,
    text_label,
    with_implicit_label,
    with_propagator,
)
from .media import Media, sniffed
from .refusal import Refusal

KINDS = {"text": (TEXT,), "speech": (WAV,), "image": (PNG, JPEG)}


def generate(
    house: House,
    caller: Account,
    kind: str,
    media_type: str,
    prompt: str,
    history: Sequence[str],
    visible_label: bool,
    label_duty_accepted: bool,
) -> dict[str, Any]:
    """Make something of a prompt.

    Raises:
        Refusal: 422, ``format_unknown``; 403, ``label_agreement_required``.
    """
    if media_type not in KINDS[kind]:
        raise Refusal(422, "format_unknown", f"不支持该格式。 The formats of {kind} are {', '.join(KINDS[kind])}.")
    agreed = label_duty_accepted and not visible_label
    if not visible_label and not agreed and FaultName.UNLABELLED_COPY_FREELY not in house.faults:
        raise assets.label_agreement_required()
    asset = house.store.new_name("ast")
    values = provenance(asset, _protection(house, asset))
    data = assets.make(house, asset, media_type, prompt, len(history), visible_label, values)
    assets.keep(
        house,
        caller,
        asset,
        "generated",
        media_type,
        data,
        prompt=prompt,
        provenance=values,
        unlabelled_agreed=agreed,
    )
    house.note(caller.id, "generated", asset, media_type)
    if agreed:
        house.note(caller.id, "unlabelled-copy", asset, "the recipient has taken over the duty to label")
    return _answer(asset, Media(data, media_type), _notice(house, kind))


def edit(house: House, caller: Account, source: bytes, subject: str, scope: Scope, prompt: str, consent: str | None) -> dict[str, Any]:
    """Change the face in a picture or the voice in a recording, with the consent of the person it belongs to.

    Raises:
        Refusal: 403, ``separate_consent_required``; 415, 422 or 413 for a source that cannot be edited so.
    """
    demand(house, caller, subject, scope, consent)
    asset = house.store.new_name("ast")
    values = provenance(asset, _protection(house, asset))
    media_type = sniffed(source)
    if media_type == WAV:
        whole = voice.edited(source, prompt, audible_label(house.faults))
        bare = voice.edited(source, prompt, False)
    elif media_type in (PNG, JPEG):
        picture, media_type = pictures.edited(source, prompt)
        label = picture_label(house.faults)
        whole = pictures.encoded(pictures.labelled(picture, label) if label else picture, media_type)
        bare = pictures.encoded(picture, media_type)
    else:
        raise Refusal(
            415,
            "source_unsupported",
            "仅支持PNG、JPEG图片和WAV音频。 Pictures are PNG or JPEG, sounds are WAV.",
        )
    whole, bare = (with_implicit_label(form, media_type, values, house.faults) for form in (whole, bare))
    assets.keep(house, caller, asset, "edited", media_type, whole, prompt=prompt, provenance=values, bare=bare)
    house.note(caller.id, "edited", asset, f"{scope} with {consent or 'no consent'}")
    return _answer(asset, Media(whole, media_type), CONTENT_NOTICE)


def take_in(house: House, caller: Account, media: Media, declared: bool) -> dict[str, Any]:
    """Take in a file a user brings: what it says of itself is kept, told to the public, and passed on.

    Raises:
        Refusal: 415, ``upload_unsupported``; 422 or 413 for a file that cannot be read.
    """
    media_type = sniffed(media.data)
    if media_type is None or (media.media_type and media.media_type != media_type):
        raise Refusal(
            415,
            "upload_unsupported",
            "文件格式与声明不符或不受支持。 The file is not of a supported format, or not of the one it claims.",
        )
    if media_type in (PNG, JPEG):
        pictures.opened(media.data)
    asset = house.store.new_name("ast")
    data = media.data
    if FaultName.UPLOAD_STRIPS_LABELS in house.faults:
        data = _stripped(data, media_type)
    data, value = with_propagator(data, media_type, asset, labels_of(data, media_type), declared)
    notice = PROPAGATION_NOTICES.get(value or "", "")
    # The platform's own part of the label: the thumbnail it makes of an upload says what the upload says.
    values = (
        provenance(asset) | {"Label": value, "ContentProducer": PROPAGATOR_CODE, "ContentPropagator": PROPAGATOR_CODE} if value else None
    )
    assets.keep(house, caller, asset, "uploaded", media_type, data, prompt=notice, provenance=values)
    assets.remember(house, asset, media.data)
    house.note(caller.id, "uploaded", asset, f"label {value or 'none'}, declared {declared}")
    reminder = (
        "如上传内容含人工智能生成合成内容，请主动声明并使用标识功能。 Please declare AI-generated content and use the label function."
    )
    return _answer(asset, None, notice or reminder)


def fetch(house: House, caller: Account, asset: str, form: str) -> Media:
    """One form of one of the caller's own assets. Raises Refusal as :func:`assets.form` does."""
    return Media(*assets.form(house, assets.owned(house, caller, asset), form))


def _answer(asset: str, media: Media | None, notice: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"asset": {"id": asset}, "notice": notice}
    if media is not None:
        answer["asset"]["media_type"] = media.media_type
        answer["content"] = media.as_json()
    return answer


def _notice(house: House, kind: str) -> str:
    if kind != "text":
        return CONTENT_NOTICE
    return "" if FaultName.CHAT_UNDISCLOSED in house.faults else CONVERSATION_NOTICE


def _protection(house: House, asset: str) -> str:
    """What the reserved field holds: a tag by which the provider knows a label of its own again."""
    return hashlib.blake2b(asset.encode(), digest_size=16, key=house.store.seal).hexdigest()


def _stripped(data: bytes, media_type: str) -> bytes:
    """The same content without any label that is not in the pixels or the sound."""
    if media_type == TEXT:
        return data.decode("utf-8", "replace").replace(text_label("", frozenset()), "").lstrip().encode()
    return voice.reencoded(data) if media_type == WAV else pictures.reencoded(data)
