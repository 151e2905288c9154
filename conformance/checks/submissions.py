"""Apps that are submitted to a store: lawful ones, which checks change by one detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shenhe.labels import ImplicitFields, write_label
from shenhe.rulebook import Service

from ..apps import AppSubmission, Filing
from ..entities import Media
from .requests import picture

#: The statement of a developer about the labels of an app that generates.
LABEL_MATERIAL = (
    "显式标识：生成的图片左下角显示“AI生成”文字。隐式标识：文件元数据写入AIGC字段。"
    " Explicit label: the words AI生成 on every generated picture. Implicit label: the AIGC field in the metadata."
)
#: A description that names no generation, and one that does.
PLAIN = "记事本：写下日程，按日期查看。A notebook: write down appointments and look them up by date."
COMPANION = "人工智能陪伴聊天。A companion to talk with, which is AI."
GENERATES = "用人工智能生成图片：输入文字，AI生成图片。It generates pictures by AI from what you write."


def plain_app(name: str, storefronts: Sequence[str], version: str = "1.0.0") -> AppSubmission:
    """An app that offers no generation and needs no filing."""
    return AppSubmission(name, _package(name), version, PLAIN, storefronts=tuple(storefronts))


def generating_app(name: str, storefronts: Sequence[str], filing: Filing, version: str = "1.0.0") -> AppSubmission:
    """An app that generates pictures, declares it, and comes with its filing, assessment and label material."""
    return AppSubmission(
        name,
        _package(name),
        version,
        GENERATES,
        generative=True,
        services=(Service.BIOMETRIC_IMAGE_VIDEO,),
        filing=filing,
        label_material=LABEL_MATERIAL,
        label_sample=labelled_sample(filing),
        storefronts=tuple(storefronts),
    )


def companion_app(name: str, storefronts: Sequence[str], filing: Filing, version: str = "1.0.0") -> AppSubmission:
    """A companion app with its filing, assessment, label material and a mode for minors."""
    app = generating_app(name, storefronts, filing, version)
    return replace(app, description=COMPANION, services=(Service.TEXT,), companion=True, minors_mode=True)


def labelled_sample(filing: Filing) -> Media:
    """A picture as the app makes it, with both labels."""
    plain = picture(480, 320)
    producer = f"0011{filing.entity}10001" if len(filing.entity) == 18 else "001191110105MA0000041X10001"
    data = write_label(plain.data, ImplicitFields(producer, "sample"), media_type=plain.media_type, explicit=True)
    return Media(data, plain.media_type)


def _package(name: str) -> str:
    return "org.example." + "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
