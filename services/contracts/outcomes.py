"""How a page's way ends: refused with a reason, or stored with a receipt; and how a stage is paused."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.contracts.message import Count, Message, Moment

RejectionReason = Literal[
    # fetcher
    "bad-url",
    "address-refused",
    "robots",
    "gone",
    "http-status",
    "not-html",
    "too-large",
    "too-many-redirects",
    "unreachable",
    "budget",
    # parser
    "not-an-article",
    "too-short",
    "no-title",
    "undecodable-text",
]


class Rejection(Message):
    """A page that was understood and is not wanted."""

    stage: str
    reason: RejectionReason
    detail: str = ""
    source: str | None = None
    url: str
    fetched_at: Moment | None = None
    rejected_at: Moment


ReceiptKind = Literal["new", "revision", "duplicate", "gone", "back"]


class Receipt(Message):
    """One change in the store, told once."""

    article_id: str
    kind: ReceiptKind
    revision: Count = Field(description="1 for the first content of an article")
    url: str = Field(description="as requested")
    canonical_url: str
    host: str
    source: str | None = None
    duplicate_of: str | None = Field(default=None, description="article_id")
    story_id: str | None = None
    stored_at: Moment


class StageControl(Message):
    """Whether a stage may run, and what its dead-letter budget has seen; the newest record of a stage counts."""

    stage: str
    paused: bool = False
    reason: str | None = None
    failed: Count = Field(default=0, description="dead letters in the current window")
    seen: Count = Field(default=0, description="records in the current window")
    in_a_row: Count = Field(default=0, description="dead letters since the last good record")
    changed_at: Moment
    resumed_at: Moment | None = Field(default=None, description="the newest resume by hand that the writer knew of")
