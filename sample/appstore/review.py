"""Review at listing: what is verified of a submission, new or an update, before any storefront shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shenhe.labels import read_labels

from .apps import Release, StoredApp, StoreHouse
from .asking import faults_of_service
from .registry import ASSESSMENTS, FILINGS, WELL_FORMED, Caller
from .switches import StoreFault

_NAMES_GENERATION = re.compile(r"人工智能|AI生成|AIGC|\bAI\b")
_FOREIGN = re.compile(r"ICP备|公网安备|^[A-Z]{2}-")


def fault_of(house: StoreHouse, caller: Caller, release: Release, earlier: StoredApp | None) -> str:
    """Why a release is not listed, in words for its developer; ``""`` if nothing is wrong with it."""
    return next(_faults(house, caller, release, earlier), "")


def _faults(house: StoreHouse, caller: Caller, release: Release, earlier: StoredApp | None) -> Iterator[str]:
    if not release.generative:
        if _NAMES_GENERATION.search(release.description) and not _overlooks_undeclared(house, earlier):
            yield "说明中提供人工智能生成服务，但未作说明。The description names AI generation that is not declared."
        return
    if house.service_url:
        yield from faults_of_service(house.service_url)
    if not _passes_unverified(house, release, earlier):
        yield from _filing(house, caller, release)
        if not (release.companion and StoreFault.COMPANION_ASSESSMENT_UNVERIFIED in house.faults):
            yield from _assessment(house, caller, release)
    yield from _labels(house, release, earlier)
    if release.companion and not release.minors_mode and not _overlooks_minors(house, earlier):
        yield "拟人化互动应用须有未成年人模式。A companion app needs a mode for minors."


def _overlooks_undeclared(house: StoreHouse, earlier: StoredApp | None) -> bool:
    return StoreFault.UNDECLARED_GENERATION_LISTED in house.faults or (
        earlier is not None and StoreFault.UPDATE_UNDECLARED_GENERATION in house.faults
    )


def _overlooks_minors(house: StoreHouse, earlier: StoredApp | None) -> bool:
    return StoreFault.COMPANION_WITHOUT_MINORS_MODE_LISTED in house.faults or (
        earlier is not None and StoreFault.UPDATE_DROPS_MINORS_MODE in house.faults
    )


def _passes_unverified(house: StoreHouse, release: Release, earlier: StoredApp | None) -> bool:
    return (earlier is not None and StoreFault.UPDATE_FILING_UNVERIFIED in house.faults) or (
        release.companion and StoreFault.COMPANION_FILING_UNVERIFIED in house.faults
    )


def _filing(house: StoreHouse, caller: Caller, release: Release) -> Iterator[str]:
    number, faults = release.filing.strip(), house.faults
    known = FILINGS.get(number)
    if not number:
        if StoreFault.FILING_MISSING_LISTED not in faults:
            yield "未提供算法备案号。The filing number is missing."
    elif _FOREIGN.search(number):
        if StoreFault.FILING_FOREIGN_LISTED not in faults:
            yield "不是算法备案号。This is not the number of an algorithm filing."
    elif not WELL_FORMED.fullmatch(number):
        if StoreFault.FILING_MALFORMED_LISTED not in faults:
            yield "算法备案号格式不正确。The filing number is malformed."
    elif known is None:
        if StoreFault.FILING_UNREGISTERED_LISTED not in faults:
            yield "公示清单中没有该备案号。The public list has no such filing."
    elif known.entity != caller.entity or (release.entity and release.entity != known.entity):
        named = release.entity == known.entity and StoreFault.FILING_OF_NAMED_ENTITY_LISTED in faults
        if StoreFault.FILING_OF_ANOTHER_LISTED not in faults and not named:
            yield "备案主体与开发者不一致。The filing is of another entity."
    elif known.cancelled and StoreFault.FILING_CANCELLED_LISTED not in faults:
        yield "该备案已注销。The filing was cancelled."


def _assessment(house: StoreHouse, caller: Caller, release: Release) -> Iterator[str]:
    number, faults = release.assessment.strip(), house.faults
    known = ASSESSMENTS.get(number)
    if not number:
        if StoreFault.ASSESSMENT_MISSING_LISTED not in faults:
            yield "未提供安全评估。The security assessment is missing."
    elif known is None:
        if StoreFault.ASSESSMENT_UNKNOWN_LISTED not in faults:
            yield "没有该安全评估。There is no such security assessment."
    elif known.entity != caller.entity:
        if StoreFault.ASSESSMENT_OF_ANOTHER_LISTED not in faults:
            yield "安全评估不属于该主体。The security assessment is of another entity."
    elif known.expires <= house.clock.now() and StoreFault.ASSESSMENT_EXPIRED_LISTED not in faults:
        yield "安全评估已过期。The security assessment has expired."


def _labels(house: StoreHouse, release: Release, earlier: StoredApp | None) -> Iterator[str]:
    if earlier is not None and StoreFault.UPDATE_LABEL_MATERIAL_UNVERIFIED in house.faults:
        return
    overlooked = (
        StoreFault.LABEL_MATERIAL_MISSING_LISTED if not release.labels else StoreFault.LABEL_MATERIAL_BLANK_LISTED
    )
    if not release.labels.strip() and overlooked not in house.faults:
        yield "未提供生成合成内容标识材料。The material on labels is missing."
    read = release.label_sample if StoreFault.LABEL_SAMPLE_UNREAD not in house.faults else b""
    if read and not read_labels(read).aigc:
        yield "标识样例的元数据中没有标识。The sample of the labels has none in its metadata."
