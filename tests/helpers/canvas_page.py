"""The page as a test uses it: drags and keys in drawing pixels, and what the canvases show."""

import base64

import numpy as np

SIDE = 256  # pixels of a drawing

# Read a canvas back, pixel by pixel.
PIXELS = """selector => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return btoa(text);
}"""


class CanvasPage:
    def __init__(self, page, url: str):
        self.page = page
        self.url = url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, fragment: str = "") -> "CanvasPage":
        self.page.goto(self.url + fragment)
        self.page.wait_for_selector("[data-ready=true]")
        self.settle()
        return self

    def answered(self) -> None:
        """Wait until a picture of the last state is there and drawn."""
        self.page.wait_for_selector("[data-live=live]")
        self.frame()

    def settle(self) -> None:
        """Wait until the picture of the last state is there, drawn, and refined where it will be."""
        self.answered()
        self.page.wait_for_selector("canvas.generated:not([data-painter=live])")

    def frame(self) -> None:
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    # --- Painting

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Drawing pixels -> page pixels; a pixel's centre lies at .5."""
        box = self.page.locator(".overlay").bounding_box()
        return box["x"] + x / SIDE * box["width"], box["y"] + y / SIDE * box["height"]

    def press(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.at(x, y))
        self.page.mouse.down()

    def move(self, x: float, y: float, steps: int = 4) -> None:
        self.page.mouse.move(*self.at(x, y), steps=steps)

    def release(self) -> None:
        self.page.mouse.up()
        self.frame()

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.press(x0, y0)
        self.move(x1, y1)
        self.release()

    def click_at(self, x: float, y: float) -> None:
        self.press(x, y)
        self.release()

    def tool(self, name: str) -> None:
        self.page.click(f"[data-tool={name}]")

    def choose(self, name: str) -> None:
        """Choose a class by the name that people see."""
        self.press_button(f".palette button:has(.name:text-is('{name}'))")

    def do(self, action: str) -> None:
        self.press_button(f"[data-action={action}]")
        self.frame()

    def press_button(self, selector: str) -> None:
        """Click a button; on a phone it may lie in a sheet, which is opened for it and closed again."""
        button = self.page.locator(selector)
        if button.is_visible():
            return button.click()
        sheet = button.evaluate("button => button.closest('.sheet').id.replace('sheet-', '')")
        self.page.click(f".dock [data-sheet={sheet}]")
        button.click()
        if self.page.get_attribute(".studio", "data-open"):
            self.page.click(f".dock [data-sheet={sheet}]")
        return None

    def key(self, keys: str) -> None:
        self.page.keyboard.press(keys)
        self.frame()

    def reset(self) -> None:
        """An empty wall and the settings of a first visit, without the second that a reload takes."""
        self.page.mouse.up()  # a test that failed in the middle of a drag has left it pressed
        self.key("Escape")
        self.page.evaluate("""() => {
          const set = (name, value) => (document.querySelector(`[data-control=${name}]`).value = value);
          set("count", "");
          set("gap", 8);
        }""")
        self.page.fill("[data-control=variation]", "0")
        self.tool("select")
        self.page.select_option("[data-control=eraser]", "wall")
        self.tool("eraser")
        self.page.fill("[data-control=size]", "8")
        self.tool("rectangle")
        self.choose("window")
        self.page.select_option("[data-control=grid]", "off")
        if self.page.get_attribute("[data-action=mirror]", "aria-pressed") == "true":
            self.do("mirror")
        self.empty_wall()
        self.settle()

    def example(self, name: str) -> None:
        """Start from an example; its target is there afterwards where it has one."""
        button = self.page.locator(f"[data-example][title='Example {name}']")
        with self.page.expect_response("**/examples/*"):
            button.evaluate("button => button.click()")
        if button.get_attribute("data-target") != "none":
            self.page.wait_for_function("document.querySelector('img.target').complete")
            self.page.wait_for_selector("img.target:not([hidden])", state="attached")
        self.settle()

    def close_photo(self) -> None:
        """Leave the photo that the page offers to draw; it comes a moment after it was given, in a later test's way."""
        self.page.wait_for_selector(".from-photo[open]")
        self.key("Escape")
        self.page.wait_for_selector(".from-photo", state="hidden")

    def empty_wall(self) -> None:
        self.do("empty")

    # --- Looking

    def pixels(self, selector: str = "canvas.labels") -> np.ndarray:
        data = base64.b64decode(self.page.evaluate(PIXELS, selector))
        return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE, 4)[..., :3]

    def labels(self) -> np.ndarray:
        """The drawing as class indices; fails for a colour that is no class's."""
        from pix2pix.labels import PALETTE

        matches = (self.pixels()[:, :, None] == PALETTE).all(axis=-1)
        assert matches.any(axis=-1).all(), "a colour on the canvas is not in the palette"
        return matches.argmax(axis=-1)

    def generated(self) -> np.ndarray:
        return self.pixels("canvas.generated")

    def message(self) -> str:
        return self.page.inner_text(".message")
