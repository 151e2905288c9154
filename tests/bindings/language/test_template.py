"""Templates are compiled once per process, and what they are filled with stays apart."""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings.language.sandbox import Sandbox
from shenhe.conformance.bindings.language.template import TemplateError, compile_template


def test_a_template_of_several_bindings_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []
    original = Sandbox.from_string
    monkeypatch.setattr(Sandbox, "from_string", lambda *args: compiled.append(args) or original(*args))
    text = "{{ profile.name }} with ${KEY}, for the first time"
    fills = [
        compile_template(text, environ={"KEY": key}, known=frozenset({"profile"})) for key in ("one", "two", "three")
    ]
    assert len(compiled) == 1
    given = {"profile": {"name": "Li"}}
    assert [fill(given) for fill in fills] == [f"Li with {key}, for the first time" for key in ("one", "two", "three")]


def test_a_template_is_not_shared_where_other_values_are_known() -> None:
    text = "{{ account.id }} is known to some"
    assert compile_template(text, environ={}, known=frozenset({"account"}))({"account": {"id": 7}})
    for _ in range(2):
        with pytest.raises(TemplateError, match="found the value 'account'"):
            compile_template(text, environ={}, known=frozenset({"profile"}))
    as_path = compile_template("/{{ word }}/b", environ={}, known=frozenset({"word"}), path=True)
    as_text = compile_template("/{{ word }}/b", environ={}, known=frozenset({"word"}))
    assert (as_path({"word": "a b"}), as_text({"word": "a b"})) == ("/a%20b/b", "/a b/b")
