"""Small ONNX models, written with the package onnx; tests that need it are skipped where it is not installed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FLOAT = 1  # TensorProto.FLOAT


def network(path: Path, shape: Sequence[Any] = ("n", 3, "h", "w"), pooled: bool = True, seed: int = 0) -> Any:
    """Write a convolution of stride 2 to four maps, averaged if `pooled`; return its weights (4, 3, 3, 3) and (4,)."""
    onnx = pytest.importorskip("onnx")
    generator, last = np.random.default_rng(seed), shape[1] != 3
    weight, bias = (generator.normal(size=size).astype(np.float32) for size in ((4, 3, 3, 3), (4,)))
    image = "turned" if last else "image"
    nodes = [onnx.helper.make_node("Transpose", ["image"], ["turned"], perm=[0, 3, 1, 2])] * last
    nodes.append(onnx.helper.make_node("Conv", [image, "weight", "bias"], ["maps"], strides=[2, 2]))
    if pooled:
        nodes += [
            onnx.helper.make_node("GlobalAveragePool", ["maps"], ["mean"]),
            onnx.helper.make_node("Flatten", ["mean"], ["features"]),
        ]
    outputs = [("features", [shape[0], 4])] if pooled else [("maps", [shape[0], 4, None, None])]
    values = {"weight": weight, "bias": bias}
    save(path, nodes, [("image", shape)], outputs, values)
    return weight, bias


def save(path: Path, nodes: Any, inputs: Any, outputs: Any, values: Any, kind: int = FLOAT) -> None:
    """Write a model of nodes with inputs and outputs (name, shape) and constants by name."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph(
        nodes, "graph",
        [onnx.helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs],
        [onnx.helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in outputs],
        [onnx.numpy_helper.from_array(value, name) for name, value in values.items()],
    )  # fmt: skip
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
