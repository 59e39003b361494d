"""The params file as types: one section a stage, and `common`. Every key is required, so that a file says all it means.

`params.yaml` is the small run, `params/paper.yaml` the paper's. Bounds are part of the types; a value outside them is refused
with its path and rule by `mmgic.params`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmgic.schema.languages import LANGUAGES

PositiveInt = Annotated[int, Meta(ge=1)]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
PositiveFloat = Annotated[float, Meta(gt=0.0)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class CommonParams(_Section, frozen=True):
    """What all stages share. Every random choice comes from `seed`."""

    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)]


class ScenesParams(_Section, frozen=True):
    """How many generated pictures a split gets, and their side in pixels."""

    train: Annotated[int, Meta(ge=0)]
    val: Annotated[int, Meta(ge=0)]
    side_px: Annotated[int, Meta(ge=32, le=1024)]


SourceName = Literal[
    "photos",
    "scenes",
    "coco",
    "objects365",
    "v3det",
    "open-images",
    "visual-genome",
    "folder",
    "cc3m",
    "cc12m",
    "sbu",
    "laion",
    "webdataset",
    "llava",
]

ColumnRole = Literal["url", "file", "caption", "model_caption", "id", "license", "split", "width", "height", "score"]
"""What a column of a caption table holds; `model_caption` is a sentence that a model wrote."""

Columns = dict[ColumnRole, str | Annotated[int, Meta(ge=0)]]
"""Columns of a table by name, or by their number from 0 where the table has no line of names."""


class DownloadParams(_Section, frozen=True):
    """How URLs are asked for. None of it changes what comes: a run that was broken off goes on under other values.

    `concurrency` requests run at once, `per_host` of them to one host, a request to it starts `host_delay_s` after the one
    before. A picture may take `timeout_s`, headers and body; nothing may stall for `idle_timeout_s`. A URL is asked `tries`
    times where that may help; the wait in between begins near `backoff_s` and doubles, or is the server's own wish
    (`Retry-After`), but where more than `max_wait_s` is wanted the URL is given up, and meanwhile its host is not asked.
    `trust_env` goes through the proxies of HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Bodies of more than 256 KiB share
    `large_bytes` of memory. The run stops when fewer than `min_success_fraction` of the last `floor_after` URLs came.
    """

    concurrency: Annotated[int, Meta(ge=1, le=8192)]
    per_host: PositiveInt
    host_delay_s: Annotated[float, Meta(ge=0.0)]
    timeout_s: PositiveFloat
    idle_timeout_s: PositiveFloat
    tries: Annotated[int, Meta(ge=1, le=20)]
    backoff_s: PositiveFloat
    max_wait_s: PositiveFloat
    max_redirects: Annotated[int, Meta(ge=0, le=50)]
    trust_env: bool
    user_agent: Annotated[str, Meta(min_length=1, pattern=r"\A[ -~]+\Z")]
    large_bytes: PositiveInt
    min_success_fraction: Fraction
    floor_after: PositiveInt


class FetchParams(_Section, frozen=True):
    """`sources` are taken in this order when no `--source` is given; those that are local sets from the folders of `origins`.

    `columns` says for a source what the columns of its tables hold, where their names do not. Pictures are packed into tars
    of `pictures_per_tar`. Left out and counted is a picture of more than `max_picture_bytes`; of those that come by URL also
    one of more than `max_picture_pixels` or with a side under `min_picture_side_px`, and one whose server answers with one of
    `respected_directives` (`X-Robots-Tag`). A native file may have `max_file_bytes`. Private addresses (loopback, local
    networks, cloud metadata) are asked only where `allow_private` is set.
    """

    sources: Annotated[list[SourceName], Meta(min_length=1)]
    origins: dict[SourceName, str]
    columns: dict[SourceName, Columns]
    pictures_per_tar: PositiveInt
    max_picture_bytes: PositiveInt
    max_picture_pixels: PositiveInt
    min_picture_side_px: PositiveInt
    respected_directives: list[Annotated[str, Meta(pattern=r"\A[a-z-]+\Z")]]
    max_file_bytes: PositiveInt
    allow_private: bool
    download: DownloadParams
    scenes: ScenesParams


class RegionParams(_Section, frozen=True):
    """Which boxes become regions (PAPER: crops are large squares around the objects; the figures are our decisions)."""

    min_inside_fraction: Fraction
    crop_scale: Annotated[float, Meta(ge=1.0, le=4.0)]
    min_side_px: Annotated[float, Meta(ge=0.0)]
    min_area_fraction: Fraction
    max_area_fraction: Fraction
    duplicate_iou: Fraction
    max_per_record: Annotated[int, Meta(ge=0)]
    max_per_label: Annotated[int, Meta(ge=0)]

    def __post_init__(self) -> None:
        if self.min_area_fraction > self.max_area_fraction:
            raise ValueError(
                f"min_area_fraction {self.min_area_fraction:g} is above max_area_fraction {self.max_area_fraction:g}"
            )


PlaceholderGroup = Literal["empty", "file_name", "url", "markup", "click", "person"]
"""Groups of patterns in `mmgic/sources/data/placeholders.toml`."""

LanguageCode = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}\Z")]


class CaptionParams(_Section, frozen=True):
    """Which captions of the web are dropped. `apply_to` is `web`, every source whose captions come from web pages, or a list.

    Words stand between spaces; in scripts without spaces a character is a word. `max_repeated_fraction` bounds how many of the
    pairs of neighbouring words came before in the caption. `placeholders` are the groups of patterns that a caption must not
    match. `languages` is `any`, or the codes that a caption's language must be of with a probability of `min_language_score`.
    """

    apply_to: Literal["web"] | list[SourceName]
    min_words: Annotated[int, Meta(ge=0)]
    max_words: PositiveInt
    max_repeated_fraction: Fraction
    keep_all_caps: bool
    placeholders: list[PlaceholderGroup]
    languages: Literal["any"] | Annotated[list[LanguageCode], Meta(min_length=1)]
    min_language_score: Fraction

    def __post_init__(self) -> None:
        if self.min_words > self.max_words:
            raise ValueError(f"min_words {self.min_words} is above max_words {self.max_words}")
        if self.languages != "any" and (unknown := sorted(set(self.languages) - LANGUAGES)):
            raise ValueError(f"languages: no code `{unknown[0]}`; two letters where a language has two: en, de, zh")


class DescriptionParams(_Section, frozen=True):
    """Where labels without a description of their own get one from, beside the files that come along.

    `wordnet` is a folder with the dictionary files of WordNet 3.0, for Visual Genome's synsets; empty: no glosses. `files` are
    description files (docs/descriptions.md) whose texts replace all others, the last that names a label wins.
    """

    wordnet: str
    files: list[str]


HashDistance = Annotated[int, Meta(ge=-1, le=16)]
"""At most so many of the 64 bits of two perceptual hashes differ; -1: they are not compared."""


class DuplicateParams(_Section, frozen=True):
    """Which records show the same picture, so that the first stays (docs/duplicates.md).

    `exact`: the same bytes; `by_id`: a name in another set in common; `near_distance`: at most so many of the 64 bits of their
    perceptual hashes differ, -1 for no such hashes. `exclusion_distance` is the same between a picture and those of benchmarks.
    """

    exact: bool
    by_id: bool
    near_distance: HashDistance
    exclusion_distance: HashDistance


class NormalizeParams(_Section, frozen=True):
    """Raw files to records.

    `max_pixels` bounds a picture before it is decoded; `warnings` keeps or rejects pictures that a decoder complains of. A
    picture of another size than its annotation states is rejected, or its boxes are scaled to the pixels, or taken as they are.
    `ancestors` of a label in its source's hierarchy become labels of the record too, or none do. `exclusions` is the folder
    that `mmgic decontaminate` wrote: pictures on its list give no record; empty: none.
    """

    records_per_shard: PositiveInt
    max_pixels: PositiveInt
    warnings: Literal["keep", "reject"]
    size_mismatch: Literal["reject", "scale", "trust"]
    ancestors: Literal["none", "labels"]
    max_bad_fraction: Fraction
    captions: CaptionParams
    exclusions: str
    duplicates: DuplicateParams
    descriptions: DescriptionParams
    regions: RegionParams


NO_BOXES = "none"


class TemplateParams(_Section, frozen=True):
    """Records to documents: which concepts, and how many of the documents put the caption before the image.

    `boxes` names the notation in which the regions' boxes are written after all else, or is `none`.
    """

    recipe: Literal["C", "CL", "CLD", "CLDR"]
    boxes: str
    caption_first_fraction: Fraction
    max_bad_fraction: Fraction


class TextTokenizerParams(_Section, frozen=True):
    """Byte-level BPE fitted on the text of at most `fit_documents` documents."""

    vocabulary_size: Annotated[int, Meta(ge=300)]
    fit_documents: PositiveInt


class VisualTokenizerParams(_Section, frozen=True):
    """`patches`: a k-means codebook of `num_codes` patches; a picture of `side_px` gives (side_px / patch_px)^2 codes.

    `decode` is how far a JPEG may be reduced while it is decoded: not at all, or to no less than 2 or 1 times `side_px`.
    """

    kind: Literal["patches"]
    side_px: Annotated[int, Meta(ge=8, le=1024)]
    decode: Literal["exact", "gap2", "gap1"]
    patch_px: Annotated[int, Meta(ge=2, le=64)]
    num_codes: Annotated[int, Meta(ge=2, le=65536)]
    fit_pictures: PositiveInt

    def __post_init__(self) -> None:
        if self.side_px % self.patch_px:
            raise ValueError(f"side_px {self.side_px} is no multiple of patch_px {self.patch_px}")


class TokenizeParams(_Section, frozen=True):
    """Documents to packed rows of at most `row_length` tokens, packed in windows of `packing_window` documents.

    `too_long` is what becomes of a longer document: left out, cut at its end, or split at the borders of its parts. A row
    has at most `pictures_per_row` pictures, any number where that is 0. Blocks of rows are compressed with `zstd_level`, and
    stored as they are where that is 0.
    """

    row_length: Annotated[int, Meta(ge=16, le=1 << 24)]
    packing_window: Annotated[int, Meta(ge=1, le=(1 << 32) - 1)]
    too_long: Literal["drop", "truncate", "split"]
    pictures_per_row: Annotated[int, Meta(ge=0, le=1 << 24)]
    rows_per_block: PositiveInt
    rows_per_shard: PositiveInt
    zstd_level: Annotated[int, Meta(ge=0, le=22)]
    max_bad_fraction: Fraction
    text: TextTokenizerParams
    visual: VisualTokenizerParams


class ModelParams(_Section, frozen=True):
    """A Llama built from these figures and seeded, with grouped key-value heads where `kv_heads` < `heads`."""

    layers: PositiveInt
    width: PositiveInt
    mlp_width: PositiveInt
    heads: PositiveInt
    kv_heads: PositiveInt
    attention: Literal["sdpa", "eager", "flash_attention_2", "flex_attention"]
    tie_embeddings: bool
    activation_checkpointing: bool


class OptimizerParams(_Section, frozen=True):
    """AdamW, linear warm-up, cosine decay to `final_lr_fraction` of `lr`."""

    lr: PositiveFloat
    final_lr_fraction: Fraction
    warmup_fraction: Fraction
    beta1: Annotated[float, Meta(ge=0.0, lt=1.0)]
    beta2: Annotated[float, Meta(ge=0.0, lt=1.0)]
    eps: PositiveFloat
    weight_decay: Annotated[float, Meta(ge=0.0)]
    max_grad_norm: PositiveFloat


class PretrainParams(_Section, frozen=True):
    """Training: `rows_per_step` rows over all ranks, `rows_per_pass` on one rank at a time, `steps` optimizer steps."""

    processes: PositiveInt
    zero_stage: Literal[0, 1, 2, 3]
    precision: Literal["fp32", "bf16"]
    steps: PositiveInt
    rows_per_step: PositiveInt
    rows_per_pass: PositiveInt
    checkpoint_every: PositiveInt
    keep_checkpoints: PositiveInt
    log_every: PositiveInt
    model: ModelParams
    optimizer: OptimizerParams


class EvalParams(_Section, frozen=True):
    """Scores on `split`: at most `max_records` records, `caption_tokens` new tokens a caption."""

    split: str
    max_records: PositiveInt
    choices_per_record: PositiveInt
    caption_records: PositiveInt
    caption_tokens: PositiveInt
    sheet_pictures: PositiveInt
    batch_size: PositiveInt


class Params(_Section, frozen=True):
    """The whole params file."""

    common: CommonParams
    fetch: FetchParams
    normalize: NormalizeParams
    template: TemplateParams
    tokenize: TokenizeParams
    pretrain: PretrainParams
    eval: EvalParams
