"""Many painters at once on the served app: fair to who drags and to who waits; counted in pictures, not in seconds."""

import asyncio
from collections import Counter
from itertools import count

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file

from pix2pix.images import write_png
from pix2pix.labels import colorize, encode_runs
from tests.helpers.running_app import run

STROKES, CALLS = 8, 4
PATIENCE = 60  # seconds, for a machine that is crowded itself
DRAWING = encode_runs(np.ones((256, 256), np.uint8))


class Crowd:
    """Visitors of the app; `painted` counts the pictures that each was given, `refused` everything else."""

    def __init__(self, url: str):
        self.url = url
        self.painted: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()
        self.over = False

    async def paint(self, client: httpx.AsyncClient, visitor: str) -> None:
        answer = await client.post("canvas/generate", json={"drawing": DRAWING, "visitor": visitor})
        if answer.status_code == 200:
            self.painted[visitor] += 1
        else:
            self.refused[answer.status_code] += 1

    async def drag(self, visitor: str) -> None:
        """As the page does it: the next picture is asked for as soon as the last one is back."""
        async with self.connection() as client:
            while not self.over:
                await self.paint(client, visitor)

    def connection(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=60, trust_env=False, verify=False)


@pytest.fixture
def crowd(running_app) -> Crowd:
    running_app.models["facades"].delay = 0.01
    return Crowd(running_app.url)


def test_who_makes_single_strokes_waits_for_one_picture_of_each_who_drags(crowd):
    draggers = [f"dragger {number}" for number in range(6)]

    async def scene() -> list[int]:
        tasks = [asyncio.create_task(crowd.drag(visitor)) for visitor in draggers]
        while len(crowd.painted) < len(draggers):
            await asyncio.sleep(0.01)
        meanwhile = []
        async with crowd.connection() as client:
            for _ in range(STROKES):
                before = crowd.painted.total()
                await crowd.paint(client, "waiter")
                meanwhile.append(crowd.painted.total() - before - 1)
        crowd.over = True
        await asyncio.gather(*tasks)
        return meanwhile

    meanwhile = run(asyncio.wait_for(scene(), PATIENCE))
    assert np.mean(meanwhile) <= 1.5 * len(draggers), meanwhile
    shares = [crowd.painted[visitor] for visitor in draggers]
    assert min(shares) >= 0.7 * max(shares) - 2, shares
    assert not crowd.refused


def test_who_asks_for_many_pictures_at_once_gets_one_painted_and_one_waiting_at_most(crowd):
    """Which is at most twice the share of who asks for one at a time, however many are asked for."""

    async def scene() -> None:
        greedy = [crowd.drag("greedy") for _ in range(6)]
        tasks = [asyncio.create_task(each) for each in (*greedy, crowd.drag("modest"), crowd.drag("patient"))]
        while crowd.painted["modest"] < 20:
            await asyncio.sleep(0.01)
        crowd.over = True
        await asyncio.gather(*tasks)

    run(asyncio.wait_for(scene(), PATIENCE))
    assert crowd.painted["greedy"] <= 2 * crowd.painted["modest"] + 4, crowd.painted
    assert set(crowd.refused) == {409}  # the greedy one's older drawings


def test_fifty_visitors_at_once_are_all_painted(crowd):
    async def scene() -> None:
        async with crowd.connection() as client:
            visitors = (f"visitor {number}" for number in count())
            await asyncio.gather(*(crowd.paint(client, next(visitors)) for _ in range(50)))

    run(asyncio.wait_for(scene(), PATIENCE))
    assert len(crowd.painted) == 50
    assert not crowd.refused


def test_callers_of_the_api_wait_in_the_same_line_and_together_are_one_visitor(crowd, running_app, tmp_path):
    write_png(tmp_path / "labels.png", colorize(np.ones((256, 256), np.uint8)))
    patience = {"timeout": PATIENCE}
    client = Client(running_app.url, verbose=False, download_files=str(tmp_path), httpx_kwargs=patience)
    model = running_app.models["facades"]
    model.max_at_once = 0

    async def scene() -> None:
        dragging = asyncio.create_task(crowd.drag("painter"))
        while not crowd.painted:
            await asyncio.sleep(0.01)
        image = handle_file(tmp_path / "labels.png")
        calls = [client.submit(image, seed=number, api_name="/generate") for number in range(CALLS)]
        await asyncio.gather(*(asyncio.to_thread(call.result, PATIENCE) for call in calls))
        crowd.over = True
        await dragging

    run(asyncio.wait_for(scene(), PATIENCE))
    assert crowd.painted["painter"] >= CALLS, crowd.painted
    assert model.max_at_once == 1
    assert not crowd.refused
