"""Settings of the engine process."""

from typing import Literal

from msgspec import Struct


class EngineSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Section [engine]. A key that changes what is computed says so."""

    runtime: Literal["auto", "tensorrt", "onnxruntime", "llama.cpp"] = "auto"  # what computes. Changes logits
    fallback: Literal["cpu", "none"] = "cpu"  # when the engine of choice fails: the next best one, or nothing
    model: str = ""  # a GGUF file, a folder, or a name of `samovar model list`; "": the demonstration model
    # What becomes of matrices in 16 or 32 bits: as they are, or in blocks of 8 or 4 bits. Changes logits
    weights: Literal["stored", "int8", "int4"] = "stored"
    slots: int = 8  # replies made at once; fewer where cache_mb says so
    # positions a slot, prompt and reply; at most what the model knows. Changes prompts, last bits of logits
    context: int = 4096
    kept: int = (
        4  # further caches, for conversations that are not being answered; fewer where cache_mb is full
    )
    share_prefixes: bool = True  # a prompt may begin with a copy of what another user's prompt began with
    settle: bool = True  # in idle time, compute ended replies as prompt: the next turn begins sooner
    steady_prompts: bool = True  # a talk beyond the context loses old messages several at a time, not at
    # every turn, so that its prompt begins with what is known. Changes prompts
    cache_mb: int = 2048  # most memory of the key/value cache, of all slots and kept ones; a reply that would
    # need more than others leave of it waits
    threads: int = 0  # of the runtime; 0: one a physical core. Changes the last bits of logits
    numerics: Literal["fast", "exact"] = "fast"  # exact: all in float32, much slower. Changes logits
    thoughts: str = (
        "auto"  # how a model marks its thoughts: auto (as its file tells), off, or two tags "<a> </a>"
    )
    # -- llama.cpp
    gpu_layers: int = -1  # layers on the card, where this build of llama.cpp has one; -1: as many as fit
    flash_attention: Literal["auto", "on", "off"] = "auto"  # Changes the last bits of logits
    cache_type: Literal["f32", "f16", "q8_0", "q4_0"] = "f16"  # of its key/value cache. Changes logits
    candidates: int = 256  # most likely tokens that are taken from it at each position
    probe_s: float = 120.0  # most time llama.cpp may take to look through a file before it is loaded
    # -- an engine outside of Samovar
    remote: str = (
        ""  # its address, "http://127.0.0.1:8080"; empty: none. `samovar engine discover` finds some
    )
    remote_kind: Literal["auto", "llama.cpp", "koboldcpp", "openai"] = "auto"  # how it is spoken to
    remote_model: str = ""  # which of its models, where it has several; empty: the first
    remote_key_file: str = ""  # file with its API key; empty: SAMOVAR_REMOTE_KEY of the environment, or none
    remote_connect_s: float = 5.0  # most time to reach it
    remote_silence_s: float = 300.0  # … between two signs of life, the reading of a long prompt included
    remote_tokens_s: float = 20.0  # … for a call that only cuts text into tokens
    remote_reply_s: float = 1800.0  # … for a whole reply
    remote_token_bytes: int = 64  # most bytes of a reply for each token that it may have
    remote_waiting: int = 4096  # pieces of a reply that may wait until they are taken
    # -- TensorRT's plans
    build_at_start: bool = (
        True  # build the plan that is missing when the engine starts: minutes for a large model
    )
    plan_chunk: int = 256  # most prompt tokens in one run; more take scratch memory on the card
    plan_cache: Literal["fp16", "int6"] = (
        "fp16"  # of the key/value cache; int6: half as large. Changes logits
    )
    build_memory_mb: int = 0  # most host memory that building a plan may take, as predicted; 0: what is free
    keep_build_graph: bool = False  # keep what a plan was built of, as large as the plan, for the next build
    # -- TensorRT, where it serves. Its caches take what the card has, whatever cache_mb says
    card: int = 0  # number of the NVIDIA card, as CUDA counts them
    cuda: Literal["cuda-bindings", "pycuda"] = "cuda-bindings"  # the package that speaks with the card
    card_reserve_mb: int = 1024  # of the card's memory that caches leave, for all else and for the screen
    steady: bool = True  # rows for all slots at every step: nobody's tokens depend on who else speaks
    prompt_run: int = 128  # prompt tokens in one run, at most the plan's. Changes the last bits of logits
    cuda_graphs: int = 8  # recorded decode runs that are kept; 0: start kernels one by one
    kernels: Literal["eager", "lazy", "none"] = "eager"  # when TensorRT for RTX compiles for a shape
    self_test: bool = True  # compare with golden logits once for each card, driver and plan, before serving
    # -- the engine's thread
    work_queue: int = 64  # messages that may wait for the engine's thread
    stop_s: float = 3.0  # how long the engine's thread may take to end
    step_limit_s: float = 120.0  # work of the engine's thread that takes longer is stuck: the process ends
