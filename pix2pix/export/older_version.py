"""Checkpoints of pix2pix 0.1 and earlier, whose `config.json` held all settings of their training in one flat part."""

import dataclasses
import json
import shutil
from pathlib import Path

from pix2pix import config as configs
from pix2pix.config import Architecture, Data, ModelConfig, UNetVariant
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError, written_together

RENAMED = {
    "width": "base_channels", "width_cap": "max_channel_multiplier", "columns": "width", "tone": "color_code",
    "dropped": "dropout_decoders", "first_dropped": "first_dropout_decoder",
}  # fmt: skip


def convert(folder: Path, output: Path) -> None:
    """Write a checkpoint folder with the weights, the styles and the card of an older one; it has no graph yet."""
    config = read_config(folder / checkpoint.CONFIG)
    with written_together(output) as building:
        (building / checkpoint.CONFIG).write_text(configs.to_json(config), encoding="utf-8")
        for name in (checkpoint.WEIGHTS, checkpoint.STYLES, checkpoint.CARD):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, building / name)
        checkpoint.load(building)  # ValueError where the weights do not fit


def read_config(path: Path) -> ModelConfig:
    """What a checkpoint carries now, of a flat config; UserError for what is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(values, dict) or values.get("model_type") != configs.MODEL_TYPE:
        raise UserError(f"{path} is not the config of a pix2pix checkpoint")
    if "format" in values:
        raise UserError(f"{path.parent} needs no conversion: it is a checkpoint of this version")
    values = {RENAMED.get(name, name): value for name, value in values.items()}
    parts = {"architecture": _taken(values, Architecture), "data": _taken(values, Data)}
    parts["architecture"]["unet"] = _taken(values, UNetVariant)
    try:
        return configs.from_values(ModelConfig, parts)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _taken(values: dict, part: type) -> dict:
    return {field.name: values[field.name] for field in dataclasses.fields(part) if field.name in values}
