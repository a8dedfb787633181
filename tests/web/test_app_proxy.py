"""The page behind a proxy that serves it below a path, and through a restart of the server."""

import threading
import time

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from pix2pix.labels import INDEX, PALETTE
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import StandInApp, free_port, grey_of

pytestmark = pytest.mark.browser


class Proxy:
    """Serves `/painter/…` from an app at its root, as a front door with several apps behind it does."""

    def __init__(self, target: str):
        self.target = target
        self.client = httpx.AsyncClient(timeout=30)
        self.port = free_port()
        routes = [Route("/painter{path:path}", self.forward, methods=["GET", "POST"])]
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=self.port, log_level="error"))
        threading.Thread(target=self.server.run, daemon=True).start()
        while not self.server.started:
            time.sleep(0.01)

    async def forward(self, request):
        if request.url.path.endswith("/heartbeat"):
            return Response(status_code=404)  # a stream without end, which this small proxy cannot pass on
        path = request.path_params["path"].lstrip("/") + (f"?{request.url.query}" if request.url.query else "")
        headers = {name: value for name, value in request.headers.items() if name in ("content-type", "accept", "host")}
        answer = await self.client.request(
            request.method, self.target + path, content=await request.body(), headers=headers
        )
        return Response(answer.content, answer.status_code, {"content-type": answer.headers.get("content-type", "")})


def test_the_page_works_below_a_path_of_a_proxy(chromium, example_pairs):
    app = StandInApp(example_pairs, root_path="/painter")
    proxy = Proxy(app.url)
    context = chromium.new_context()
    canvas = CanvasPage(context.new_page(), f"http://127.0.0.1:{proxy.port}/painter/").open()
    canvas.empty_wall()
    canvas.drag(50.5, 50.5, 199.5, 199.5)
    canvas.settle()
    assert abs(int(canvas.generated()[80, 80, 0]) - grey_of(PALETTE[INDEX["window"]].tolist())) <= 2
    context.close()
    proxy.server.should_exit = True
    app.close()


def test_a_restart_of_the_server_costs_nothing(chromium, example_pairs):
    app = StandInApp(example_pairs)
    context = chromium.new_context()
    canvas = CanvasPage(context.new_page(), app.url).open()
    app.close()
    canvas.empty_wall()
    canvas.drag(50.5, 50.5, 199.5, 199.5)
    canvas.page.wait_for_function("document.querySelector('.message').textContent.startsWith('Reconnecting')")
    app = StandInApp(example_pairs, app.port)
    canvas.settle()
    assert (canvas.labels()[60:190, 60:190] == INDEX["window"]).all()
    assert abs(int(canvas.generated()[80, 80, 0]) - grey_of(PALETTE[INDEX["window"]].tolist())) <= 2
    context.close()
    app.close()
