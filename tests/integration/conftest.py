"""The order of the integration tests: what must wait five minutes begins first and is looked at last."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `begins_first` to the front, tests marked `looked_at_last` to the end; the others stay."""
    items.sort(
        key=lambda item: bool(item.get_closest_marker("looked_at_last")) - bool(item.get_closest_marker("begins_first"))
    )


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks, for --strict-markers."""
    config.addinivalue_line("markers", "begins_first: runs before all other tests")
    config.addinivalue_line("markers", "looked_at_last: runs after all other tests")
