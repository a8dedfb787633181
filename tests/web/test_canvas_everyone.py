"""Use by keyboard alone, by screen reader, in both colour schemes and with little motion."""

import re

import pytest

from pix2pix.labels import INDEX
from tests.conftest import PHONE

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR = (INDEX[name] for name in ("facade", "window", "door"))


@pytest.fixture
def focused(canvas):
    """The drawing has the keyboard; its cursor starts in the middle."""
    canvas.page.focus(".overlay")
    yield canvas
    canvas.page.evaluate("document.activeElement.blur()")


def test_a_rectangle_is_painted_by_keys_alone(focused):
    for keys in ("r", "4", *["Shift+ArrowLeft"] * 3, "Space", *["Shift+ArrowRight"] * 2, "ArrowDown", "Space"):
        focused.page.keyboard.press(keys)
    focused.frame()
    labels = focused.labels()
    assert (labels[128:130, 104:121] == DOOR).all()
    assert (labels == DOOR).sum() == 2 * 17
    focused.settle()


def test_the_cursor_stays_on_the_drawing_and_what_lies_under_it_is_spoken(focused):
    for _ in range(40):
        focused.page.keyboard.press("Shift+ArrowUp")
    focused.frame()
    assert focused.page.inner_text("[data-shows=spoken]").split() == ["wall", "128,", "0"]


def test_a_selection_is_made_moved_repeated_and_deleted_by_keys_alone(focused):
    def press(*keys: str) -> None:
        for each in keys:
            focused.page.keyboard.press(each)
        focused.frame()

    press("3", "r", "Space", "Shift+ArrowRight", "Shift+ArrowDown", "Space")  # a window of 9x9
    press("s", "Escape", "Shift+ArrowLeft", "Shift+ArrowUp", "Space", "Shift+ArrowRight", "Shift+ArrowDown", "Space")
    window = focused.labels() == WINDOW
    assert window[128:137, 128:137].all()
    press("ArrowUp", "Shift+ArrowUp")
    assert (focused.labels()[119:128, 128:137] == WINDOW).all()
    press("Control+ArrowRight")  # to the edge, with the gap of 8 pixels
    assert (focused.labels() == WINDOW).sum() == 81 * (1 + (256 - 137) // 17)
    press("Delete")
    assert (focused.labels() == WALL).all()


def test_escape_drops_a_drag_of_the_keyboard(focused):
    for keys in ("Space", "Shift+ArrowRight", "Escape", "ArrowRight"):
        focused.page.keyboard.press(keys)
    focused.frame()
    assert (focused.labels() == WALL).all()


@pytest.mark.parametrize("key", "1234567890-=")
def test_each_class_has_its_key(canvas, key):
    canvas.key(key)
    assert canvas.page.inner_text(".palette [data-label][aria-pressed=true] kbd") == key


def test_each_tool_has_its_key(canvas):
    for key, tool in {
        "b": "brush",
        "l": "line",
        "f": "fill",
        "i": "pick",
        "e": "eraser",
        "s": "select",
        "r": "rectangle",
    }.items():
        canvas.key(key)
        assert canvas.page.get_attribute("[aria-label=Tools] [data-tool][aria-pressed=true]", "data-tool") == tool


def test_brush_size_grid_and_mirror_have_keys(canvas):
    for key in ("b", "]", "]", "[", "g", "m"):
        canvas.key(key)
    assert canvas.page.input_value("[data-control=size]") == "12"
    assert canvas.page.input_value("[data-control=grid]") == "8"
    assert canvas.page.get_attribute("[data-action=mirror]", "aria-pressed") == "true"


def test_letters_typed_into_a_field_are_no_shortcuts(canvas):
    canvas.page.select_option("[data-control=model]", "Another…")
    canvas.page.keyboard.type("bees/eel")
    assert canvas.page.input_value("dialog.other input") == "bees/eel"
    canvas.key("Escape")
    assert canvas.page.get_attribute("[data-tool=rectangle]", "aria-pressed") == "true"


def test_the_help_sheet_opens_at_its_top_on_a_phone(visit):
    canvas = visit(viewport={"width": 390, "height": 600})
    canvas.key("?")
    sheet = "document.querySelector('dialog.help')"
    assert canvas.page.evaluate(f"{sheet}.scrollHeight > {sheet}.clientHeight && {sheet}.scrollTop === 0")


def test_the_help_sheet_opens_and_closes_by_key(canvas):
    canvas.key("?")
    assert canvas.page.locator("dialog.help").is_visible()
    canvas.key("Escape")
    assert not canvas.page.locator("dialog.help").is_visible()


# What has the focus: its markup, its name, whether the focus is visible, and whether it belongs to the page.
FOCUSED = """() => {
  const focused = document.activeElement;
  const label = focused.labels?.[0]?.textContent || focused.getAttribute("aria-labelledby");
  const style = getComputedStyle(focused);
  return [
    focused.outerHTML.slice(0, 300),
    focused.ariaLabel || focused.textContent.trim() || label,
    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    !!focused.closest(".studio"),
    !!focused.closest(".bar, .palette, .actions") && focused.tagName === "BUTTON",
  ];
}"""


def test_every_control_is_reached_by_tab_and_arrows_with_a_name_and_a_visible_focus(visit):
    canvas = visit()
    reached, stops = [], 0

    def look() -> list:
        facts = canvas.page.evaluate(FOCUSED)
        assert not facts[3] or (facts[1] and facts[2]), f"no name or no visible focus: {facts[0]}"
        return facts

    for _ in range(60):
        canvas.page.keyboard.press("Tab")
        facts = look()
        if not facts[3]:
            break
        stops += "overlay" not in "".join(reached)
        reached.append(facts[0])
        if facts[4]:  # a group of buttons is one stop
            for key in ("ArrowRight",) * 14:
                canvas.page.keyboard.press(key)
                reached.append(look()[0])
    expected = canvas.page.locator(
        ".studio :is(button, select, input:not([type=file], [type=radio]), .overlay):visible:enabled"
    ).count()
    # What is the same but for its focus and its place among the stops is one control.
    names = {re.sub(r' (tabindex|data-toured)="[^"]*"', "", each) for each in reached}
    assert len(names) >= expected
    assert stops <= 14, "so many stops before the drawing"


def test_arrows_move_within_a_group_and_still_nudge_a_selection_after_a_click(canvas):
    page = canvas.page
    page.focus("[data-tool=rectangle]")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.tool") == "eraser"
    page.keyboard.press("Enter")
    assert page.get_attribute("[data-tool=eraser]", "aria-pressed") == "true"
    assert page.locator(".bar [data-tool][tabindex='0']").count() == 1
    canvas.tool("rectangle")
    canvas.drag(40.5, 50.5, 79.5, 99.5)
    canvas.tool("select")
    page.mouse.dblclick(*canvas.at(60, 70))
    page.click("[data-action=duplicate]")
    canvas.key("ArrowRight")
    window = canvas.labels() == INDEX["window"]
    assert window[58:108, 49:89].all() and not window[100:108, 48].any()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_no_violation(visit, scheme, device):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    canvas = visit(color_scheme=scheme, **device)
    canvas.tool("select")
    found = axe.Axe().run(canvas.page).response["violations"]
    canvas.do("help")
    found += axe.Axe().run(canvas.page, context="dialog.help").response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


def test_dark_and_light_follow_the_visitors_scheme(visit):
    shades = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).page
        shades[scheme] = page.evaluate("getComputedStyle(document.querySelector('.studio')).backgroundColor")
        assert shades[scheme] == page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shades == {"light": "rgb(247, 247, 245)", "dark": "rgb(21, 21, 23)"}


def test_nothing_moves_by_itself_for_those_who_ask_for_less_motion(visit):
    page = visit(reduced_motion="reduce").page
    durations = page.evaluate(
        "[...new Set([...document.querySelectorAll('.studio *')].map(e => getComputedStyle(e).transitionDuration))]"
    )
    assert durations == ["0s"]
