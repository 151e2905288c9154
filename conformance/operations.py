"""The operations that a binding can describe, and the roles of targets."""

from __future__ import annotations

from enum import StrEnum


class TargetRole(StrEnum):
    """What a target is, as ``target.roles`` of a binding says. It decides which rules bind it."""

    PROVIDER = "provider"
    PLATFORM = "platform"
    STORE = "store"
    SUPPORTER = "supporter"


class Operation(StrEnum):
    """Something that can be asked of a target. The value is the name of the method that asks it; :mod:`.roles` groups
    them by role.
    """

    REGISTER = "register"
    VERIFY_IDENTITY = "verify_identity"
    DELETE_ACCOUNT = "delete_account"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    GRANT_CONSENT = "grant_consent"
    REVOKE_CONSENT = "revoke_consent"
    GENERATE = "generate"
    EDIT = "edit"
    FETCH = "fetch"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    SHARE = "share"
    VIEW = "view"
    UPLOAD = "upload"
    DETECT = "detect"
    SEARCH = "search"
    REPORT = "report"
    REPORT_STATUS = "report_status"
    DECIDE = "decide"
    APPEAL = "appeal"
    REFUTATIONS = "refutations"
    DISCLOSURES = "disclosures"
    RECORDS = "records"
    CHAT = "chat"
    LEAVE_CHAT = "leave_chat"
    CHAT_HISTORY = "chat_history"
    DELETE_CHAT = "delete_chat"
    VERIFY_ORIGIN = "verify_origin"
    SUBMIT_APP = "submit_app"
    APP_STATUS = "app_status"
    APP_MESSAGES = "app_messages"
    VIEW_APP = "view_app"
    SEARCH_APPS = "search_apps"
    ORDER_APP = "order_app"
    RELIST_APP = "relist_app"
    ADVANCE_CLOCK = "advance_clock"
    RESET = "reset"


def where_to_bind(operation: Operation, channel: str) -> str:
    """The key of a binding under which a value is read from a response."""
    outside = channel in ("notice", "reason", "media")
    return f"operations.{operation.value}.{channel if outside else f'extract.{channel}'}"
