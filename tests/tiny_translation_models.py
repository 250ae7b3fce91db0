"""Tiny CTranslate2 models with random weights in the shape of NLLB-200 and of OPUS, written in a second, for tests."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import sentencepiece
from ctranslate2.specs import common_spec, model_spec, transformer_spec

LAYERS, HEADS, WIDTH, INNER = 2, 2, 32, 64
PIECES = 480
CODES = [f"{code}_Cyrl" for code in ("kaz", "kir", "rus", "tat", "tgk")]
CODES += [f"{code}_Latn" for code in ("azj", "eng", "por", "tuk", "tur", "uzn")] + ["pes_Arab", "uig_Arab"]
# What the tokenizers learn their pieces from.
LINES = (
    "Toshkentda yangi kutubxona ochildi, unda oʻn ming kitob va oltmishta kompyuter bor.",
    "Bogʻdagi daraxtlar gullamoqda, bolalar esa maʼruzadan keyin koptok oʻynayapti.",
    "Вчера в Душанбе открыли мост через реку, по нему пойдут автобусы и троллейбусы.",
    "Погода на завтра: облачно, небольшой дождь, ветер до семи метров в секунду.",
    "Алматыда жаңа мектеп салынып жатыр, оқушылар қыркүйекте сабаққа барады.",
    "Бишкекте эртең көргөзмө ачылат, ага ондогон сүрөтчүлөр катышат.",
    "The mayor opened a new library on Monday; it has 10,000 books and sixty computers.",
    "Farmers in the valley expect a good harvest of melons, apricots and cotton this year.",
    "A nova ponte liga as duas margens do rio e custou três milhões de euros.",
    "Belediye başkanı pazartesi günü yeni kütüphaneyi açtı; içinde 10.000 kitap var.",
)  # fmt: skip


ENDS_AT, POSITIONS = 6, 1_024
"""A sentence's end is certain from this token on, and impossible before."""


def nllb(
    folder: Path,
    ends: bool = True,
    says: str | None = None,
    codes: Sequence[str] = CODES,
    lines: Sequence[str] = LINES,
) -> Path:
    """A model like NLLB-200: one vocabulary with a token for each language, and one tokenizer.

    `ends`: whether its sentences ever do. `says`: the only token that it knows to say. `lines`: for the tokenizer.
    """
    folder.mkdir(parents=True)
    tokenizer = _tokenizer(lines)
    (folder / "sentencepiece.bpe.model").write_bytes(tokenizer)
    pieces = _pieces(tokenizer)
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *pieces, *codes, "<mask>"]
    return _written(folder, tokens, "</s>", ends, [says] if says else pieces)


def opus(folder: Path, ends: bool = True, says: str | None = None, extra: Sequence[str] = ()) -> Path:
    """A model like OPUS-MT: a tokenizer for each side, and padding to begin with."""
    folder.mkdir(parents=True)
    source, target = _tokenizer(LINES[2:6]), _tokenizer(LINES[6:])
    (folder / "source.spm").write_bytes(source)
    (folder / "target.spm").write_bytes(target)
    pieces = _pieces(target)
    tokens = dict.fromkeys(["</s>", "<unk>", *extra, *_pieces(source), *pieces, "<pad>"])
    return _written(folder, list(tokens), "<pad>", ends, [says] if says else pieces)


def _tokenizer(lines: Sequence[str]) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        vocab_size=PIECES,
        model_type="bpe",
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def _pieces(tokenizer: bytes) -> list[str]:
    processor = sentencepiece.SentencePieceProcessor(model_proto=tokenizer)
    names = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    return [name for name in names if name not in ("<unk>", "<s>", "</s>")]


def _written(folder: Path, tokens: list[str], start: str, ends: bool, says: Sequence[str]) -> Path:
    spec = transformer_spec.TransformerSpec.from_config(
        (LAYERS, LAYERS), HEADS, pre_norm=True, activation=common_spec.Activation.RELU
    )
    chance = np.random.default_rng(6)
    for name, layer in _layers(spec, ""):
        _fill(layer, name, len(tokens), chance)
    # The first of a vector's numbers says nothing of a word: it shouts where the sentence ends.
    projection, positions = spec.decoder.projection, np.zeros((POSITIONS, WIDTH), np.float32)
    positions[ENDS_AT:, 0] = 1_000.0 if ends else 0.0
    spec.decoder.position_encodings.encodings = positions
    end, said = tokens.index("</s>"), set(says)
    projection.weight[end] = np.eye(1, WIDTH)[0] * 1_000
    projection.bias = np.array([0.0 if token in said else -9_000.0 for token in tokens], np.float32)
    projection.bias[end] = -4_000.0 if ends else -9_000.0
    spec.encoder.scale_embeddings = spec.decoder.scale_embeddings = True
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.decoder_start_token, spec.config.unk_token = start, "<unk>"
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    return folder


def _layers(layer: object, name: str) -> Iterator[tuple[str, object]]:
    """Every layer of a model, with its name in it."""
    yield name, layer
    for key, value in list(vars(layer).items()):
        inside = enumerate(value) if isinstance(value, list) else [("", value)]
        for number, child in inside:
            if isinstance(child, model_spec.LayerSpec):
                yield from _layers(child, f"{name}.{key}{number}")


def _fill(layer: object, name: str, tokens: int, chance: np.random.Generator) -> None:
    def weights(rows: int, columns: int) -> np.ndarray:
        return chance.normal(0, 0.3, (rows, columns)).astype(np.float32)

    if isinstance(layer, common_spec.LayerNormSpec):
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    elif isinstance(layer, common_spec.EmbeddingsSpec):
        layer.weight = weights(tokens, WIDTH)
    elif isinstance(layer, common_spec.LinearSpec):
        rows, columns = _shape(name, tokens)
        layer.weight, layer.bias = weights(rows, columns), np.zeros(rows, np.float32)


def _shape(name: str, tokens: int) -> tuple[int, int]:
    """Rows and columns of a linear layer; attention keeps queries, keys and values in one."""
    if name.endswith("projection"):
        return tokens, WIDTH
    if name.endswith("ffn.linear_0"):
        return INNER, WIDTH
    if name.endswith("ffn.linear_1"):
        return WIDTH, INNER
    if name.endswith("self_attention.linear0"):
        return 3 * WIDTH, WIDTH
    if name.endswith("attention.linear1") and "self_attention" not in name:
        return 2 * WIDTH, WIDTH
    return WIDTH, WIDTH


if __name__ == "__main__":
    nllb(Path(sys.argv[1]))
