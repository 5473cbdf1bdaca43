"""How much host memory the builder will take, told before it starts.

Measured with TensorRT for RTX 1.7.1 on Linux: peak of the builder's own memory (what is mapped from
files not counted: the system can take it back at any time), plan written while it is serialised.
See CALIBRATION for the builds; `python -m tests.gpu_actor.engine.synthetic` measures anew.
"""

from gpu_actor.troubles import HostMemoryError

MB = 10**6
BASE_BYTES = 100 * MB  # Python and the libraries
LAYER_BYTES = 15 * MB  # nodes of a layer in the compiler, whatever their sizes
PLAN_SHARE = 1.62  # of the plan's bytes: its weights, and a second copy of most while it is put together


def predicted_peak(layers: int, plan_bytes: int) -> int:
    """Bytes of memory of its own that the builder takes at its peak."""
    return BASE_BYTES + LAYER_BYTES * layers + round(PLAN_SHARE * plan_bytes)


def check_memory(predicted: int, free: int, allowed_mb: int) -> None:
    """HostMemoryError where the build will not fit. `allowed_mb`, if not 0, counts in place of that."""
    allowed = allowed_mb << 20 if allowed_mb else free
    if predicted > allowed:
        what = (
            f"engine.build_memory_mb allows {allowed_mb} MB" if allowed_mb else f"{gigabytes(free)} are free"
        )
        raise HostMemoryError(
            f"building the plan takes about {gigabytes(predicted)} of host memory and {what}; close other "
            "programs, or raise engine.build_memory_mb"
        )


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
