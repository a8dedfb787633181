"""Turns at the model, and which models there are: fair, bounded, and nothing read that is not allowed."""

import asyncio
import threading
from collections import Counter
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pix2pix.config import Config, to_json
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError
from pix2pix.web.serving import MAX_OTHERS, FairQueue, Models, QueueFull, Superseded, listed_models
from tests.helpers.running_app import run


async def take(line: FairQueue, visitor: str, order: list[str], gate: asyncio.Event) -> None:
    async with line.turn(visitor):
        order.append(visitor)
        await gate.wait()


def run_line(visitors: list[str], waiting: int = 32) -> tuple[list[str], list[type | None]]:
    """Queue visitors up behind one who holds the model, then let go; the order of turns and what each met."""

    async def scene():
        line, order, gate = FairQueue(running=1, waiting=waiting), [], asyncio.Event()
        tasks = []
        for visitor in ["first", *visitors]:
            tasks.append(asyncio.create_task(take(line, visitor, order, gate)))
            await asyncio.sleep(0)
        gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        return order[1:], [type(each) if each else None for each in results[1:]]

    return run(scene())


def test_turns_come_in_the_order_of_arrival():
    assert run_line(["a", "b", "c"]) == (["a", "b", "c"], [None] * 3)


def test_a_newer_picture_takes_the_place_of_the_same_visitors_older_one():
    order, met = run_line(["a", "b", "a", "a"])
    assert order == ["a", "b"]
    assert met == [Superseded, None, Superseded, None]


def test_the_line_is_bounded_but_a_waiting_visitor_may_still_replace():
    order, met = run_line(["a", "b", "c", "a"], waiting=2)
    assert order == ["a", "b"]
    assert met == [Superseded, None, QueueFull, None]


def test_as_many_are_painted_at_once_as_there_is_room_for():
    async def scene():
        line, order, gate = FairQueue(running=2), [], asyncio.Event()
        tasks = [asyncio.create_task(take(line, each, order, gate)) for each in "abcd"]
        await asyncio.sleep(0.01)
        begun = list(order)
        gate.set()
        await asyncio.gather(*tasks)
        return begun, order

    assert run(scene()) == (["a", "b"], ["a", "b", "c", "d"])


def test_a_visitor_who_leaves_gives_the_turn_on():
    async def scene():
        line, order, gate = FairQueue(), [], asyncio.Event()
        holder = asyncio.create_task(take(line, "holder", order, gate))
        await asyncio.sleep(0)
        leaver = asyncio.create_task(take(line, "leaver", order, gate))
        await asyncio.sleep(0)
        stayer = asyncio.create_task(take(line, "stayer", order, gate))
        await asyncio.sleep(0)
        leaver.cancel()
        gate.set()
        await asyncio.gather(holder, stayer)
        await asyncio.wait_for(take(line, "later", order, gate), 1)
        return order

    assert run(scene()) == ["holder", "stayer", "later"]


def test_a_turn_is_given_back_when_the_model_fails():
    async def scene():
        line = FairQueue()
        with pytest.raises(RuntimeError):
            async with line.turn("a"):
                raise RuntimeError
        async with line.turn("b"):
            return True

    assert run(scene())


def test_a_turn_that_ends_as_the_next_in_line_leaves_goes_to_the_one_after():
    async def scene():
        line, order, gate = FairQueue(), [], asyncio.Event()
        holder, leaver, stayer = [asyncio.create_task(take(line, each, order, gate)) for each in "abc"]
        await asyncio.sleep(0)
        gate.set()
        leaver.cancel()  # in one tick with the end of the turn
        await asyncio.wait([holder, leaver, stayer], timeout=5)
        return order

    assert run(scene()) == ["a", "c"]


def test_a_newer_picture_may_come_as_the_older_one_is_cancelled():
    async def scene():
        line, order, gate = FairQueue(), [], asyncio.Event()
        tasks = [asyncio.create_task(take(line, each, order, gate)) for each in ("holder", "a")]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(take(line, "a", order, gate)))
        tasks[1].cancel()
        gate.set()
        await asyncio.wait(tasks, timeout=5)
        return order

    assert run(scene()) == ["holder", "a"]


STEP = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(["a", "b", "c", "d", None])),  # again while one waits: replaces it
    st.tuples(st.just("finish"), st.integers(0, 9)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
)
TICKS = st.lists(st.lists(STEP, max_size=4), min_size=3, max_size=20)  # steps of one tick happen before any task runs


@given(st.integers(1, 3), st.integers(1, 4), TICKS)
@settings(max_examples=400, deadline=None)
def test_no_interleaving_loses_a_turn_or_gives_one_too_many(running, waiting, ticks):
    """Whatever enters, finishes, leaves and replaces in one tick: every slot comes back, and nobody waits for ever."""

    async def scene():
        line, holding, tasks = FairQueue(running, waiting), [], []

        async def paint(visitor: str | None) -> None:
            end = asyncio.Event()
            async with line.turn(visitor):
                holding.append(end)
                assert len(holding) <= running
                try:
                    await end.wait()
                finally:
                    holding.remove(end)

        async def settle() -> None:
            """Let every task hear of what happened; no slot is idle then while somebody waits."""
            for _ in range(2 * len(tasks) + 2):
                await asyncio.sleep(0)
            assert len(holding) == min(running, sum(not task.done() for task in tasks))

        def step(what: str, which: str | int | None) -> None:
            there = [task for task in tasks if not task.done()]
            if what == "enter":
                tasks.append(asyncio.create_task(paint(which)))
            elif what == "finish" and holding:
                holding[which % len(holding)].set()
            elif what == "cancel" and there:
                there[which % len(there)].cancel()

        for steps in ticks:
            for each in steps:
                step(*each)
            await asyncio.sleep(0)
        await settle()
        while holding:
            holding[0].set()
            await settle()
        assert all(task.done() for task in tasks)
        met = {type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)}
        assert met <= {type(None), Superseded, QueueFull, asyncio.CancelledError}
        for visitor in range(running):
            step("enter", str(visitor))
        await settle()
        assert len(holding) == running

    run(scene())


FORGED = 400


@pytest.mark.parametrize("honest", [["home", "school"], ["hotel", "hotel"]], ids=["elsewhere", "at the same address"])
@pytest.mark.parametrize("running", [1, 2])
def test_who_invents_a_visitor_for_each_picture_leaves_two_honest_painters_a_quarter_of_all_each(honest, running):
    async def scene() -> Counter:
        line, painted = FairQueue(running), Counter()

        async def paint(visitor: str, address: str) -> None:
            async with line.turn(visitor, address):
                await asyncio.sleep(0)
            painted[visitor if visitor.startswith("honest") else "forged"] += 1

        async def forge(number: int) -> None:
            for attempt in count():
                try:
                    await paint(f"forged {number}.{attempt}", "hotel")
                except QueueFull:
                    await asyncio.sleep(0)

        async def drag(number: int, address: str) -> None:
            while painted.total() < 400:
                try:
                    await paint(f"honest {number}", address)
                except QueueFull:
                    await asyncio.sleep(0.001)

        forgers = [asyncio.create_task(forge(number)) for number in range(FORGED)]
        await asyncio.sleep(0)  # they fill the line before the first honest painter comes
        await asyncio.gather(*(drag(number, address) for number, address in enumerate(honest)))
        for forger in forgers:
            forger.cancel()
        return painted

    painted = run(scene())
    alone = painted.total() / 2  # what each of two painters would have had
    assert min(painted["honest 0"], painted["honest 1"]) >= alone / 4, painted


def test_a_full_line_makes_room_for_another_address_at_the_cost_of_the_longest_queue():
    async def scene():
        line, order, gate = FairQueue(running=1, waiting=3), [], asyncio.Event()

        async def take_from(address: str, visitor: str) -> None:
            async with line.turn(visitor, address):
                order.append(visitor)
                await gate.wait()

        tasks = []
        for address, visitor in (*(("hotel", each) for each in "abcde"), ("home", "f"), ("home", "g"), ("home", "h")):
            tasks.append(asyncio.create_task(take_from(address, visitor)))
            await asyncio.sleep(0)
        gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        return order, [type(each) if each else None for each in results]

    order, met = run(scene())
    assert order == ["a", "b", "f", "c"]  # addresses take turns
    assert met == [None, None, None, QueueFull, QueueFull, None, QueueFull, QueueFull]


def test_an_address_runs_no_more_at_once_than_its_share_and_leaves_the_rest_to_others():
    async def scene():
        line, order, gate = FairQueue(running=3, each=1), [], asyncio.Event()

        async def take_from(address: str) -> None:
            async with line.turn(object(), address):
                order.append(address)
                await gate.wait()

        tasks = [asyncio.create_task(take_from(address)) for address in ("a", "a", "a", "b")]
        await asyncio.sleep(0.01)
        begun = list(order)
        gate.set()
        await asyncio.gather(*tasks)
        return begun, order

    assert run(scene()) == (["a", "b"], ["a", "b", "a", "a"])


# --- Models


def load(source):
    if source == "bad":
        raise UserError("bad is not a checkpoint")
    return lambda image, variation=None: source


def test_a_listed_model_is_loaded_once_however_many_ask():
    loads = []
    models = Models(lambda source: loads.append(source) or load(source), {"facades": "folder"})
    threads = [threading.Thread(target=models.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["folder"]
    assert models.loaded() is models.get("facades")


@pytest.mark.parametrize("name", ["someone/model", "/etc", "..", "checkpoints"])
def test_by_default_visitors_load_only_what_is_listed(name):
    with pytest.raises(ValueError, match=r"not a model of this page\. It offers: facades"):
        Models(load, {"facades": "folder"}).get(name)


def test_with_hub_visitors_load_hub_ids_but_no_folders(tmp_path, monkeypatch):
    models = Models(load, {"facades": "folder"}, "hub")
    assert models.get("someone/model@v1.2")(None) == "someone/model@v1.2"
    (tmp_path / "runs" / "secret").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    paths = ("runs/secret", "runs/secret@main", "../runs", "someone/.git", "someone/model@../x", str(tmp_path), "a/b/c")
    for name in (*paths, "https://host/x"):
        with pytest.raises(ValueError, match="USER/REPO"):
            models.get(name)


def test_with_any_visitors_load_folders_too(tmp_path):
    assert Models(load, {}, "any").get(str(tmp_path))(None) == tmp_path


def test_visitors_models_make_room_for_each_other_and_never_push_out_the_listed():
    models = Models(load, {"facades": "folder"}, "hub")
    models.get()
    for number in range(MAX_OTHERS + 1):
        models.get(f"someone/model{number}")
    assert models.loaded("facades")
    assert models.loaded("someone/model0") is None
    assert models.loaded(f"someone/model{MAX_OTHERS}")


def test_a_model_that_does_not_load_says_why_and_leaves_the_others():
    models = Models(load, {"facades": "folder", "broken": "bad"})
    models.get()
    with pytest.raises(ValueError, match="bad is not a checkpoint"):
        models.get("broken")
    assert models.loaded("facades")


def test_the_first_style_is_known_before_a_model_is_loaded_in_a_folder_or_a_run(tmp_path):
    config = Config.of(style_size=2, color_code=True, generator="noise")
    for place in ("plain", "styled", "run/checkpoints/step-000000100", "broken"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / checkpoint.CONFIG).write_text(to_json(config))
        (tmp_path / place / checkpoint.WEIGHTS).write_bytes(b"not loaded")
    for place in ("styled", "run/checkpoints/step-000000100"):
        checkpoint.write_styles(tmp_path / place, {"plaster": [0.0] * config.architecture.code_size})
    (tmp_path / "broken" / checkpoint.STYLES).write_text("{}")

    def first_style(source) -> str:
        return Models(None, {"model": source}).first_style

    styles = [first_style(tmp_path / name) for name in ("plain", "styled", "run", "broken", "nowhere")]
    assert styles == ["", "plaster", "plaster", "", ""]
    assert first_style("anna/on-the-hub") == ""
    assert Models(None, {}).first_style == ""


def test_models_are_found_in_a_folder_and_the_chosen_one_comes_first(tmp_path):
    for name in ("facades", "winter"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    own = tmp_path.parent / "runs"
    own.mkdir(exist_ok=True)
    assert list(listed_models(tmp_path)) == ["facades", "winter"]
    assert list(listed_models(tmp_path, "winter")) == ["winter", "facades"]
    assert listed_models(tmp_path, str(own))["runs"] == own
    assert list(listed_models(tmp_path, "someone/model@v1")) == ["someone/model@v1", "facades", "winter"]
    assert listed_models(tmp_path / "nowhere") == {}


def folders(parent, *names):
    for name in names:
        (parent / name).mkdir(parents=True)
        (parent / name / "config.json").write_text("{}")


def test_the_folder_beside_a_model_that_is_named_live_holds_its_fast_model_which_is_not_offered(tmp_path):
    folders(tmp_path / "bundled", "facades", "facades-live", "winter")
    models = Models(load, listed_models(tmp_path / "bundled"))
    assert models.fast_models == {"facades": "facades-live"}
    assert models.offered == ["facades", "winter"]
    assert models.get("facades-live")(None) == tmp_path / "bundled" / "facades-live"
    with pytest.raises(ValueError, match=r"It offers: facades, winter\."):
        models.get("summer")


def test_a_fast_model_may_be_the_chosen_model_itself(tmp_path):
    folders(tmp_path, "facades", "facades-live")
    models = Models(load, listed_models(tmp_path, "facades-live"))
    assert (models.default, models.offered) == ("facades-live", ["facades-live", "facades"])


def test_a_chosen_folder_brings_its_own_fast_model_and_never_takes_a_bundled_one(tmp_path):
    folders(tmp_path / "bundled", "facades", "facades-live")
    folders(tmp_path / "with", "facades", "facades-live")
    folders(tmp_path / "without", "facades")
    bundled = tmp_path / "bundled"
    own = listed_models(bundled, str(tmp_path / "with" / "facades"))
    assert own == {name: tmp_path / "with" / name for name in ("facades", "facades-live")}
    alone = Models(load, listed_models(bundled, str(tmp_path / "without" / "facades")))
    assert alone.listed == {"facades": tmp_path / "without" / "facades"}
    assert alone.fast_models == {}
