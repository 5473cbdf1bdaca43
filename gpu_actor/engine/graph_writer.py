"""GraphWriter: the door to the `onnx` package. Collects nodes, writes weights straight to disk.

Weights go into one external data file as they are made, so that a model of any size is
written with little memory.
"""

import os
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

MICROSOFT = "com.microsoft"
INLINE_BYTES = 1024  # smaller constants stand in the graph file itself
PAGE = 1 << 16  # large constants start at a page of any system, so that they can be mapped

Array = npt.NDArray[Any]
Shape = tuple[int | str, ...]

TYPES: dict[str, int] = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "uint8": TensorProto.UINT8,
    "int8": TensorProto.INT8,
    "int4": TensorProto.INT4,
}


class GraphWriter:
    """Writes `folder/data_name` while the graph grows, and at the end the graph that refers to it."""

    def __init__(self, folder: Path, data_name: str, opset: int) -> None:
        self.folder = folder
        self.data_name = data_name
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.data = (folder / data_name).open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.data:
            self.data.flush()
            os.fsync(self.data.fileno())  # what is renamed into place is whole even after a power cut

    def input(self, name: str, kind: str, shape: Shape) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[kind], shape))
        return name

    def output(self, name: str, kind: str, shape: Shape) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, TYPES[kind], shape))

    @staticmethod
    def type_number(kind: str) -> int:
        """What an attribute that names an element type holds."""
        return TYPES[kind]

    def node(self, operator: str, inputs: list[str], name: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output, called as the node."""
        return self.node_of_many(operator, inputs, [name], domain, **attributes)[0]

    def node_of_many(
        self, operator: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Any
    ) -> list[str]:
        name = f"{outputs[-1]}/{operator}"
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, domain=domain, **attributes))
        return outputs

    def constant(self, name: str, array: Array) -> str:
        """A constant of the array's own type; the same name twice is the same constant."""
        if name not in self.constants:
            self.add_constant(name, array.dtype.name, array.shape, np.ascontiguousarray(array))
        return name

    def constant_int4(self, name: str, codes: npt.NDArray[np.int8]) -> str:
        """A constant of four-bit integers, −8 to 7; ONNX packs two a byte, the first one low."""
        flat = codes.reshape(-1).view(np.uint8) & 0xF
        self.add_constant(name, "int4", codes.shape, flat[0::2] | flat[1::2] << 4)
        return name

    def add_constant(self, name: str, kind: str, shape: tuple[int, ...], content: Array) -> None:
        tensor = TensorProto(name=name, data_type=TYPES[kind], dims=shape)
        if content.nbytes < INLINE_BYTES:
            tensor.raw_data = content.tobytes()
        else:
            self.data.write(b"\0" * (-self.data.tell() % (PAGE if content.nbytes >= PAGE else 64)))
            tensor.data_location = TensorProto.EXTERNAL
            place = {"location": self.data_name, "offset": self.data.tell(), "length": content.nbytes}
            for key, value in place.items():
                tensor.external_data.add(key=key, value=str(value))
            self.data.write(content.data)
        self.constants[name] = tensor

    def save(self, file_name: str) -> None:
        """Write the graph to `folder/file_name`."""
        constants = list(self.constants.values())
        graph = helper.make_graph(self.nodes, "decoder", self.inputs, self.outputs, constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=11, producer_name="samovar")
        with (self.folder / file_name).open("wb") as stream:
            stream.write(model.SerializeToString())
            stream.flush()
            os.fsync(stream.fileno())


def with_sizes(graph: Path, sizes: dict[str, int], file_name: str) -> Path:
    """A second graph beside `graph`, over the same weights, in which the named sizes are numbers."""
    model = onnx.ModelProto.FromString(graph.read_bytes())
    for value in [*model.graph.input, *model.graph.output]:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in sizes:
                dimension.dim_value = sizes[dimension.dim_param]
    made = graph.with_name(file_name)
    unfinished = made.with_name(f"{file_name}.{os.getpid()}.part")
    unfinished.write_bytes(model.SerializeToString())
    unfinished.replace(made)
    return made
