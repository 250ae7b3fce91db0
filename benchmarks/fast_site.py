"""A site that answers at once, whatever it is asked: `python -m benchmarks.fast_site` says its port and runs on."""

from __future__ import annotations

import asyncio
import random
import sys

PAGE_CHARS = 60_000
WORDS = 4000
REQUEST_END = b"\r\n\r\n"


def page() -> bytes:
    """A page of usual length, made of words that are as repetitive as a language's are."""
    choose = random.Random(7)
    words = ["".join(choose.choices("aeioubdgklmnqrstxyz", k=choose.randint(2, 11))) for _ in range(WORDS)]
    text: list[str] = []
    length = 0
    while length < PAGE_CHARS:
        # Zipf, nearly: a few words make most of a text.
        sentence = " ".join(words[int(WORDS ** choose.random()) - 1] for _ in range(40))
        text.append(f'<p class="article__text">{sentence}.</p>')
        length += len(text[-1])
    return f"<!doctype html><html><head><title>A page</title></head><body>{''.join(text)}</body></html>".encode()


class Answers(asyncio.Protocol):
    """One connection; every path is a page, but robots.txt, which there is not."""

    page = b""
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self.buffer += data
        while REQUEST_END in self.buffer:
            head, self.buffer = self.buffer.split(REQUEST_END, 1)
            answer = self.missing if head.startswith(b"GET /robots.txt ") else self.page
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.write(answer)


async def serve() -> None:
    """Serve until killed."""
    body = page()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    Answers.page = head.encode() + body
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
