"""The words of the rulebook's vocabulary in Chinese, for commands with ``--lang zh``. English is the vocabulary itself.

Free text that packs have in one language only (notes, citations) is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_ZH: Mapping[str, str] = {
    # behaviour
    "labeling": "内容标识",
    "consent": "个人同意",
    "real-name": "真实身份认证",
    "takedown": "违法内容处置",
    "complaints": "投诉举报",
    "rumour-refutation": "辟谣",
    "prohibited-content": "禁止内容",
    "disclosure": "公示告知",
    "records": "记录留存",
    "filing": "备案与评估",
    "governance": "内部管理",
    "minors": "未成年人保护",
    "user-control": "用户权利",
    # keyword
    "must": "应当",
    "should": "建议",
    "may": "可以",
    # how a violation is seen
    "probe": "接口测试",
    "document": "文件审查",
    "nobody": "无法检测",
    # verification
    "verified": "已核实",
    "secondary": "转述",
    "inferred": "推知",
    "from-memory": "凭记忆，待查证",
    # services and modalities
    "text": "文本",
    "voice": "语音",
    "non-voice-audio": "非语音音频",
    "biometric-image-video": "含生物特征的图像视频",
    "non-biometric-image-video": "不含生物特征的图像视频",
    "digital-person-scene": "数字人物与虚拟场景",
    "image": "图片",
    "audio": "音频",
    "video": "视频",
    "virtual-scene": "虚拟场景",
    # courts
    "in-force": "有效",
    "under-challenge": "涉诉",
    "blocked": "被法院禁止执行",
    # changes and dates
    "rule": "规则",
    "penalty": "罚则",
    "begins": "施行",
    "changes": "修正",
    "ends": "废止",
    "transition ends": "过渡期届满",
    "penalty begins": "罚则施行",
    "court": "法院裁判",
    "note": "提示",
    "began": "施行",
    "ended": "废止",
    "amended": "修正",
    "restored": "恢复执行",
    # markets
    "cn": "中国",
    "eu": "欧盟",
    "us": "美国",
    "in": "印度",
    "kr": "韩国",
    "vn": "越南",
}
#: Heads of tables.
_HEADS: Mapping[str, str] = {
    "rule": "规则",
    "behaviour": "类别",
    "keyword": "效力用语",
    "seen by": "检测途径",
    "verification": "核实状态",
    "title": "标题",
    "change": "变动",
    "what": "事项",
    "id": "编号",
    "date": "日期",
    "pack": "规则包",
    "binds": "义务主体",
    "penalties": "罚则",
}


def word(term: str, lang: str) -> str:
    """A term of the rulebook's vocabulary in one language; a term without a translation is returned as it is."""
    return _ZH.get(str(term), str(term)) if lang == "zh" else str(term)


def words(terms: Iterable[str], lang: str) -> str:
    """Terms of the vocabulary as a list in one language."""
    return ("、" if lang == "zh" else ", ").join(word(term, lang) for term in terms)


def heads(names: Iterable[str], lang: str) -> tuple[str, ...]:
    """The heads of a table in one language."""
    return tuple(_HEADS[name] if lang == "zh" else name for name in names)
