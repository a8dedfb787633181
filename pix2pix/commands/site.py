"""The command `site`: the painter as a folder of files, whose visitors' browsers run the network.

python -m pix2pix site facades --output site && python -m http.server --directory site
"""

import shlex
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix.utils import UserError, written_together


def site(
    checkpoint: Annotated[str, tyro.conf.Positional],
    output: Path,
    data: Path | None = None,
    runtime: Path | None = None,
) -> None:
    """Write a static site: any web server, GitHub Pages or a static Space serves it as it is.

    Args:
        checkpoint: A folder, a bundled checkpoint or USER/REPO; with NAME-live beside it, that one paints live.
        output: The new folder.
        data: Folder of pairs whose validation pairs are examples; drawn facades unless given.
        runtime: npm's package onnxruntime-web, as a file or unpacked; fetched from npm once unless given.
    """
    if output.exists():
        raise UserError(f"{output} exists already; name another folder")
    if data and not data.is_dir():
        raise UserError(f"no folder of pairs at {data}")
    from pix2pix.site.build import build, find_models, first_visit
    from pix2pix.web.examples import find_examples
    from pix2pix.web.runtime import find_runtime

    models = find_models(checkpoint)
    files = build(models, find_runtime(runtime), find_examples(data))
    with written_together(output) as building:
        for name, content in files.items():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            (building / name).write_bytes(content)
    first, whole = first_visit(files) / 1e6, sum(map(len, files.values())) / 1e6
    print(f"{output}: {', '.join(models)}; {first:.1f} MB for a first visit, {whole:.1f} MB in all")
    print(f"open: python -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(output))}")
