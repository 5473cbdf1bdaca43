"""How much host memory the builder will take, told before it starts.

Measured with TensorRT for RTX 1.7.1 on Linux, at the peak of the builder's own memory: what is mapped
from files is not counted, for the system can take it back at any time. The plan is written while it
is serialised. MB = 10^6 bytes:

    layers of             depth   4 bits   other     peak   predicted
    mistral-nemo-12b          1      121     844     1245        1274
    mistral-nemo-12b          2      292     844     1556        1601
    gemma-3-12b               1       98      93      486         445
    gemma-3-12b               2      238      93      710         717
    qwen3-14b                 1      147     130      617         596
    qwen3-14b                 2      354     130      967         963
    SmolLM2-135M             30       66      46      822         918
    tests' "tiny"             4        5       2      260         241

(gemma-3-12b and qwen3-14b with a vocabulary of 4,096, mistral-nemo-12b with its own; predicted is the
builder's part, which at full depth is the larger one: writing the graph counts as well.)

`python -m tests.gpu_actor.engine.synthetic` measures anew. What was tried to lower it: writing the plan as
a stream (saves a whole copy of it), the parser's own mapping of weights beside the graph (as good as handing
it mapped ones); no difference made WEIGHT_STREAMING, REFIT_INDIVIDUAL, the optimisation level, smaller
profiles, or leaving out the compilation and timing caches.
"""

import math

from gpu_actor.engine import memory
from gpu_actor.engine.block_formats import BlockFormat
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.troubles import HostMemoryError

MB = 10**6
BASE_BYTES = 150 * MB  # Python and the libraries
LAYER_BYTES = 20 * MB  # nodes of a layer in the compiler, whatever their sizes
REPACKED_SHARE = 1.8  # of matrices in 4 bits: in the order of their kernel, and once more in the plan
COPIED_SHARE = 1.05  # of all others, which go into the plan as they are
WRITING_BYTES = 5  # of each weight of the largest matrix, while the graph is written, before the builder


def predicted_peak(file: ModelFile, layers: int) -> int:
    """Bytes of memory that writing the graph, and then the builder, take of their own at their peak."""
    places = memory.on_the_card(file)
    repacked = sum(memory.tensor_bytes(place) for place in places if is_repacked(place.format))
    copied = memory.weight_bytes(file) - repacked
    building = LAYER_BYTES * layers + round(REPACKED_SHARE * repacked + COPIED_SHARE * copied)
    writing = WRITING_BYTES * max(math.prod(place.shape) for place in places)
    return BASE_BYTES + max(building, writing)


def is_repacked(form: BlockFormat) -> bool:
    return memory.plan_bits(form) < 8  # codes of 4 bits with scale and offset


def check_memory(predicted: int, free: int, allowed_mb: int) -> None:
    """HostMemoryError where the build will not fit. `allowed_mb`, if not 0, counts in place of `free`."""
    allowed = allowed_mb << 20 if allowed_mb else free
    if predicted > allowed:
        limit = f"engine.build_memory_mb allows {allowed_mb} MB"
        what = limit if allowed_mb else f"{gigabytes(free)} are free"
        raise HostMemoryError(
            f"building the plan takes about {gigabytes(predicted)} of host memory and {what}; close other "
            "programs, or raise engine.build_memory_mb"
        )


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
