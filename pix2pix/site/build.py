"""The files of a site: the page as the app serves it, networks for the browser, and what the server's calls answered.

All but the page itself lie in a folder named for their content, so that two versions are never mixed.
"""

import gzip
import html
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
from PIL import Image

from pix2pix import config as configs
from pix2pix import labels
from pix2pix.export import segmenter_graph, wasm_graph
from pix2pix.hub import ids
from pix2pix.hub.space import DATABASE, PAPER
from pix2pix.images import encode
from pix2pix.inference import checkpoint, segmenter
from pix2pix.synthetic import label_map
from pix2pix.utils import package_address
from pix2pix.web.browser import Files, digest, entry, network, parts, place_of, runtime_files, site
from pix2pix.web.examples import SIZE, Examples
from pix2pix.web.page_props import CANVAS, DARK_PAGE, DESCRIPTION, PAGE, page_props
from pix2pix.web.runtime import Runtime
from pix2pix.web.serving import fast_model_beside

HERE = Path(__file__).parent
TITLE = "Paint a Facade"
FACADES = 300  # random ones
SEGMENTER = "segmenter"
LATER = ("models/", f"{SEGMENTER}/")  # what is not fetched before it is needed, but for the live model
OF_WORKER = [f"js/browser/{name}.js" for name in ("worker", "network", "segmenter", "cleaning", "rectangles")]
ICON_FACADE, ICONS = 12, (192, 512)  # a seed, and pixels
PREFIX = "site-"  # how the folder of a version begins


def find_models(name: str) -> dict[str, Path]:
    """Folders by name: a checkpoint, and after it its fast model, the folder NAME-live beside it, if it has one.

    Raises UserError, in one line, where one of them has no form for the browser.
    """
    folder = checkpoint.find(name)
    models = {checkpoint.shown_name(name): folder}
    beside = fast_model_beside(Path(name) if Path(name).exists() else folder)
    models |= {shown: checkpoint.find(found) for shown, found in beside.items()}
    for shown, found in models.items():
        wasm_graph.check_convertible(shown, configs.read(found / checkpoint.CONFIG))
    return models


def build(models: Mapping[str, Path], runtime: Runtime, examples: Examples) -> Files:
    """All files of a site by path. The first model is the one on offer; a second one is its fast model.

    Raises UserError where a network for the browser does not paint what torch paints.
    """
    first, *fast = models
    files, networks = {}, {}
    for name, folder in models.items():
        place, form = place_of(name), _form(name, folder)
        files |= {f"{place}/weights.bin": form.weights, f"{place}/form.json": form.to_json().encode()}
        networks[name] = network(files, place, form.colors is not None, list(form.styles))
    files |= _segmenter()
    files |= runtime_files(runtime) | _example_files(examples) | _icons() | _modules()
    files["drawings.bin"] = _pack([*_drawings_of(examples), *(label_map(seed, SIZE, SIZE) for seed in range(FACADES))])
    live = (fast or [first])[0]
    page = page_props(
        examples, [first], {first: live} if fast else {}, "bundled", any(each["styles"] for each in networks.values())
    )
    facts = site(
        files,
        networks,
        segmenter=parts(files, SEGMENTER),
        drawings=entry(files, "drawings.bin"),
        examples=len(examples.listed),
        palettes={"published": labels.PALETTE.tolist(), "CMP": labels.CMP_PALETTE.tolist()},
    )
    rest = [
        _index("", page, facts).encode(),
        *((HERE / name).read_bytes() for name in ("service_worker.js", "readme.md")),
    ]
    version = PREFIX + digest([*files.values(), *rest])[:12]
    core = [path for path in files if not path.startswith(LATER) or path.startswith(place_of(live) + "/")]
    result = {f"{version}/{path}": content for path, content in files.items()}
    result["index.html"] = _index(version, page, facts).encode()
    result["manifest.webmanifest"] = _manifest(version).encode()
    kept = " ".join(["./", "manifest.webmanifest", *(f"{version}/{path}" for path in core)])
    result["service_worker.js"] = _filled("service_worker.js", version=version, core=kept).encode()
    return result | _texts(version, first)


def first_visit(files: Files) -> int:
    """Bytes that are fetched until the first live picture, uncompressed: an upper bound of what is transferred."""
    core = re.search(r'const CORE = "([^"]*)"', files["service_worker.js"].decode())[1].split()
    return len(files["index.html"]) + sum(len(files.get(path, b"")) for path in core)


def _form(name: str, folder: Path) -> wasm_graph.WasmForm:
    config, generator = checkpoint.load(folder)
    styles = checkpoint.read_styles(folder, config)
    form = wasm_graph.build(config, generator, styles)
    wasm_graph.check(form, wasm_graph.reference(config, generator, name, styles))
    return form


def _segmenter() -> Files:
    """The network that reads photos, in the two files of any other."""
    graph, weights = segmenter_graph.for_browsers(segmenter.graph(), SIZE)
    form = {"graph": b64encode(graph).decode("ascii"), "optimized": True}
    return {f"{SEGMENTER}/weights.bin": weights, f"{SEGMENTER}/form.json": json.dumps(form).encode()}


def _modules() -> Files:
    folder = CANVAS / "js"
    return {f"js/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in sorted(folder.rglob("*.js"))}


def _drawings_of(examples: Examples) -> list[np.ndarray]:
    return [examples.pair(number).labels for number in range(len(examples.listed))]


def _example_files(examples: Examples) -> Files:
    """Each example's target, and a thumbnail of its drawing with it, or without where it has none."""
    files = {}
    for number in range(len(examples.listed)):
        pair = examples.pair(number)
        if pair.target is not None:
            files[f"examples/{number}-target.jpg"] = encode(pair.target, "JPEG")
        files[f"examples/{number}-thumbnail.jpg"] = encode(pair.thumbnail, "JPEG")
    return files


def _icons() -> Files:
    drawing = Image.fromarray(labels.colorize(label_map(ICON_FACADE, SIZE, SIZE)))
    return {f"icon-{side}.png": encode(np.asarray(drawing.resize((side, side), 0)), "PNG") for side in ICONS}


def _pack(drawings: Iterable[np.ndarray]) -> bytes:
    """Label maps of one size as their runs, one after the other, gzipped: `unpackDrawings` in painter.js."""
    runs = b"".join(b64decode(labels.encode_runs(drawing)) for drawing in drawings)
    return gzip.compress(runs, 9, mtime=0)


def _index(version: str, props: dict, site: dict) -> str:
    markup, css = ((CANVAS / name).read_text(encoding="utf-8") for name in ("canvas.html", "canvas.css"))
    modules = [name for name in _modules() if name not in OF_WORKER]
    preloads = "\n".join(f'<link rel="modulepreload" href="{version}/{name}">' for name in modules)
    return _filled(
        "index.html", title=TITLE, description=DESCRIPTION, page=PAGE, dark_page=DARK_PAGE, base=f"{version}/",
        preloads=preloads, css=css, canvas=_rendered(markup, props), props=_in_script(props), site=_in_script(site),
    )  # fmt: skip


def _rendered(markup: str, props: Mapping) -> str:
    """The page's template, of which Gradio fills {{name}} and {{#each classes}} in the app."""

    def each(matched: re.Match) -> str:
        rgb = [{**one, "rgb": ",".join(map(str, one["rgb"]))} for one in props["classes"]]
        return "".join(_named(matched[1], one) for one in rgb)

    return _named(re.sub(r"{{#each classes}}(.*?){{/each}}", each, markup, flags=re.DOTALL), props)


def _named(markup: str, values: Mapping) -> str:
    return re.sub(r"{{(\w+)}}", lambda matched: html.escape(str(values[matched[1]])), markup)


def _in_script(value: object) -> str:
    """JSON that can stand between script tags."""
    return json.dumps(value).replace("<", "\\u003c")


def _filled(name: str, **values: str) -> str:
    """A template of this folder with its %name% filled in."""
    text = (HERE / name).read_text(encoding="utf-8")
    return re.sub(r"%(\w+)%", lambda matched: values[matched[1]], text)


def _manifest(version: str) -> str:
    icons = [{"src": f"{version}/icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png"} for side in ICONS]
    return json.dumps({
        "name": TITLE, "short_name": TITLE, "description": DESCRIPTION, "start_url": ".", "scope": ".", "id": ".",
        "display": "standalone", "background_color": PAGE, "theme_color": PAGE, "icons": icons,
    }, indent=2)  # fmt: skip


def _texts(version: str, model: str) -> Files:
    """README.md, whose head makes a Space of the folder, and the licences."""
    from huggingface_hub import SpaceCardData

    on_hub = ids.MODEL.fullmatch(model)
    head = SpaceCardData(
        title=TITLE, emoji="🏛️", colorFrom="blue", colorTo="yellow", sdk="static", app_file="index.html",
        pinned=False, license="mit", models=[model.split("@")[0]] if on_hub else [],
        short_description="Paint a house, and a photo appears, all in your browser.",
        tags=["pix2pix", "image-to-image", "conditional-gan", "facades"],
    )  # fmt: skip
    code = f" The program: [{address.removeprefix('https://')}]({address})." if (address := package_address()) else ""
    text = (HERE / "readme.md").read_text(encoding="utf-8")
    text = text.format(title=TITLE, model=f"`{model}`", paper=PAPER, database=DATABASE, version=version, code=code)
    return {"README.md": f"---\n{head.to_yaml()}\n---\n\n{text}".encode(), ".nojekyll": b"", **_licences()}


def _licences() -> Files:
    """LICENSE and NOTICE of this program, of which the page's code is a part: in a clone, or as it is installed."""
    root = Path(__file__).parents[2]
    if (root / "LICENSE").is_file():
        return {name: (root / name).read_bytes() for name in ("LICENSE", "NOTICE")}
    package = metadata.distribution("pix2pix")
    return {name: (package.read_text(f"licenses/{name}") or "").encode() for name in ("LICENSE", "NOTICE")}
