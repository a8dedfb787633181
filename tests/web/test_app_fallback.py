"""What a visitor reads when the code of the page does not arrive, in both pages."""

from collections.abc import Callable, Iterator

import pytest

import app
from tests.conftest import DESKTOP
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import free_port
from tests.web.test_app_space import make_checkpoint

pytestmark = pytest.mark.browser
WORDS = "div.fallback[role=alert]"
OPENED = 1_700_000_000  # seconds, at which the clock of the page stands: it says what is late by its clock alone
LATE = OPENED + 11  # more than it waits before it says that its code has not arrived


@pytest.fixture(scope="module")
def other_page(tmp_path_factory) -> Iterator[str]:
    """The address of the page for a task other than facades."""
    options = app.parse(["--model", str(make_checkpoint(tmp_path_factory.mktemp("checkpoints"), "edges"))])
    port = free_port()
    page = app.serve(options, server_port=port, prevent_thread_lock=True, quiet=True)
    yield f"http://127.0.0.1:{port}/"
    page.close(verbose=False)


@pytest.fixture
def new_page(chromium) -> Iterator[Callable]:
    contexts = []

    def open_page(**options):
        contexts.append(chromium.new_context(**{**DESKTOP, **options}))
        page = contexts[-1].new_page()
        page.clock.set_fixed_time(OPENED)
        return page

    yield open_page
    for context in contexts:
        context.close()


ANSWERS = {
    "not found": lambda route: route.fulfill(status=404, json={"error": "there is no such module"}),
    "HTML": lambda route: route.fulfill(status=200, content_type="text/html", body="<!doctype html><p>Hello"),
    "blocked": lambda route: route.abort(),
    "no JavaScript": lambda route: route.fulfill(status=200, content_type="text/javascript", body="export const ="),
}


@pytest.mark.parametrize("module", ["main.js", "net/painting.js"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_page_says_in_words_that_its_module_did_not_come(new_page, running_app, module, answer):
    page = new_page()
    page.route(f"**/canvas/*/{module}", ANSWERS[answer])
    page.goto(running_app.url)
    words = page.locator(WORDS)
    words.get_by_text("This page does not work: its code did not arrive").wait_for()
    box = words.bounding_box()
    assert box["y"] == 0 and box["height"] >= 48 and box["width"] == DESKTOP["viewport"]["width"]
    assert page.locator("[data-ready=true]").count() == 0


def test_words_about_late_code_go_when_it_comes(new_page, running_app):
    page, held = new_page(), []
    page.route("**/canvas/*/main.js", lambda route: held.append(route))
    page.goto(running_app.url)
    page.wait_for_selector(".studio")
    assert page.inner_text(WORDS) == ""
    page.clock.set_fixed_time(LATE)
    page.get_by_text("This page does not work yet: its code has not arrived").wait_for()
    for route in held:
        route.continue_()
    page.wait_for_selector("[data-ready=true]")
    page.wait_for_function("selector => !document.querySelector(selector).textContent", arg=WORDS)
    assert page.locator(WORDS).bounding_box()["height"] == 0


def test_the_other_page_says_in_words_that_its_pen_alone_did_not_come(new_page, other_page):
    def all_but_the_pen(route):
        answer = route.fetch()
        route.abort() if "js_on_load" in answer.text() else route.fulfill(response=answer)

    page = new_page()
    page.route("**/assets/Index-*.js", all_but_the_pen)
    page.goto(other_page)
    page.locator(".panes > .block").nth(1).wait_for(state="attached")
    page.clock.set_fixed_time(LATE)
    page.locator(WORDS).get_by_text("its code has not arrived").wait_for()
    assert page.locator(".panes > .block").count() == 2


@pytest.mark.parametrize("which", ["facades", "edges"])
def test_each_page_says_in_words_that_gradio_did_not_come(new_page, running_app, other_page, which):
    page = new_page()
    page.route("**/assets/*.js", lambda route: route.abort())
    page.goto(running_app.url if which == "facades" else other_page)
    page.clock.set_fixed_time(LATE)
    page.locator(WORDS).get_by_text("its code has not arrived").wait_for()


def test_each_page_asks_for_javascript_where_it_is_switched_off(new_page, running_app, other_page):
    page = new_page(java_script_enabled=False)
    for address in (running_app.url, other_page):
        page.goto(address)
        assert "Switch it on and reload" in page.inner_text("body")


def test_the_canvas_is_without_these_words_when_its_code_has_come(new_page, running_app):
    page = CanvasPage(new_page(), running_app.url).open().page
    page.clock.set_fixed_time(LATE)
    page.wait_for_timeout(1000)  # it looks at its clock four times a second
    assert page.inner_text(WORDS) == ""
    assert page.locator(WORDS).bounding_box()["height"] == 0


def test_the_other_page_is_without_these_words_when_its_code_has_come(new_page, other_page):
    page = new_page()
    page.goto(other_page)
    page.locator(".panes > .block").nth(2).wait_for(timeout=60_000)
    page.clock.set_fixed_time(LATE)
    page.wait_for_timeout(1000)  # it looks at its clock four times a second
    assert page.inner_text(WORDS) == ""
    assert page.locator(WORDS).bounding_box()["height"] == 0


def test_other_html_and_other_answers_stay_as_they_are(running_app):
    import httpx

    page = httpx.get(running_app.url)
    assert page.text.count('role="alert"') == 1
    assert int(page.headers.get("content-length", len(page.content))) == len(page.content)
    for path in ("config", running_app.painter.main_module, "theme.css"):
        assert 'class="fallback"' not in httpx.get(running_app.url + path).text
