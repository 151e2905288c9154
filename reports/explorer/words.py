"""The words of the explorer in English and Chinese, and how numbers and values are written in each."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from shenhe.core.document import read_yaml
from shenhe.simulator.runs.outcomes import METRICS

from ..pages.language import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")

OUTCOMES = (
    "violations",
    "compliance",
    "harm",
    "cases_sanctioned",
    "wrongful_sanctions",
    "wrongful_share",
    "backlog_mean",
    "wait_mean",
    "fines",
    "service_suspensions",
    "delistings",
    "revocations",
    "exits",
    "regulator_cost",
    "compliance_cost",
    "lawful_blocked",
    "appeals",
    "deterred_own",
    "deterred_peers",
)
"""Outcomes of the overview and of the heat map, in the order in which they are shown."""


@functools.cache
def words(language: Language) -> Mapping[str, Any]:
    """Every text of the explorer in one language."""
    data, _ = read_yaml(files("shenhe.reports.explorer") / "words.yaml", "words.yaml")
    if not isinstance(data, dict):
        raise TypeError("words.yaml holds no mapping")
    found: Any = data[language]
    return dict(found)


def outcome_title(metric: str, language: Language) -> str:
    """What a metric is called."""
    own = words(language)["shown_outcomes"].get(metric)
    return str(own or METRICS[metric].title)


def class_title(name: str, language: Language) -> str:
    return str(words(language)["classes"].get(name, name))


def behaviour_title(name: str, language: Language) -> str:
    return _BEHAVIOURS[language].get(name, name)


_BEHAVIOURS: Mapping[str, Mapping[str, str]] = {
    "en": {},
    "zh": {
        "labeling": "内容标识",
        "consent": "个人同意",
        "real-name": "真实身份认证",
        "takedown": "违法内容处置",
        "complaints": "投诉举报",
        "prohibited-content": "禁止内容",
        "rumour-refutation": "辟谣",
        "filing": "备案",
    },
}


def event_title(kind: str, language: Language) -> str:
    """What a kind of event is called; its name in the log where there is no other."""
    if language == "en":
        return kind.replace("-", " ")
    return _EVENTS.get(kind, kind)


_EVENTS: Mapping[str, str] = {
    "entered": "进入市场",
    "exited": "退出",
    "violation": "违法",
    "violation-ended": "违法终止",
    "copies-spread": "复制传播",
    "copies-removed": "复制内容被处置",
    "copies-faded": "复制内容消退",
    "complaint": "投诉",
    "store-report": "商店报告",
    "inspection": "检查",
    "case-opened": "立案",
    "investigation": "开始调查",
    "upheld": "违法成立",
    "dismissed": "撤销案件",
    "case-closed": "结案",
    "warning": "约谈警告",
    "rectify": "责令改正",
    "fine": "罚款",
    "suspend-updates": "暂停信息更新",
    "suspend-registration": "暂停账号注册",
    "suspend-service": "暂停服务",
    "app-removal": "责令下架",
    "revocation": "吊销",
    "updates-restored": "恢复更新",
    "registration-restored": "恢复注册",
    "service-restored": "恢复服务",
    "rectified": "完成改正",
    "not-rectified": "逾期未改",
    "forgiven": "消除记录",
    "appealed": "申请复议或起诉",
    "appeal-rejected": "维持处罚",
    "appeal-upheld": "撤销处罚",
    "filing-submitted": "提交备案",
    "filing-supplement": "补正备案",
    "filing-decided": "备案决定",
    "filed": "备案公示",
    "listed": "上架",
    "listing-refused": "拒绝上架",
    "delisted": "下架",
    "relisted": "重新上架",
    "relisting-refused": "拒绝重新上架",
    "occasion": "可能违反规则的情形（合计）",
    "sanctioned": "作出处罚",
    "effort": "调整合规投入",
    "strictness": "调整过滤严格度",
    "deterred": "被威慑而未违法",
    "users-moved": "用户流动",
    "taken-down": "自行处置",
    "self-reported": "主动报告",
    "referred": "移送司法",
    "claim": "民事赔偿",
    "account-measure": "处置用户账号",
    "over-removed": "商店过度下架",
    "reentered": "换名重返",
    "moved-abroad": "转往境外",
    "insolvent": "资不抵债而停业",
    "staff-fined": "对责任人罚款",
    "confiscated": "没收违法所得",
    "published": "公开通报",
}


def plain_value(value: object, language: Language) -> str:
    """The value of a lever in a sentence.

    >>> plain_value(True, "en"), plain_value(0.25, "en"), plain_value(None, "en"), plain_value(100000.0, "en")
    ('yes', '0.25', '–', '100,000')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(words(language)["yes" if value else "no"])
    if isinstance(value, int | float):
        return f"{value:,.10g}"
    if isinstance(value, list):
        return "、".join(map(str, value)) if language == "zh" else ", ".join(map(str, value))
    return str(value)
