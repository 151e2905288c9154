"""The words by which `shenhe init` reads documents of others: ``vocabulary.yaml``, and what things are called in
answers.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from shenhe.core.document import read_yaml, validate
from shenhe.rulebook import Service

from ..language.shapes import LOGIN
from .fields import plain

IDS = {
    "account": "accountid userid uid memberid openid 用户编号 用户id 账号编号",
    "content": "contentid assetid workid imageid mediaid fileid resourceid generationid taskid resultid jobid "
    "renderingid renditionid renderid draftid scriptid articleid storyid songid clipid pictureid "
    "作品编号 内容编号 图片编号 素材编号 文件编号 任务编号",
    "publication": "postid publicationid noteid shareid workid targetid objectid pinid articleid topicid threadid "
    "videoid photoid slug 帖子编号 动态编号 笔记编号",
    "ticket": "ticketid reportid complaintid caseid appealid 工单号 工单编号 举报编号 投诉编号 受理编号",
    "consent": "consentid authorizationid 授权编号 同意编号",
    "app": "appid applicationid packageid productid apkid submissionid listingid",
    "chat": "chatid conversationid sessionid dialogueid",
}
"""The names that the id of each thing may have in a response, in addition to ``id``."""
ITEMS = {
    "app_messages": {"text": "text content message body reason"},
    "refutations": {"publication": f"{IDS['publication']} id", "text": "text content statement body message"},
    "records": {
        "kind": "kind type action event category",
        "at": "at time timestamp createdat loggedat occurredat date",
        "subject": f"subject {IDS['publication']} {IDS['content']}",
        "text": "text message detail description content",
    },
}
"""What is looked for in each item of a list, by the names it may have."""
MESSAGE = "message msg errmsg errormessage detail errordetail error_description reason"
"""What the words for a person may be called in a refusal."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OperationWords(_Entry):
    """What an operation is called.

    Words of ``alone`` name it by themselves; a noun does only together with a verb; ``never`` rule it out. ``about``
    are words that neither name it nor speak against it.
    """

    method: str = "POST"
    alone: str = ""
    nouns: str = ""
    verbs: str = ""
    never: str = ""
    about: str = ""


class ServiceWords(_Entry):
    """A service that an endpoint may be for, with its usual media type."""

    service: Service
    media_type: str
    words: str


class TopicWords(_Entry):
    """A topic of public information, and the words that name its page."""

    topic: str
    words: str


class FieldNames(_Entry):
    """A value of an operation, and the names that a document may call it by."""

    value: str
    names: str


class Deferral(_Entry):
    """What documents call things about answers that come later, in pieces or page by page; plain names, in order of
    preference.
    """

    state: str
    pending: str
    done: str
    failed: str
    refused: str
    location: str
    job_url: str
    job_id: str
    job: str
    pieces: str
    next_url: str
    cursor: str
    next_cursor: str
    number: str
    offset: str
    size: str
    more: str


class Naming(_Entry):
    """How documents name things in general; words in lower case."""

    neutral: str
    neutral_chinese: str
    settings: str
    acts: str
    prepositions: str
    post: str
    put: str
    get: str
    delete: str


class Vocabulary(_Entry):
    """``vocabulary.yaml``."""

    operations: dict[str, OperationWords]
    naming: Naming
    deferral: Deferral
    services: tuple[ServiceWords, ...]
    topics: tuple[TopicWords, ...]
    fields: dict[str, tuple[FieldNames, ...]]


@cache
def vocabulary() -> Vocabulary:
    """The words that come with shenhe."""
    data, locate = read_yaml(files(__package__) / "vocabulary.yaml", "vocabulary.yaml")
    return validate(Vocabulary, data, locate)


def expression_of(name: str, given: str) -> str | None:
    """The template for the value of operation ``name`` that a document calls ``given``, or ``None`` for none that is
    known.
    """
    bracketed = re.fullmatch(r"\w+\[(\w+)\]", given)
    known = plain(bracketed[1] if bracketed else given)
    for called in (known, re.sub("no$", "id", known)):
        for each in vocabulary().fields.get(name, ()):
            if called in each.names.split():
                return each.value
    if known in IDS["account"].split() and name not in {"register", LOGIN, "report"}:
        return "{{ account.id }}"
    return None
