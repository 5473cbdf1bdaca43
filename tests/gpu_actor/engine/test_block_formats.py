"""Block formats against the reference implementation in the gguf package."""

import gguf
import gguf.quants
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_actor.engine.block_formats import FORMATS, OTHER_NAMES, BlockFormat, Blocks
from tests.gpu_actor.tiny_models import SCALE_PLACES, packed

EXACT = [form for form in FORMATS.values() if form.expand is None]
SIMPLE = {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4"}
WRITABLE = [form for form in FORMATS.values() if form.name in SIMPLE | SCALE_PLACES.keys()]
FOUR_BITS = {"Q4_0", "Q4_1", "Q4_K", "Q2_K", "Q3_K", "TQ1_0", "TQ2_0", "IQ1_S"}


def name_of(form: BlockFormat) -> str:
    return form.name


@pytest.mark.parametrize("form", FORMATS.values(), ids=name_of)
def test_a_format_has_the_name_and_block_size_of_the_reference(form: BlockFormat) -> None:
    kind = gguf.GGMLQuantizationType(form.type_id)
    assert kind.name == form.name
    assert gguf.GGML_QUANT_SIZES[kind] == (form.elements, form.bytes)


@pytest.mark.parametrize("form", WRITABLE, ids=name_of)
def test_values_are_those_of_the_reference(form: BlockFormat) -> None:
    raw = packed(form.name, 7, 512, np.random.default_rng(1))
    reference = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType(form.type_id))
    values = form.values(raw)
    assert values.shape == (7, 512)
    # Scale and offset are summed in another order: the last bit of a weight may differ.
    np.testing.assert_allclose(values, reference, rtol=0, atol=float(np.abs(reference).max()) * 2e-7)


def readable_by_the_reference() -> set[str]:
    """The formats that the package expands, by trying each of them."""
    readable: set[str] = set()
    for kind in gguf.GGMLQuantizationType:
        _, size = gguf.GGML_QUANT_SIZES[kind]
        try:
            gguf.quants.dequantize(np.zeros((1, size), np.uint8), kind)
        except NotImplementedError:
            continue
        readable.add(kind.name)
    return readable


def test_every_format_that_the_reference_expands_is_read_and_every_other_has_a_name_for_the_refusal() -> None:
    readable = readable_by_the_reference()
    assert {form.name for form in FORMATS.values()} == readable
    others = {kind.name: int(kind) for kind in gguf.GGMLQuantizationType if kind.name not in readable}
    assert {name: number for number, name in OTHER_NAMES.items()} == others


@pytest.mark.parametrize("form", EXACT, ids=name_of)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_any_bytes_with_finite_scales_have_the_values_of_the_reference(form: BlockFormat, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = 2 * max(256, form.elements)
    raw = rng.integers(0, 256, (3, columns // form.elements * form.bytes), np.uint8)
    with np.errstate(all="ignore"):  # random bytes hold infinite scales too
        reference = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType(form.type_id)).astype(np.float32)
        blocks = form.blocks(raw)
        assert blocks is not None
        values = blocks.values()
        # The last bit may differ: of the largest code's value and the offset, which can cancel each other.
        terms = np.abs(blocks.scale) * (1 << (blocks.bits - 1))
        if blocks.offset is not None:
            terms = terms + np.abs(blocks.offset)
        bound = np.repeat(terms, blocks.size, axis=1) * 4e-7
    finite = np.isfinite(reference) & np.isfinite(bound)
    assert np.isfinite(values[finite]).all()
    assert (np.abs(values[finite] - reference[finite]) <= bound[finite]).all()


@pytest.mark.parametrize("form", EXACT, ids=name_of)
def test_forms_of_four_bits_stay_so_and_the_others_take_eight(form: BlockFormat) -> None:
    blocks = form.blocks(np.zeros((1, form.bytes), np.uint8))
    assert blocks is not None
    assert blocks.bits == (4 if form.name in FOUR_BITS else 8)


def test_many_rows_are_unpacked_like_few() -> None:
    form = next(form for form in EXACT if form.name == "IQ1_S")
    raw = packed("IQ1_S", 600, 256, np.random.default_rng(4))
    assert np.array_equal(form.values(raw)[590:], form.values(raw[590:]))


@pytest.mark.parametrize("name", ["Q8_0", "Q6_K", "Q5_1", "IQ2_S", "MXFP4"])
def test_codes_of_eight_bits_are_the_sum_of_two_of_four(name: str) -> None:
    form = next(form for form in EXACT if form.name == name)
    blocks = form.blocks(packed(name, 7, 512, np.random.default_rng(3)))
    assert blocks is not None
    high, low = blocks.halves()
    assert max(high.codes.max(), low.codes.max()) < 16
    np.testing.assert_allclose(high.values() + low.values(), blocks.values(), atol=1e-6)


@pytest.mark.parametrize("form", EXACT, ids=name_of)
def test_codes_fit_their_bits_and_blocks_divide_a_row(form: BlockFormat) -> None:
    raw = np.random.default_rng(2).integers(0, 256, (3, 2 * form.bytes * (256 // form.elements)), np.uint8)
    with np.errstate(all="ignore"):  # random bytes hold infinite scales too
        blocks = form.blocks(raw)
    assert blocks is not None
    assert blocks.bits in {4, 8}
    assert blocks.size in {16, 32}
    assert int(blocks.codes.max()) < 1 << blocks.bits
    assert blocks.codes.shape == (3, 512 // blocks.size, blocks.size)
    assert blocks.scale.shape == blocks.codes.shape[:2]


@pytest.mark.parametrize("least", [0, 1], ids=["codes down to 0", "codes that can be mirrored in place"])
@pytest.mark.parametrize("offsets", [False, True])
def test_scales_can_all_be_made_positive_without_changing_a_value(least: int, offsets: bool) -> None:
    rng = np.random.default_rng(7)
    codes = rng.integers(least, 256, (16, 8, 16), np.uint8)
    scale = (rng.integers(-3, 4, (16, 8)) / 8).astype(np.float32)
    offset = (rng.integers(-9, 9, (16, 8)) / 4).astype(np.float32) if offsets else None
    blocks = Blocks(8, codes, scale, offset)
    positive = blocks.with_positive_scales("float16")
    assert scale.min() < 0
    assert positive.scale.min() > 0
    np.testing.assert_array_equal(positive.values(), blocks.values())
    if least and not offsets:
        assert positive.offset is None
    assert positive.with_positive_scales("float16") is positive
