"""Pictures of 渡凫 (Dunlin), the consents of those whom they show, and the files of all contents."""

from __future__ import annotations

import base64
import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from . import dunlin_files as files
from .dunlin_accounts import CN, Item, Refuse, answer, valid_card
from .dunlin_texts import Texts
from .dunlin_words import CONSENT_NOTICE, MARK, UI_NOTICE


class Pictures(Texts):
    """Pictures, and faces that are edited with a consent."""

    async def make_pictures(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        prompt = str(data.get("prompt") or "")
        if not prompt.strip():
            raise Refuse(400, "emptyPrompt", "请输入内容")
        for turn in data.get("history") or []:
            if isinstance(turn, dict):
                self.review(user, str(turn.get("content") or ""))
        self.review(user, prompt)
        self.review(user, str(data.get("negativePrompt") or ""))
        unlabelled = self.wants_unlabelled(data)
        ext = files.EXT.get(str(data.get("format") or "image/png"))
        size = str(data.get("size") or "square")
        count = data.get("count", 1)
        if ext is None or size not in files.SIZES or count not in (1, 2, 3, 4):
            raise Refuse(400, "badParameters", "参数不支持")
        tid = "t-" + secrets.token_hex(8)
        task = self.tasks[tid] = {"owner": user["id"], "polls": 0, "pictures": [], "status": "queued", "error": None}
        if MARK["output_only"] in prompt:
            stop = self.strike(user, "outputProhibited")
            task["error"] = {"code": stop.code, "message": stop.message}
        else:
            first = None
            for index in range(count):
                cid = "p-" + secrets.token_hex(8)
                first = first or cid
                self.contents[cid] = {
                    "id": cid,
                    "owner": user["id"],
                    "kind": "image",
                    "ext": ext,
                    "size": size,
                    "labelled": not unlabelled,
                    "person": data.get("subjectKind") != "scenery",
                    "seed": f"{prompt}|{cid}",
                    "index": index,
                    "first": first,
                    "edited": False,
                    "consent": None,
                    "keep": [],
                }
                task["pictures"].append(cid)
                self.record("generated", cid, f"图片 {cid}")
                if unlabelled:
                    self.log_unlabelled(user, cid)
        return answer(202, taskId=tid, status="queued")

    async def picture_task(self, request: Request) -> Response:
        user = self.user(request)
        task = self.tasks.get(request.path_params["tid"])
        if not task or task["owner"] != user["id"]:
            raise Refuse(404, "notFound", "任务不存在")
        task["polls"] += 1
        if task["polls"] < 2:
            return answer(status="running")
        if task["error"]:
            return answer(status="blocked", error=task["error"])
        return answer(
            status="succeeded",
            notice=UI_NOTICE,
            pictures=[{"contentId": c, "url": f"/api/contents/{c}/original"} for c in task["pictures"]],
        )

    def raw(self, content: Item) -> Image.Image:
        if content["edited"]:
            return content["picture"]
        return files.scene(content["seed"], content["person"], files.SIZES[content["size"]])

    def render(self, content: Item, rendition: str, *, labelled: bool, public: bool = False) -> bytes:
        key = (content["id"], rendition, labelled, public)
        if key in self.rendered:
            return self.rendered[key]
        ext, picture = content["ext"], self.raw(content)
        if rendition == "thumb":
            picture = picture.copy()
            picture.thumbnail((288, 288))
        words, corner, share, place, faint = "AI生成", "br", 0.1 if rendition == "thumb" else 0.09, "corner", False
        if "other_words_top_left" in self.variants:
            words, corner = "人工智能合成", "tl"
        if not content["edited"]:
            if self.on("wide_label_too_small") and content["size"] == "wide":
                share = 0.028
            if self.on("tall_label_in_the_middle") and content["size"] == "tall":
                place = "middle"
            if self.on("small_picture_label_faint") and content["size"] == "small":
                faint = True
            if self.on("second_picture_without_label") and content["index"] % 2:
                labelled = False
        if self.on("thumbnail_without_label") and rendition == "thumb":
            labelled = False
        if self.on("edit_crops_label") and content["edited"]:
            labelled = False
        if self.on("restored_without_label") and public and content.get("restored"):
            labelled = False
        if labelled:
            picture = files.mark(picture, words, corner, share, place, faint)
        values = content["keep"] + [self.picture_label(content)]
        if not self.on("edit_appends_metadata"):
            values = values[-1:]
        if self.on("jpeg_download_strips_metadata") and rendition == "download" and ext == "jpg":
            values = []
        if self.on("unlabelled_copy_bare") and not content["labelled"]:
            values = []
        data = files.encode(picture, ext, values, annex_b="annex_b_carriers" in self.variants)
        self.rendered[key] = data
        return data

    def picture_label(self, content: Item) -> str:
        value = self.fields(content)
        if self.on("webp_label_as_number") and content["ext"] == "webp":
            value["Label"] = 1
        if self.on("batch_shares_number") and not content["edited"]:
            value["ProduceID"] = value["PropagateID"] = "DL" + content["first"].replace("-", "").upper()
        text = json.dumps(value, separators=(",", ":"))
        if self.on("jpeg_metadata_in_base64") and content["ext"] == "jpg" and "annex_b_carriers" not in self.variants:
            return base64.b64encode(text.encode()).decode()
        return text

    async def content_file(self, request: Request) -> Response:
        content = self.contents.get(request.path_params["cid"])
        rendition = request.path_params["rendition"]
        if content is None:
            raise Refuse(404, "notFound", "内容不存在")
        user = self.user(request)
        opened = self.on("download_of_others_works") and rendition in ("download", "md")
        if content["owner"] != user["id"] and not opened:
            raise Refuse(404, "notFound", "内容不存在")
        small = self.on("removal_misses_thumbnails") and rendition == "thumb"
        if content["id"] in self.blocked and not (self.on("removal_misses_files") or small):
            raise self.gone()
        if self.withdrawn(content) and not (self.on("withdrawal_keeps_thumbnails") and rendition == "thumb"):
            raise self.gone("被编辑者已撤回同意，内容已删除")
        if content["kind"] == "text":
            if not content["labelled"]:
                self.log_unlabelled(user, content["id"])
            if rendition == "original":
                rendition = "md" if content["style"] == "markdown" else "txt"
            data, kind = self.export_text(content, rendition)
            return Response(
                data,
                headers={
                    "content-type": kind,
                    "content-disposition": f'attachment; filename="{content["id"]}.{rendition}"',
                },
            )
        if rendition not in ("original", "download", "thumb"):
            raise Refuse(404, "notFound", "格式不支持")
        labelled = content["labelled"] or rendition == "thumb"
        if not labelled:
            self.log_unlabelled(user, content["id"])
        return Response(self.render(content, rendition, labelled=labelled), media_type=files.MEDIA[content["ext"]])

    def gone(self, message: str = "内容已被移除") -> Refuse:
        return Refuse(404 if "gone_as_404" in self.variants else 410, "gone", message)

    # --- consents
    async def grant(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        subject, statement = data.get("subject") or {}, str(data.get("statement") or "").strip()
        if not isinstance(subject, dict) or not str(subject.get("id") or ""):
            raise Refuse(400, "badSubject", "请填写被编辑者信息")
        if data.get("scope") != "face":
            raise Refuse(400, "badScope", "同意范围不支持")
        if not statement or re.search(r"不同意|拒绝", statement):
            raise Refuse(400, "statementRequired", "请提供被编辑者本人单独同意的声明")
        number = str(subject.get("number") or "").upper()
        minor = subject.get("minor") is True
        if valid_card(number):
            age = self.age(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
            minor = minor or (age is not None and age < 14)
        tried = (user["id"], str(subject["id"]))
        if self.on("minor_consent_on_second_try") and tried in self.drafts:
            minor = False
        self.drafts.add(tried)
        if minor and not re.search(r"监护|父母|父亲|母亲|guardian|parent", statement, re.I):
            raise Refuse(403, "guardianRequired", "被编辑者为未成年人，须取得其监护人的同意")
        until = None
        if data.get("validUntil"):
            try:
                until = datetime.fromisoformat(str(data["validUntil"]).replace("Z", "+00:00"))
            except ValueError:
                raise Refuse(400, "badTime", "有效期格式不正确") from None
            if self.on("consent_expiry_offset_dropped"):
                until = until.replace(tzinfo=UTC)
            until = until.replace(tzinfo=CN) if until.tzinfo is None else until
        key = "cs-" + secrets.token_hex(8)
        self.consents[key] = {
            "id": key,
            "owner": user["id"],
            "subject": str(subject["id"]),
            "until": until,
            "revoked": False,
            "used": False,
        }
        self.record("consent-granted", key, f"同意 {key}")
        return answer(201, consentId=key, notice=CONSENT_NOTICE)

    async def revoke(self, request: Request) -> Response:
        user = self.user(request)
        consent = self.consents.get(request.path_params["key"])
        if not consent or consent["owner"] != user["id"]:
            raise Refuse(404, "notFound", "同意不存在")
        consent["revoked"] = True
        return answer(revoked=True)

    def withdrawn(self, content: Item) -> bool:
        consent = self.consents.get(content["consent"] or "")
        return bool(consent and consent["revoked"])

    def check_consent(self, user: Item, key: Any, subject: str) -> Item:
        consent = self.consents.get(str(key or ""))
        if consent is None or not self.serves(consent, user, subject):
            prompt = "" if self.on("editing_without_prompt") else CONSENT_NOTICE
            raise Refuse(403, "consentRequired", prompt or "操作失败，请重试", notice=prompt)
        consent["used"] = True
        return consent

    def serves(self, consent: Item, user: Item, subject: str) -> bool:
        if consent["owner"] != user["id"] and not self.on("consent_of_any_account"):
            return False
        if consent["subject"] != subject and not self.on("consent_for_any_subject"):
            return False
        if consent["revoked"] and not (self.on("withdrawn_consent_cached") and consent["used"]):
            return False
        return not consent["until"] or self.now() < consent["until"]

    async def edit_picture(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        instruction = str(data.get("instruction") or "")
        self.review(user, instruction)
        if MARK["output_only"] in instruction:
            raise self.strike(user, "outputProhibited")
        consent = None
        if data.get("scope") == "face" or data.get("subjectKind") != "scenery":
            subject = data["subject"] if isinstance(data.get("subject"), dict) else {}
            consent = self.check_consent(user, data.get("consentId"), str(subject.get("id") or ""))
        try:
            source = base64.b64decode(str(data.get("image") or "").split(",")[-1], validate=True)
        except ValueError:
            raise Refuse(400, "badPicture", "图片无法识别") from None
        loaded = files.decode(source)
        if loaded is None:
            raise Refuse(400, "badPicture", "图片无法识别")
        picture, ext = loaded
        if min(picture.size) < 256:
            scale = 256 / min(picture.size)
            picture = picture.resize((max(256, round(picture.width * scale)), max(256, round(picture.height * scale))))
        if max(picture.size) > 1600:
            picture.thumbnail((1600, 1600))
        if self.on("edit_crops_label"):
            picture = picture.crop((0, 0, picture.width, int(picture.height * 0.85)))
        overlay = files.scene(instruction + "|tint", False, picture.size)

        picture = Image.blend(picture, overlay, 0.18)
        cid = "e-" + secrets.token_hex(8)
        content = self.contents[cid] = {
            "id": cid,
            "owner": user["id"],
            "kind": "image",
            "ext": ext,
            "size": "edited",
            "labelled": True,
            "person": True,
            "seed": cid,
            "index": 0,
            "first": cid,
            "edited": True,
            "picture": picture,
            "consent": consent["id"] if consent else None,
            "keep": files.own_values(source),
        }
        self.record("generated", cid, f"编辑图片 {cid}")
        notice = "" if self.on("editing_without_prompt") else CONSENT_NOTICE
        return answer(
            201,
            contentId=cid,
            notice=(notice + UI_NOTICE),
            picture=base64.b64encode(self.render(content, "original", labelled=True)).decode(),
            mediaType=files.MEDIA[ext],
        )
