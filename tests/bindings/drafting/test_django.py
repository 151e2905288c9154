"""Drafts from a Django application: routes, regular expressions, view sets, decorated functions and serializers.

Django is no dependency. Stand-ins have the names and attributes that the reader uses; the last test uses Django itself
where it is installed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shenhe.conformance.bindings.drafting.application import read_application


class RoutePattern(str):
    pass


class RegexPattern(str):
    pass


class CharField(SimpleNamespace):
    pass


class ImageField(SimpleNamespace):
    pass


def route(pattern: str, view: Any, name: str = "") -> Any:
    return SimpleNamespace(pattern=RoutePattern(pattern), callback=view, name=name)


def included(pattern: str, routes: list[Any], namespace: str | None = None) -> Any:
    return SimpleNamespace(
        pattern=RoutePattern(pattern), url_patterns=routes, namespace=namespace, app_name=namespace, name=None
    )


def view_set(**actions: str) -> Callable[..., None]:
    class Posts:
        """Publications of users."""

        class serializer_class:  # noqa: N801 - as in the REST framework
            def get_fields(self) -> dict[str, Any]:
                return {
                    "title": CharField(required=True, read_only=False),
                    "picture": ImageField(required=False, read_only=False),
                    "id": CharField(required=False, read_only=True),
                }

        def create(self) -> None: ...

        def report(self) -> None:
            """Report a publication."""

    def view() -> None: ...

    view.cls, view.actions = Posts, actions  # type: ignore[attr-defined]
    return view


def only(*methods: str) -> Callable[..., None]:
    request_method_list = list(methods)

    def inner() -> list[str]:
        return request_method_list

    return inner  # type: ignore[return-value]


@pytest.fixture
def endpoints(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Any]], dict[str, Any]]:
    def read(routes: list[Any]) -> dict[str, Any]:
        application = type("WSGIHandler", (), {"__module__": "django.core.handlers.wsgi"})()
        urls = ModuleType("django.urls")
        urls.get_resolver = lambda: SimpleNamespace(url_patterns=routes)  # type: ignore[attr-defined]
        helper = ModuleType("django.utils.regex_helper")
        helper.normalize = {  # type: ignore[attr-defined]
            r"^about/(?P<slug>rules|agreement)/$": [("about/%(slug)s/", ["slug"])],
            r"^never$": [],
        }.__getitem__
        for name, module in {
            "django": ModuleType("django"),
            "django.urls": urls,
            "django.utils": ModuleType("django.utils"),
            "django.utils.regex_helper": helper,
            "service_under_test": SimpleNamespace(application=application),
        }.items():
            monkeypatch.setitem(sys.modules, name, module)  # type: ignore[arg-type]
        return {str(each): each for each in read_application("service_under_test:application").endpoints}

    return read


def test_routes_become_paths(endpoints: Any) -> None:
    regex = SimpleNamespace(
        pattern=RegexPattern(r"^about/(?P<slug>rules|agreement)/$"), callback=only("GET"), name="about"
    )
    found = endpoints([included("v1/", [route("posts/<int:pk>/appeal", only("POST"), "appeal")]), regex])
    assert set(found) == {"POST /v1/posts/{pk}/appeal", "GET /about/{slug}/"}
    assert [each.name for each in found["GET /about/{slug}/"].parameters] == ["slug"]


def test_the_administration_and_format_suffixes_are_left_out(endpoints: Any) -> None:
    found = endpoints(
        [
            included("admin/", [route("login/", only("POST"))], namespace="admin"),
            route("posts.<format>", only("GET")),
            route("posts", only("GET")),
        ]
    )
    assert set(found) == {"GET /posts"}


def test_a_view_set_has_the_methods_that_its_route_names(endpoints: Any) -> None:
    found = endpoints(
        [
            route("posts/", view_set(post="create", head="create"), "post-list"),
            route("posts/<pk>/report/", view_set(post="report"), "post-report"),
        ]
    )
    assert set(found) == {"POST /posts/", "POST /posts/{pk}/report/"}
    assert found["POST /posts/{pk}/report/"].summary == "Report a publication."
    create = found["POST /posts/"]
    assert create.name == "create_post-list"
    assert {each.name: (each.required, each.binary) for each in create.body} == {
        "title": (True, False),
        "picture": (False, True),
    }


def test_methods_of_decorated_and_plain_functions(endpoints: Any) -> None:
    found = endpoints([route("a", only("DELETE", "OPTIONS")), route("b", lambda request: None)])
    assert set(found) == {"DELETE /a", "GET /b", "POST /b"}


SERVICE = """
import django
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x")
django.setup()
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path, re_path
from django.views import View
from django.views.decorators.http import require_POST

class Generate(View):
    def post(self, request): return JsonResponse({})

@require_POST
def report(request, pk): return JsonResponse({})

urlpatterns = [
    path("generate", Generate.as_view(), name="generate"),
    re_path(r"^posts/(?P<pk>[0-9]+)/report/?$", report, name="report"),
]
application = get_wsgi_application()
"""


@pytest.mark.costly
def test_with_django_itself(tmp_path: Path) -> None:
    pytest.importorskip("django")
    (tmp_path / "service.py").write_text(SERVICE)
    code = (
        "from shenhe.conformance.bindings.drafting.application import read_application as read\n"
        "print(sorted(map(str, read('service:application').endpoints)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['POST /generate', 'POST /posts/{pk}/report']"
