"""A model hub and a mirror of Firefox models on this machine, as faithful as their clients can tell, for tests."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

LARGE = re.compile(r".*\.(?:bin|model|spm)")
_RESOLVED = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_REVISION = re.compile(r"/api/models/([^/]+/[^/]+)/revision/([^/?]+)")


@dataclass
class Repository:
    """What a hub holds of one model."""

    files: dict[str, bytes]
    commit: str = "c" * 40
    revisions: tuple[str, ...] = ("main",)
    licence: str | None = "cc-by-nc-4.0"
    gated: bool = False
    told_sha256: dict[str, str] = field(default_factory=dict)
    """Where the hub tells another hash of a file than its own."""


@dataclass
class Served:
    """A server's address, what it holds, what it was asked, and how it misbehaves."""

    address: str
    port: int
    repositories: dict[str, Repository] = field(default_factory=dict)
    plain: dict[str, bytes] = field(default_factory=dict)
    """Path to body: a mirror's files."""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path, and headers in lower case."""
    cuts: dict[str, int] = field(default_factory=dict)
    """End of a path to the bytes after which the line breaks, once."""
    busy: dict[str, int] = field(default_factory=dict)
    """End of a path to how many times the server is too busy for it."""
    redirects: dict[str, str] = field(default_factory=dict)

    def downloads(self, end: str) -> list[dict[str, str]]:
        """The headers of each GET of a path that ends so."""
        return [headers for method, path, headers in self.asked if method == "GET" and path.endswith(end)]


def git_sha1(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@contextmanager
def serving() -> Iterator[Served]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    served = Served(f"http://127.0.0.1:{port}", port)
    cast(Any, server).served = served
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        served: Served = cast(Any, self.server).served
        path = self.path.partition("?")[0]
        served.asked.append((self.command, path, {name.lower(): value for name, value in self.headers.items()}))
        for end in [end for end in served.busy if path.endswith(end) and served.busy[end]]:
            served.busy[end] -= 1
            return self._send(503, b"busy")
        if to := served.redirects.get(path):
            return self._send(302, b"", {"Location": to})
        if found := _REVISION.fullmatch(path):
            return self._told(served, *found.groups())
        if found := _RESOLVED.fullmatch(path):
            return self._resolved(served, *found.groups())
        if path.startswith("/cdn/"):
            owner, name, file = path.removeprefix("/cdn/").split("/", 2)
            return self._body(served, served.repositories[f"{owner}/{name}"].files[file])
        body = served.plain.get(path.removeprefix("/"))
        return self._send(404, b"not here") if body is None else self._body(served, body)

    def _told(self, served: Served, repository: str, revision: str) -> None:
        held = served.repositories.get(repository)
        if held is None:
            return self._refused(401, "RepoNotFound", "Invalid username or password.")
        if held.gated:
            return self._refused(403, "GatedRepo", f"Access to model {repository} is restricted.")
        if revision not in (*held.revisions, held.commit):
            return self._refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        siblings = []
        for name, body in held.files.items():
            sibling: dict[str, object] = {"rfilename": name, "size": len(body), "blobId": git_sha1(body)}
            if LARGE.fullmatch(name):
                told = held.told_sha256.get(name, sha256(body))
                sibling["lfs"] = {"sha256": told, "size": len(body), "pointerSize": 134}
            siblings.append(sibling)
        card = {"license": held.licence} if held.licence else {}
        tags = [f"license:{held.licence}"] if held.licence else []
        told = {"id": repository, "modelId": repository, "sha": held.commit, "private": False, "tags": tags}
        return self._send(200, json.dumps({**told, "cardData": card, "siblings": siblings}).encode())

    def _resolved(self, served: Served, repository: str, revision: str, name: str) -> None:
        held = served.repositories[repository]
        if revision != held.commit or name not in held.files:
            return self._refused(404, "EntryNotFound", "Entry not found")
        if LARGE.fullmatch(name):
            # Large files are on another host, as the hub's are.
            to = f"http://localhost:{served.port}/cdn/{repository}/{name}"
            return self._send(302, b"", {"Location": to, "X-Repo-Commit": held.commit})
        return self._body(served, held.files[name])

    def _refused(self, status: int, code: str, message: str) -> None:
        self._send(status, json.dumps({"error": message}).encode(), {"X-Error-Code": code, "X-Error-Message": message})

    def _body(self, served: Served, body: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        if start >= len(body) > 0:
            return self._send(416, b"", {"Content-Range": f"bytes */{len(body)}"})
        told = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if asked else {}
        end = next((end for end in served.cuts if self.path.endswith(end)), None)
        if end is None:
            return self._send(206 if asked else 200, body[start:], told)
        cut = served.cuts.pop(end)
        self._head(206 if asked else 200, len(body) - start, told)
        self.wfile.write(body[start : start + cut])
        self.wfile.flush()
        self.close_connection = True
        return None

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._head(status, len(body), headers or {})
        if self.command == "GET":
            self.wfile.write(body)

    def _head(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
