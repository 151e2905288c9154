"""The assistant of 渡凫 (Dunlin): its answers, whole and in pieces, and their exports."""

from __future__ import annotations

import html
import json
import re
import secrets
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from . import dunlin_files as files
from .dunlin_accounts import Accounts, Item, Refuse, answer
from .dunlin_words import EN, MARK, REPLY_LABEL, REPLY_LABEL_EN, UI_NOTICE, ZH

#: A page whose words, the label among them, are drawn as pictures.
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n"


class Texts(Accounts):
    """Answers and exports."""

    def compose(self, prompt: str, length: str, style: str, salt: str) -> tuple[str, bool]:
        chinese = bool(re.search(r"[\u4e00-\u9fff]", prompt)) or not re.search(r"[A-Za-z]", prompt)
        lines = list(ZH if chinese else EN)
        start = sum(map(ord, salt + prompt[:40])) % len(lines)
        lines = lines[start:] + lines[:start]
        count = 3 if length != "long" else 18
        picked = [lines[i % len(lines)] for i in range(count)]
        if style == "markdown":
            head = "## 建议\n\n" if chinese else "## Advice\n\n"
            return head + "\n".join("- " + line for line in picked), chinese
        joiner = "" if chinese else " "
        groups = [joiner.join(picked[i : i + 3]) for i in range(0, count, 3)]
        return "\n\n".join(groups), chinese

    def text_label(self, chinese: bool) -> str:
        return REPLY_LABEL if chinese else REPLY_LABEL_EN

    def labelled_text(self, content: Item) -> str:
        if not content["labelled"]:
            return content["body"]
        label = self.text_label(content["chinese"])
        if "label_first" in self.variants:
            return f"{label}\n\n{content['body']}"
        return f"{content['body']}\n\n{label}"

    def delivered(self, content: Item, *, action: str, turns: int, stopped: bool, stream: bool, prompt: str) -> str:
        """The text as the client gets it."""
        body, label = content["body"], self.text_label(content["chinese"])
        if not content["labelled"]:
            return body
        if self.on("stopped_answer_without_label") and stopped:
            return body
        if self.on("stream_without_label") and stream:
            return body
        if self.on("regenerated_without_label") and action == "variant":
            return body
        if self.on("after_edit_without_label") and action == "edit":
            return body
        if self.on("tenth_turn_without_label") and turns >= 10:
            return body
        if self.on("quoted_label_counts_as_label") and re.search(r"(AI|人工智能).{0,4}(生成|合成)", prompt):
            return body
        if self.on("english_label_without_elements") and not content["chinese"]:
            label = "(Written by your Dunlin assistant)"
        return f"{label}\n\n{body}" if "label_first" in self.variants else f"{body}\n\n{label}"

    def wants_unlabelled(self, data: Item) -> bool:
        if data.get("explicitLabel") is not False:
            return False
        if "no_unlabelled_copies" in self.variants:
            raise Refuse(403, "unlabelledUnavailable", "本服务不提供无显式标识的内容")
        agreed = data.get("labelDutyAgreed") is True
        if agreed:
            self.agreed_once = True
        if self.on("agreement_once_for_all") and self.agreed_once:
            agreed = True
        if not agreed:
            raise Refuse(403, "agreementRequired", "提供无显式标识的内容前，须在用户协议中明确您的标识义务和使用责任")
        return True

    def log_unlabelled(self, user: Item, cid: str) -> None:
        if self.on("second_unlabelled_not_logged") and any(
            r["kind"] == "unlabelled-copy" and r.get("recipient") == user["id"] for r in self.log
        ):
            return
        self.record("unlabelled-copy", cid, f"无显式标识内容 {cid} 提供给 {user['id']}", recipient=user["id"])

    async def completions(self, request: Request) -> Response:
        user, data = self.user(request), await self.body(request)
        action = str(data.get("action") or "next")
        messages = data.get("messages") or []
        if not isinstance(messages, list) or any(not isinstance(m, dict) for m in messages):
            raise Refuse(400, "badMessages", "消息格式不正确")
        conversation = None
        if action == "next":
            conversation = self.conversations.get(str(data.get("conversationId") or ""))
            if conversation and conversation["owner"] != user["id"]:
                raise Refuse(404, "notFound", "会话不存在")
            if conversation is None:
                key = "cv-" + secrets.token_hex(8)
                conversation = self.conversations[key] = {"id": key, "owner": user["id"], "turns": []}
            turns = conversation["turns"] + [str(m.get("content") or "") for m in messages if m.get("role") == "user"]
            if not turns or not turns[-1].strip():
                raise Refuse(400, "emptyPrompt", "请输入内容")
        elif action in ("variant", "edit"):
            target = self.contents.get(str(data.get("targetMessageId") or ""))
            if not target or target["owner"] != user["id"] or target["kind"] != "text":
                raise Refuse(404, "notFound", "消息不存在")
            conversation = self.conversations.get(target["conversation"]) or {"id": target["conversation"], "turns": []}
            turns = list(target["turns"])
            if action == "edit":
                changed = [str(m.get("content") or "") for m in messages if m.get("role") == "user"]
                if not changed or not changed[-1].strip():
                    raise Refuse(400, "emptyPrompt", "请输入内容")
                turns = turns[:-1] + changed[-1:] if len(changed) == 1 else changed
        else:
            raise Refuse(400, "badAction", "操作不支持")
        prompt = turns[-1]
        for text in turns:
            self.review(user, text)
        unlabelled = self.wants_unlabelled(data)
        length = "long" if data.get("length") == "long" else "short"
        style = "markdown" if data.get("style") == "markdown" else "plain"
        stream = data.get("stream") is True
        stop = data.get("stopAfter")
        stop = stop if isinstance(stop, int) and not isinstance(stop, bool) and 0 < stop < 100000 else 0
        leak = MARK["output_only"] in prompt
        if leak and not stream:
            raise self.strike(user, "outputProhibited")
        cid = "m-" + secrets.token_hex(8)
        body, chinese = self.compose(prompt, length, style, cid if action == "variant" else "")
        stopped = bool(stop and len(body) > stop)
        if stopped:
            body = body[:stop].rstrip() + "……"
        conversation["turns"] = turns
        content = {
            "id": cid,
            "owner": user["id"],
            "kind": "text",
            "body": body,
            "chinese": chinese,
            "style": style,
            "labelled": not unlabelled,
            "conversation": conversation["id"],
            "turns": list(turns),
            "consent": None,
        }
        refused = leak and stream and not self.on("stream_output_unreviewed")
        text = self.delivered(content, action=action, turns=len(turns), stopped=stopped, stream=stream, prompt=prompt)
        if not refused:
            self.contents[cid] = content
            self.record("generated", cid, f"文本 {cid}")
            if unlabelled:
                self.log_unlabelled(user, cid)
        if not stream:
            return answer(
                messageId=cid,
                conversationId=conversation["id"],
                reply=text,
                notice=UI_NOTICE,
                finishReason="stopped" if stopped else "stop",
            )
        stop_reason = self.strike(user, "outputProhibited") if refused else None

        async def events() -> AsyncIterator[bytes]:
            def event(data: Item) -> bytes:
                return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()

            yield event({"messageId": cid, "conversationId": conversation["id"], "notice": UI_NOTICE})
            if stop_reason:
                yield event({"delta": text[:12]})
                yield event({"error": {"code": stop_reason.code, "message": stop_reason.message}})
            else:
                for i in range(0, len(text), 24):
                    yield event({"delta": text[i : i + 24]})
                yield event({"finishReason": "stopped" if stopped else "stop", "notice": UI_NOTICE})
            yield b"data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    async def message(self, request: Request) -> Response:
        user = self.user(request)
        content = self.contents.get(request.path_params["cid"])
        if not content or content["owner"] != user["id"] or content["kind"] != "text":
            raise Refuse(404, "notFound", "消息不存在")
        return answer(messageId=content["id"], content=self.labelled_text(content), notice=UI_NOTICE)

    # --- exports
    def number_of(self, content: Item) -> str:
        return "DL" + content["id"].replace("-", "").upper()

    def fields(self, content: Item) -> Item:
        return files.fields(self.number_of(content), signed="signed_labels" in self.variants)

    def export_text(self, content: Item, form: str) -> tuple[bytes, str]:
        value = self.fields(content)
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        text, plain = self.labelled_text(content), content["body"]
        shown = content["labelled"]
        if form == "txt":
            if self.on("txt_export_without_label"):
                text = plain
            return (
                f"{text}\n\n{json.dumps({'AIGC': value}, separators=(',', ':'))}\n".encode(),
                "text/plain; charset=utf-8",
            )
        if form == "md":
            if self.on("md_export_hides_label") and shown:
                text = f"{plain}\n\n<!-- {self.text_label(content['chinese'])} -->"
            front = "" if self.on("md_export_without_metadata") else f"---\nAIGC: '{line}'\n---\n\n"
            return f"{front}{text}\n".encode(), "text/markdown; charset=utf-8"
        if form == "json":
            key = "aigeneration" if self.on("json_export_field_renamed") else "AIGC"
            data = {key: value, "messageId": content["id"], "content": text}
            if shown:
                data["label"] = "内容由AI生成"
            return json.dumps(data, ensure_ascii=False, indent=1).encode(), "application/json"
        if form == "html" and "pages_in_pdf" in self.variants:
            return _PDF, "application/pdf"
        if form == "html":
            return self.export_html(content, line).encode(), "text/html; charset=utf-8"
        raise Refuse(404, "notFound", "格式不支持")

    def export_html(self, content: Item, line: str) -> str:
        paragraphs = "".join(f"<p>{html.escape(p)}</p>" for p in content["body"].split("\n") if p.strip())
        meta = f'<meta name="AIGC" content="{html.escape(line)}">'
        note = ""
        if content["labelled"]:
            style = ' style="display:none"' if self.on("html_export_hides_label") else ""
            note = f'<p class="label"{style}>{self.text_label(content["chinese"])}</p>'
        body = note + paragraphs if "label_first" in self.variants else paragraphs + note
        head = f'<meta charset="utf-8">{meta}<title>渡凫导出</title>'
        return f'<!DOCTYPE html><html lang="zh"><head>{head}</head><body>{body}</body></html>'
