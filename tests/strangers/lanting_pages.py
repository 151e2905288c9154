"""The pages of 兰亭 as blocks."""

from __future__ import annotations

from .lanting_accounts import Accounts, Item


def page_blocks(slug: str | None, app: Accounts) -> list[Item]:
    def heading(text: str) -> Item:
        return {"kind": "HEADING", "text": text}

    def block(text: str, name: str | None = None, kind: str = "PARAGRAPH") -> Item:
        return {"kind": kind, "text": text, "name": name}

    pages = {
        "rules": [
            heading("兰亭社区公约与管理规则"),
            block("第一条 本规则适用于全部创作、发布、转发和角色对话。"),
            block("第二条 用户须完成实名认证后发布信息。"),
            block(
                "第三条 禁止制作、复制、发布、传播法律法规禁止的信息和虚假新闻。违规账号将被警告、限制功能、暂停服务或者关闭账号。"
            ),
            block("第四条 不得删除、篡改、隐匿AI生成合成标识，不得提供去除标识的工具。"),
        ],
        "agreement": [
            heading("兰亭用户服务协议"),
            block(
                "重要提示：请您仔细阅读并充分理解本协议，特别是加粗条款。用户应当承担信息安全义务：不得利用本服务制作、发布违法信息，不得危害网络安全，须对所发布内容负责。",
                kind="STRONG",
            ),
            block("一、双方的权利和义务。兰亭向您提供文字、图片、音频的AI生成服务，您应当依法合理使用。"),
            block(
                "二、生成合成内容标识。本服务对生成内容添加显式标识和隐式标识。显式标识的方法和样式：文字在开头以“本文由AI生成”标明；图片在角落以“AI生成”字样标明，字高不低于最短边的5%；音频在首尾以“短长 短短”节奏标明。隐式标识写入文件元数据的AIGC字段。请您阅读并理解标识管理规定。"
            ),
            block("三、申请无显式标识的内容，您须确认自行履行标识义务并承担使用责任，相关日志保存不少于六个月。"),
            block("四、编辑他人人脸、声音，您须告知被编辑的个人并取得其单独同意。"),
        ],
        "complaints": [
            heading("投诉、举报与申诉"),
            block("入口：任何人（无需登录）均可在内容页点击“举报”，作者可在站内信的处理通知中点击“申诉”。"),
            block(
                "处理流程：受理并发出回执，审核，作出决定，以站内信告知结果和理由。对结果有异议的，可在六个月内申诉，由人工复核。"
            ),
            block("处理时限：自收到之日起72小时内反馈处理结果。", None),
            block("72", "timeLimitHours", "FACT"),
            block(
                "私密影像：未经同意发布的私密影像（含AI伪造），本人或其授权人可提交带签名、内容位置、善意声明和联系方式的通知，我们在48小时内删除，并删除已知的相同副本。 "
                "Intimate images published without consent, including digital forgeries: the person depicted or someone authorised may ask for removal through “举报 / Report”. "
                "Sign the request, locate the content, state good faith and give contact data. We remove within 48 hours."
            ),
        ],
        "filing": [
            heading("备案信息"),
            block("网信算备110108690512301240017号", "filingNumber", "FACT"),
            block("https://beian.cac.gov.cn/", "publicityLink", "FACT"),
            block("生成式人工智能服务备案：Beijing-LanTing-20260301"),
        ],
        "origin": [
            heading("兰亭生成内容核验工具 / Disclosure verification tool"),
            block(
                "免费上传图片、音频或者文本，查询其是否由兰亭的AI系统生成或者修改，无需登录。Free of charge: find out whether content was made or altered by our AI system."
            ),
            block("POST /graphql  checkOrigin(file: Upload!)", "endpoint", "FACT"),
        ],
        "uses": [
            heading("适用人群、场合和用途"),
            block(
                "本服务面向年满18周岁的文学爱好者和创作者；14至18周岁用户使用未成年人模式，未满14周岁须经监护人同意。"
            ),
            block(
                "适用场合：业余写作、插图、朗读和角色对话。用途：文学创作与娱乐。不适用于医疗、法律、投资等专业意见。请科学理性认识和依法使用生成式人工智能，防止沉迷。"
            ),
        ],
        "talk": [
            heading("开始对话之前"),
            block(
                "您将与AI角色对话，对方不是真人，所有回复由AI生成。You are about to talk to an AI character, not a human being."
            ),
            block("您可以随时说“退出”或点击右上角关闭。连续使用满2小时我们会提醒您休息。"),
        ],
        "editing": [
            heading("换脸与声音克隆须知"),
            block(
                "您即将编辑人脸或者声音等生物识别信息。请依法告知被编辑的个人，并取得其单独同意；没有同意不得继续。结果将带有AI生成标识。"
            ),
        ],
        "upload": [
            heading("上传须知"),
            block(
                "请主动声明您上传的内容是否包含AI生成合成内容，并使用平台提供的标识功能（“声明AI生成”开关）。平台会核验文件元数据中的隐式标识。"
            ),
        ],
        "marking": [
            heading("标识功能说明"),
            block(
                "兰亭生成的文字、图片、音频均默认添加“AI生成”显式标识。对其他生成内容，您可以使用“添加AI标识”功能添加显著标识。"
            ),
        ],
    }
    blocks = pages.get(slug or "", [])
    if slug == "complaints" and app.on("complaints_page_without_limit"):
        blocks = [b for b in blocks if "72" not in b["text"]]
    if slug == "filing" and app.on("filing_without_link"):
        blocks = [b for b in blocks if b.get("name") != "publicityLink"]
    if slug == "agreement" and app.on("agreement_silent_on_labels"):
        blocks = [b for b in blocks if "标识" not in b["text"]]
    return blocks
