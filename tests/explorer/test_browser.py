"""A regulator's story in a real browser: by mouse, by keyboard, on a phone, in Chinese."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shenhe.reports.explorer.app import create_app, open_server
from shenhe.reports.explorer.desk import Here
from shenhe.reports.explorer.state import State
from shenhe.reports.explorer.work import Workshop

from ..browsers import IN_A_BROWSER

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = IN_A_BROWSER
PATIENCE = 60_000
playwright.expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def address(state: State) -> Iterator[str]:
    app, desk = create_app(state, Here(Workshop(engine="simpy")))
    server = open_server(app, "127.0.0.1", None)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    desk.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1360, "height": 950})
    opened.set_default_timeout(PATIENCE)
    problems: list[str] = []
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    opened.close()
    assert problems == []


def finished(page: Any, said: str = "^Done") -> None:
    playwright.expect(page.locator("#status")).to_have_text(re.compile(said), timeout=PATIENCE)


def inspectors(page: Any) -> Any:
    return page.locator('input[id*="policy.staff.inspectors"][type=number]')


def look(page: Any, view: str) -> None:
    page.locator("#view").get_by_text(view, exact=True).click()


def test_a_regulator_moves_a_lever_and_follows_it_to_one_provider(page: Any, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}?lang=en")
    finished(page)
    box = page.locator('input[id*="policy.staff.inspectors"][type=range]').bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    playwright.expect(page.locator("#differs")).to_contain_text("Inspectors 80 →")
    finished(page)
    playwright.expect(page.locator("#overview table")).to_contain_text("Cases that ended in a sanction")
    look(page, "Over time")
    page.locator("#time .js-plotly-plot .scatterlayer path.point").nth(20).click(force=True)
    playwright.expect(page.locator("#view-providers")).to_be_visible()
    playwright.expect(page.locator("#drilled")).to_contain_text("Only providers with an event")
    page.get_by_role("button", name="Show all").click()
    page.locator("#providers button").first.click()
    playwright.expect(page.locator("#timeline")).to_contain_text("Provider")
    playwright.expect(page.locator("#timeline table")).to_contain_text("entered")
    look(page, "Decision page")
    frame = page.frame_locator("#decision iframe")
    playwright.expect(frame.locator("h1")).to_contain_text("Inspectors")
    look(page, "Share and export")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Tables (CSV)").click()
    assert saved.value.suggested_filename == "tables.csv.zip"
    look(page, "Over time")
    with page.expect_download() as picture:
        page.get_by_role("button", name="Save as SVG").first.click()
    drawn = tmp_path / "figure.svg"
    picture.value.save_as(drawn)
    assert "<svg" in drawn.read_text(encoding="utf-8")


def test_the_address_holds_the_state(page: Any, browser: Any, address: str) -> None:
    page.goto(f"{address}?lang=en")
    finished(page)
    inspectors(page).fill("300")
    inspectors(page).press("Tab")
    playwright.expect(page.locator("#differs")).to_contain_text("80 → 300")
    page.wait_for_timeout(500)
    other = browser.new_page()
    other.goto(page.url)
    playwright.expect(other.locator("#differs")).to_contain_text("80 → 300", timeout=PATIENCE)
    other.locator("#other-language").click()
    playwright.expect(other.locator("#differs")).to_contain_text("检查人员 80 → 300", timeout=PATIENCE)
    other.close()


def test_a_lever_moves_by_keyboard_alone(page: Any, address: str) -> None:
    page.goto(f"{address}?lang=en")
    finished(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if "policy.staff.inspectors" in (page.evaluate("document.activeElement.id") or ""):
            break
    page.keyboard.press("Control+a")
    page.keyboard.type("250")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#differs")).to_contain_text("80 → 250")
    page.locator("#view input").first.focus()
    page.keyboard.press("ArrowRight")
    playwright.expect(page.locator("#view-time")).to_be_visible()


def test_an_impossible_lever_is_a_sentence(page: Any, address: str) -> None:
    page.goto(f"{address}?lang=en")
    finished(page)
    inspectors(page).fill("81")
    inspectors(page).press("Tab")
    playwright.expect(page.locator("#problem")).to_contain_text("would be rounded")


def test_two_levers_make_a_heat_map(page: Any, address: str) -> None:
    page.goto(f"{address}?lang=en")
    finished(page)
    look(page, "Two levers")
    for axis, name in (("x", "Unfounded cases dismissed"), ("y", "Founded cases upheld")):
        page.locator(f"#heat-{axis}").click()
        page.get_by_role("searchbox").last.fill(name)
        page.get_by_role("option", name=name).first.click()
        playwright.expect(page.locator(f"#heat-{axis}-to")).to_have_value("1")
    page.locator("#heat-steps").fill("2")
    page.locator("#heat-run").click()
    playwright.expect(page.locator("#heat .js-plotly-plot")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("width", [390, 420, 1360])
def test_nothing_is_wider_than_the_window(page: Any, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}?lang=zh")
    finished(page, "^完成")
    look(page, "时间变化")
    playwright.expect(page.locator("#time .js-plotly-plot")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    plot = page.locator("#time .js-plotly-plot").first.bounding_box()
    assert plot["width"] > 0.75 * min(width, 900) or width > 1000


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(browser: Any, address: str, lang: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    # The policy of the page forbids scripts of others, axe-core among them.
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1360, "height": 950}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}?lang={lang}")
    finished(page, "^(Done|完成)")
    found = {}
    for view in page.locator("#view label").all():
        view.click()
        page.wait_for_timeout(300)
        response = axe.Axe().run(page, options={"iframes": False}).response
        assert len(response["passes"]) > 20
        faults = [(each["id"], each["nodes"][0]["html"][:200]) for each in response["violations"]]
        if faults:
            found[view.inner_text()] = faults
    context.close()
    assert found == {}
