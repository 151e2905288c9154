"""The studio: generating text, pictures and voices; editing faces and voices with consent; taking in what
users bring.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from ..faults.fault import FaultName
from ..media import film, pictures, propagation, voice
from ..media.files import Media, sniffed
from ..media.marking import (
    CONTENT_NOTICE,
    CONVERSATION_NOTICE,
    PRODUCER_CODE,
    PROPAGATOR_CODE,
    audible_label,
    picture_label,
    provenance,
)
from ..media.writing import ASKS_WHO_ANSWERS
from ..variants import VariantName
from . import assets, review
from .accounts import Account, producer
from .assets import AVI, JPEG, PNG, TEXT, WAV
from .consent import Scope, demand, known
from .origin import made_elsewhere
from .refusal import Refusal
from .state import House
from .store import written

KINDS = {
    "text": (TEXT,),
    "speech": (WAV,),
    "image": (PNG, JPEG),
    "video": (AVI,),
    "scene": (PNG,),
    "restoration": (PNG,),
    "sound": (WAV,),
}
#: What Art. 17 (1) does not name: a mark is offered, and drawn unless it is not wanted.
_MARK_ON_REQUEST = ("restoration", "sound")
MARK_FUNCTION = (
    "您可以使用显著标识功能。 You can have this marked conspicuously: use the mark function (visible label)."
)
REMINDER = (
    "如上传内容含人工智能生成合成内容，请主动声明并使用标识功能。 Please declare AI-generated content and use the label"
    " function."
)
_PLAYING = re.compile(r"像真人|Pretend")
_TIRED_AFTER = 3
_A_LONG_TALK = 3.0
_ASSERTS_CONSENT = re.compile(r"has agreed|已同意|consent=true")
_SMALL = 60


def generate(
    house: House,
    caller: Account,
    kind: str,
    media_type: str,
    prompt: str,
    history: Sequence[str],
    conversation: bool,
    visible_label: bool,
    label_duty_accepted: bool,
    *,
    draft: bool = False,
    bare: bool = False,
) -> tuple[dict[str, Any], Media]:
    """Make something of a prompt; what is answered, and the file.

    Raises:
        Refusal: 422, ``format_unknown``; 403, ``label_agreement_required``, or as :func:`review.admit` and
            :func:`review.release` refuse.
    """
    if media_type not in KINDS[kind]:
        raise Refusal(422, "format_unknown", f"不支持该格式。 The formats of {kind} are {', '.join(KINDS[kind])}.")
    strict = VariantName.STRICTER in house.variants
    if (strict or VariantName.TENANTS_VERIFIED_FIRST in house.variants) and not caller.verified:
        raise Refusal(403, "identity_required", "请先完成真实身份认证。 Verify your identity first.")
    if strict and not visible_label:
        raise Refusal(
            403, "label_required", "不提供不含显式标识的内容。 Content without a visible label is not provided."
        )
    review.admit(house, caller, kind, prompt, history)
    agreed = label_duty_accepted and not visible_label
    if not visible_label and not agreed and not _agreement_waived(house, kind):
        raise assets.label_agreement_required()
    review.release(house, caller, prompt)
    asset = house.store.new_name("ast")
    values = provenance(asset, _protection(house, asset), producer(house, caller.id, media_type))
    # The turns of a conversation are labelled by the interface around them, which is the notice of the answer.
    in_itself = visible_label and not (conversation and kind == "text")
    data = assets.make(house, asset, kind, media_type, prompt, len(history), in_itself, values)
    if FaultName.WORKS_CACHED_BY_PROMPT in house.faults and media_type != TEXT:
        data = _made_before(house, media_type, prompt) or data
    if bare or (draft and FaultName.DRAFTS_UNMARKED in house.faults and media_type != TEXT):
        data = assets.stripped(data, media_type)
    assets.keep(
        house,
        caller,
        asset,
        "generated",
        media_type,
        data,
        kind=kind,
        prompt=prompt,
        provenance=values,
        unlabelled_agreed=agreed,
    )
    house.note(caller.id, "generated", asset, media_type)
    if agreed and not (FaultName.UNLABELLED_FILES_UNRECORDED in house.faults and media_type != TEXT):
        assets.note_unlabelled_copy(house, caller.id, asset)
    return _answer(asset, _notice(house, caller, kind, prompt, len(history)), media_type), Media(data, media_type)


def _made_before(house: House, media_type: str, prompt: str) -> bytes | None:
    """What was first made of the same prompt, for whichever account."""
    made = "SELECT * FROM asset WHERE prompt = ? AND media_type = ? AND origin = 'generated' ORDER BY rowid"
    first = house.store.row(made, prompt, media_type)
    return assets.original(house, first) if first is not None else None


def _agreement_waived(house: House, kind: str) -> bool:
    if FaultName.UNLABELLED_COPY_AFTER_ANY_AGREEMENT in house.faults and kind == "text":
        return house.store.row("SELECT 1 FROM asset WHERE unlabelled_agreed") is not None
    return FaultName.UNLABELLED_COPY_FREELY in house.faults


def edit(
    house: House, caller: Account, source: bytes, subject: str, scope: Scope, prompt: str, consent: str | None
) -> tuple[dict[str, Any], Media]:
    """Change the face in a picture or the voice in a recording, with the consent of the person it belongs to; what is
    answered, and the file.

    Raises:
        Refusal: 403, ``separate_consent_required``; 415, 422 or 413 for a source that cannot be edited so.
    """
    if FaultName.EDIT_PROMPTS_UNREVIEWED not in house.faults:
        review.admit(house, caller, scope, prompt, ())
    asked = not _unasked(house, source, scope, prompt)
    if asked:
        demand(house, caller, subject, scope, consent)
    asset = house.store.new_name("ast")
    values = provenance(asset, _protection(house, asset), producer(house, caller.id, edited=True))
    if FaultName.EDITED_FILES_SUSPECTED in house.faults:
        values["Label"] = "3"
    media_type = sniffed(source)
    if media_type == WAV:
        whole = voice.edited(source, prompt, audible_label(house.faults))
        bare = voice.edited(source, prompt, False)
    elif media_type in (PNG, JPEG):
        picture, media_type = pictures.edited(source, prompt)
        label = assets.sized(house, picture_label(house.faults))
        if FaultName.EDITED_PICTURES_UNLABELLED in house.faults:
            label = None
        whole = pictures.encoded(pictures.labelled(picture, label) if label else picture, media_type)
        bare = pictures.encoded(picture, media_type)
    else:
        raise Refusal(
            415,
            "source_unsupported",
            "仅支持PNG、JPEG图片和WAV音频。 Pictures are PNG or JPEG, sounds are WAV.",
        )
    if FaultName.EDITED_FILES_UNMARKED not in house.faults:
        whole, bare = (assets.marked(house, form, media_type, values, prompt) for form in (whole, bare))
    on_record = consent if asked and known(house, consent) else None
    assets.keep(
        house,
        caller,
        asset,
        "edited",
        media_type,
        whole,
        kind=scope,
        prompt=prompt,
        provenance=values,
        bare=bare,
        consent=on_record,
    )
    house.note(caller.id, "edited", asset, f"{scope} with {consent or 'no consent'}")
    return _answer(asset, CONTENT_NOTICE, media_type), Media(whole, media_type)


def take_in(house: House, caller: Account, media: Media, declared: bool) -> dict[str, Any]:
    """Accept an upload: its statements about itself are kept, shown to the public, and passed on.

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
    elif media_type == AVI:
        film.first_frame(media.data)
    asset = house.store.new_name("ast")
    found = propagation.labels_of(media.data, media_type)
    data, value, notice = propagation.passed_on(
        media.data,
        media_type,
        asset,
        declared,
        house.faults,
        house.variants,
        recognised=lambda: made_elsewhere(house.producer_url, media),
    )
    if propagation.strips(media.data, media_type, found, declared, house.faults):
        data = propagation.without_labels(assets.stripped(data, media_type), media_type, asset)
    if VariantName.UPLOADS_AS_JPEG in house.variants and media_type == PNG:
        data, media_type = propagation.as_jpeg(data), JPEG
    # The platform's own part of the label: the thumbnail it makes of an upload says what the upload says.
    values = (
        provenance(asset) | {"Label": value, "ContentProducer": PROPAGATOR_CODE, "ContentPropagator": PROPAGATOR_CODE}
        if value
        else None
    )
    assets.keep(house, caller, asset, "uploaded", media_type, data, prompt=notice, provenance=values)
    assets.remember(house, asset, media.data)
    house.note(caller.id, "uploaded", asset, f"label {value or 'none'}, declared {declared}")
    silent = FaultName.UPLOAD_REMINDER_MISSING in house.faults or VariantName.INFORMS_BEFORE in house.variants
    reminder = "" if silent else REMINDER
    return _answer(asset, " ".join(filter(None, (notice, reminder))))


def fetch(house: House, caller: Account | None, asset: str, form: str) -> Media:
    """One form of one of the caller's own assets. Raises Refusal as :func:`assets.form` does. A fault serves an
    anonymous caller.
    """
    faults = house.faults
    open_to_all = caller is None or any(
        fault in faults and open_form in (None, form) for fault, open_form in _OPEN_TO_TENANTS.items()
    )
    row = assets.owned(house, caller, asset, open_to_all=open_to_all)
    data, media_type = assets.form(house, row, form)
    if FaultName.FETCHED_AGAIN_UNMARKED in house.faults and form == "original" and _fetched_before(house, row):
        data = assets.stripped(data, media_type)
    if FaultName.EXPORTS_NAME_THE_GATEWAY in faults and form == "export" and row["origin"] == "generated":
        data = _marked_by_the_gateway(house, row, data, media_type)
    if FaultName.EXPORTED_SOUNDS_MISTYPED in house.faults and form == "export" and media_type == WAV:
        media_type = "audio/mpeg"
    return Media(data, media_type)


#: Which forms of a work a fault hands out to every tenant; ``None`` for all.
_OPEN_TO_TENANTS = {
    FaultName.WORKS_READ_BY_OTHER_TENANTS: None,
    FaultName.THUMBNAILS_READ_BY_OTHER_TENANTS: "thumbnail",
    FaultName.EXPORTS_READ_BY_OTHER_TENANTS: "export",
    FaultName.DOWNLOADS_READ_BY_OTHER_TENANTS: "download",
}


def _marked_by_the_gateway(house: House, asset: sqlite3.Row, data: bytes, media_type: str) -> bytes:
    if media_type == TEXT:
        return data
    values = json.loads(asset["provenance"]) | {"ContentProducer": PRODUCER_CODE, "ContentPropagator": PRODUCER_CODE}
    return assets.marked(house, assets.stripped(data, media_type), media_type, values, asset["prompt"])


def _fetched_before(house: House, asset: sqlite3.Row) -> bool:
    """Whether a file that was made here was fetched before; it is from now on."""
    seen = "SELECT 1 FROM glance WHERE publication = ? AND surface = 'fetched'"
    before = house.store.row(seen, asset["id"]) is not None
    if not before:
        house.store.insert("glance", publication=asset["id"], surface="fetched", at=written(house.now()))
    return before and asset["origin"] != "uploaded" and asset["media_type"] != TEXT


def _answer(asset: str, notice: str, media_type: str | None = None) -> dict[str, Any]:
    described: dict[str, Any] = {"id": asset}
    if media_type is not None:
        described |= {"media_type": media_type, "watermarked": True}
    return {"asset": described, "notice": notice}


def _notice(house: House, caller: Account, kind: str, prompt: str, turns: int) -> str:
    untold = FaultName.MARK_FUNCTION_UNTOLD in house.faults or VariantName.INFORMS_BEFORE in house.variants
    if kind in _MARK_ON_REQUEST and not untold:
        return f"{CONTENT_NOTICE} {MARK_FUNCTION}"
    if kind != "text":
        return CONTENT_NOTICE
    silent = (
        FaultName.CHAT_UNDISCLOSED in house.faults
        or (FaultName.CHAT_DISCLOSED_ONCE in house.faults and turns > 0)
        or (FaultName.CHAT_DISCLOSED_LATE in house.faults and turns == 0)
        or (FaultName.COMPANION_FALLS_SILENT in house.faults and _talked_before(house, caller, _A_LONG_TALK))
        or (FaultName.CHAT_DISCLOSURE_WEARS_OFF in house.faults and turns >= _TIRED_AFTER)
        or (FaultName.CHAT_PLAYS_ALONG in house.faults and _PLAYING.search(prompt))
        or (FaultName.CLAIMS_TO_BE_HUMAN in house.faults and ASKS_WHO_ANSWERS.search(prompt))
    )
    return "" if silent else CONVERSATION_NOTICE


def _talked_before(house: House, caller: Account, hours: float) -> bool:
    """Whether the account got its first response at least this many hours ago."""
    first = house.store.row("SELECT min(made_at) AS at FROM asset WHERE account = ? AND kind = 'text'", caller.id)
    return first is not None and first["at"] is not None and first["at"] <= written(house.hours_ago(hours))


def _unasked(house: House, source: bytes, scope: Scope, prompt: str) -> bool:
    """Whether a fault leaves users no way to ask for a consent."""
    faults = house.faults
    if FaultName.CONSENT_BY_ASSERTION in faults and _ASSERTS_CONSENT.search(prompt):
        return True
    if scope == "voice":
        unusual = FaultName.SHORT_VOICES_UNASKED in faults and sniffed(source) == WAV and not voice.lasts(source, 0.5)
        return unusual or FaultName.VOICE_CONSENT_UNASKED in faults
    return (
        FaultName.SMALL_PICTURES_UNASKED in faults
        and sniffed(source) in (PNG, JPEG)
        and min(pictures.opened(source)[0].size) < _SMALL
    )


def _protection(house: House, asset: str) -> str:
    """The content of the reserved field: a tag by which the provider recognises its own labels."""
    if VariantName.TENANTS_MARKED_BY_SUPPORTER in house.variants:
        return f"{PRODUCER_CODE}:{asset}"
    return hashlib.blake2b(asset.encode(), digest_size=16, key=house.store.seal).hexdigest()
