"""A site with the bundled models, made once, where ONNX Runtime for browsers is here."""

from pathlib import Path

import pytest

from pix2pix.site.runtime import VERSION
from tests.helpers.hub_helpers import ROOT

PACKAGE = ROOT / "node_modules" / "onnxruntime-web"


@pytest.fixture(scope="session")
def browser_runtime() -> Path:
    """The folder of npm's package."""
    if not PACKAGE.is_dir():
        pytest.skip(f"onnxruntime-web {VERSION} is not here; npm ci installs it")
    return PACKAGE


@pytest.fixture(scope="session")
def site_folder(browser_runtime, tmp_path_factory) -> Path:
    pytest.importorskip("torch")
    from pix2pix.commands.site import site

    folder = tmp_path_factory.mktemp("site") / "painter"
    site("facades", folder, runtime=browser_runtime)
    return folder
