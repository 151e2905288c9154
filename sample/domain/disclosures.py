"""What the provider publishes about itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..faults.fault import FaultName
from ..media.marking import PICTURE_LABEL, TEXT_LABEL
from ..variants import VariantName
from .companion import AI_NOTICE
from .consent import PROMPT
from .moderation import TIME_LIMIT
from .refusal import Refusal
from .state import House
from .studio import MARK_FUNCTION, REMINDER

FILING_NUMBER = "网信算备000000000000001260011号"
FILING_LINK = "https://beian.cac.gov.cn/"

_HOURS = TIME_LIMIT // timedelta(hours=1)

_RULES = (
    "管理规则与平台公约。一、不得利用本服务制作、复制、发布、传播法律法规禁止的信息和虚假新闻信息。二、"
    "使用者须完成真实身份认证后方可发布。"
    "三、违法和不良信息将被移除，并视情节对账号采取警示、限制功能、暂停服务、关闭账号等措施。四、编辑人脸、"
    "人声须取得被编辑个人的单独同意。"
    "Rules of the platform: nothing prohibited and no fake news; verified identity before publishing; "
    "removal and measures against accounts; separate consent before a face or a voice is edited."
)
_AGREEMENT = "用户服务协议。您对所发布的内容负责。User agreement: you answer for what you publish."
_AGREEMENT_ON_SECURITY = "您应履行信息安全义务。You keep to the duties of information security."
_AGREEMENT_ON_LABELS = (
    f"标识方法和样式：文本在开头标注“{TEXT_LABEL}”；图片在右下角标注“{PICTURE_LABEL}”，"
    "字高不小于最短边的百分之五；音频在开头以“短长 短短”节奏提示；"
    "所有文件的元数据均含AIGC隐式标识。请仔细阅读并理解相关标识管理要求。申请不含显式标识的内容，"
    "须承诺自行履行标识义务，相关日志留存不少于六个月。"
    "Labels: texts begin with it, pictures show it in a corner, sounds begin with the rhythm short-long "
    "short-short, and the metadata of every file carries the AIGC field. A copy without visible label is "
    "handed out only to those who accept the duty to label it."
)
_COMPLAINTS = (
    "投诉举报。任何人无需注册即可举报：选择“举报”，填写理由并提交；提交后您会收到回执，"
    "可凭回执查询进度；平台审核后告知处理结果和理由；不服可以申诉，由人工复核。"
    "申请移除未经同意的私密影像，请附签名、善意声明和联系方式，平台将在48小时内移除。"
    "Complaints: anybody may report without an account; you receive a receipt, then the decision and its "
    "reasons; the author may appeal to a person. Intimate images are removed within 48 hours of a valid "
    "request."
)
_USES = (
    "适用人群：年满十八周岁的用户，未成年人须在监护人同意下使用。适用场合：创作、娱乐。用途：生成文本、图片、音频、视频。"
    "不适用于医疗、法律等专业建议。 Intended users: adults, and minors with a guardian's consent. Occasions: creative"
    " work and leisure. Uses: making texts, pictures, sounds and films; not for medical or legal advice."
)
DETECTION_LINK = "https://sample.invalid/detect"
_DETECTION = (
    "免费检测工具：上传文件，即可查看其是否由本服务生成。A free public tool: upload a file to see whether this"
    " service made it."
)
_FILING = "算法备案信息公示。Public information on the filing of this service's algorithm."


def disclosure(house: House, topic: str) -> dict[str, Any]:
    """One public page.

    Raises:
        Refusal: 404, ``page_unknown``.
    """
    match topic:
        case "rules" if FaultName.RULES_UNPUBLISHED not in house.faults:
            return _page("管理规则 Rules", _RULES)
        case "agreement":
            duties = "" if FaultName.SECURITY_DUTIES_UNSAID in house.faults else _AGREEMENT_ON_SECURITY
            labels = "" if FaultName.AGREEMENT_SILENT in house.faults else _AGREEMENT_ON_LABELS
            if FaultName.AGREEMENT_WITHOUT_METHODS in house.faults:
                labels = "生成合成内容均添加标识。All generated content is labelled."
            return _page("用户协议 Agreement", f"{_AGREEMENT}{duties}{labels}")
        case "complaints":
            if FaultName.COMPLAINTS_PAGE_EMPTY in house.faults:
                return _page("投诉举报 Complaints", "")
            if FaultName.TIME_LIMIT_UNPUBLISHED in house.faults:
                return _page("投诉举报 Complaints", _COMPLAINTS)
            limit = f"我们在收到投诉举报后{_HOURS}小时内反馈处理结果。We answer within {_HOURS} hours."
            return _page("投诉举报 Complaints", _COMPLAINTS + limit, time_limit_hours=_HOURS)
        case "uses":
            return _page("适用范围 Intended use", "" if FaultName.USES_UNPUBLISHED in house.faults else _USES)
        case "filing":
            return _filing(house)
        case "detection-tool":
            if FaultName.DETECTION_TOOL_UNLINKED in house.faults:
                return _page("检测工具 Detection tool", _DETECTION)
            return _page("检测工具 Detection tool", f"{_DETECTION} {DETECTION_LINK}", link=DETECTION_LINK)
        case "conversation" | "editing" | "upload" | "marking":
            return _before(house, topic)
    raise Refusal(404, "page_unknown", "没有这个页面。 There is no such page.")


#: The pages on which users begin: title, text, and the notice that belongs to it. The responses give the notice too,
#: unless the provider informs users only before they act.
_BEGINNINGS = {
    "conversation": ("对话 Conversation", "发送消息即可开始对话。Send a message to begin.", AI_NOTICE),
    "editing": ("编辑 Editing", "上传素材并选择效果。Upload a source and choose an effect.", PROMPT),
    "upload": ("上传 Uploads", "支持图片和音频。Pictures and sounds.", REMINDER),
    "marking": ("创作 Creation", "选择类型并输入描述。Choose a kind and describe it.", MARK_FUNCTION),
}


def _before(house: House, topic: str) -> dict[str, Any]:
    title, text, notice = _BEGINNINGS[topic]
    return _page(title, f"{text} {notice}" if VariantName.INFORMS_BEFORE in house.variants else text)


def _filing(house: House) -> dict[str, Any]:
    faults = house.faults
    number = FILING_NUMBER.replace("0", "", 1) if FaultName.FILING_NUMBER_MALFORMED in faults else FILING_NUMBER
    shown = {} if FaultName.FILING_NUMBER_MISSING in faults else {"filing_number": number}
    shown |= {} if FaultName.FILING_LINK_MISSING in faults else {"link": FILING_LINK}
    return _page("备案信息 Filing", " ".join((_FILING, *shown.values())), **shown)


def _page(title: str, text: str, **details: str | int) -> dict[str, Any]:
    return {"page": {"title": title, "text": text, **details}}
