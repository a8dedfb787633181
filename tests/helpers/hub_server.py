"""A server that speaks those routes of the Hugging Face Hub that its client uses, for tests over real HTTP.

It keeps all state in a folder, checks tokens and hashes, and can be told to fail. Large files go through LFS to a
second host name, as on the Hub, where a token must never turn up. Xet, the Hub's newer transport, it does not speak.
"""

import base64
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from tests.helpers.hub_state import HubError, HubState

WRITER, READER = "hf_writerwriterwriter", "hf_readerreaderreader"  # tokens of the user anna
USERS = {WRITER: ("anna", "write"), READER: ("anna", "read")}

REPO = r"(?P<repo>[^/]+/[^/]+)"
KIND = r"/api/(?P<kind>models|spaces|datasets)"
ROUTES = {  # name -> method, path; each is a method of `Handler`
    "whoami": ("GET", r"/api/whoami-v2"),
    "create_repo": ("POST", r"/api/repos/create"),
    "validate_yaml": ("POST", r"/api/validate-yaml"),
    "repo_info": ("GET", rf"{KIND}/{REPO}(?:/revision/(?P<revision>[^/]+))?"),
    "tree": ("GET", rf"{KIND}/{REPO}/tree/(?P<revision>[^/]+)"),
    "preupload": ("POST", rf"{KIND}/{REPO}/preupload/(?P<revision>[^/]+)"),
    "lfs_batch": ("POST", rf"(?:/(?P<kind>spaces|datasets))?/{REPO}\.git/info/lfs/objects/batch"),
    "lfs_upload": ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})"),
    "lfs_download": ("GET", r"/lfs/(?P<oid>[0-9a-f]{64})"),
    "commit": ("POST", rf"{KIND}/{REPO}/commit/(?P<revision>[^/]+)"),
    "tag": ("POST", rf"{KIND}/{REPO}/tag/(?P<revision>[^/]+)"),
    "branch": ("POST", rf"{KIND}/{REPO}/branch/(?P<branch>[^/]+)"),
    "head_file": ("HEAD", rf"(?:/(?P<kind>spaces|datasets))?/{REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)"),
    "get_file": ("GET", rf"(?:/(?P<kind>spaces|datasets))?/{REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)"),
    "variables": ("GET", rf"/api/spaces/{REPO}/variables"),
    "set_variable": ("POST", rf"/api/spaces/{REPO}/variables"),
    "drop_variable": ("DELETE", rf"/api/spaces/{REPO}/variables"),
    "runtime": ("GET", rf"/api/spaces/{REPO}/runtime"),
    "hardware": ("POST", rf"/api/spaces/{REPO}/hardware"),
}
BESIDES = re.compile(r"/api/agent-harnesses")  # what the client asks once a day for its user agent; 404 is fine


@dataclass
class Failure:
    """What happens instead of an answer: a status, or a connection cut, or a body cut short, `times` times."""

    status: int = 0  # answer with this
    headers: tuple[tuple[str, str], ...] = ()
    message: str = "told to fail"
    cut: bool = False  # reset the connection: an upload after its first bytes, a download in the middle of its body
    hang_up: bool = False  # close it instead, in the middle of a download
    truncate: bool = False  # a body of half its length, under a Content-Length that agrees with it
    times: int = 1


class HubServer:
    """Serves `folder` on a free port until `close`; `asked` counts the routes, `strange` holds all others."""

    def __init__(self, folder: Path, port: int = 0):
        self.state = HubState(folder)
        self.failures: dict[str, list[Failure]] = {}
        self.asked: Counter[str] = Counter()
        self.strange: list[str] = []
        self.lock = threading.RLock()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Handler,), {"hub": self}))
        self._http.daemon_threads = True
        self.port = self._http.server_port
        threading.Thread(target=self._http.serve_forever, args=[0.02], daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage_url(self) -> str:
        return f"http://localhost:{self.port}"  # another host to the client, as the Hub's storage is

    def fail(self, route: str, **how) -> None:
        """The next requests to a route of `ROUTES` fail; see `Failure`."""
        if route not in ROUTES:
            raise KeyError(route)
        self.failures.setdefault(route, []).append(Failure(**how))

    def failure(self, route: str) -> Failure | None:
        with self.lock:
            pending = self.failures.get(route)
            if not pending:
                return None
            pending[0].times -= 1
            return pending.pop(0) if pending[0].times <= 0 else pending[0]

    def reset(self, folder: Path) -> None:
        """As new, with the state in another folder."""
        self.state, self.failures, self.strange = HubState(folder), {}, []
        self.asked.clear()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request. `hub` is the server it belongs to."""

    hub: HubServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer of headers and a body takes 40 ms

    def log_message(self, *_) -> None:
        """Silence."""

    def do_GET(self) -> None:
        self.answer()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def answer(self) -> None:
        path = urlsplit(self.path).path  # still quoted: a slash in a revision is no separator
        matches = {
            name: match
            for name, (method, pattern) in ROUTES.items()
            if method == self.command and (match := re.fullmatch(pattern, path))
        }
        if not matches:
            if not BESIDES.fullmatch(path):
                self.hub.strange.append(f"{self.command} {path}")
            return self.refuse(HubError(404, f"no route {self.command} {path}"))
        name, match = next(iter(matches.items()))
        self.hub.asked[name] += 1
        self.failing = self.hub.failure(name)
        if self.failing and self.failing.cut and self.command == "PUT":
            self.rfile.read(100)
            return self.cut()
        self.body = (
            self.rfile.read(int(self.headers.get("Content-Length") or 0)) if not self.chunked() else self.dechunk()
        )
        if self.failing and self.failing.status:
            return self.refuse(HubError(self.failing.status, self.failing.message, headers=self.failing.headers))
        if self.failing and self.failing.cut and self.command != "GET":
            return self.cut()
        arguments = {key: unquote(value) if value else value for key, value in match.groupdict().items()}
        if "kind" in arguments:
            arguments["kind"] = arguments["kind"] or "models"
        try:
            if not name.startswith("lfs_") or name == "lfs_batch":
                self.user = self.check_token(arguments, reads=name in READS)
            with self.hub.lock:
                getattr(self, name)(**arguments)
        except HubError as error:
            self.refuse(error)

    def check_token(self, arguments: dict, reads: bool) -> str | None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token and token not in USERS:
            raise HubError(401, "Invalid credentials in Authorization header")
        user, role = USERS.get(token, (None, None))
        if repo := arguments.get("repo"):
            self.hub.state.check_visible(arguments.get("kind", "spaces"), repo, user)
        if not reads and user is None:
            raise HubError(401, "Invalid username or password.")
        if not reads and (role == "read" or (repo and repo.split("/")[0] != user)):
            raise HubError(403, "You don't have the rights to write here")
        return user

    # What each route answers.

    def whoami(self) -> None:
        if self.user is None:
            raise HubError(401, "Invalid username or password.")
        role = USERS[self.headers["Authorization"].removeprefix("Bearer ")][1]
        self.send({"type": "user", "name": self.user, "auth": {"accessToken": {"role": role}}})

    def create_repo(self) -> None:
        asked = json.loads(self.body)
        repo, kind = f"{asked.get('organization') or self.user}/{asked['name']}", f"{asked.get('type', 'model')}s"
        if repo.split("/")[0] != self.user:
            raise HubError(403, f"You don't have the rights to create a {kind[:-1]} under this namespace")
        url = f"{self.hub.url}/{'' if kind == 'models' else kind + '/'}{repo}"
        self.hub.state.create(kind, repo, private=asked.get("visibility") == "private", url=url)
        self.send({"url": url})

    def validate_yaml(self) -> None:
        self.send({"errors": [], "warnings": []})

    def repo_info(self, kind: str, repo: str, revision: str | None) -> None:
        sha, files = self.hub.state.files(kind, repo, revision or "main")
        with_sizes = "blobs" in parse_qs(urlsplit(self.path).query)
        siblings = [{"rfilename": path} | (described(file) if with_sizes else {}) for path, file in files.items()]
        private = self.hub.state.read(kind, repo)["private"]
        self.send(
            {"id": repo, "sha": sha, "private": private, "tags": [], "downloads": 0, "likes": 0, "siblings": siblings}
            | {"cardData": self.card_head(files.get("README.md"))}
        )

    def card_head(self, readme: dict | None) -> dict | None:
        text = self.hub.state.blob(readme["oid"]).read_text() if readme else ""
        return yaml.safe_load(text.split("---\n")[1]) if text.startswith("---\n") else None

    def tree(self, kind: str, repo: str, revision: str) -> None:
        _, files = self.hub.state.files(kind, repo, revision)
        self.send([
            {"type": "file", "path": path, "size": file["size"], "oid": file["oid"]}
            | ({"lfs": {"oid": file["sha256"], "size": file["size"], "pointerSize": 130}} if file["sha256"] else {})
            for path, file in files.items()
        ])  # fmt: skip

    def preupload(self, kind: str, repo: str, revision: str) -> None:
        _, there = self.hub.state.files(kind, repo, revision)
        answers = []
        for file in json.loads(self.body)["files"]:
            large = file["size"] > 10 * 2**20 or b"\0" in base64.b64decode(file["sample"]) or binary(file["path"])
            known = there.get(file["path"])
            oid = (known["sha256"] or known["oid"]) if known else None
            answers.append(
                {"path": file["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": oid}
            )
        self.send({"files": answers})

    def lfs_batch(self, kind: str, repo: str) -> None:
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            href = f"{self.hub.storage_url}/lfs/{wanted['oid']}?X-Signature=secret"
            known = self.hub.state.blob(wanted["oid"]).exists()
            objects.append(wanted | ({} if known else {"actions": {"upload": {"href": href}}}))
        self.send({"transfer": "basic", "objects": objects})

    def lfs_upload(self, oid: str) -> None:
        self.refuse_token()
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise HubError(400, "the content does not match its hash")
        self.hub.state.blob(oid).write_bytes(self.body)
        self.send({})

    def lfs_download(self, oid: str) -> None:
        self.refuse_token()
        self.send_bytes(self.hub.state.blob(oid).read_bytes(), {"ETag": f'"{oid}"'})

    def refuse_token(self) -> None:
        if self.headers.get("Authorization"):
            self.hub.strange.append(f"a token at the storage: {self.command} {self.path}")

    def commit(self, kind: str, repo: str, revision: str) -> None:
        sha = self.hub.state.commit(kind, repo, revision, [json.loads(line) for line in self.body.splitlines()])
        self.send({"commitUrl": f"{self.hub.url}/{repo}/commit/{sha}", "commitOid": sha, "success": True})

    def tag(self, kind: str, repo: str, revision: str) -> None:
        self.hub.state.add_ref(kind, repo, "tags", json.loads(self.body)["tag"], revision)
        self.send({})

    def branch(self, kind: str, repo: str, branch: str) -> None:
        start = (json.loads(self.body) if self.body else {}).get("startingPoint", "main")
        self.hub.state.add_ref(kind, repo, "branches", branch, start)
        self.send({})

    def head_file(self, kind: str, repo: str, revision: str, path: str) -> None:
        self.get_file(kind, repo, revision, path)

    def get_file(self, kind: str, repo: str, revision: str, path: str) -> None:
        sha, files = self.hub.state.files(kind, repo, revision)
        if path not in files:
            raise HubError(404, "Entry not found", code="EntryNotFound", headers=(("X-Repo-Commit", sha),))
        file = files[path]
        headers = {"X-Repo-Commit": sha, "ETag": f'"{file["oid"]}"'}
        if not file["sha256"]:
            return self.send_bytes(self.hub.state.blob(file["oid"]).read_bytes(), headers)
        headers |= {"X-Linked-Etag": f'"{file["sha256"]}"', "X-Linked-Size": str(file["size"])}
        place = f"{self.hub.storage_url}/lfs/{file['sha256']}?X-Signature=secret"
        return self.send_bytes(b"", headers | {"Location": place}, status=302)

    def variables(self, repo: str) -> None:
        self.send({key: {"key": key, "value": value} for key, value in self.space(repo)["variables"].items()})

    def set_variable(self, repo: str) -> None:
        asked = json.loads(self.body)
        self.change(repo, lambda space: space["variables"].update({asked["key"]: asked["value"]}))
        self.variables(repo)

    def drop_variable(self, repo: str) -> None:
        self.change(repo, lambda space: space["variables"].pop(json.loads(self.body)["key"], None))
        self.variables(repo)

    def runtime(self, repo: str) -> None:
        space = self.space(repo)
        self.send({"stage": "BUILDING", "hardware": {"current": None, "requested": space["hardware"]}, "storage": None})

    def hardware(self, repo: str) -> None:
        self.change(repo, lambda space: space.update(hardware=json.loads(self.body)["flavor"]))
        self.runtime(repo)

    def space(self, repo: str) -> dict:
        return self.hub.state.read("spaces", repo)

    def change(self, repo: str, how) -> None:
        space = self.space(repo)
        how(space)
        self.hub.state.write("spaces", repo, space)

    # How it is sent.

    def send(self, value) -> None:
        self.send_bytes(json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send_bytes(self, data: bytes, headers: dict[str, str], status: int = 200) -> None:
        if (wanted := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")) and status == 200 and data:
            start = int(wanted[1])
            headers = headers | {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            data, status = data[start:], 206
        failing = self.failing if status in (200, 206) and self.command == "GET" else None
        if failing and failing.truncate:
            data = data[: len(data) // 2]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if failing and (failing.cut or failing.hang_up):
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            time.sleep(0.05)  # so that the client has read what came, before the connection breaks
            self.close_connection = True
            return self.cut() if failing.cut else None
        if self.command != "HEAD":
            self.wfile.write(data)

    def refuse(self, error: HubError) -> None:
        data = json.dumps({"error": error.message} | ({"url": error.url} if error.url else {})).encode()
        self.send_response(error.status)
        for name, value in (("X-Error-Message", error.message), *error.headers):
            self.send_header(name, value)
        if error.code:
            self.send_header("X-Error-Code", error.code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def cut(self) -> None:
        """Reset the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    def dechunk(self) -> bytes:
        body = b""
        while length := int(self.rfile.readline(), 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return body


READS = frozenset(
    {"whoami", "repo_info", "tree", "head_file", "get_file", "validate_yaml", "runtime"}
)  # what needs no right to write


def described(file: dict) -> dict:
    """What the Hub tells of a file where it is asked for: size, git's hash, and of large files the SHA-256."""
    lfs = {"lfs": {"sha256": file["sha256"], "size": file["size"], "pointerSize": 130}} if file["sha256"] else {}
    return {"size": file["size"], "blobId": file["oid"]} | lfs


def binary(path: str) -> bool:
    """Whether a name is one of those that the Hub's .gitattributes send to LFS."""
    return Path(path).suffix in {".safetensors", ".onnx", ".pt", ".bin", ".pth", ".png", ".jpg", ".webp"}
