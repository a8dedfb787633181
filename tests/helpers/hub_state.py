"""What the test server of the Hub remembers, in a folder: repositories with commits, branches and tags, and blobs."""

import base64
import hashlib
import json
import secrets
from pathlib import Path


class HubError(Exception):
    """An answer that is no success."""

    def __init__(
        self, status: int, message: str, code: str = "", headers: tuple[tuple[str, str], ...] = (), url: str = ""
    ):
        super().__init__(message)
        self.status, self.message, self.code, self.headers, self.url = status, message, code, headers, url


class HubState:
    """`KIND/USER/REPO.json` for each repository and `blobs/HASH` for each content."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "blobs").mkdir(parents=True, exist_ok=True)

    def blob(self, oid: str) -> Path:
        return self.folder / "blobs" / oid

    def path(self, kind: str, repo: str) -> Path:
        return self.folder / kind / f"{repo}.json"

    def read(self, kind: str, repo: str) -> dict:
        try:
            return json.loads(self.path(kind, repo).read_text())
        except FileNotFoundError:
            raise HubError(404, "Repository not found", code="RepoNotFound") from None

    def write(self, kind: str, repo: str, values: dict) -> None:
        self.path(kind, repo).parent.mkdir(parents=True, exist_ok=True)
        self.path(kind, repo).write_text(json.dumps(values, indent=1))

    def create(self, kind: str, repo: str, private: bool = False, url: str = "") -> None:
        if self.path(kind, repo).exists():
            raise HubError(409, "You already created this repo", url=url)
        attributes = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
        sha = "0" * 40
        values = {
            "private": private, "variables": {}, "hardware": "cpu-basic", "tags": {}, "branches": {"main": sha},
            "commits": {sha: {"message": "initial commit", "parent": None, "files": {}}},
        }  # fmt: skip
        values["commits"][sha]["files"][".gitattributes"] = self.keep(attributes)
        self.write(kind, repo, values)

    def check_visible(self, kind: str, repo: str, user: str | None) -> None:
        """The Hub does not tell a private repository from none: both are 401 to strangers and 404 to users."""
        exists = self.path(kind, repo).exists()
        if not exists or (self.read(kind, repo)["private"] and repo.split("/")[0] != user):
            raise HubError(404 if user else 401, "Repository not found", code="RepoNotFound")

    def keep(self, content: bytes, sha256: str | None = None) -> dict:
        """Store a content; the record of a file with it."""
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        self.blob(sha256 or oid).write_bytes(content)
        return {"oid": oid, "size": len(content), "sha256": sha256}

    def resolve(self, kind: str, repo: str, revision: str) -> str:
        values = self.read(kind, repo)
        for found in (values["branches"].get(revision), values["tags"].get(revision)):
            if found:
                return found
        if revision in values["commits"]:
            return revision
        raise HubError(404, f"Invalid rev id: {revision}", code="RevisionNotFound")

    def files(self, kind: str, repo: str, revision: str = "main") -> tuple[str, dict[str, dict]]:
        """The commit of a revision, and its files by path."""
        sha = self.resolve(kind, repo, revision)
        return sha, self.read(kind, repo)["commits"][sha]["files"]

    def content(self, kind: str, repo: str, path: str, revision: str = "main") -> bytes:
        file = self.files(kind, repo, revision)[1][path]
        return self.blob(file["sha256"] or file["oid"]).read_bytes()

    def messages(self, kind: str, repo: str, revision: str = "main") -> list[str]:
        """Of the commits of a revision, newest first, without the one that made the repository."""
        values, sha, messages = self.read(kind, repo), self.resolve(kind, repo, revision), []
        while values["commits"][sha]["parent"]:
            messages.append(values["commits"][sha]["message"])
            sha = values["commits"][sha]["parent"]
        return messages

    def commit(self, kind: str, repo: str, branch: str, lines: list[dict]) -> str:
        """Apply the lines of a commit request to a branch, all or none; the new commit."""
        values = self.read(kind, repo)
        if branch not in values["branches"]:
            raise HubError(404, f"Invalid rev id: {branch}", code="RevisionNotFound")
        parent = values["branches"][branch]
        files, message = dict(values["commits"][parent]["files"]), ""
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                message = value["summary"]
            elif line["key"] == "file":
                files[value["path"]] = self.keep(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                if not self.blob(value["oid"]).exists() or self.blob(value["oid"]).stat().st_size != value["size"]:
                    raise HubError(400, f"{value['path']}: its content was not uploaded")
                files[value["path"]] = {"oid": value["oid"][:40], "size": value["size"], "sha256": value["oid"]}
            elif line["key"] == "deletedFile":
                if files.pop(value["path"], None) is None:
                    raise HubError(404, "A file with this name doesn't exist", code="EntryNotFound")
            else:
                raise HubError(400, f"unknown operation {line['key']}")
        sha = secrets.token_hex(20)  # as unique as one that holds the time
        values["commits"][sha] = {"message": message, "parent": parent, "files": files}
        values["branches"][branch] = sha
        self.write(kind, repo, values)
        return sha

    def add_ref(self, kind: str, repo: str, refs: str, name: str, revision: str) -> None:
        values = self.read(kind, repo)
        if name in values[refs]:
            raise HubError(409, f"{refs[:-1]} {name} exists already")
        values[refs][name] = self.resolve(kind, repo, revision)
        self.write(kind, repo, values)
