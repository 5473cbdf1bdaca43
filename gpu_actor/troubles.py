"""What can be wrong with a model or the engine: one class per cause; the text says what to do."""


class EngineTrouble(Exception):  # noqa: N818 - it is a trouble of the person at the keyboard, told in words
    """The engine cannot serve. The message is one line for people, with the way out."""


class ModelNotFoundError(EngineTrouble):
    """There is no model file. Name one with `--model PATH`, or fetch the demonstration model with
    `python3 -m deploy setup`.
    """


class RawPromptError(EngineTrouble):
    """A prompt for `samovar engine generate` or `logits` is empty or too long. Correct the file."""


class BenchFailedError(EngineTrouble):
    """A contender of `samovar bench engine` could not be measured. The message says what stopped it."""


class ModelFileError(EngineTrouble):
    """The file is no GGUF, or is damaged. Fetch it again, and compare its size with the publisher's."""


class UnsupportedModelError(EngineTrouble):
    """The file is fine but of a kind that this engine does not run: llama.cpp may. The message says why."""


class ChatTemplateError(EngineTrouble):
    """The model's chat template cannot be used: damaged, too costly, or it drops messages.
    Choose another file of the model; the publisher's own one usually has a good template.
    """


class ThoughtTagsError(EngineTrouble):
    """`engine.thoughts` is no pair of tags. Set it to auto, to off, or to the opening and the closing tag."""


class CacheFolderError(EngineTrouble):
    """The cache folder cannot be written. Make room on its disk, or choose another with SAMOVAR_CACHE."""


class OutOfMemoryBudgetError(EngineTrouble):
    """The key/value cache does not fit. Lower `engine.context`, or raise `engine.cache_mb`."""


class LlamaCppFailedError(EngineTrouble):
    """llama.cpp does not load the model, or failed at a step. The message says which; choose another file of
    the model, or another engine.
    """


class NoNetworkError(EngineTrouble):
    """The hub cannot be reached. Fetch the file elsewhere and name it with --model PATH."""


class HubError(EngineTrouble):
    """The hub does not give the model. The text says what it asks for."""


class DamagedDownloadError(EngineTrouble):
    """A fetched file is not what the hub says. Run the command again; if it stays so, take another one."""


class RemoteEngineError(EngineTrouble):
    """An engine that runs outside of Samovar cannot be reached or does not answer as it should. Start it, or
    correct engine.remote; `samovar engine discover` shows what runs on this machine.
    """


class UnknownCardError(EngineTrouble):
    """The graphics card is not in the table. Name one that is, or give --vram."""


class EngineQueueFullError(EngineTrouble):
    """More work was handed to the engine than `engine.work_queue` allows: a fault of the scheduler."""


class CudaError(EngineTrouble):
    """A call of CUDA failed. The message names it; if it comes again, serve with another engine."""


class CudaMissingError(CudaError):
    """There is no NVIDIA driver or no card that this process may use. Install the driver (on Windows with
    the card's own installer), or choose another engine.
    """


class OldDriverError(CudaError):
    """The NVIDIA driver is older than the CUDA that this engine was made with. Install the newest one."""


class CudaMemoryError(CudaError):
    """The card's memory is full. Close what else uses it, or lower `engine.context` or `engine.slots`."""


class DeviceLostError(CudaError):
    """The card failed in the middle of its work: the process has to begin anew. If it comes again look for
    overclocking, heat or a bad driver.
    """


class TensorRtMissingError(EngineTrouble):
    """TensorRT is not installed, or its libraries cannot be loaded. Install the package that is named."""


class TensorRtError(EngineTrouble):
    """TensorRT refused something it should not. The message says what; serve with another engine."""


class PlanError(EngineTrouble):
    """The TensorRT plan cannot run on this machine. Build it anew with `samovar engine build`, here or for
    this kind of card.
    """


class PlanNotFoundError(PlanError):
    """No TensorRT plan was built of this model for this kind of card: `samovar engine build` does."""


class SelfTestError(EngineTrouble):
    """The card computes something else than it should with this plan and driver. Update the driver, build the
    plan anew; serve with the CPU engine meanwhile.
    """


class PlanBuildError(PlanError):
    """TensorRT cannot build a plan of this model. The message has its words; serve with another engine."""


class BuilderKilledError(PlanBuildError):
    """The builder's process was ended from outside, mostly by the system for want of memory. Close what else
    uses memory, and build again.
    """


class HostMemoryError(PlanBuildError):
    """Building the plan would take more host memory than is free. Close what else uses it, add memory, or set
    `engine.build_memory_mb` if you know better.
    """


class DiskSpaceError(EngineTrouble):
    """The disk of the cache folder is too full. Make room there, or choose another with SAMOVAR_CACHE."""


class UnknownTargetError(EngineTrouble):
    """This TensorRT builds for no such card. The message lists those that it knows."""
