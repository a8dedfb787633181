"""The command `evaluate`: checkpoints on the pairs of a set, as numbers with intervals, as JSON and as a page.

python -m pix2pix evaluate CHECKPOINT [CHECKPOINT...] --data DIR [--json FILE] [--page FOLDER]
"""

from pathlib import Path
from typing import Annotated, Literal

import tyro
from tqdm import tqdm

from pix2pix import inference
from pix2pix.data.sources import Unfit, check_named
from pix2pix.evaluation import judging
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError, check_file_path, counted, write_atomically

JsonFile = Annotated[Path | None, tyro.conf.arg(name="json")]


def evaluate(
    checkpoints: Annotated[list[str], tyro.conf.Positional],
    data: str,
    split: Literal["val", "test", "train"] = "val",
    direction: Literal["BtoA", "AtoB"] | None = None,
    json_file: JsonFile = None,
    page_folder: Annotated[Path | None, tyro.conf.arg(name="page")] = None,
    variations: int = 4,
    drawings: bool = False,
    pairs_for_judging: Path | None = None,
) -> None:
    """Print the scores of checkpoints on the pairs of a set, with inference as the app serves it.

    Each score comes with a 95 % interval (bootstrap over the pictures). Of several checkpoints, the first is compared
    with each other one on the same draws: better, worse or undecided. The same inputs give the same digits.

    Args:
        checkpoints: Folders, run folders, or USER/REPO on the Hub.
        data: A folder of pairs, a dataset on the Hub, or `synthetic`.
        split: Which pairs of it.
        direction: Which half of AB images is the input; as in the training of the first checkpoint unless given.
        json_file: Also write the scores there.
        page_folder: Also write a page there: index.html with the best, median and worst pairs, and a sheet of all.
        variations: Pictures of each input whose distances are the diversity; 0 leaves it out.
        drawings: Also score facade checkpoints on the bundled drawings, which have no photos.
        pairs_for_judging: Also lay out the pictures of two checkpoints there side by side, in random order, for people
            to choose from; which is whose stands in FOLDER-key.json beside the folder.
    """
    check_flags(checkpoints, json_file, page_folder, variations, pairs_for_judging)
    check_named(data)
    check_there(checkpoints)
    from pix2pix.data.decoded import load_pairs
    from pix2pix.evaluation import report as page
    from pix2pix.evaluation.comparison import (
        check_alike,
        name_apart,
        report,
        score_drawings,
        table,
        to_json,
        warn_of_few,
    )
    from pix2pix.evaluation.scores import measure, photo_scores, score

    translators = [inference.load(name) for name in checkpoints]
    check_alike(translators)
    if drawings and translators[0].config.task != "facades":
        raise UserError(f"--drawings are of facades, and {translators[0].name} is for {translators[0].config.task}")
    config = translators[0].config
    try:
        pairs = load_pairs(data, split, config.replace(direction=direction) if direction else config)
    except Unfit as unfit:
        raise UserError(f"{unfit}; are they the other half? --direction AtoB or BtoA says which is the input") from None
    photos, measured = measure(translators, tqdm(pairs, unit="pair", leave=False), variations)
    name_apart(measured, checkpoints)
    scores = score(measured, photos)
    real = photo_scores(photos)
    about = f"{counted(len(pairs), 'pair')} of {data}, {split}"
    print(f"{about}\n{table(measured, scores, real)}")
    if few := warn_of_few(len(pairs)):
        print(f"warning: {few}")
    facts = {"data": data, "split": split, "variations": variations}
    facts |= report(checkpoints, [pair.name for pair in pairs], measured, scores, real)
    if drawings:
        facts["drawings"] = score_drawings(translators, checkpoints)
    if json_file:
        write_atomically(json_file, to_json(facts))
    if pairs_for_judging:
        judging.write_pairs(pairs_for_judging, [pair.name for pair in pairs], measured)
        print(f"pairs to judge: {pairs_for_judging}, the key: {judging.key_path(pairs_for_judging)}")
    if page_folder:
        page.write(page_folder, about, pairs, measured, scores, real)
        print(f"page: {page_folder / 'index.html'}")


def check_flags(
    checkpoints: list[str],
    json_file: Path | None,
    page_folder: Path | None,
    variations: int,
    pairs_for_judging: Path | None,
) -> None:
    """Raise UserError for flags that do not go together, and where nothing can be written."""
    if not checkpoints:
        raise UserError("name a checkpoint: a folder, a run folder, or USER/REPO on the Hub")
    if json_file:
        check_file_path(json_file)
    if page_folder and page_folder.exists() and not page_folder.is_dir():
        raise UserError(f"{page_folder} is a file: --page names a folder")
    if variations < 0:
        raise UserError(f"--variations is {variations}; it counts pictures, and 0 leaves diversity out")
    if pairs_for_judging:
        if len(checkpoints) != 2:
            raise UserError(f"--pairs-for-judging takes two checkpoints, not {len(checkpoints)}: name two")
        judging.check_free(pairs_for_judging)


def check_there(checkpoints: list[str]) -> None:
    """Raise UserError that names all checkpoints which are not there: scores compare them, so none are told before."""
    missing = []
    for name in checkpoints:
        try:
            checkpoint.find(name)
        except UserError as error:
            missing.append(str(error))
    if missing:
        raise UserError("; ".join(missing))
