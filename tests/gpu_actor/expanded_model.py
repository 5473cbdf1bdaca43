"""The same model with every weight as float32: what llama.cpp computes without rounding."""

from pathlib import Path

import gguf
import numpy as np

from gpu_actor.engine.gguf_file import GgufFile


def expand_model(source: Path, target: Path) -> Path:
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if field.name in {"general.architecture", "general.file_type"} or field.name.startswith("GGUF."):
            continue
        kind = field.types[0]
        writer.add_key_value(
            field.name, field.contents(), kind, field.types[-1] if len(field.types) > 1 else None
        )
    file = GgufFile(source)
    for name, place in file.tensors.items():
        writer.add_tensor(name, place.format.values(file.raw(name)).reshape(place.shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
