"""A site with the bundled models, made once, where ONNX Runtime for browsers is here."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def site_folder(browser_runtime, tmp_path_factory) -> Path:
    pytest.importorskip("torch")
    from pix2pix.commands.site import site

    folder = tmp_path_factory.mktemp("site") / "painter"
    site("facades", folder, runtime=browser_runtime)
    return folder
