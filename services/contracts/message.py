"""The frozen model that every message on a topic is made of."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Moment = AwareDatetime
"""A point in time with its zone; naive times are refused."""

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Value(BaseModel):
    """A part of a message: frozen, and readers ignore what they do not know, so contracts can grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Message(Value):
    """A whole record's value: UTF-8 JSON of one model."""

    def encode(self) -> bytes:
        """The record's bytes. Raises PydanticSerializationError for text with lone surrogates."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Read a record's bytes. Raises pydantic.ValidationError when they are not this message."""
        return cls.model_validate_json(value)


class Stamp(Value):
    """What a stage leaves on the message it made: who, which version, when, how long."""

    stage: str
    version: str
    started: Moment
    took: float = Field(ge=0, description="seconds")
