"""The studio of 兰亭: stories, pictures and readings, edited faces and cloned voices, consents, and the files."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from . import lanting_files as files
from .lanting_accounts import Accounts, Item, folded

OUTPUT = "[输出违禁测试]"
Forms = Callable[[str], tuple[bytes, str]]


class Studio(Accounts):
    """What people make."""

    # --- making
    def maker_fields(self, number: str, mime: str, edited: bool = False) -> Item:
        maker = "Lanting" if "named_by_name" in self.variants else files.MAKER
        f = files.fields(maker, number)
        if edited and self.on("edit_without_producer"):
            f["ContentProducer"] = ""
        if self.on("second_of_batch_unnumbered") and number.endswith("-2"):
            f["ProduceID"] = ""
        if self.on("label_is_a_number") and mime == "image/jpeg":
            f["Label"] = 1
        return f

    def mark(
        self, data: bytes, mime: str, f: Item, rendition: str = "original", labelled: bool = True, edited: bool = False
    ) -> bytes:
        if self.on("download_without_field") and rendition == "download" and mime in ("text/plain", "audio/wav"):
            return data
        if self.on("jpeg_export_without_field") and rendition == "export" and mime == "image/jpeg":
            return data
        if self.on("unlabelled_copy_without_field") and not labelled:
            return data
        if self.on("edited_jpeg_without_field") and edited and mime == "image/jpeg":
            return data
        value = None
        if self.on("field_in_base64") and mime == "image/png":
            value = base64.b64encode(json.dumps(f).encode()).decode()
        return files.imprint(data, mime, f, value=value)

    def story_text(self, prompt: str, seed: str, length: str | None) -> str:
        seed = hashlib.sha256(seed.encode()).hexdigest()
        topic = folded(prompt).replace("AI生成", "").strip("。，")[:16] or "山水"
        part = f"雨停之后，小镇的桥上来了一位客人，他说起关于“{topic}”的旧事。大家围坐在灯下，听他把故事慢慢讲完。"
        more = "".join(
            f"第{i + 1}夜，{'河边柳树下井旁塔上'[int(seed[i], 16) % 8]}又有人提起那位客人，却没有人记得他的名字。"
            for i in range(3 if length == "long" else 1)
        )
        return part + "\n" + more

    def word_label(self, body: str, prompt: str, rendition: str) -> str:
        if self.on("long_prompt_without_text_label") and len(prompt) > 60:
            return body
        if self.on("export_without_text_label") and rendition == "export":
            return body
        if "text_label_at_end" in self.variants:
            return body + "\n\n（本文由AI生成）"
        return "【本文由AI生成】\n\n" + body

    def store(
        self,
        u: Item,
        service: str,
        mime: str,
        made: Forms,
        number: str,
        labelled: bool,
        prompt: str,
        consent: Any = None,
        edited: bool = False,
    ) -> Item:
        w = {
            "id": number,
            "owner": u["id"],
            "service": service,
            "mime": mime,
            "prompt": prompt,
            "gone": False,
            "labelled": labelled,
            "consent": consent,
            "uploaded": False,
            "declared": False,
            "forms": {},
        }
        f = self.maker_fields(number, mime, edited)
        for form in ("original", "download", "export"):
            data, kind = made(form)
            w["forms"][form] = (self.mark(data, kind, f, form, labelled, edited), kind)
            self.prints[files.essence(data, kind)] = number
        self.works[number] = w
        self.record("generated", number, [u["id"]], f"{service} {mime}")
        if not labelled and not (self.on("picture_copies_unrecorded") and mime.startswith("image/")):
            self.record("unlabelled-copy", number, [u["id"]], f"向 {u['id']} 提供无显式标识内容 {number}")
        return w

    def wants_label(self, ctx: Item, u: Item, said: Item) -> bool:
        if said.get("watermark") is not False:
            return True
        if "never_unlabelled" in self.variants:
            self.no("LABEL_REQUIRED", "本服务不提供无显式标识的内容")
        ok = said.get("labelAgreement") is True
        key = (u["id"], said.get("kind"))
        if self.on("asked_twice_is_agreed") and key in self.seen_refusals:
            ok = True
        if not ok:
            self.seen_refusals.add(key)
            self.no("AGREEMENT_REQUIRED", "申请无显式标识的内容前，须在用户协议中确认标识义务和使用责任")
        return False

    def hint(self, kind: str) -> str:
        return {
            "STORY": "以下故事由AI生成，发布时请保留标识",
            "PICTURE": "本图片由AI生成，请勿删除或者隐匿标识",
            "VOICE": "本音频由AI生成，请勿删除或者隐匿标识",
            "EDIT": "编辑他人人脸或者声音前，请依法告知被编辑的个人，并取得其单独同意。结果由AI生成",
        }[kind]

    def create_work(self, ctx: Item, said: Any = None) -> Item:
        u = self.user(ctx)
        self.free(u, ctx)
        kind, prompt, mime = said.get("kind"), said.get("prompt") or "", said.get("mimeType")
        if not prompt.strip() or len(prompt) > 4000:
            self.no("BAD_INPUT", "描述不能为空，且不超过4000字")
        for words in (prompt, said.get("avoid") or ""):
            self.check_words(u, ctx, words, "prompt")
        labelled = self.wants_label(ctx, u, said)
        blocked = folded(OUTPUT) in folded(prompt) and not (self.on("voice_output_unreviewed") and kind == "VOICE")
        if kind == "STORY":
            if blocked:
                self.no("OUTPUT_BLOCKED", "生成结果未通过审核，已停止输出")
            works = self.make(u, said, labelled)
            return {
                "job": self.job_view(
                    {"id": self.nid("job"), "state": "DONE", "kind": kind, "works": [w["id"] for w in works]}
                )
            }
        if (kind, mime) not in (("PICTURE", "image/png"), ("PICTURE", "image/jpeg"), ("VOICE", "audio/wav")):
            self.no("BAD_INPUT", "不支持的格式")
        works = [] if blocked else self.make(u, said, labelled)
        return {"job": self.job_view(self.queue(u, kind, works, blocked))}

    def queue(self, u: Item, kind: str, works: list[Item], blocked: bool = False) -> Item:
        j = {
            "id": self.nid("job"),
            "owner": u["id"],
            "state": "QUEUED",
            "kind": kind,
            "works": [w["id"] for w in works],
            "blocked": blocked,
        }
        self.jobs[j["id"]] = j
        return j

    def job_view(self, j: Item) -> Item:
        done = j["state"] == "DONE"
        return {
            "id": j["id"],
            "state": j["state"],
            "hint": self.hint(j["kind"]),
            "reasonCode": "OUTPUT_BLOCKED" if j["state"] == "BLOCKED" else None,
            "works": [self.work_view(self.works[w]) for w in j["works"]] if done else [],
        }

    def job(self, ctx: Item, key: Any = None) -> Item:
        u = self.user(ctx)
        j = self.jobs.get(key)
        if not j or j["owner"] != u["id"]:
            self.no("NOT_FOUND", "任务不存在")
        j["polls"] = j.get("polls", 0) + 1
        if j["polls"] >= 2:
            j["state"] = "BLOCKED" if j["blocked"] else "DONE"
        return self.job_view(j)

    def make(self, u: Item, said: Item, labelled: bool) -> list[Item]:
        kind, prompt, mime = said["kind"], said["prompt"], said.get("mimeType")
        batch = "LT-" + secrets.token_hex(6)
        self.serial += 1
        seed = f"{prompt}#{self.serial}"  # two works of one prompt differ
        if kind == "STORY":
            body = self.story_text(prompt, seed, said.get("length"))

            def written(form: str) -> tuple[bytes, str]:
                text = self.word_label(body, prompt, form) if labelled else body
                return text.encode(), "text/markdown" if form == "export" else "text/plain"

            return [self.store(u, "text", "text/plain", written, batch + "-1", labelled, prompt)]
        if kind == "PICTURE":
            out = []
            for i in range(2 if said.get("count") == 2 else 1):
                tall = said.get("aspect") == "tall"
                im = files.picture(f"{seed}/{i}", (320, 512) if tall else (384, 384))
                made = self.drawn(self.stamped(im, tall) if labelled else im, mime)
                out.append(self.store(u, "biometric-image-video", mime, made, f"{batch}-{i + 1}", labelled, prompt))
            return out
        sound = files.speech(seed, 1.6 + min(len(prompt), 60) / 40)
        data = files.wav(self.sounded(sound, prompt) if labelled else sound)
        return [self.store(u, "voice", mime, lambda form: (data, "audio/wav"), batch + "-1", labelled, prompt)]

    def drawn(self, im: Image.Image, mime: str) -> Forms:
        def form_of(form: str) -> tuple[bytes, str]:
            kind = "image/jpeg" if form == "export" else mime
            return files.encode(im, kind), kind

        return form_of

    def stamped(self, im: Image.Image, tall: bool = False, edited: bool = False) -> Image.Image:
        if self.on("tall_pictures_without_words") and tall:
            return im
        if self.on("edits_without_words") and edited:
            return im
        words = "AI作画" if self.on("picture_words_say_painting") else "AI生成"
        share = 0.032 if self.on("picture_words_small") else 0.10
        return files.stamp(im, words, share, centred=self.on("picture_words_in_centre"))

    def sounded(self, sound: files.Sound, prompt: str) -> files.Sound:
        if self.on("long_readings_without_rhythm") and len(prompt) > 50:
            return sound
        r = files.rhythm(".- -." if self.on("rhythm_spells_an") else ".- ..")
        if self.on("rhythm_over_speech"):
            at, out = len(sound) // 4, np.concatenate([sound, sound, sound[: len(sound) // 2]])
            out[at : at + len(r)] += (r * 0.7)[: max(0, len(out) - at)]
            return out
        return np.concatenate([r, sound] if "rhythm_first" in self.variants else [sound, r])

    def work_view(self, w: Item) -> Item:
        return {"id": w["id"], "mimeType": w["mime"], "excerpt": "", "file": self.link(w["id"], "original")}

    def edit_portrait(self, ctx: Item, said: Any = None, file: Any = None) -> Item:
        u = self.user(ctx)
        self.free(u, ctx)
        self.check_words(u, ctx, said.get("wish"), "edit")
        scope, c = said.get("scope"), self.consents.get(said.get("consentId"))
        ok = bool(c) and not (c["revoked"] and not (self.on("withdrawn_consent_cached") and c["used"]))
        ok = ok and (c["owner"] == u["id"] or self.on("consent_of_any_account"))
        ok = ok and (c["scope"] == scope or (self.on("face_consent_opens_voice") and c["scope"] == "face"))
        ok = ok and c["subject"] == said.get("subjectId")
        ok = ok and (c["until"] is None or c["until"] > self.now() or self.on("expired_consent_serves"))
        if not ok:
            self.no("CONSENT_REQUIRED", "编辑他人人脸或者声音前，须告知被编辑的个人并取得其单独同意")
        if not file:
            self.no("BAD_INPUT", "请上传素材")
        data, mime = file["data"], files.sniff(file["data"])
        number = "LT-" + secrets.token_hex(6) + "-1"
        try:
            if scope == "face" and mime and mime.startswith("image/"):
                im = self.stamped(files.with_face(data), edited=True)
                service, made = "biometric-image-video", self.drawn(im, mime)
            elif scope == "voice" and mime == "audio/wav":
                out = files.wav(self.sounded(files.cloned(data), ""))
                service, made = "voice", lambda form: (out, "audio/wav")
            else:
                self.no("BAD_INPUT", "素材格式与编辑项目不符")
        except (OSError, ValueError, EOFError):
            self.no("BAD_INPUT", "素材无法读取")
        c["used"] = True
        w = self.store(u, service, mime, made, number, True, said.get("wish") or "", consent=c["id"], edited=True)
        return {"job": self.job_view(self.queue(u, "EDIT", [w]))}

    def record_consent(self, ctx: Item, said: Any = None) -> Item:
        u = self.user(ctx)
        if said.get("subjectMinor") and not self.on("minor_consents_alone"):
            self.no("GUARDIAN_CONSENT_REQUIRED", "未成年人的人脸、声音信息须由监护人同意，请走监护人授权流程")
        if (
            said.get("scope") not in ("face", "voice")
            or not (said.get("statement") or "").strip()
            or not said.get("subjectId")
        ):
            self.no("BAD_INPUT", "授权信息不完整")
        days = said.get("validDays")
        c = {
            "id": self.nid("c"),
            "owner": u["id"],
            "subject": said["subjectId"],
            "name": said.get("subjectName"),
            "scope": said["scope"],
            "until": self.now() + days * 86400 if days else None,
            "revoked": False,
            "used": False,
        }
        self.consents[c["id"]] = c
        self.record("consent-granted", c["id"], [u["id"]], c["scope"])
        return {
            "consent": {"id": c["id"], "scope": c["scope"], "expiresAt": self.iso(c["until"]) if c["until"] else None}
        }

    def withdraw_consent(self, ctx: Item, key: Any = None) -> Item:
        u, c = self.user(ctx), self.consents.get(key)
        if not c or c["owner"] != u["id"]:
            self.no("NOT_FOUND", "授权不存在")
        c["revoked"] = True
        for w in self.works.values():
            if w["consent"] == key:
                w["gone"] = True
                for p in self.posts.values():
                    if p["work"] == w["id"]:
                        p["status"] = "WITHDRAWN"
        return {"done": True}

    # --- files
    def link(self, owner: str, form: str) -> Item:
        exp = int(self.now()) + 900
        sig = hmac.new(self.key, f"{owner}/{form}/{exp}".encode(), "sha256").hexdigest()[:32]
        return {"url": f"/media/{owner}/{form}?expires={exp}&sign={sig}", "expiresAt": self.iso(exp)}

    def media_link(self, ctx: Item, work_id: Any = None, form: Any = None) -> Item:
        u, w = self.user(ctx), self.works.get(work_id)
        if not w or w["gone"] or w["owner"] != u["id"] or form not in w["forms"]:
            self.no("NOT_FOUND", "作品不存在")
        return self.link(work_id, form)

    def serve(self, owner: str, form: str, expires: str, sign: str) -> tuple[int, Any]:
        good = hmac.new(self.key, f"{owner}/{form}/{expires}".encode(), "sha256").hexdigest()[:32]
        if not expires.isdigit() or not hmac.compare_digest(good, sign):
            return 403, {"code": "SIGNATURE_INVALID", "message": "链接签名无效"}
        if int(expires) < self.now():
            return 403, {"code": "LINK_EXPIRED", "message": "链接已过期"}
        if owner in self.posts:
            p = self.posts[owner]
            alive = self.alive(p) or (self.on("media_links_outlive_removal") and p["status"] == "TAKEN_DOWN")
            return (200, p["file"]) if alive else (410, {"code": "CONTENT_REMOVED", "message": "内容已下架"})
        w = self.works.get(owner)
        if not w or w["gone"] or form not in w["forms"]:
            return 404, {"code": "NOT_FOUND", "message": "文件不存在"}
        return 200, w["forms"][form]

    def upload_file(self, ctx: Item, file: Any = None, declare_ai: Any = None) -> Item:
        u = self.user(ctx)
        self.free(u, ctx)
        data = file["data"] if file else b""
        mime = files.sniff(data)
        if mime not in ("image/png", "image/jpeg", "image/webp", "audio/wav"):
            self.no("BAD_INPUT", "仅支持PNG、JPEG、WebP图片和WAV音频")
        if files.essence(data, mime) in self.blocked:
            self.no("CONTENT_REJECTED", "该文件曾因侵害他人权益被删除，不能再次上传")
        w = {
            "id": self.nid("up"),
            "owner": u["id"],
            "service": "upload",
            "mime": mime,
            "prompt": "",
            "gone": False,
            "labelled": True,
            "consent": None,
            "uploaded": True,
            "declared": declare_ai is True,
            "forms": {"original": (data, mime), "download": (data, mime)},
        }
        self.works[w["id"]] = w
        self.record("uploaded", w["id"], [u["id"]], mime)
        return {"work": self.work_view(w), "hint": "发布前请声明内容是否由AI生成合成，并使用平台提供的标识功能"}

    def check_origin(self, ctx: Item, file: Any = None) -> Item:
        data = file["data"] if file else b""
        mime = files.sniff(data) or file["type"]
        if self.on("origin_by_field_alone"):
            own = (files.read(data, mime, deep=False)[0] or {}).get("ContentProducer") == files.MAKER
        else:
            own = files.essence(data, mime) in self.prints
        return {"own": own, "message": "该文件由兰亭生成" if own else "未发现该文件由兰亭生成"}
