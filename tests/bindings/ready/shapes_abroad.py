"""Responses that vendors outside China, and programs run on site, document."""

from __future__ import annotations

from shenhe.conformance.entities import Media
from shenhe.conformance.provider import Unavailable
from shenhe.rulebook import Service

from .shapes import BASE64, CHAT, KEY, MP3, MP4, PICTURE, PNG, TEXT, Shape, in_turn, refused

SHAPES = [
    Shape(
        "openai-responses",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/responses"): {
                "id": "resp_1",
                "status": "completed",
                "output": [
                    {"type": "reasoning", "summary": []},
                    {"type": "message", "content": [{"type": "output_text", "text": "春天来了", "annotations": []}]},
                ],
            }
        },
        TEXT,
        body={"input": [{"role": "user", "content": "春"}], "store": False},
    ),
    Shape(
        "openai-responses",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/responses"): {
                "id": "resp_1",
                "status": "completed",
                "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}],
            }
        },
        refused("refusal"),
    ),
    Shape(
        "openai-video",
        PICTURE,
        "video/mp4",
        {
            ("POST", "/videos"): {"id": "video_1", "status": "queued", "progress": 0},
            ("GET", "/videos/video_1"): in_turn(
                {"id": "video_1", "status": "in_progress"}, {"id": "video_1", "status": "completed"}
            ),
            ("GET", "/videos/video_1/content"): (200, {"content-type": "video/mp4"}, MP4),
        },
        None,
        then="fetch",
    ),
    Shape(
        "openai-video",
        PICTURE,
        "video/mp4",
        {
            ("POST", "/videos"): {"id": "video_1", "status": "queued"},
            ("GET", "/videos/video_1"): {
                "id": "video_1",
                "status": "failed",
                "error": {"code": "moderation_blocked", "message": "blocked"},
            },
        },
        refused("moderation_blocked"),
    ),
    Shape(
        "azure-openai",
        Service.TEXT,
        "text/plain",
        {("POST", "/openai/v1/chat/completions"): CHAT},
        TEXT,
        header=("api-key", KEY),
        body={"model": "gpt-5.4-mini"},
    ),
    Shape(
        "azure-openai",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/openai/v1/chat/completions"): (
                400,
                {},
                {
                    "error": {
                        "code": "content_filter",
                        "message": "filtered",
                        "innererror": {"code": "ResponsibleAIPolicyViolation"},
                    }
                },
            )
        },
        refused("ResponsibleAIPolicyViolation"),
        header=("api-key", KEY),
    ),
    Shape(
        "azure-openai",
        PICTURE,
        "image/png",
        {("POST", "/openai/v1/images/generations"): {"created": 1, "data": [{"b64_json": BASE64}]}},
        Media(PNG, "image/png"),
        header=("api-key", KEY),
        # Image models of the GPT family refuse `response_format`.
        body={"model": "gpt-image-2", "prompt": "春", "n": 1},
        whole=True,
    ),
    Shape(
        "anthropic",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/v1/messages"): {
                "id": "msg_1",
                "type": "message",
                "stop_reason": "end_turn",
                "content": [{"type": "text", "text": "春天"}, {"type": "text", "text": "来了"}],
            }
        },
        TEXT,
        header=("x-api-key", KEY),
        body={"messages": [{"role": "user", "content": "春"}], "max_tokens": 1024},
    ),
    Shape(
        "anthropic",
        Service.TEXT,
        "text/plain",
        {("POST", "/v1/messages"): {"id": "msg_1", "stop_reason": "refusal", "content": []}},
        refused("refusal"),
        header=("x-api-key", KEY),
    ),
    Shape(
        "gemini",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/v1beta/models/gemini-3.5-flash:generateContent"): {
                "candidates": [{"content": {"parts": [{"text": "春天来了"}], "role": "model"}, "finishReason": "STOP"}],
                "responseId": "r1",
            }
        },
        TEXT,
        header=("x-goog-api-key", KEY),
        body={"contents": [{"role": "user", "parts": [{"text": "春"}]}]},
    ),
    Shape(
        "gemini",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/v1beta/models/gemini-3.5-flash:generateContent"): {
                "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}
            }
        },
        refused("PROHIBITED_CONTENT"),
        header=("x-goog-api-key", KEY),
    ),
    Shape(
        "gemini",
        PICTURE,
        "image/png",
        {
            ("POST", "/v1beta/models/gemini-3.1-flash-image:generateContent"): {
                "candidates": [
                    {
                        "content": {
                            "parts": [{"text": "Here"}, {"inlineData": {"mimeType": "image/png", "data": BASE64}}]
                        },
                        "finishReason": "STOP",
                    }
                ]
            }
        },
        Media(PNG, "image/png"),
        header=("x-goog-api-key", KEY),
    ),
    Shape(
        "stability",
        PICTURE,
        "image/png",
        {
            ("POST", "/v2beta/stable-image/generate/core"): (
                200,
                {"content-type": "image/png", "finish-reason": "SUCCESS"},
                PNG,
            )
        },
        Media(PNG, "image/png"),
    ),
    Shape(
        "stability",
        PICTURE,
        "image/png",
        {
            ("POST", "/v2beta/stable-image/generate/core"): (
                403,
                {},
                {"id": "1", "name": "content_moderation", "errors": ["Your request was flagged"]},
            )
        },
        refused("content_moderation"),
    ),
    Shape(
        "stability",
        PICTURE,
        "image/png",
        {
            ("POST", "/v2beta/stable-image/generate/core"): (
                200,
                {"content-type": "image/png", "finish-reason": "CONTENT_FILTERED"},
                PNG,
            )
        },
        refused("CONTENT_FILTERED"),
    ),
    Shape(
        "replicate",
        PICTURE,
        "image/webp",
        {
            ("POST", "/v1/models/black-forest-labs/flux-schnell/predictions"): (
                201,
                {},
                {"id": "p1", "status": "starting"},
            ),
            ("GET", "/v1/predictions/p1"): in_turn(
                {"id": "p1", "status": "processing"},
                {"id": "p1", "status": "succeeded", "output": ["https://replicate.delivery/x/1.webp"]},
            ),
            ("GET", "/x/1.webp"): (200, {"content-type": "image/webp"}, b"RIFFwebp"),
        },
        Media(b"RIFFwebp", "image/webp"),
    ),
    Shape(
        "replicate",
        PICTURE,
        "image/webp",
        {
            ("POST", "/v1/models/black-forest-labs/flux-schnell/predictions"): (
                201,
                {},
                {"id": "p1", "status": "starting"},
            ),
            ("GET", "/v1/predictions/p1"): {"id": "p1", "status": "failed", "error": "NSFW content detected."},
        },
        refused("NSFW content detected."),
    ),
    Shape(
        "elevenlabs",
        Service.VOICE,
        "audio/mpeg",
        {
            ("POST", "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb"): (
                200,
                {"content-type": "audio/mpeg", "request-id": "r1"},
                MP3,
            )
        },
        Media(MP3, "audio/mpeg"),
        header=("xi-api-key", KEY),
    ),
    Shape(
        "elevenlabs",
        Service.VOICE,
        "audio/mpeg",
        {
            ("POST", "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb"): (
                401,
                {},
                {"detail": {"status": "quota_exceeded", "message": "This request exceeds your quota."}},
            )
        },
        Unavailable,
        header=("xi-api-key", KEY),
    ),
    Shape(
        "comfyui",
        PICTURE,
        "image/png",
        {
            ("POST", "/prompt"): {"prompt_id": "q1", "number": 1, "node_errors": {}},
            ("GET", "/history/q1"): in_turn(
                {},
                {},
                {
                    "q1": {
                        "status": {"status_str": "success", "completed": True},
                        "outputs": {"9": {"images": [{"filename": "s_1_.png", "subfolder": "", "type": "output"}]}},
                    }
                },
            ),
            ("GET", "/view"): (200, {"content-type": "image/png"}, PNG),
        },
        Media(PNG, "image/png"),
        header=("accept", "*/*"),
    ),
    Shape(
        "automatic1111",
        PICTURE,
        "image/png",
        {("POST", "/sdapi/v1/txt2img"): {"images": [BASE64], "parameters": {}, "info": "{}"}},
        Media(PNG, "image/png"),
        header=("accept", "*/*"),
    ),
]
