"""One file over HTTP onto the disk: bounded, resumed where it broke off, kept only when its hash is the right one."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

import httpx

from services.enricher.weights.plan import MOST_FILE_BYTES, FetchRefused, Remote

CONNECT_SECONDS, READ_SECONDS = 15.0, 60.0
MOST_SECONDS = 12 * 3600.0
"""For one file."""
TRIES = 6
"""In a row without a new byte."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
MOST_REDIRECTS = 5
CHUNK = 1 << 20
ZSTD_WINDOW_LOG = 27
"""128 MiB, what zstd itself takes without being asked."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_AGAIN = (408, 425, 429, 500, 502, 503, 504)

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes of it that are here, and those that there will be."""


@dataclass(frozen=True)
class Patience:
    """How long is waited, and by which clock."""

    sleep: Callable[[float], None]
    clock: Callable[[], float]
    pauses: tuple[float, ...] = PAUSES
    most_seconds: float = MOST_SECONDS


class _Interrupted(Exception):
    """The line broke; what is on the disk counts."""


def open_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """For public servers: proxies and authorities from the environment, redirects followed but from https to http."""

    def never_down(response: httpx.Response) -> None:
        if response.has_redirect_location and response.url.scheme == "https":
            ahead = response.url.join(response.headers["location"])
            if ahead.scheme != "https":
                raise FetchRefused(f"{response.url.host} redirects to {ahead.scheme}://{ahead.host}; not followed.")

    return httpx.Client(
        transport=transport,
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        event_hooks={"response": [never_down]},
    )


def small(client: httpx.Client, url: str, most: int) -> bytes | None:
    """A small document whole; None where there is none (404, 410). Raises FetchRefused."""
    host = urlsplit(url).hostname
    try:
        with client.stream("GET", url) as answer:
            if answer.status_code in (404, 410):
                return None
            if answer.status_code != 200:
                raise FetchRefused(f"{host} answers {answer.status_code} to {_shown(url)}.")
            body = bytearray()
            for chunk in answer.iter_bytes(CHUNK):
                body += chunk
                if len(body) > most:
                    raise FetchRefused(f"{_shown(url)} has more than {most} bytes.")
            return bytes(body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchRefused(f"{_shown(url)} can't be read: {type(error).__name__}.") from None


def download(
    client: httpx.Client,
    remote: Remote,
    folder: Path,
    headers: Mapping[str, str],
    patience: Patience,
    progress: Progress,
) -> Path:
    """The file in `folder`, unpacked and with the hash that its source tells. Raises FetchRefused, OSError.

    What is there of it already, whole or in part, is not fetched again. `headers` go to the file's own host alone.
    """
    path, part = folder / remote.name, folder / f"{remote.name}.part"
    if path.is_file() and remote.is_vouched_for and _is_right(path, remote):
        return path
    path.unlink(missing_ok=True)
    begun = part.stat().st_size if part.is_file() else 0
    fresh = begun == 0
    while True:
        _fill(client, remote, part, headers, patience, progress)
        wrong = _settled(part, path, remote)
        if wrong is None:
            return path
        part.unlink(missing_ok=True)
        if fresh:
            raise FetchRefused(wrong)
        fresh = True  # what was there before may have been of another file


def file_hash(path: Path, name: str = "sha256") -> str:
    """Hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


def _shown(url: str) -> str:
    """An address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _fill(
    client: httpx.Client,
    remote: Remote,
    part: Path,
    headers: Mapping[str, str],
    patience: Patience,
    progress: Progress,
) -> None:
    end = patience.clock() + patience.most_seconds
    failures = 0
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            _once(client, remote, part, headers, patience.clock, end, progress)
            return
        except (_Interrupted, httpx.HTTPError) as error:
            more = part.is_file() and part.stat().st_size > before
            failures = 1 if more else failures + 1
            why = str(error) if isinstance(error, _Interrupted) else type(error).__name__
            if failures >= TRIES or patience.clock() >= end:
                raise FetchRefused(
                    f"{remote.name} could not be fetched whole: {why}. Run the same again, and it goes on from there."
                ) from None
        except httpx.InvalidURL:
            raise FetchRefused(f"{remote.name} is at no address that can be asked.") from None
        patience.sleep(patience.pauses[min(failures, len(patience.pauses)) - 1])


def _once(
    client: httpx.Client,
    remote: Remote,
    part: Path,
    headers: Mapping[str, str],
    clock: Callable[[], float],
    end: float,
    progress: Progress,
) -> None:
    most = MOST_FILE_BYTES if remote.size is None else remote.size
    begun = part.stat().st_size if part.is_file() else 0
    if remote.size is not None and begun > remote.size:
        part.unlink()
        begun = 0
    if begun and begun == remote.size:
        return
    # Identity: the bytes that are hashed, resumed and bounded are those of the file.
    asked = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={begun}-"} if begun else {})}
    with client.stream("GET", remote.url, headers=asked) as answer:
        _judge(answer, remote, part, begun)
        resumes = answer.status_code == 206
        here = begun if resumes else 0
        length = answer.headers.get("content-length", "")
        total = remote.size if remote.size is not None else here + int(length) if length.isdecimal() else None
        with part.open("ab" if resumes else "wb") as file:
            # As they arrive: what waits for a chunk to be full is lost where the line breaks.
            for chunk in answer.iter_raw():
                here += len(chunk)
                if here > most:
                    file.close()
                    part.unlink()
                    raise FetchRefused(f"{remote.name} is longer than the {most} bytes that its source tells.")
                file.write(chunk)
                progress(remote.name, here, total)
                if clock() >= end:
                    raise _Interrupted("it took too long")
        if total is not None and here < total:
            raise _Interrupted(f"the line broke after {here} of {total} bytes")


def _judge(answer: httpx.Response, remote: Remote, part: Path, begun: int) -> None:
    status = answer.status_code
    if status in (200, 206):
        starts = answer.headers.get("content-range", "").startswith(f"bytes {begun}-")
        if status == 206 and not (begun and starts):
            part.unlink(missing_ok=True)
            raise _Interrupted("the server answered with another piece than was asked for")
        return
    if status == 416 and begun:
        part.unlink(missing_ok=True)
        raise _Interrupted("the piece that was here is not of this file")
    if status in _AGAIN:
        raise _Interrupted(f"the server answers {status}")
    if status in (401, 403):
        raise FetchRefused(
            f"{remote.name} is not given to us: {urlsplit(remote.url).hostname} answers {status}."
            " If that is the hub, accept the model's terms on its page, and set HF_TOKEN."
        )
    raise FetchRefused(f"{remote.name} can't be fetched: {urlsplit(remote.url).hostname} answers {status}.")


def _settled(part: Path, path: Path, remote: Remote) -> str | None:
    """Make `path` of what came; what is wrong with it, else None. Raises FetchRefused for a bomb."""
    if _is_right(part, remote) and not _is_packed(part, remote):
        part.replace(path)
        return None
    if not remote.may_be_packed:
        return f"{remote.name} is not the file that its source describes: the hash is another. It was thrown away."
    if remote.sha256 is not None and file_hash(part) != remote.sha256:
        return f"{remote.name} is not the file that its source describes: the hash is another. It was thrown away."
    unpacked = path.with_name(f"{path.name}.unpacked")
    most = remote.unpacked_size if remote.unpacked_size is not None else MOST_FILE_BYTES
    try:
        _unpack(part, unpacked, most, remote.name)
        wrong = remote.unpacked_size not in (None, unpacked.stat().st_size)
        if wrong or remote.unpacked_sha256 not in (None, file_hash(unpacked)):
            return f"{remote.name} unpacks to another file than its source describes. It was thrown away."
        unpacked.replace(path)
    finally:
        unpacked.unlink(missing_ok=True)
    part.unlink()
    return None


def _is_packed(path: Path, remote: Remote) -> bool:
    """Whether these bytes are still to be unpacked."""
    if not remote.may_be_packed or (remote.unpacked_sha256 and file_hash(path) == remote.unpacked_sha256):
        return False
    with path.open("rb") as file:
        return file.read(4).startswith((_GZIP, _ZSTD))


def _is_right(path: Path, remote: Remote) -> bool:
    """Whether a file is the one that its source describes, packed or not."""
    size = path.stat().st_size
    if remote.unpacked_sha256 is not None and file_hash(path) == remote.unpacked_sha256:
        return remote.unpacked_size in (None, size)
    if remote.sha256 is not None:
        return remote.size in (None, size) and file_hash(path) == remote.sha256
    if remote.git_sha1 is not None:
        return remote.size in (None, size) and _git_sha1(path, size) == remote.git_sha1
    return remote.unpacked_sha256 is None and remote.size in (None, size)


def _git_sha1(path: Path, size: int) -> str:
    counted = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            counted.update(chunk)
    return counted.hexdigest()


def _unpack(packed: Path, to: Path, most: int, name: str) -> None:
    written = 0
    try:
        with _opened(packed) as source, to.open("wb") as target:
            while chunk := source.read(CHUNK):
                written += len(chunk)
                if written > most:
                    raise FetchRefused(f"{name} unpacks to more than the {most} bytes that are allowed.")
                target.write(chunk)
    except FetchRefused:
        packed.unlink()
        raise
    except OSError as error:
        if not isinstance(error, gzip.BadGzipFile):
            raise  # of the disk
        packed.unlink()
        raise FetchRefused(_spoilt(name, error)) from None
    except Exception as error:  # zlib.error, EOFError, ValueError, and zstd's own, whose library may be missing here
        packed.unlink()
        raise FetchRefused(_spoilt(name, error)) from None


def _spoilt(name: str, error: Exception) -> str:
    return f"{name} can't be unpacked: {type(error).__name__}. It was thrown away."


def _opened(packed: Path) -> IO[bytes]:
    """Raises FetchRefused, ValueError for what is neither gzip nor zstd."""
    with packed.open("rb") as file:
        start = file.read(4)
    if start.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(packed, "rb"))
    if start != _ZSTD:
        raise ValueError("neither gzip nor zstd")
    try:
        from backports import zstd  # of an extra that need not be installed
    except ImportError:
        raise FetchRefused("This mirror packs with zstd: pip install backports.zstd, and run the same again.") from None
    return cast(
        "IO[bytes]", zstd.open(packed, "rb", options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})
    )
