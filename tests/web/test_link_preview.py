"""What a site sees of a shared link: the tags in the head of the page, and the picture that they name."""

import io
import re

import httpx
from PIL import Image

import app
from pix2pix.web.link_preview import LinkPreview
from tests.helpers.running_app import run


def tags_of(html: str) -> dict[str, list[str]]:
    """All values of each tag, in their order: sites take the first."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<meta\s+(?:property|name)="([^"]+)"\s+content="([^"]*)"', html):
        found.setdefault(name, []).append(value)
    return found


def test_a_shared_link_shows_our_title_description_and_picture_and_nothing_of_gradios(running_app):
    answer = httpx.get(running_app.url)
    tags = tags_of(answer.text)
    for name, value in (("title", app.TITLE), ("description", app.DESCRIPTION)):
        assert tags[f"og:{name}"] == tags[f"twitter:{name}"] == [value]
    assert tags["description"] == [app.DESCRIPTION]
    (picture,) = tags["og:image"]
    assert tags["twitter:image"] == [picture]
    shown = httpx.get(picture)
    assert shown.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(shown.content)).size == (1200, 630)
    assert "window.gradio_config" in answer.text


def test_behind_a_proxy_the_picture_has_the_address_that_visitors_know(running_app):
    headers = {"x-forwarded-host": "anna-paint.hf.space", "x-forwarded-proto": "https"}
    tags = tags_of(httpx.get(running_app.url, headers=headers).text)
    assert tags["og:image"] == ["https://anna-paint.hf.space/preview.jpg"]
    assert tags["og:url"][0].startswith("https://anna-paint.hf.space")


def test_an_address_from_outside_cannot_write_into_the_page(running_app):
    headers = {"x-forwarded-host": 'a"><script>alert(1)</script>', "x-forwarded-proto": "https"}
    assert "<script>alert" not in httpx.get(running_app.url, headers=headers).text


def page(html: bytes, kind: bytes = b"text/html"):
    """An app that answers in two pieces."""

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": html[:20], "more_body": True})
        await send({"type": "http.response.body", "body": html[20:]})

    return answer


def get(served, path: str = "/") -> httpx.Response:
    async def ask():
        transport = httpx.ASGITransport(served)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get(path)

    return run(ask())


def test_a_page_without_a_picture_names_none_and_other_answers_pass_as_they_are():
    html = b'<html><head><meta property="og:image" content="https://gradio" /></head></html>'
    served = LinkPreview(page(html), "Draw lines", "A model", has_picture=False)
    tags = tags_of(get(served).text)
    assert tags["og:title"] == ["Draw lines"] and tags["twitter:card"] == ["summary"] and "og:image" not in tags
    assert get(served, "/other").content == html
    assert get(served, "/preview.jpg").content == html
    assert get(LinkPreview(page(html, b"application/json"), "a", "b", has_picture=True)).content == html
