"""Publications on the web: a page under the address that the author was given, and links to the files on it."""

from __future__ import annotations

import html
import sqlite3

from ..faults.fault import FaultName
from ..media.files import Media
from . import assets
from .refusal import Refusal
from .state import House
from .store import written


def key_of(house: House, publication: str, form: str) -> str:
    """The key under which a file of a publication is on the web, the same each time."""
    house.store.run(
        "INSERT OR IGNORE INTO link (key, publication, form) VALUES (?, ?, ?)",
        house.store.new_name("lnk"),
        publication,
        form,
    )
    row = house.store.row("SELECT key FROM link WHERE publication = ? AND form = ?", publication, form)
    assert row is not None  # noqa: S101 -- it was inserted just now
    return str(row["key"])


def linked(house: House, key: str) -> Media:
    """The file behind a link.

    Raises:
        Refusal: 404, ``link_unknown``; 410, ``publication_removed``.
    """
    link = house.store.row("SELECT publication, form FROM link WHERE key = ?", key)
    if link is None:
        raise Refusal(404, "link_unknown", "没有这个链接。 There is no such link.")
    row = _published(house, link["publication"])
    seen = "SELECT 1 FROM glance WHERE publication = ? AND surface = 'link'"
    cached = FaultName.SMALL_LINKS_STAY_CACHED in house.faults and link["form"] == "thumbnail"
    cached = cached and house.store.row(seen, row["id"]) is not None
    if _is_gone(house, row) and not cached and FaultName.MEDIA_LINKS_OUTLIVE_REMOVAL not in house.faults:
        raise _removed()
    house.store.run(
        "INSERT OR IGNORE INTO glance (publication, surface, at) VALUES (?, 'link', ?)", row["id"], written(house.now())
    )
    asset = house.store.row("SELECT * FROM asset WHERE id = ?", row["asset"])
    assert asset is not None  # noqa: S101 -- a foreign key
    return Media(*assets.form(house, asset, link["form"]))


def web_page(house: House, publication: str) -> str:
    """The page of a publication on the web.

    Raises:
        Refusal: 404, ``publication_unknown``; 410, ``publication_removed``.
    """
    row = _published(house, publication)
    if _is_gone(house, row) and FaultName.WEB_PAGES_OUTLIVE_REMOVAL not in house.faults:
        raise _removed()
    return f"<!doctype html><html><head><title>{html.escape(row['title'])}</title></head><body></body></html>"


def _published(house: House, publication: str) -> sqlite3.Row:
    row = house.store.row("SELECT * FROM publication WHERE id = ?", publication)
    if row is None:
        raise Refusal(404, "publication_unknown", "没有这条内容。 There is no such publication.")
    return row


def _is_gone(house: House, publication: sqlite3.Row) -> bool:
    return publication["removed_at"] is not None and bool(publication["removed_at"] <= written(house.now()))


def _removed() -> Refusal:
    return Refusal(410, "publication_removed", "内容已被移除。 This content was removed.")
