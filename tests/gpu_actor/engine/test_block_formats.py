"""Block formats against the reference implementation in the gguf package."""

import gguf
import gguf.quants
import numpy as np
import pytest

from gpu_actor.engine.block_formats import FORMATS, BlockFormat
from tests.gpu_actor.tiny_models import SCALE_PLACES, packed

EXACT = [form for form in FORMATS.values() if form.unpack is not None]
SIMPLE = {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"}
WRITABLE = [form for form in FORMATS.values() if form.name in SIMPLE | SCALE_PLACES.keys()]


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


@pytest.mark.parametrize("name", ["Q8_0", "Q6_K", "Q5_1"])
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
