"""Publication: what the public sees, on every surface, until it is removed."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

from ..faults.fault import FaultName
from ..media.files import Media
from ..media.marking import CONTENT_NOTICE, TEXT_LABEL
from ..variants import VariantName
from . import assets, links, review
from .accounts import Account
from .assets import AVI, TEXT
from .refusal import Refusal
from .state import House
from .store import written

Surface = Literal["page", "feed", "thumbnail", "download", "share"]

SURVIVORS: dict[str, FaultName] = {
    "page": FaultName.PAGE_SURVIVES,
    "feed": FaultName.FEED_SURVIVES,
    "thumbnail": FaultName.THUMBNAIL_SURVIVES,
    "download": FaultName.DOWNLOAD_SURVIVES,
    "share": FaultName.SHARE_SURVIVES,
    "search": FaultName.SEARCH_SURVIVES,
}
#: Faults by which a surface keeps showing removed content for some hours after a view of it, or after its removal.
CACHED: dict[str, tuple[FaultName, float]] = {
    "page": (FaultName.PAGE_CACHED, 24),
    "thumbnail": (FaultName.THUMBNAIL_KEPT_BY_EDGE, float("inf")),
}
LAGGING: dict[str, tuple[FaultName, float]] = {
    "feed": (FaultName.FEED_RENEWED_DAILY, 24),
    "search": (FaultName.SEARCH_RENEWED_DAILY, 24),
    "share": (FaultName.SHARE_LINK_LIVES_A_WEEK, 24 * 7),
}
TEASER = 80
PAGE_SIZE = 50
_WEEK = 24.0 * 7


def publish(house: House, caller: Account | None, verified: bool, asset: str, title: str) -> dict[str, Any]:
    """Make one of the caller's assets public. The caller's identity must be verified.

    Raises:
        Refusal: 401, ``sign_in_required``; 403, ``identity_required`` or ``content_prohibited``; 404,
            ``asset_unknown``.
    """
    if caller is None:
        unasked = FaultName.ANONYMOUS_BY_MARKUP in house.faults and any(sign in title for sign in "<&'")
        if not unasked and FaultName.PUBLISH_ANONYMOUS not in house.faults:
            raise Refusal(
                401,
                "sign_in_required",
                "请登录并完成真实身份认证后再发布。 Sign in and verify your identity before you publish.",
            )
        if house.store.row("SELECT 1 FROM asset WHERE id = ?", asset) is None:
            raise Refusal(404, "asset_unknown", "没有这个作品。 There is no such asset.")
    else:
        announced = FaultName.OFFICIAL_TITLES_UNVERIFIED in house.faults and any(
            word in title for word in ("official", "admin")
        )
        if not verified and not announced and FaultName.PUBLISH_UNVERIFIED not in house.faults:
            raise Refusal(
                403,
                "identity_required",
                "未完成真实身份认证，不能发布信息。 Verify your identity before you publish.",
            )
        open_to_all = not house.faults.isdisjoint(
            {FaultName.WORKS_PUBLISHED_BY_OTHER_TENANTS, FaultName.UPLOADS_PUBLISHED_BY_OTHERS}
        )
        assets.owned(house, caller, asset, open_to_all=open_to_all)
        review.admit_title(house, caller, title)
    held_back = _was_removed(house, asset) and FaultName.REMOVED_FILES_RETURN not in house.faults
    if FaultName.REMOVED_DRAFTS_PUBLISHED_AGAIN in house.faults and _was_public(house, asset):
        held_back = False
    if held_back and VariantName.REMOVED_FILES_HELD_BACK not in house.variants:
        raise Refusal(
            403,
            "content_removed_before",
            "该内容此前已因违规被移除，不能再次发布。 This content was removed before and cannot be published again.",
        )
    publication = house.store.new_name("pub")
    house.store.insert(
        "publication",
        id=publication,
        asset=asset,
        account=caller.id if caller else None,
        title=title,
        published_at=written(house.now()),
        removed_at=written(house.now()) if held_back else None,
        removed_for="held back" if held_back else None,
    )
    house.note(caller.id if caller else None, "published", publication, title)
    return {"publication": {"id": publication, "title": title, "path": f"/p/{publication}"}}


def _was_removed(house: House, asset: str) -> bool:
    """Whether this is a work that was removed before and not restored, or a file like one that was."""
    removed_copy = house.store.row(
        "SELECT 1 FROM publication p WHERE p.removed_at <= ?1 AND p.removed_for IN ('illegal', 'intimate', 'order')"
        " AND (p.asset = ?2 OR EXISTS (SELECT 1 FROM fingerprint f WHERE f.asset = p.asset"
        " AND f.digest IN (SELECT digest FROM fingerprint WHERE asset = ?2)"
        " AND EXISTS (SELECT 1 FROM asset WHERE id = ?2 AND origin = 'uploaded')))",
        written(house.now()),
        asset,
    )
    return removed_copy is not None


def _was_public(house: House, asset: str) -> bool:
    """Whether this very asset was published before."""
    return house.store.row("SELECT 1 FROM publication WHERE asset = ?", asset) is not None


def share(house: House, caller: Account, publication: str) -> dict[str, Any]:
    """Pass on a publication in the caller's own name.

    Raises:
        Refusal: 403, ``identity_required``; 404, ``publication_unknown``; 410, ``publication_removed``.
    """
    row = found(house, publication)
    if not caller.verified and FaultName.UNVERIFIED_REPOST not in house.faults:
        raise Refusal(
            403,
            "identity_required",
            "未完成真实身份认证，不能转发。 Verify your identity before you share.",
        )
    if removed(house, row, "page"):
        raise Refusal(410, "publication_removed", "内容已被移除。 This content was removed.")
    if VariantName.REPOSTS_ARE_LINKS in house.variants:
        return {"publication": {"id": publication, "title": row["title"], "path": f"/p/{publication}"}}
    repost = house.store.new_name("pub")
    house.store.insert(
        "publication",
        id=repost,
        asset=row["asset"],
        account=caller.id,
        title=row["title"],
        published_at=written(house.now()),
        shared_from=publication,
    )
    house.note(caller.id, "shared", repost, publication)
    return {"publication": {"id": repost, "title": row["title"], "path": f"/p/{repost}"}}


def is_second_repost(house: House, publication: sqlite3.Row) -> bool:
    """Whether it is a repost of a repost."""
    parent = publication["shared_from"]
    return parent is not None and found(house, parent)["shared_from"] is not None


def show(house: House, publication: str, surface: Surface, caller: Account | None = None) -> dict[str, Any] | Media:
    """A publication as one surface shows it: a card for page, feed and share, a file for thumbnail and
    download.

    Raises:
        Refusal: 404, ``publication_unknown``; 410, ``publication_removed``.
    """
    row = found(house, publication)
    survives = SURVIVORS[surface] in house.faults and row["shared_from"] is None
    if removed(house, row, surface) and not survives:
        raise Refusal(410, "publication_removed", "内容已被移除。 This content was removed.")
    if surface in CACHED:
        glance = "INSERT OR IGNORE INTO glance (publication, surface, at) VALUES (?, ?, ?)"
        house.store.run(glance, publication, surface, written(house.now()))
    asset = house.store.row("SELECT * FROM asset WHERE id = ?", row["asset"])
    assert asset is not None  # noqa: S101 -- a foreign key
    if surface in ("thumbnail", "download"):
        data, media_type = assets.form(house, asset, surface)
        if _loses_metadata(house, row, asset, surface, caller):
            data = assets.stripped(data, media_type)
            assets.remember(house, asset["id"], data)
        return Media(data, media_type)
    card: dict[str, Any] = {
        "id": publication,
        "title": row["title"],
        "published_at": row["published_at"],
        "media_type": asset["media_type"],
        "notices": _notices(house, row, asset, surface, caller),
        "refutations": [refutation["text"] for refutation in refutations(house, publication)],
    }
    card |= _people(house, row, asset)
    if asset["media_type"] == TEXT:
        text = assets.original(house, asset).decode("utf-8", "replace")
        card["text"] = text if surface == "page" else assets.teaser(house, text, TEASER)
        if FaultName.TEXT_LABEL_LOST_ON_PAGES in house.faults:
            card |= {"text": text.replace(TEXT_LABEL, ""), "notices": []}
    else:
        card["media_path"] = f"/v1/publications/{publication}/download"
        card["links"] = [f"/m/{links.key_of(house, publication, form)}" for form in ("original", "thumbnail")]
    return {"publication": card}


def _loses_metadata(
    house: House, publication: sqlite3.Row, asset: sqlite3.Row, surface: Surface, caller: Account | None
) -> bool:
    """Whether a fault strips a file where it is published."""
    faults = house.faults
    if surface == "thumbnail":
        return FaultName.THUMBNAILS_OF_UPLOADS_UNMARKED in faults and asset["origin"] == "uploaded"
    if asset["origin"] != "uploaded":
        return FaultName.PUBLISHED_FILES_UNMARKED in faults and asset["media_type"] != TEXT
    return (
        FaultName.PUBLISHED_UPLOADS_STRIPPED in faults
        or (FaultName.REPOSTS_STRIPPED in faults and publication["shared_from"] is not None)
        or (FaultName.SECOND_REPOSTS_STRIPPED in faults and is_second_repost(house, publication))
        or (FaultName.DOWNLOADS_OF_MEMBERS_STRIPPED in faults and caller is not None)
    )


def _people(house: House, publication: sqlite3.Row, asset: sqlite3.Row) -> dict[str, Any]:
    """The people named on a card: none, unless authors are shown by their chosen name, or a fault names more."""
    named: dict[str, Any] = {}
    if VariantName.AUTHORS_NAMED in house.variants:
        chosen = house.store.row("SELECT display_name FROM account WHERE id = ?", publication["account"] or "")
        named["author"] = dict(chosen) if chosen is not None else None
    if FaultName.AUTHOR_REACHABLE_ON_PAGES in house.faults:
        author = house.store.row("SELECT phone FROM account WHERE id = ?", publication["account"] or "")
        named["author"] = dict(author) if author is not None else None
    if FaultName.CARDS_CARRY_TOKENS in house.faults:
        session = house.store.row("SELECT token FROM session WHERE account = ?", publication["account"] or "")
        named["editor_key"] = session["token"] if session is not None else None
    if FaultName.CONSENT_NAMED_ON_PAGES in house.faults:
        given = house.store.row("SELECT subject_name FROM consent WHERE id = ?", asset["consent"] or "")
        named["shows"] = given["subject_name"] if given is not None else None
    if FaultName.REPORTER_NAMED_ON_PAGES in house.faults:
        rows = house.store.rows("SELECT contact FROM ticket WHERE publication = ?", publication["id"])
        named["reported_by"] = [row["contact"] for row in rows]
    return named


def search(house: House, query: str, offset: int) -> dict[str, Any]:
    """The publications whose title contains ``query``, newest first, a page at a time."""
    pattern = "%" + query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    visible = "" if FaultName.SEARCH_SURVIVES in house.faults else "AND (removed_at IS NULL OR removed_at > ?)"
    by_phone = ""
    if FaultName.SEARCH_FINDS_BY_PHONE in house.faults:
        by_phone = "OR account IN (SELECT id FROM account WHERE '%' || phone || '%' = ?1)"
    size = 1 if VariantName.PAGED_SEARCH in house.variants else PAGE_SIZE
    lag = LAGGING["search"][1] if LAGGING["search"][0] in house.faults else 0
    values = (pattern,) if not visible else (pattern, written(house.hours_ago(lag)))
    rows = house.store.rows(
        f"SELECT id, title, published_at FROM publication WHERE (title LIKE ?1 ESCAPE '\\' {by_phone}) {visible} "  # noqa: S608 -- constants
        "ORDER BY published_at DESC, rowid DESC LIMIT ? OFFSET ?",
        *values,
        size + 1,
        offset,
    )
    more = offset + size if len(rows) > size else None
    answer: dict[str, Any] = {"results": [dict(row) for row in rows[:size]], "next_offset": more}
    if FaultName.SEARCHES_SUGGEST_REMOVED in house.faults or VariantName.SEARCHES_SUGGEST_OTHERS in house.variants:
        answer["suggestions"] = _suggestions(house)
    return answer


def _suggestions(house: House) -> list[str]:
    """The titles of the latest publications, for those who find nothing."""
    visible = "" if FaultName.SEARCHES_SUGGEST_REMOVED in house.faults else "WHERE removed_at IS NULL OR removed_at > ?"
    rows = house.store.rows(
        f"SELECT title FROM publication {visible} ORDER BY published_at DESC, rowid DESC LIMIT 10",  # noqa: S608 -- constants
        *([written(house.now())] if visible else []),
    )
    return [row["title"] for row in rows]


def found(house: House, publication: str) -> sqlite3.Row:
    """The row of a publication, removed or not.

    Raises:
        Refusal: 404, ``publication_unknown``.
    """
    row = house.store.row("SELECT * FROM publication WHERE id = ?", publication)
    if row is None:
        raise Refusal(404, "publication_unknown", "没有这条内容。 There is no such publication.")
    return row


def removed(house: House, publication: sqlite3.Row, surface: Surface) -> bool:
    """Whether it is gone from a surface by now: a removal may have been set for later."""
    if publication["removed_at"] is None:
        return False
    if FaultName.RESTORED_ON_THE_PAGE_ONLY in house.faults and publication["removed_for"] == "on the page":
        return surface != "page"
    if FaultName.TEXTS_SURVIVE in house.faults and _is_text(house, publication):
        return False
    lag = 0.0
    if surface in LAGGING and LAGGING[surface][0] in house.faults:
        lag = LAGGING[surface][1]
    if publication["shared_from"] is not None:
        if FaultName.DOWNLOADS_OF_REPOSTS_SURVIVE in house.faults and surface == "download":
            return False
        if FaultName.INTIMATE_REPOSTS_AFTER_72_HOURS in house.faults and publication["removed_for"] == "intimate":
            lag = 72
    if surface == "thumbnail" and publication["removed_for"] == "intimate":
        lag = 72 if FaultName.INTIMATE_THUMBNAIL_AFTER_72_HOURS in house.faults else lag
    if surface in CACHED and CACHED[surface][0] in house.faults:
        glance = house.store.row(
            "SELECT at FROM glance WHERE publication = ? AND surface = ?", publication["id"], surface
        )
        hours = CACHED[surface][1]
        if glance is not None and (hours == float("inf") or glance["at"] > written(house.hours_ago(hours))):
            return False
    return bool(publication["removed_at"] <= written(house.hours_ago(lag)))


def _is_text(house: House, publication: sqlite3.Row) -> bool:
    text = "SELECT 1 FROM asset WHERE id = ? AND media_type = ?"
    return house.store.row(text, publication["asset"], TEXT) is not None


def refutations(house: House, publication: str) -> list[dict[str, str]]:
    """The rumour refutations attached to a publication."""
    rows = house.store.rows(
        "SELECT publication, text, at FROM refutation WHERE publication = ? ORDER BY rowid", publication
    )
    return [dict(row) for row in rows]


def _notices(
    house: House, publication: sqlite3.Row, asset: sqlite3.Row, surface: Surface, caller: Account | None
) -> list[str]:
    if asset["origin"] == "uploaded":
        silent = (
            (FaultName.FEED_WITHOUT_NOTICE in house.faults and surface == "feed")
            or (FaultName.MEMBERS_SEE_NO_NOTICE in house.faults and caller is not None)
            or (FaultName.REPOSTS_WITHOUT_NOTICE in house.faults and publication["shared_from"] is not None)
            or (
                FaultName.UPLOAD_NOTICES_FADE in house.faults
                and publication["published_at"] < written(house.hours_ago(_WEEK))
            )
        )
        # What the platform says of an upload was settled when it came in.
        return [asset["prompt"]] if asset["prompt"] and not silent else []
    bare = FaultName.PLAYER_BARE in house.faults and asset["media_type"] == AVI
    return [] if bare or FaultName.PUBLICATION_UNDISCLOSED in house.faults else [CONTENT_NOTICE]
