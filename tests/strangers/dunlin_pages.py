"""Public pages of 渡凫 (Dunlin)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from .dunlin_accounts import Refuse
from .dunlin_talks import Talks
from .dunlin_words import AI_NOTICE, CONSENT_NOTICE, FILING, FILING_LINK, LIMIT_HOURS, UI_NOTICE


class Pages(Talks):
    """The home page, and the pages that explain the service."""

    async def home(self, request: Request) -> Response:
        number = FILING
        if self.on("filing_number_cut"):
            number = FILING[:16] + "号"
        return HTMLResponse(
            self.doc(
                "渡凫 AI 助手",
                f"<p>与渡凫对话、作画、导出文稿。{UI_NOTICE}</p>"
                f'<p class="filing">{number} <a href="{FILING_LINK}">算法备案公示信息</a></p>',
            )
        )

    @staticmethod
    def doc(title: str, body: str) -> str:
        return (
            f'<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title></head>'
            f"<body><h1>{title}</h1>"
            f"<main>{body}</main><footer>{UI_NOTICE}</footer></body></html>"
        )

    async def help(self, request: Request) -> Response:
        topic = request.path_params["topic"]
        number = FILING[:16] + "号" if self.on("filing_number_cut") else FILING
        limit = (
            "<p>处理流程：提交后系统立即受理并发送编号；审核人员核查内容并作出决定；决定及理由通过工单反馈；对决定不服可以申诉复核。</p>"
            f'<p>反馈时限：自收到申诉、投诉、举报之日起<b class="hours" data-hours="{LIMIT_HOURS}">{LIMIT_HOURS}小时</b>内反馈处理结果。</p>'
        )
        if self.on("complaints_without_limit"):
            limit = "<p>提交后我们会安排审核，并尽快与您联系。</p>"
        labels = (
            "<h2>生成内容标识</h2><p>标识方法和样式：显式标识——文本回答的开头或者末尾标注“AI生成”字样，图片边角标注“AI生成”或者“人工智能合成”字样，"
            "字高不低于最短边的5%，界面上持续显示“内容由AI生成”；隐式标识——文件元数据中写入AIGC字段，含属性、服务提供者编码、内容编号。</p>"
            "<p>您应当主动声明并使用标识功能，不得恶意删除、篡改、伪造、隐匿标识。申请无显式标识内容的，您应当自行履行标识义务并承担使用责任，"
            "我们留存日志不少于六个月。请您仔细阅读并理解上述规定。</p>"
        )
        if self.on("agreement_silent_on_labels"):
            labels = ""
        pages = {
            "rules": (
                "平台管理规则和公约",
                (
                    "<p>不得利用本服务制作、复制、发布、传播法律法规禁止的信息和虚假新闻，不得侵害他人肖像、名誉、隐私和个人信息。</p>"
                    "<p>违反规则的，视情节予以警示、限制功能、暂停服务、关闭账号，并移除内容、保存记录、报告主管部门。</p>"
                    "<p>使用者应当履行信息内容安全义务；发现不实信息，我们将及时辟谣。</p>"
                ),
            ),
            "agreement": (
                "用户协议",
                "<p>本协议由渡凫与注册用户签订，约定双方的权利和义务。</p><p>您应当使用真实身份信息注册，履行信息安全义务，"
                "不得从事法律禁止的活动；我们依法保护您的个人信息，您可以查阅、复制、更正、删除个人信息以及注销账号。</p>"
                + labels,
            ),
            "complaints": (
                "申诉、投诉、举报",
                "<p>入口：作品页“举报”按钮、设置中的“申诉”，无需登录也可举报，也可发送邮件至jubao@dunlin.example。</p>"
                + limit,
            ),
            "filing": (
                "备案信息",
                f'<p class="filing">{number}</p><p><a href="{FILING_LINK}">互联网信息服务算法备案系统公示信息</a></p>',
            ),
            "uses": (
                "适用人群、场合和用途",
                (
                    "<p>适用人群：年满十四周岁的用户；未成年人须在监护人指导下使用未成年人模式，未满十四周岁须取得监护人同意。"
                    "虚拟伴侣、虚拟亲属角色仅面向成年人。</p>"
                    "<p>适用场合和用途：日常问答、写作辅助、绘画创作、学习和娱乐陪伴；不适用于医疗诊断、法律裁判、投资决策等专业场合。</p>"
                    "<p>请您科学理性认识、依法使用生成式人工智能，避免过度依赖。</p>"
                ),
            ),
            "conversation": (
                "对话前提示",
                f"<p>{AI_NOTICE}{UI_NOTICE}</p><p>您应当遵守法律法规，履行信息安全义务，不得输入或者传播违法信息。</p>",
            ),
            "editing": (
                "图片编辑提示",
                (
                    f"<p>{CONSENT_NOTICE}</p><p>未成年人的，须取得其监护人同意；本人可以随时撤回同意，撤回后我们将删除相关内容。</p>"
                    "<p>您应当履行信息安全义务。</p>"
                ),
            ),
            "marking": (
                "标识功能提示",
                "<p>本服务对全部生成内容默认添加显式标识“AI生成”和隐式标识；您也可以使用“标识”功能为内容添加显著标识，发布时请主动声明并使用该功能。</p>",
            ),
        }
        if self.on("editing_without_prompt"):
            pages["editing"] = (
                "图片编辑",
                "<p>上传照片，一键美化，马上分享给朋友。</p><p>您应当履行信息安全义务。</p>",
            )
        if topic not in pages:
            raise Refuse(404, "notFound", "页面不存在")
        return HTMLResponse(self.doc(*pages[topic]))
