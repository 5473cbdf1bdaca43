"""Block formats against the reference implementation in the gguf package."""

import gguf
import gguf.quants
import numpy as np
import pytest

from gpu_actor.engine.block_formats import FORMATS, BlockFormat
from tests.gpu_actor.tiny_models import SCALE_PLACES, packed

EXACT = [form for form in FORMATS.values() if form.unpack is not None]
WRITABLE = [
    form
    for form in FORMATS.values()
    if form.name in SCALE_PLACES or form.type_id in {0, 1, 2, 3, 6, 7, 8, 30}
]


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
