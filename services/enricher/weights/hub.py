"""A repository of a model hub: the commit behind a revision, the files that our engine needs, and their hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from services.enricher.translate.engines.folders import pair_in_name
from services.enricher.weights.plan import MOST_LISTED, NOT_STATED, FetchRefused, Plan, Remote, checked_plan

METADATA_SECONDS = 30.0
WEIGHTS = "model.bin"
SHARED = ("shared_vocabulary.json", "shared_vocabulary.txt")
EACH = (("source_vocabulary.json", "target_vocabulary.json"), ("source_vocabulary.txt", "target_vocabulary.txt"))
TOKENIZERS = (
    "sentencepiece.bpe.model",
    "flores200_sacrebleu_tokenizer_spm.model",
    "sentencepiece.model",
    "spm.model",
)
TOKENIZER_EACH = ("source.spm", "target.spm")
BESIDE = ("config.json",)
_OTHER_WEIGHTS = re.compile(r"(?:pytorch_model|model|tf_model|flax_model|rust_model)[A-Za-z0-9._-]{0,80}")
_OTHER_ENDS = (".safetensors", ".bin", ".h5", ".msgpack", ".ot", ".pt", ".npz", ".onnx", ".gguf")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LICENCE = re.compile(r"[\w .+/-]{1,100}", re.ASCII)

Kind = Literal["nllb", "opus"]


@dataclass(frozen=True)
class Wanted:
    """What the operator asked for."""

    repository: str
    revision: str
    kind: Kind
    name: str
    pairs: tuple[str, ...] = ()


def hub_plan(wanted: Wanted, endpoint: str | None = None) -> Plan:
    """Ask the hub what the repository holds. `endpoint`: another hub than HF_ENDPOINT's. Raises FetchRefused."""
    if not _REPOSITORY.fullmatch(wanted.repository) or ".." in wanted.repository:
        raise FetchRefused(f"{wanted.repository[:200]!r} is no repository; one is called OWNER/NAME.")
    told = _told(wanted, endpoint)
    commit = str(told.info.sha or "")
    if not _COMMIT.fullmatch(commit):
        raise FetchRefused(f"The hub tells no commit for revision {wanted.revision!r} of {wanted.repository}.")
    listed = {str(one.rfilename): one for one in told.info.siblings or ()}
    if len(listed) > MOST_LISTED:
        raise FetchRefused(f"{wanted.repository} has {len(listed)} files; {MOST_LISTED} are the most.")
    files = [_remote(told, wanted.repository, commit, listed[name]) for name in needed(wanted, listed)]
    return checked_plan(
        Plan(
            name=wanted.name,
            kind=wanted.kind,
            pairs=_pairs(wanted),
            origin=wanted.repository,
            revision=commit,
            licence=_licence(told.info),
            licence_url=f"{told.endpoint}/{wanted.repository}",
            files=tuple(files),
            headers=told.headers,
        )
    )


def needed(wanted: Wanted, listed: Iterable[str]) -> list[str]:
    """Which of a repository's files the engine reads. Raises FetchRefused where one that it needs is missing.

    Never anything else: no code, no pickles, no weights of other libraries.
    """
    names = set(listed)
    for name in names:
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
            raise FetchRefused(f"{wanted.repository} names a file {name[:100]!r}, outside of itself: not fetched.")
    if WEIGHTS not in names:
        raise FetchRefused(_not_ours(wanted, names))
    shared = [name for name in SHARED if name in names][:1]
    each = next((list(pair) for pair in EACH if names.issuperset(pair)), [])
    if not shared and not each:
        raise FetchRefused(f"{wanted.repository} has no {SHARED[0]}, nor {' and '.join(EACH[0])}, beside {WEIGHTS}.")
    if wanted.kind == "opus":
        tokenizers = list(TOKENIZER_EACH) if names.issuperset(TOKENIZER_EACH) else []
    else:
        tokenizers = [name for name in TOKENIZERS if name in names][:1]
    if not tokenizers:
        looked_for = " and ".join(TOKENIZER_EACH) if wanted.kind == "opus" else TOKENIZERS[0]
        raise FetchRefused(
            f"{wanted.repository} has no SentencePiece model ({looked_for}), which our engine cuts texts with:"
            " take a repository that has it, or put it into the folder yourself."
        )
    return [WEIGHTS, *(shared or each), *tokenizers, *(name for name in BESIDE if name in names)]


@dataclass(frozen=True)
class _Told:
    """What the hub's library found out; nothing else here knows of that library."""

    info: Any
    endpoint: str
    headers: dict[str, str]


def _told(wanted: Wanted, endpoint: str | None) -> _Told:
    try:
        from huggingface_hub import HfApi, get_token
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            OfflineModeIsEnabled,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
    except ImportError:
        raise FetchRefused(
            "huggingface_hub is not installed: pip install 'xabar[console,enricher,models]', and run the same again."
        ) from None
    api = HfApi(endpoint=endpoint)
    hub = str(api.endpoint).rstrip("/")
    token = get_token() if _keeps_secrets(hub) else None
    repository = wanted.repository
    try:
        info = api.model_info(
            repository, revision=wanted.revision, files_metadata=True, timeout=METADATA_SECONDS, token=token or False
        )
    except GatedRepoError:
        raise FetchRefused(
            f"{repository} is gated: accept its terms on {hub}/{repository}, then set HF_TOKEN to a token of yours."
        ) from None
    except RepositoryNotFoundError:
        raise FetchRefused(
            f"There is no repository {repository} at {hub}, or it is private; for that, set HF_TOKEN."
        ) from None
    except RevisionNotFoundError:
        raise FetchRefused(f"{repository} has no revision {wanted.revision!r}.") from None
    except HFValidationError:
        raise FetchRefused(f"{repository!r} is no repository; one is called OWNER/NAME.") from None
    except OfflineModeIsEnabled:
        raise FetchRefused("HF_HUB_OFFLINE is set: nothing is asked of a hub.") from None
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no status")
        raise FetchRefused(f"{hub} answers {status} for {repository}.") from None
    except Exception as error:  # which library it speaks HTTP with changed over its versions; headers stay unsaid
        raise FetchRefused(f"{hub} can't be asked for {repository}: {type(error).__name__}.") from None
    return _Told(info, hub, {"Authorization": f"Bearer {token}"} if token else {})


def _keeps_secrets(hub: str) -> bool:
    """Whether a token may go there: never in the clear, but to this machine."""
    parts = urlsplit(hub)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


def _remote(told: _Told, repository: str, commit: str, listed: Any) -> Remote:
    name, large = str(listed.rfilename), listed.lfs
    size = large.size if large else listed.size
    sha256, blob = (large.sha256 if large else None), listed.blob_id
    vouched = _SHA256.fullmatch(sha256 or "") or (not large and _COMMIT.fullmatch(blob or ""))
    if not isinstance(size, int) or size < 0 or not vouched:
        raise FetchRefused(f"The hub tells no size or no hash of {name} in {repository}.")
    return Remote(
        name=name,
        url=f"{told.endpoint}/{repository}/resolve/{commit}/{quote(name)}",
        size=size,
        sha256=sha256,
        git_sha1=None if large else blob,
    )


def _licence(info: Any) -> str:
    card = getattr(info, "card_data", None)
    named = [card.get("license"), card.get("license_name")] if card is not None else []
    tagged = [tag.removeprefix("license:") for tag in getattr(info, "tags", None) or () if tag.startswith("license:")]
    for found in [*named[::-1], *tagged]:
        if isinstance(found, str) and _LICENCE.fullmatch(found):
            return found
    return NOT_STATED


def _pairs(wanted: Wanted) -> tuple[str, ...]:
    if wanted.pairs or wanted.kind == "nllb":
        return wanted.pairs
    found = pair_in_name(wanted.name) or pair_in_name(wanted.repository.partition("/")[2])
    if found is None:
        raise FetchRefused(f"Which languages does {wanted.repository} translate? Say it like --pair ru:en.")
    return (":".join(found),)


def _not_ours(wanted: Wanted, names: set[str]) -> str:
    others = sorted(name for name in names if _OTHER_WEIGHTS.fullmatch(name) and name.endswith(_OTHER_ENDS))
    if not others:
        return f"{wanted.repository} holds no {WEIGHTS}: no model that CTranslate2 can open."
    beside = " ".join(TOKENIZER_EACH) if wanted.kind == "opus" else TOKENIZERS[0]
    return (
        f"{wanted.repository} holds {others[0]}, which CTranslate2 can't open: convert it first, with"
        " `pip install ctranslate2 transformers torch sentencepiece` and `ct2-transformers-converter"
        f" --model {wanted.repository} --revision {wanted.revision} --quantization int8 --copy_files {beside}"
        f" --output_dir MODELS/{wanted.name}`. Or take a repository that somebody converted."
    )
