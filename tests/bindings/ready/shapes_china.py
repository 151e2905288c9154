"""Responses that vendors in China document."""

from __future__ import annotations

from shenhe.conformance.entities import Media
from shenhe.conformance.provider import Unavailable
from shenhe.rulebook import Service

from .shapes import BASE64, CHAT, MP3, MP4, PICTURE, PNG, TEXT, Shape, in_turn, refused, stopped

SHAPES = [
    Shape(
        "dashscope",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/api/v1/services/aigc/text-generation/generation"): {
                "request_id": "q1",
                "output": {"choices": [{"finish_reason": "stop", "message": {"content": "春天来了"}}]},
            }
        },
        TEXT,
        body={"input": {"messages": [{"role": "user", "content": "春"}]}},
    ),
    Shape(
        "dashscope",
        Service.TEXT,
        "text/plain",
        {
            ("POST", "/api/v1/services/aigc/text-generation/generation"): (
                400,
                {},
                {"code": "DataInspectionFailed", "message": "inappropriate content", "request_id": "q1"},
            )
        },
        refused("DataInspectionFailed"),
    ),
    Shape(
        "dashscope",
        PICTURE,
        "image/png",
        {
            ("POST", "/api/v1/services/aigc/text2image/image-synthesis"): {
                "output": {"task_id": "t1", "task_status": "PENDING"},
                "request_id": "q1",
            },
            ("GET", "/api/v1/tasks/t1"): in_turn(
                {"output": {"task_id": "t1", "task_status": "RUNNING"}},
                {
                    "output": {
                        "task_id": "t1",
                        "task_status": "SUCCEEDED",
                        "results": [{"url": "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/1.png"}],
                    }
                },
            ),
            ("GET", "/1.png"): (200, {"content-type": "image/png"}, PNG),
        },
        Media(PNG, "image/png"),
    ),
    Shape("ark", Service.TEXT, "text/plain", {("POST", "/chat/completions"): CHAT}, TEXT),
    Shape(
        "ark",
        PICTURE,
        "image/jpeg",
        {("POST", "/images/generations"): {"created": 1, "data": [{"b64_json": BASE64}]}},
        Media(PNG, "image/jpeg"),
        body={"watermark": True},
    ),
    Shape(
        "ark",
        PICTURE,
        "video/mp4",
        {
            ("POST", "/contents/generations/tasks"): {"id": "cgt-1"},
            ("GET", "/contents/generations/tasks/cgt-1"): in_turn(
                {"id": "cgt-1", "status": "running"},
                {
                    "id": "cgt-1",
                    "status": "succeeded",
                    "content": {
                        "video_url": "https://ark-content-generation-cn-beijing.tos-cn-beijing.volces.com/1.mp4"
                    },
                },
            ),
            ("GET", "/1.mp4"): (200, {"content-type": "video/mp4"}, MP4),
        },
        Media(MP4, "video/mp4"),
    ),
    Shape("hunyuan", Service.TEXT, "text/plain", {("POST", "/chat/completions"): CHAT}, TEXT),
    Shape(
        "hunyuan",
        Service.TEXT,
        "text/plain",
        {("POST", "/chat/completions"): stopped("sensitive")},
        refused("sensitive"),
    ),
    Shape("zhipu", Service.TEXT, "text/plain", {("POST", "/chat/completions"): CHAT}, TEXT),
    Shape(
        "zhipu", Service.TEXT, "text/plain", {("POST", "/chat/completions"): stopped("sensitive")}, refused("sensitive")
    ),
    Shape(
        "zhipu",
        PICTURE,
        "image/png",
        {
            ("POST", "/images/generations"): {"created": 1, "data": [{"url": "https://aigc-files.bigmodel.cn/1.png"}]},
            ("GET", "/1.png"): (200, {"content-type": "image/png"}, PNG),
        },
        Media(PNG, "image/png"),
    ),
    Shape(
        "zhipu",
        PICTURE,
        "video/mp4",
        {
            ("POST", "/videos/generations"): {"id": "v1", "task_status": "PROCESSING"},
            ("GET", "/async-result/v1"): in_turn(
                {"task_status": "PROCESSING"},
                {"task_status": "SUCCESS", "video_result": [{"url": "https://aigc-files.bigmodel.cn/1.mp4"}]},
            ),
            ("GET", "/1.mp4"): (200, {"content-type": "video/mp4"}, MP4),
        },
        Media(MP4, "video/mp4"),
    ),
    Shape(
        "minimax",
        Service.TEXT,
        "text/plain",
        {("POST", "/v1/chat/completions"): {**CHAT, "base_resp": {"status_code": 0, "status_msg": ""}}},
        TEXT,
    ),
    Shape(
        "minimax",
        Service.TEXT,
        "text/plain",
        {("POST", "/v1/chat/completions"): {"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}},
        refused("1026"),
    ),
    Shape(
        "minimax",
        Service.TEXT,
        "text/plain",
        {("POST", "/v1/chat/completions"): {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}},
        Unavailable,
    ),
    Shape(
        "minimax",
        Service.TEXT,
        "text/plain",
        {("POST", "/v1/chat/completions"): {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}},
        Unavailable,
    ),
    Shape(
        "minimax",
        Service.TEXT,
        "text/plain",
        {("POST", "/v1/chat/completions"): CHAT},
        TEXT,
        body={"reasoning_split": True},
    ),
    Shape(
        "minimax",
        Service.VOICE,
        "audio/mpeg",
        {("POST", "/v1/t2a_v2"): {"data": {"audio": MP3.hex()}, "trace_id": "1", "base_resp": {"status_code": 0}}},
        Media(MP3, "audio/mpeg"),
    ),
    Shape(
        "minimax",
        PICTURE,
        "image/jpeg",
        {
            ("POST", "/v1/image_generation"): {
                "id": "1",
                "data": {"image_base64": [BASE64]},
                "base_resp": {"status_code": 0},
            }
        },
        Media(PNG, "image/jpeg"),
    ),
]
