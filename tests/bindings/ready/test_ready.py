"""The bindings that come ready-made, against a small server of the same interface; and the schema by which editors
check bindings.
"""

from __future__ import annotations

import base64
import io
import json
import wave
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image

from shenhe.conformance.bindings import AsgiTransport, load_binding, ready_names
from shenhe.conformance.bindings.language.schema import binding_schema
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import GenerationRequest
from shenhe.conformance.provider import Accepted, Refused, Unavailable
from shenhe.core.document import read_yaml
from shenhe.rulebook import Service
from shenhe.sample import sample_binding

from ...command_line import shenhe
from ..apps import Recorder

ROOT = Path(__file__).parents[3]
KEY = "sk-test-0123456789abcdef"
LABEL = "【AI生成】"
CHAT, SPEECH, IMAGES = "/v1/chat/completions", "/v1/audio/speech", "/v1/images/generations"


class OpenAICompatible(Recorder):
    """Chat completions (whole and streamed), speech and images in the shapes of the public API; errors as ``{"error":
    {…}}``.
    """

    def __init__(self, label: str = LABEL) -> None:
        super().__init__({("POST", CHAT): self.chat, ("POST", SPEECH): self.speech, ("POST", IMAGES): self.image})
        self.label = label

    def denied(self, asked: dict[str, Any]) -> Any:
        if asked["headers"].get("authorization") != f"Bearer {KEY}":
            return (
                401,
                {},
                {
                    "error": {
                        "message": f"Incorrect API key provided: {KEY}",
                        "type": "invalid_request_error",
                        "code": "invalid_api_key",
                    }
                },
            )
        return None

    def chat(self, asked: dict[str, Any]) -> Any:
        body = json.loads(asked["body"])
        if (denied := self.denied(asked)) is not None:
            return denied
        assert {"model", "messages"} <= set(body)
        assert all(set(message) == {"role", "content"} for message in body["messages"])
        blocked = "[blocked]" in body["messages"][-1]["content"]
        text = "" if blocked else f"{self.label}春天来了。"
        finish = "content_filter" if blocked else "stop"
        if body.get("stream"):
            deltas: list[dict[str, str]] = [{"role": "assistant"}, *({"content": piece} for piece in text), {}]
            chunks = [
                {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"],
                 "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else finish}]}
                for delta in deltas
            ]  # fmt: skip
            lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
            return 200, {"content-type": "text/event-stream"}, ("".join(lines) + "data: [DONE]\n\n").encode()
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [choice],
        }

    def speech(self, asked: dict[str, Any]) -> Any:
        body = json.loads(asked["body"])
        assert {"model", "input", "voice"} <= set(body)
        assert body["response_format"] == "wav"
        target = io.BytesIO()
        with wave.open(target, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(b"\0\0" * 8000)
        return 200, {"content-type": "audio/wav"}, target.getvalue()

    def image(self, asked: dict[str, Any]) -> Any:
        body = json.loads(asked["body"])
        assert "response_format" not in body  # the newest models refuse it: they always answer in base64
        if "[blocked]" in body["prompt"]:
            return (
                400,
                {},
                {
                    "error": {
                        "message": "Your request was rejected.",
                        "type": "user_error",
                        "code": "moderation_blocked",
                    }
                },
            )
        target = io.BytesIO()
        Image.new("RGB", (64, 64), "white").save(target, "PNG")
        return {"created": 1, "data": [{"b64_json": base64.b64encode(target.getvalue()).decode()}]}


def ready(name: str, key: str = KEY) -> Any:
    return load_binding(name, environ={"OPENAI_API_KEY": key})


def ask(name: str, service: Service, media_type: str, prompt: str, key: str = KEY, turns: tuple[str, ...] = ()) -> Any:
    app = OpenAICompatible()
    with ready(name, key).connect("http://in-process/v1", transport=AsgiTransport(app)) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        return provider.generate(account, GenerationRequest(service, media_type, prompt, turns=turns)), app


def test_the_names_are_those_that_the_commands_name() -> None:
    assert {"openai", "openai-chat"} <= set(ready_names())


@pytest.mark.parametrize("name", ["openai", "openai-chat"])
def test_chat(name: str) -> None:
    result, app = ask(name, Service.TEXT, "text/plain", "三", turns=("一", "二"))
    assert isinstance(result, Accepted), result
    assert result.value.media.data.decode() == f"{LABEL}春天来了。"
    assert result.value.id == "chatcmpl-1"
    assert json.loads(app.asked[0]["body"])["messages"] == [
        {"role": "user", "content": "一"},
        {"role": "assistant", "content": "二"},
        {"role": "user", "content": "三"},
    ]


@pytest.mark.parametrize("name", ["openai", "openai-chat"])
def test_a_filtered_chat_is_a_refusal(name: str) -> None:
    result, _ = ask(name, Service.TEXT, "text/plain", "[blocked]")
    assert isinstance(result, Refused)
    assert result.reason == "content_filter"


@pytest.mark.parametrize("name", ["openai", "openai-chat"])
def test_a_wrong_key_is_a_refusal_that_repeats_no_key(name: str) -> None:
    result, _ = ask(name, Service.TEXT, "text/plain", "x", key="sk-wrong-9876543210")
    assert isinstance(result, Refused)
    assert result.reason == "invalid_api_key"
    assert "9876543210" not in repr(result)


def test_speech_and_pictures() -> None:
    sound, _ = ask("openai", Service.VOICE, "audio/wav", "你好")
    assert isinstance(sound, Accepted)
    assert sound.value.media.data[:4] == b"RIFF"
    picture, _ = ask("openai", Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "春天")
    assert isinstance(picture, Accepted)
    assert picture.value.media.media_type == "image/png"
    assert picture.value.media.data[:4] == b"\x89PNG"
    blocked, _ = ask("openai", Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "[blocked]")
    assert isinstance(blocked, Refused)
    assert blocked.reason == "moderation_blocked"


def test_a_picture_by_url_comes_only_from_allowed_hosts() -> None:
    app = OpenAICompatible()
    app.answers["POST", IMAGES] = {"created": 1, "data": [{"url": "https://elsewhere.example/1.png"}]}
    with ready("openai").connect("http://in-process/v1", transport=AsgiTransport(app)) as provider:
        result = provider.generate(None, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "x"))
    assert isinstance(result, Unavailable)
    assert "target.media_hosts" in result.reason


@pytest.mark.parametrize(("label", "verdict"), [(LABEL, "pass"), ("", "fail")])
def test_a_check_of_a_compatible_server_decides(label: str, verdict: str) -> None:
    app = OpenAICompatible(label)
    with ready("openai-chat").connect("http://in-process/v1", transport=AsgiTransport(app)) as provider:
        report = run_checks(provider, rules=["cn-labeling-2025/4.1.1"], examples=3)
    assert [rule.verdict for rule in report.rules] == [verdict]


def test_a_remote_provider_is_probed_only_as_a_test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://no-such-host.invalid/v1")
    refused = shenhe("doctor", "openai")
    assert refused.exit_code == 2
    assert "environment: test" in refused.stderr
    tried = shenhe("doctor", "openai", "--environment", "test")
    assert "could not connect" in tried.stdout


# --- the schema
# ------------------------------------------------------------------------------------------------------------------


def test_the_schema_in_the_tree_is_that_of_the_models() -> None:
    text = (ROOT / "conformance" / "bindings" / "binding.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == binding_schema(), (
        "write it again: shenhe doctor --schema > conformance/bindings/binding.schema.json"
    )
    printed = shenhe("doctor", "--schema")
    assert printed.stdout == text


def documents() -> dict[str, Any]:
    folder = ROOT / "conformance" / "bindings" / "ready"
    files = {name: folder / f"{name}.yaml" for name in ready_names()} | {"sample": sample_binding()}
    return {name: read_yaml(path)[0] for name, path in files.items()}


@pytest.mark.parametrize("name", ["openai", "openai-chat", "sample"])
def test_the_bindings_of_the_tree_fit_the_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(binding_schema())
    jsonschema.Draft202012Validator(binding_schema()).validate(documents()[name])


@pytest.mark.parametrize(
    "wrong",
    [
        {"operations": {"generat": {"path": "/g"}}},
        {"operations": {"generate": {"path": "/g", "extract": {"colour": "x"}}}},
        {"operations": {"generate": {"paths": "/g"}}},
        {"auth": {"type": "beerer"}},
        {"login": {"path": "login"}},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(wrong: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(binding_schema())
    good: dict[str, Any] = {
        "target": {"name": "T", "base_url": "http://h"},
        "operations": {"generate": {"path": "/g", "extract": {"id": "id"}}},
    }
    validator.validate(good)
    assert not validator.is_valid({**good, **wrong})
