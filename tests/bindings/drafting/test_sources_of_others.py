"""Recordings with cookies and redirects, collections with folders and variables, schemas with enumerations and files,
and applications whose views have no schemas: each becomes a draft that can be filled in.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.conformance.bindings.drafting.draft import draft
from shenhe.conformance.bindings.drafting.introspection import read_introspection
from shenhe.conformance.bindings.drafting.observed import read_har, read_postman
from shenhe.conformance.operations import TargetRole

BASE = "https://wall.example"
SID = {"name": "Cookie", "value": "theme=dark; sid=abc123"}


def entry(method: str, path: str, status: int = 200, sent: Any = None, got: Any = None, **headers: str) -> Any:
    form = isinstance(sent, str)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    posted = {"postData": {"mimeType": kind, "text": sent if form else json.dumps(sent)}} if sent is not None else {}
    return {
        "request": {"method": method, "url": BASE + path, "headers": [SID] if path != "/login" else [], **posted},
        "response": {
            "status": status,
            "headers": [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()],
            "content": {"mimeType": "application/json", "text": json.dumps(got)} if got is not None else {},
        },
    }


ENTRIES = [
    entry("POST", "/login", 302, "username=li&password=geheim", Location="/home", Set_Cookie="theme=dark\nsid=abc123"),
    entry("POST", "/api/posts", 201, {"title": "Hello", "image_id": "81723"}, {"id": 991234}),
    entry("GET", "/api/posts?q=hello", got={"posts": [{"id": 991234}]}),
    entry("POST", "/api/posts/991234/report", 307, {"reason": "bad"}, Location="/api/v2/posts/991234/report"),
    entry("POST", "/api/v2/posts/991234/report", 201, {"reason": "bad"}, {"report_id": "r-77812", "state": "open"}),
    entry("GET", "/api/reports/r-77812", got={"report_id": "r-77812", "state": "open"}),
    entry("POST", "/logout", 302, {}, Location="/login"),
]


def operations(description: Any) -> dict[str, Any]:
    whole = yaml.safe_load(draft(description, [TargetRole.PROVIDER, TargetRole.PLATFORM]).text)
    return {**whole["operations"], **{key: whole.get(key) for key in ("auth", "login", "target")}}


def test_a_recorded_session_is_a_cookie_and_redirects_lead_to_where_they_went(tmp_path: Path) -> None:
    path = tmp_path / "site.har"
    path.write_text(json.dumps({"log": {"entries": ENTRIES}}))
    found = operations(read_har(path, "site.har"))
    assert found["auth"] == {"type": "cookie", "cookies": {"sid": "{{ account.credentials.token }}"}}
    assert (found["login"]["accept_status"], found["login"]["extract"]) == (
        302,
        {"credentials": {"token": {"cookie": "sid"}}},
    )
    assert found["report"]["path"] == "/api/v2/posts/{{ request.target.id }}/report"
    assert found["report_status"]["path"] == "/api/reports/{{ ticket.id }}"
    assert found["search"]["query"] == {"q": "{{ query }}"}
    assert (found["sign_out"]["json"], found["sign_out"]["accept_status"]) == ({}, 302)


def test_variables_of_a_collection_may_hold_variables_and_stand_for_values(tmp_path: Path) -> None:
    raw = '{\n  // who\n  "username": "{{user}}", "password": "{{word}}", "age": {{age}}\n}'
    register = {"method": "POST", "body": {"mode": "raw", "raw": raw}, "url": "{{base}}/users"}
    collection = {
        "info": {"name": "Wall", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": [{"key": "base", "value": "https://{{host}}/api"}, {"key": "host", "value": "wall.example"}],
        "item": [{"name": "Accounts", "item": [{"name": "Register", "request": register}]}],
    }
    path = tmp_path / "wall.json"
    path.write_text(json.dumps(collection))
    found = operations(read_postman(path, "wall.json"))
    assert found["target"]["base_url"] == "https://wall.example"
    assert found["register"]["json"] == {
        "username": "{{ profile.username }}",
        "password": "{{ profile.password }}",
        "age": "${FILL_IN_REGISTER_AGE}",
    }


SCHEMA = """
type Query { posts(search: String, after: String): Posts! }
type Mutation {
  logIn(email: String!, password: String!): Session
  signUp(input: SignUp!): User
  createPost(title: String!): Post
  deletePost(id: ID!): Boolean!
  reportPost(postId: ID!, reason: Reason!, comment: String): Report
  uploadImage(file: Upload!): Image!
}
input SignUp { email: String! password: String! }
scalar Upload
enum Reason { "against the law" ILLEGAL SPAM @deprecated(reason: "no") }
type Session { token: String! } type User { id: ID! } type Post { id: ID! title: String } type Image { id: ID! }
type Report { id: ID! } type Posts { edges: [Edge] pageInfo: PageInfo! } type Edge { node: Post }
type PageInfo { endCursor: String hasNextPage: Boolean! }
"""


def test_enumerations_files_and_connections_of_graphql(tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    path.write_text(SCHEMA)
    found = operations(read_introspection(path, "schema.graphql"))
    assert found["report"]["graphql"]["variables"] == {
        "postId": "{{ request.target.id }}",
        "reason": "${FILL_IN_REPORT_REASON}",
        "comment": "{{ request.statement }}",
    }
    assert found["upload"]["multipart"]["map"] == '{"0": ["variables.file"]}'
    assert json.loads(found["upload"]["multipart"]["operations"])["variables"] == {"file": None}
    assert found["search"]["pages"] == {
        "cursor": "data.posts.pageInfo.endCursor",
        "more": "data.posts.pageInfo.hasNextPage",
    }
    assert found["search"]["extract"] == {"publications": "data.posts.edges[].node.id"}
    assert found["unpublish"]["graphql"]["variables"] == {"id": "{{ publication.id }}"}
    assert found["register"]["extract"]["credentials"]["username"] == {"value": "{{ profile.email }}"}
    assert found["auth"]["type"] == "bearer"


DJANGO = """
import json
import django
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", USE_TZ=True)
django.setup()
from django import forms
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from django.views import View
from django.views.decorators.http import require_POST

class SignUpForm(forms.Form):
    username = forms.CharField()
    password = forms.CharField()
    nickname = forms.CharField(required=False)

@require_POST
def sign_up(request):
    form = SignUpForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": []}, status=400)
    return JsonResponse({"id": 1})

class Posts(View):
    def get(self, request):
        "Search posts."
        return JsonResponse({"posts": [{"id": 1} for q in [request.GET.get("q")]]})

    def post(self, request):
        "Publish a post."
        data = json.loads(self.request.body.decode())
        return JsonResponse({"id": 1, "title": data["title"]}, status=201)

@require_POST
def upload(request):
    "Upload a picture."
    return JsonResponse({"asset_id": request.FILES["picture"].name})

urlpatterns = [path("users/", sign_up), path("posts/", Posts.as_view()), path("upload/", upload)]
application = get_wsgi_application()
"""

FLASK = """
from flask import Flask, jsonify, request

def create_app():
    app = Flask(__name__)

    @app.post("/accounts")
    def create_account():
        "Create an account."
        data = request.get_json()
        return jsonify(id=1, token=data["username"] + data["password"]), 201

    return app
"""


def drafted_from(folder: Path, source: str, target: str) -> subprocess.CompletedProcess[str]:
    (folder / "service.py").write_text(source)
    command = [sys.executable, "-m", "shenhe", "init", "--app", target, "--role", "provider", "--role", "platform"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.costly
def test_views_of_django_show_forms_bodies_files_and_responses(tmp_path: Path) -> None:
    pytest.importorskip("django")
    found = yaml.safe_load(drafted_from(tmp_path, DJANGO, "service:application").stdout)["operations"]
    assert found["register"]["form"]["username"] == "{{ profile.username }}"
    assert "nickname" not in found["register"]["form"]
    assert found["register"]["extract"]["id"] == "id"
    assert found["publish"]["json"] == {"title": "{{ title }}"}
    assert found["search"]["extract"] == {"publications": "posts[].id"}
    assert found["upload"]["multipart"]["picture"]["data"] == "{{ media.data }}"
    assert found["upload"]["extract"] == {"id": "asset_id"}


@pytest.mark.costly
def test_an_application_may_be_made_by_a_function(tmp_path: Path) -> None:
    pytest.importorskip("flask")
    made = yaml.safe_load(drafted_from(tmp_path, FLASK, "service:create_app()").stdout)["operations"]
    assert made["register"]["extract"]["credentials"] == {"token": "token"}
    refused = drafted_from(tmp_path, FLASK, "service:create_app")
    assert refused.returncode == 2
    assert "service:create_app is a function: write service:create_app() if it makes the application" in refused.stderr
