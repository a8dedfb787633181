"""How to train, by name: recipes set a whole config, tasks the facts of their data."""

from typing import Any, NamedTuple

from pix2pix.config import Config

_PERCEPTUAL = Config.of(
    correct_labels=True, shift=True, generator="noise", color_code=True, objective="perceptual", l1_weight=10.0,
    diff_augment=True, warmup_steps=200, decay_epochs=100, max_grad_norm=200.0, ema_decay=0.999,
)  # fmt: skip

DEFAULT = "projected"
RECIPES = {
    # The default: discriminators on a frozen, pretrained network, and a style. In batches of 1, long trainings let the
    # colours of rare classes go round in circles.
    "projected": _PERCEPTUAL.replace(
        objective="projected", style_size=10, style_swap=0.2, sky_share=0.4, detail_channels=16, l1_weight=2.0,
        gan_weight=0.4, segmentation_weight=0.5, perceptual_weight=3.0, color_weight=6.0, saturation_weight=1.0,
        r1_weight=1.0, batch_size=8, learning_rate=3e-4, discriminator_learning_rate_ratio=2.0, warmup_steps=500,
        max_grad_norm=50.0,
    ),
    # Our generator with the discriminators of the paper, made two: quicker steps, less sharp.
    "perceptual": _PERCEPTUAL,
    # That, small enough to follow a brush on two cores. With --teacher it learns to paint as a large one does.
    "live": _PERCEPTUAL.replace(
        base_channels=16, max_channel_multiplier=4, discriminator_channels=32, epochs=40, decay_epochs=20
    ),
    # The source notebook and the paper, with the erratum's fix.
    "paper": Config(),
}  # fmt: skip


class TaskDefaults(NamedTuple):
    """What a task sets: facts of its data, with any recipe; the length of the paper's training, with its recipe."""

    facts: dict[str, Any]
    paper_length: dict[str, int]


TASKS = {
    # What inputs are, and nothing more.
    "facades": TaskDefaults({}, {}),
    "edges": TaskDefaults({"task": "edges"}, {}),
    "colors": TaskDefaults({"task": "colors"}, {}),
    "photo": TaskDefaults({"task": "photo"}, {}),
    # The paper's other tasks, as its section 6.2 trained them, on the published sets' halves.
    "map2aerial": TaskDefaults({"task": "photo"}, {}),
    "aerial2map": TaskDefaults({"task": "photo", "direction": "AtoB"}, {}),
    "labels2street": TaskDefaults({"task": "photo"}, {}),
    "edges2photo": TaskDefaults(
        {"task": "edges", "direction": "AtoB", "jitter": False, "hflip": False}, {"epochs": 15, "batch_size": 4}
    ),
    "day2night": TaskDefaults({"task": "photo"}, {"epochs": 17, "batch_size": 4}),
    "night2day": TaskDefaults({"task": "photo", "direction": "AtoB"}, {"epochs": 17, "batch_size": 4}),
    "colorize": TaskDefaults({"task": "colors", "jitter": False}, {"epochs": 6, "batch_size": 4}),
}


def defaults(recipe: str, task: str) -> Config:
    """The settings of a recipe for a task."""
    facts, length = TASKS[task]
    return RECIPES[recipe].replace(**facts, **(length if recipe == "paper" else {}))
