"""What can be wrong with a model or the engine: one class per cause; the text says what to do."""


class EngineTrouble(Exception):  # noqa: N818 - it is a trouble of the person at the keyboard, told in words
    """The engine cannot serve. The message is one line for people, with the way out."""


class ModelNotFoundError(EngineTrouble):
    """There is no model file. Name one with `--model PATH`, or fetch the demonstration model with
    `python3 -m deploy setup`.
    """


class ModelFileError(EngineTrouble):
    """The file is no GGUF, or is damaged. Fetch it again, and compare its size with the publisher's."""


class UnsupportedModelError(EngineTrouble):
    """The file is fine but of a kind that this engine does not run. Choose a GGUF of the Llama family."""


class ChatTemplateError(EngineTrouble):
    """The model's chat template cannot be used: damaged, too costly, or it drops messages.
    Choose another file of the model; the publisher's own one usually has a good template.
    """


class CacheFolderError(EngineTrouble):
    """The cache folder cannot be written. Make room on its disk, or choose another with SAMOVAR_CACHE."""


class OutOfMemoryBudgetError(EngineTrouble):
    """The key/value cache does not fit. Lower `engine.context`, or raise `engine.cache_mb`."""


class EngineQueueFullError(EngineTrouble):
    """More work was handed to the engine than `engine.work_queue` allows: a fault of the scheduler."""
