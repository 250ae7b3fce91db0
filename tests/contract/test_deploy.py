"""What is deployed fits the code: settings that are read, libraries that are installed, limits that hold."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from services.console.local.run import env_file
from services.console.newsroom.server import Newsroom
from services.contracts.topics import STAGE_INPUTS
from services.enricher.settings import EnricherSettings
from services.fetcher.settings import FetcherSettings
from services.fetcher.web.addresses import Pin, read_pins
from services.parser.settings import ParserSettings
from services.runtime.health import Health, serve
from services.runtime.settings import RuntimeSettings, read, unknown_variables
from services.runtime.topics import TopicSettings
from services.store.settings import StoreSettings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CONFIG = DEPLOY / "config"
SERVICES = tuple(STAGE_INPUTS)
SETTINGS: dict[str, type[RuntimeSettings]] = {
    "topics": TopicSettings,
    "fetcher": FetcherSettings,
    "parser": ParserSettings,
    "enricher": EnricherSettings,
    "store": StoreSettings,
}
ENV_FILES = sorted(CONFIG.glob("*.env"))
SCRIPTS = [*sorted(DEPLOY.glob("*.py")), *sorted((DEPLOY / "compose").glob("*.py"))]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text()
    loaded: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return loaded


# --- env files ---------------------------------------------------------------------------------------------------


def test_every_service_and_the_topics_job_has_its_env_file() -> None:
    assert {path.stem for path in ENV_FILES} == {"common", *SETTINGS}


@pytest.mark.parametrize("path", ENV_FILES, ids=lambda path: path.stem)
def test_an_env_file_reads_alike_for_compose_kubernetes_and_the_local_run(path: Path) -> None:
    names: list[str] = []
    for line in path.read_bytes().decode("ascii").removesuffix("\n").split("\n"):
        if not line.startswith("#"):
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*=[^\s'\"$#\\]([^'\"$#\\\r\t]*[^\s'\"$#\\])?", line), line
            names.append(line.partition("=")[0])
    assert len(names) == len(set(names)), "a variable stands there twice"
    assert list(env_file(path)) == names


@pytest.mark.parametrize("path", ENV_FILES, ids=lambda path: path.stem)
def test_an_env_file_holds_no_secret(path: Path) -> None:
    assert not [name for name in env_file(path) if re.search("PASSWORD|SECRET|TOKEN|KEY$|DATABASE_URL", name)]


@pytest.mark.parametrize("name", SETTINGS)
def test_the_env_files_start_their_service_with_nothing_unknown(
    name: str, compose: dict[str, Any], tmp_path: Path
) -> None:
    script(DEPLOY / "compose" / "database_secret.py").keep(tmp_path)
    service = compose["services"][name]
    assert service["env_file"] == ["deploy/config/common.env", f"deploy/config/{name}.env"]
    given = {
        **env_file(CONFIG / "common.env"),
        **env_file(CONFIG / f"{name}.env"),
        **{k: str(v) for k, v in service.get("environment", {}).items() if v is not None},
    }
    if "STORE_DATABASE_URL_FILE" in given:
        given["STORE_DATABASE_URL_FILE"] = str(tmp_path / Path(given["STORE_DATABASE_URL_FILE"]).name)
    assert unknown_variables(SETTINGS[name], given) == []
    assert read(SETTINGS[name], given).kafka_bootstrap_servers == "kafka:9092"


# --- images ------------------------------------------------------------------------------------------------------


def imported(module: Path) -> Iterator[str]:
    """Every name that a file imports anywhere, with the names taken from it: they may be modules."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def file_of(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def reached(roots: list[Path]) -> tuple[set[Path], set[str]]:
    """The project's files that are imported from `roots` on, and the top names of all else."""
    files, outside, todo = set(roots), set(), list(roots)
    while todo:
        for name in imported(todo.pop()):
            if name.split(".")[0] != "services":
                outside.add(name.split(".")[0])
            elif (path := file_of(name)) and path not in files:
                files.add(path)
                todo.append(path)
    return files, outside - set(sys.stdlib_module_names) - {"__future__"}


def entry_points(name: str) -> list[Path]:
    folder = ROOT / "services" / name
    # Migrations are loaded by their path, so nothing imports them.
    return [folder / "__main__.py", *folder.glob("migrations/**/*.py"), ROOT / "services/runtime/topics.py"]


def canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def missing_in_image(roots: list[Path], folder: str, extra: str) -> tuple[set[Path], set[str]]:
    """Files and top names that `roots` import, and that an image of that folder and that extra does not hold."""
    files, outside = reached(roots)
    held = [ROOT / "services" / part for part in ("__init__.py", "contracts", "runtime", folder)]
    lines = (ROOT / "requirements" / f"{extra}.txt").read_text().splitlines()
    installed = {canonical(line.split("==")[0]) for line in lines if re.match(r"[A-Za-z0-9]", line)}
    providers = packages_distributions()
    return (
        {path for path in files - set(roots) if not any(path.is_relative_to(part) for part in held)},
        {name for name in outside if not {canonical(d) for d in providers.get(name, [])} & installed},
    )


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_imports_only_what_its_image_holds(name: str) -> None:
    assert missing_in_image(entry_points(name), name, name) == (set(), set())


def test_a_library_outside_the_extra_is_noticed() -> None:
    assert missing_in_image(entry_points("store"), "store", "fetcher")[1] >= {"alembic", "psycopg"}
    assert missing_in_image(entry_points("store"), "parser", "store")[0]


def test_the_newsroom_imports_only_what_its_image_holds(compose: dict[str, Any]) -> None:
    args = compose["services"]["newsroom"]["build"]["args"]
    serve_newsroom = DEPLOY / "compose" / "newsroom.py"
    # The console's own __init__ stays out of the image; Python does without one.
    files, outside = missing_in_image([serve_newsroom], args["SERVICE"], args["EXTRA"])
    assert (files, outside) == (set(), set())


def test_the_image_is_built_from_hashes_and_names_no_index() -> None:
    code = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))
    assert "://" not in code
    assert "index" not in code
    steps = re.split(r"&&|\n", code.replace("\\\n", " "))
    installs = [step for step in steps if re.search(r"\bpip\b.*\binstall\b", step)]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]


def test_the_image_runs_as_a_plain_user_by_a_fixed_number() -> None:
    [user] = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) >= 10_000


# --- compose -----------------------------------------------------------------------------------------------------


def seconds(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * (60 if unit == "m" else 1)


def test_every_container_is_limited_and_may_do_little(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"].keys() >= {"max-size", "max-file"}, name
        assert name in ("kafka", "postgres") or (service["read_only"] and service["tmpfs"] == ["/tmp"]), name


def test_every_container_that_stays_is_watched_and_comes_back(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name not in ("topics", "database-secret"):
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_drain_before_it_is_killed(name: str, compose: dict[str, Any]) -> None:
    given = {**env_file(CONFIG / "common.env"), **env_file(CONFIG / f"{name}.env")}
    drain = float(given.get("DRAIN_SECONDS", RuntimeSettings().drain_seconds))
    assert seconds(compose["services"][name]["stop_grace_period"]) >= drain + 10


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_be_scaled_and_starts_after_its_topics(name: str, compose: dict[str, Any]) -> None:
    service = compose["services"][name]
    assert not {"container_name", "ports", "hostname"} & set(service)
    assert service["depends_on"]["topics"] == {"condition": "service_completed_successfully"}


def test_only_this_machine_reaches_the_published_ports(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_fetcher_finds_every_site_of_the_newsroom_at_its_fixed_address(compose: dict[str, Any]) -> None:
    pins = read_pins(compose["services"]["fetcher"]["environment"]["FETCHER_RESOLVE"])
    address = compose["services"]["newsroom"]["networks"]["default"]["ipv4_address"]
    port = script(DEPLOY / "compose" / "newsroom.py").PORT
    with Newsroom() as newsroom:
        assert pins == dict.fromkeys(newsroom.hosts, Pin(address, port))
    assert all(name.endswith(".example") for name in pins), "a name that could be a public site's"


# --- scripts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [ROOT / "docker-compose.yml", ROOT / ".dockerignore", DEPLOY / "Dockerfile", *ENV_FILES, *SCRIPTS], ids=str
)
def test_the_first_line_says_what_the_file_is_for(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert re.match(r'# [A-Z].{20,}|"""[A-Z].{20,}"""$', first)


def test_the_database_password_is_made_once_and_fits_the_address(tmp_path: Path) -> None:
    keep = script(DEPLOY / "compose" / "database_secret.py").keep
    keep(tmp_path)
    password = (tmp_path / "database-password").read_text()
    keep(tmp_path)
    assert (tmp_path / "database-password").read_text() == password
    assert len(password) > 30
    url = conninfo_to_dict((tmp_path / "database-url").read_text())
    assert url["password"] == password
    assert url["host"] == "postgres"


def test_an_image_knows_the_version_of_what_it_runs(tmp_path: Path) -> None:
    script(DEPLOY / "metadata.py").write(ROOT / "pyproject.toml", tmp_path)
    [found] = distributions(name="xabar", path=[str(tmp_path)])
    assert found.version == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_probe_says_why_a_service_is_not_well() -> None:
    why_not = script(DEPLOY / "probe.py").why_not
    server = serve(Health("parser", stall_seconds=60), "127.0.0.1", 0)
    try:
        assert why_not("/healthz", server.server_port) is None
        assert "consumer group" in why_not("/readyz", server.server_port)
    finally:
        server.shutdown()
        server.server_close()
    assert "no answer" in why_not("/healthz", server.server_port)
