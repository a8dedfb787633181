"""What one address may take of the server: bounded in turns, bytes and seconds, and told apart behind proxies.

The routes are called over ASGI, without a socket.
"""

import asyncio
import json
import logging
import string
from base64 import b64encode

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from pix2pix.labels import CLASSES, decode_runs, encode_runs
from pix2pix.web import limits
from pix2pix.web.canvas import Painter
from pix2pix.web.examples import find_examples
from pix2pix.web.limits import Bounds, address_of
from pix2pix.web.serving import FairQueue, Models
from tests.helpers.running_app import StandIn, run

DRAWING = encode_runs(np.ones((256, 256), np.uint8))
FUZZED = 150  # requests, and drawings, of each kind


# --- Addresses


def scope(client: str, *forwarded: str) -> dict:
    return {"client": (client, 1), "headers": [(b"x-forwarded-for", each.encode()) for each in forwarded]}


@pytest.mark.parametrize(
    ("client", "forwarded", "proxy", "address"),
    [
        ("9.9.9.9", ["1.1.1.1"], "none", "9.9.9.9"),
        ("10.0.0.1", ["1.1.1.1, 2.2.2.2"], "any", "2.2.2.2"),
        ("10.0.0.1", ["1.1.1.1", "2.2.2.2"], "any", "2.2.2.2"),
        ("10.0.0.1", ["1.1.1.1, 192.168.0.7"], "any", "192.168.0.7"),
        ("10.0.0.1", ["1.1.1.1, 2.2.2.2, 10.3.0.1"], "space", "2.2.2.2"),
        ("10.0.0.1", ["1.1.1.1, 2.2.2.2:4711"], "any", "2.2.2.2"),
        ("10.0.0.1", ["1.1.1.1, unknown"], "any", "unknown"),
        ("10.0.0.1", [], "any", "10.0.0.1"),
        ("10.0.0.1", [""], "space", "10.0.0.1"),
        ("2001:db8::1", [], "none", "2001:db8::/64"),
        ("10.0.0.1", ["[2001:db8::2]:80"], "any", "2001:db8::/64"),
        ("::ffff:9.9.9.9", [], "none", "9.9.9.9"),
    ],
)
def test_a_visitors_address_is_what_the_last_proxy_saw(client, forwarded, proxy, address):
    assert address_of(scope(client, *forwarded), proxy) == address


@given(st.text(string.printable, max_size=60), st.sampled_from(["any", "space"]))
@settings(max_examples=FUZZED, deadline=None)
def test_whatever_a_visitor_writes_before_the_proxys_entry_changes_nothing(written, proxy):
    told = scope("10.0.0.1", f"{written.replace(chr(10), '')}, 203.0.113.7")
    assert address_of(told, proxy) == "203.0.113.7"


# --- Requests


def painter() -> Painter:
    return Painter(Models(lambda name: StandIn(), {"facades": "facades"}), find_examples(None), FairQueue())


def call(method: str, path: str, body: bytes = b"") -> httpx.Response:
    async def answer():
        transport = httpx.ASGITransport(Starlette(routes=painter().routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, f"/canvas/{path}", content=body)

    return run(answer())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just("\ud800")
    | st.just(DRAWING),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["drawing", "model", "variation", "wall", "sky", "visitor", "format"])


@given(st.dictionaries(FIELDS, JSON, max_size=7), st.sampled_from(["generate", "model"]))
@settings(max_examples=FUZZED, deadline=None)
def test_any_json_is_answered_with_a_picture_or_one_line(sent, route):
    answer = call("POST", route, json.dumps(sent).encode())
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert "\n" not in answer.json()["error"]


@given(st.binary(max_size=200), st.sampled_from(["generate", "model", "read"]))
@settings(max_examples=FUZZED, deadline=None)
def test_any_bytes_are_answered_with_one_line(body, route):
    answer = call("POST", route, body)
    assert answer.status_code == 422
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("path", ["random/{}", "examples/{}", "examples/{}/target.jpg"])
@pytest.mark.parametrize(
    "number", ["9" * 5000, "-1", "1e3", "٣", "x"], ids=["long", "minus", "float", "arabic", "text"]
)
def test_what_is_no_number_in_a_path_is_answered_with_one_line(path, number):
    answer = call("GET", path.format(number))
    assert answer.status_code in (404, 422)
    assert "error" in answer.json()


def test_numbers_of_thousands_of_digits_and_lone_surrogates_are_answered_with_one_line():
    for body in (b'{"variation": ' + b"9" * 5000 + b"}", json.dumps({"drawing": DRAWING, "model": "\ud800"}).encode()):
        assert call("POST", "generate", body).status_code == 422


@given(st.binary(max_size=60).map(lambda data: b64encode(data).decode()) | st.text(max_size=40))
@settings(max_examples=FUZZED, deadline=None)
def test_any_drawing_is_decoded_to_classes_or_refused(text):
    try:
        labels = decode_runs(text, 4, 4)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert labels.shape == (4, 4)
        assert labels.max() < len(CLASSES)


# --- Bodies


def post(bounds: Bounds, messages: list, kind: str = "read") -> list[dict]:
    """What a bounded route that reads its body answers to these ASGI messages; None waits for ever."""
    left = iter(messages)

    async def receive() -> dict:
        message = next(left)
        return await asyncio.Event().wait() if message is None else message

    sent = []

    async def send(message: dict) -> None:
        sent.append(message)

    async def route(scope, receive, send) -> None:
        from starlette.requests import Request
        from starlette.responses import Response

        body = await Request(scope, receive).body()
        await Response(str(len(body)))(scope, receive, send)

    asked = {"type": "http", "method": "POST", "path": "/", "headers": [], "client": ("1.2.3.4", 1)}
    run(limits.Bounded(route, bounds, kind)(asked, receive, send))
    return sent


def part(size: int, more: bool = True) -> dict:
    return {"type": "http.request", "body": bytes(size), "more_body": more}


def test_a_body_that_does_not_come_in_time_is_refused(monkeypatch):
    bounds = Bounds()
    bounds.kinds["read"] = limits.Kind(FairQueue(), 100, seconds=0.1)
    start, body = post(bounds, [part(10), None])
    assert start["status"] == 408
    assert json.loads(body["body"]) == {"error": "this took longer than 0 s to arrive", "again": True}
    assert bounds.held == 0


def test_a_body_that_is_too_long_is_refused_before_its_end():
    start, _ = post(Bounds(), [part(2**20)] * 30)
    assert start["status"] == 413


def test_all_bodies_together_are_bounded(monkeypatch):
    monkeypatch.setattr(limits, "PENALTY", 0.0)
    bounds = Bounds()
    bounds.held = limits.MAX_HELD - 10
    start, _ = post(bounds, [part(11, more=False)])
    assert start["status"] == 503
    assert post(bounds, [part(10, more=False)])[0]["status"] == 200


def test_an_address_uploads_no_more_than_its_share_within_an_hour(monkeypatch):
    monkeypatch.setattr(limits, "PENALTY", 0.0)
    quota = limits.Quota(each=10, total=15)
    quota.take("a", 10)
    quota.take("b", 5)
    with pytest.raises(limits.Refused):
        quota.take("b", 1)
    monkeypatch.setattr(limits.time, "monotonic", lambda: limits.HOUR + 1e9)
    quota.take("b", 10)


def test_a_visitor_who_leaves_half_way_costs_no_word_in_the_log(caplog):
    with caplog.at_level(logging.DEBUG):
        answer = post(Bounds(), [part(10), {"type": "http.disconnect"}])
    assert answer[0]["status"] == 499
    assert [each for each in caplog.records if each.name != "asyncio"] == []


def test_one_address_holds_no_more_than_its_turns_and_others_still_come_in(monkeypatch):
    monkeypatch.setattr(limits, "PATIENCE", 0.2)
    monkeypatch.setattr(limits, "PENALTY", 0.0)

    async def scene() -> list[int]:
        app = Starlette(routes=painter().routes())

        async def never():
            yield b"x"
            await asyncio.Event().wait()

        async def read(address: str, content) -> int:
            transport = httpx.ASGITransport(app, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return (await client.post("/canvas/read", content=content)).status_code

        held = [asyncio.create_task(read("1.1.1.1", never())) for _ in range(10)]
        await asyncio.sleep(0.5)
        codes = [await read("2.2.2.2", b"x"), await read("1.1.1.1", b"x")]
        for each in held:
            each.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        return codes

    assert run(scene()) == [422, 503]
