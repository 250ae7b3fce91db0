"""What the local broker is told."""

import base64
import uuid

from hypothesis import given
from hypothesis import strategies as st

from services.console.local.kafka import cluster_id


@given(st.uuids())
def test_a_cluster_id_is_a_uuid_that_no_tool_takes_for_an_option(chosen: uuid.UUID) -> None:
    written = cluster_id(chosen)
    assert len(base64.urlsafe_b64decode(written + "==")) == 16
    assert not written.startswith("-")


def test_a_leading_hyphen_is_replaced() -> None:
    assert cluster_id(uuid.UUID(bytes=b"\xf8" + bytes(15))).startswith("A")
