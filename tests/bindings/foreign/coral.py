"""Coral as its GraphQL schema (Apache-2.0) describes it: the operations that shenhe has a word for. Only fields and
arguments that the schema has are taken, and only tokens of the role ADMIN may send queries of their own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

#: The arguments of the fields of Query and Mutation, with their types.
ARGUMENTS = {
    "viewer": {},
    "settings": {},
    "comment": {"id": "ID!"},
    "comments": {"first": "Int", "after": "Cursor", "storyID": "ID", "query": "String"},
    "dsaReport": {"id": "ID!"},
    "notifications": {"ownerID": "ID!", "first": "Int", "after": "Cursor"},
    "createComment": {"input": "CreateCommentInput!"},
    "deleteUserAccount": {"input": "DeleteUserAccountInput!"},
    "createDSAReport": {"input": "CreateDSAReportInput!"},
    "makeDSAReportDecision": {"input": "MakeDSAReportDecisionInput!"},
}
#: The fields that an input must have.
REQUIRED = {
    "createComment": {"storyID", "body", "clientMutationId"},
    "deleteUserAccount": {"userID", "clientMutationId"},
    "createDSAReport": {"commentID", "lawBrokenDescription", "additionalInformation", "clientMutationId"},
    "makeDSAReportDecision": {"userID", "legality", "commentID", "commentRevisionID", "reportID", "clientMutationId"},
}
#: Where a word begins inside a name of the schema.
_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TOKEN = re.compile(r"[{}()]|[A-Za-z_]\w*|[^\s{}()]+")


class No(Exception):
    """An error of the schema: its text is its code."""


class Coral:
    def __init__(self, sso_secret: str, moderator_token: str) -> None:
        self.secret, self.moderator_token = sso_secret, moderator_token
        self.users: dict[str, dict[str, Any]] = {"moderator": {"id": "moderator", "role": "ADMIN"}}
        self.gone: set[str] = set()
        self.comments: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.notices: list[dict[str, Any]] = []

    def user(self, request: Request) -> dict[str, Any]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token == self.moderator_token:
            return self.users["moderator"]
        head, _, signature = token.rpartition(".")
        made = hmac.new(self.secret.encode(), head.encode(), hashlib.sha256).digest()
        if base64.urlsafe_b64encode(made).rstrip(b"=").decode() != signature:
            raise No("TOKEN_INVALID")
        claims = head.partition(".")[2]
        user: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["user"]
        if user["id"] in self.gone:
            raise No("USER_NOT_FOUND")
        return self.users.setdefault(user["id"], user)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        try:
            user = self.user(request)
            if user.get("role") != "ADMIN":
                raise No("RAW_QUERY_NOT_AUTHORIZED")
            tokens = iter(_TOKEN.findall(body["query"]))
            declared = dict(re.findall(r"\$(\w+): ([\w!]+)", body["query"].partition("{")[0]))
            for token in tokens:
                if token == "{":
                    break
            root = next(tokens)
            after = next(tokens)
            passed: dict[str, str] = {}
            if after == "(":
                written = " ".join(iter(lambda: next(tokens), ")"))
                for name, variable in re.findall(r"(\w+) ?: ?\$ ?(\w+)", written):
                    if ARGUMENTS[root].get(name, "").rstrip("!") != declared[variable].rstrip("!"):
                        raise No(f"Unknown argument {name}")
                    passed[name] = variable
                after = next(tokens)
            variables = {name: value for name, value in body.get("variables", {}).items() if value is not None}
            unknown = variables.keys() - declared.keys()
            missing = {name for name, kind in declared.items() if kind.endswith("!")} - variables.keys()
            if unknown or missing or not REQUIRED.get(root, set()) <= variables.get("input", {}).keys():
                raise No("BAD_USER_INPUT")
            given = {name: variables[variable] for name, variable in passed.items() if variable in variables}
            value = getattr(self, "do_" + _BEGINS.sub("_", root).lower())(user, given.get("input", given))
            data = {root: value if after != "{" else project(value, tokens)}
        except No as no:
            error = {"message": str(no), "extensions": {"code": str(no)}}
            return JSONResponse({"data": None, "errors": [error]})
        return JSONResponse({"data": data})

    def do_viewer(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        return user

    def do_settings(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        return {"communityGuidelines": {"enabled": True, "content": "Be lawful."}}

    def do_delete_user_account(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        self.gone.add(given["userID"])
        return {"user": self.users.pop(given["userID"]), "clientMutationId": given["clientMutationId"]}

    def do_create_comment(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        number = f"comment-{len(self.comments) + 1}"
        comment = {
            "id": number,
            "body": given["body"],
            "status": "NONE",
            "deleted": False,
            "tags": [],
            "author": user["id"],
            "revision": {"id": f"{number}-revision"},
        }
        self.comments[number] = comment
        return {"edge": {"node": comment, "cursor": "c"}, "clientMutationId": given["clientMutationId"]}

    def do_comment(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        return self.comments.get(given["id"])

    def do_comments(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        found = [each for each in self.comments.values() if given.get("query", "") in each["body"]]
        found = [each for each in found if each["status"] != "REJECTED"]
        start = int(given.get("after", 0))
        page = {"hasNextPage": start + 50 < len(found), "endCursor": str(start + 50)}
        return {"nodes": found[start : start + 50], "pageInfo": page}

    def do_create_dsa_report(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        number = f"report-{len(self.reports) + 1}"
        report = {"id": number, "referenceID": f"REF-{number}", "status": "AWAITING_REVIEW", "decision": None}
        self.reports[number] = {**report, "comment": self.comments[given["commentID"]]}
        return {"dsaReport": self.reports[number], "clientMutationId": given["clientMutationId"]}

    def do_dsa_report(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        return self.reports.get(given["id"])

    def do_make_dsa_report_decision(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        report, comment = self.reports[given["reportID"]], self.comments[given["commentID"]]
        if given["commentRevisionID"] != comment["revision"]["id"]:
            raise No("BAD_USER_INPUT")
        grounds = {"legalGrounds": given.get("legalGrounds"), "detailedExplanation": given.get("detailedExplanation")}
        report |= {"status": "COMPLETED", "decision": {"legality": given["legality"], **grounds}}
        if given["legality"] == "ILLEGAL":
            comment["status"] = "REJECTED"
        notice = {"type": "ILLEGAL_REJECTED", "createdAt": "2026-11-30T02:00:00.000Z", "comment": comment}
        details = {"explanation": given.get("detailedExplanation")}
        self.notices.append({**notice, "ownerID": comment["author"], "decisionDetails": details})
        return {"dsaReport": report, "clientMutationId": given["clientMutationId"]}

    def do_notifications(self, user: dict[str, Any], given: dict[str, Any]) -> Any:
        found = [each for each in self.notices if each["ownerID"] == given["ownerID"]]
        return {"nodes": found, "pageInfo": {"hasNextPage": False, "endCursor": "end" if found else None}}


def project(value: Any, tokens: Iterator[str]) -> Any:
    """The fields of ``value`` that a selection names, as far as its closing brace."""
    names: dict[str, list[str]] = {}
    last = ""
    for token in tokens:
        if token == "}":
            break
        if token == "{":
            inner, depth = list[str](), 1
            while depth:
                word = next(tokens)
                depth += {"{": 1, "}": -1}.get(word, 0)
                inner.append(word)
            names[last] = inner
            continue
        names[token], last = [], token
    return _selected(value, names)


def _selected(value: Any, names: dict[str, list[str]]) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_selected(each, names) for each in value]
    unknown = names.keys() - value.keys()
    if unknown:
        raise No(f"Cannot query field {sorted(unknown)[0]}")
    return {name: project(value[name], iter(inner)) if inner else value[name] for name, inner in names.items()}


def app(sso_secret: str, moderator_token: str) -> Starlette:
    coral = Coral(sso_secret, moderator_token)
    return Starlette(routes=[Route("/api/graphql", coral.answer, methods=["POST"])])
