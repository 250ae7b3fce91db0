"""Routes: the closest one counts, and what can't be read is named."""

import pytest

from services.enricher.translate.routes import Route, read_routes

ROUTES = read_routes(
    "uz:en=nllb, ru:en=firefox, uz-Cyrl:en=chat,*:en=none,*:en@backfill=nllb/headline, ru:uz-Latn=deepl"
)


@pytest.mark.parametrize(
    ("source", "target", "lane", "engine", "part"),
    [
        ("uz-Latn", "en", "live", "nllb", "all"),
        ("uz-Cyrl", "en", "live", "chat", "all"),
        ("uz-Latn", "en", "backfill", "nllb", "all"),
        ("ru", "en", "live", "firefox", "all"),
        ("kk", "en", "live", "none", "all"),
        ("kk", "en", "backfill", "nllb", "headline"),
        ("ru", "uz-Latn", "live", "deepl", "all"),
    ],
)
def test_the_closest_route_counts(source: str, target: str, lane: str, engine: str, part: str) -> None:
    route = ROUTES.route(source, target, lane)  # type: ignore[arg-type]
    assert route is not None
    assert (route.engine, route.part) == (engine, part)


def test_a_pair_that_nothing_names_has_no_route() -> None:
    assert ROUTES.route("kk", "uz-Latn", "live") is None


def test_targets_come_in_their_order_and_engines_without_none() -> None:
    assert ROUTES.targets == ("en", "uz-Latn")
    assert ROUTES.engines == {"nllb", "firefox", "chat", "deepl"}
    assert read_routes("").targets == ()
    assert read_routes("*:en=firefox").routes == (Route("*", "en", None, "firefox", "all"),)


@pytest.mark.parametrize(
    "wrong",
    ["uz=nllb", "uz:en", "uz:en=", "uz:en=NLLB", "UZ:en=nllb", "uz:en=nllb/body", "uz:en@archive=nllb", "uz:*=x"],
)
def test_what_is_no_route_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no route") as refused:
        read_routes(f"ru:en=firefox,{wrong}")
    assert repr(wrong) in str(refused.value)


def test_a_pair_is_routed_once() -> None:
    with pytest.raises(ValueError, match="has a route already"):
        read_routes("uz:en=nllb,uz:en=deepl")
