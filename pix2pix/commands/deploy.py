"""The command `deploy`: the app as a Space of the Hugging Face Hub.

python -m pix2pix deploy USER/NAME [--model USER/REPO] [--static] [--dry-run]
"""

import shlex
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix import config as configs
from pix2pix.hub import readme as front_matter
from pix2pix.hub import transfer
from pix2pix.hub.errors import patiently, plain_errors
from pix2pix.hub.ids import parse
from pix2pix.hub.space import MODEL, ShownModel, describe, find_files, readme, send
from pix2pix.inference import card, checkpoint
from pix2pix.utils import UserError

ROOT = Path(__file__).parents[2]


def deploy(
    space: Annotated[str, tyro.conf.Positional],
    model: str | None = None,
    hardware: str | None = None,
    private: bool = False,
    static: bool = False,
    runtime: Path | None = None,
    dry_run: bool = False,
) -> None:
    """Create or update a Space that runs this app, and print its address. What is the same already is not sent again.

    Args:
        space: The Space to create or update.
        model: USER/REPO[@REVISION] to open instead of the bundled checkpoints, which stay on offer.
        hardware: The Hub's name of a machine, such as cpu-upgrade; the free one unless given, or what it has.
        private: Make a new Space private.
        static: Deploy the site that `pix2pix site` writes instead, of `model` or the bundled facades; it needs no
            machine, and never sleeps.
        runtime: For a static one: npm's package onnxruntime-web, fetched from npm once unless given.
        dry_run: List what would be sent, and send nothing.
    """
    repo, revision = parse(space)
    if revision:
        raise UserError(f"a Space has no revisions: {repo}")
    if static:
        deploy_site(repo, model, hardware, private, runtime, dry_run)
        return
    if runtime:
        raise UserError("--runtime is for --static")
    if not (ROOT / "app.py").is_file():
        raise UserError("deploy sends app.py, which an installed package lacks: in a clone, python -m pix2pix deploy")
    shown = find_model(model) if model else None
    text = readme(front_matter.read(ROOT / "README.md"), repo, shown)
    files = find_files(ROOT) | {"README.md": text.encode()}
    variables = {MODEL: model} if model else {}
    if dry_run:
        print(describe(repo, files, variables, hardware))
        return
    transfer.check_token()
    transfer.keep_quiet()
    print(patiently(lambda: send(repo, files, variables, hardware, private)))


def deploy_site(
    repo: str, model: str | None, hardware: str | None, private: bool, runtime: Path | None, dry_run: bool
) -> None:
    """Deploy a site without a server; an earlier version's files go."""
    if hardware:
        raise UserError("a static Space runs on no machine; leave --hardware out")
    if not dry_run:
        transfer.check_token()
    from pix2pix.site.build import PREFIX, build, find_models
    from pix2pix.web.examples import find_examples
    from pix2pix.web.runtime import find_runtime

    models = find_models(model or "facades")
    files = build(models, find_runtime(runtime), find_examples(None))
    if dry_run:
        print(describe(repo, files, {}, None))
        return
    transfer.keep_quiet()

    def is_deployed(name: str) -> bool:
        return name.startswith(PREFIX)

    print(patiently(lambda: send(repo, files, {}, None, private, sdk="static", is_deployed=is_deployed)))


def find_model(name: str) -> ShownModel:
    """Look at a model on the Hub. Raises UserError for what is no checkpoint of ours, or lacks the app's graph."""
    from huggingface_hub import HfApi

    if Path(name).exists():
        raise UserError(
            f"{name} is a folder here, and a Space opens a model on the Hub: push it first, python -m pix2pix push "
            f"{shlex.quote(name)} USER/REPO, and give --model USER/REPO"
        )
    repo, revision = parse(name)
    with plain_errors(repo):
        info = HfApi().model_info(repo, revision=revision, files_metadata=True, timeout=transfer.TIMEOUT)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        checkpoint.check_listing(repo, sizes)
    if checkpoint.ONNX not in sizes:
        raise UserError(f"{repo} has no {checkpoint.ONNX}, on which the Space runs: push it again")
    with plain_errors(repo):
        config = configs.read(Path(HfApi().hf_hub_download(repo, checkpoint.CONFIG, revision=revision)), name)
    preload = f"{repo} {','.join(file for file in checkpoint.FILES if file in sizes)}" + (
        f" {info.sha}" if revision else ""
    )
    if info.private:
        print(f"{repo} is private: give the Space a secret HF_TOKEN that may read it")
        preload = None
    datasets = (info.card_data and info.card_data.get("datasets")) or ()
    datasets = (datasets,) if isinstance(datasets, str) else tuple(datasets)
    picture = card.SAMPLES if card.SAMPLES in sizes and not info.private else None
    return ShownModel(repo, config.task, card.example_input(config)[0], preload, datasets, picture)
