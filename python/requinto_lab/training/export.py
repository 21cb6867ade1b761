# SPDX-License-Identifier: GPL-3.0-or-later
"""Write trained models as the LiteRT files that are installed: see `exports.py`."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from requinto import exports
from requinto.clips import LEAD_STEP_S
from requinto.config import LONGEST_CLIP_S, ModelConfig, TrackerConfig, from_values
from requinto.errors import ConfigError, ModelError
from requinto.exports import graph_name
from requinto.loader import load_single
from requinto.model_folder import BEATS, FOR_NAMES, models_in, targets
from requinto.networks import TENSORFLOW
from requinto.separator import NetworkSeparator, Query
from requinto.tracker import BLOCKS
from requinto_files import output_files
from requinto_files.quiet import filter_stderr
from requinto_lab.networks.beat_network import build_beat_network
from requinto_lab.networks.weights import load_networks, read_weights, set_weights
from requinto_lab.stderr_patterns import EVERYTHING

INT8, HALF, SINGLE = "int8", "half", "single"
PRECISIONS = (INT8, HALF, SINGLE)  # of the weights in a file; smallest first
_WINDOW = 2  # of a U-Net's transposed convolutions: size and stride


class DepthToSpace(layers.Layer):
    """Make four points of one, two rows of two, of a quarter of its channels.

    Input `(batch, columns, bands, 4 * channels)`, output
    `(batch, 2 * columns, 2 * bands, channels)`.
    """

    def call(self, inputs):  # type: ignore[no-untyped-def]
        return tf.nn.depth_to_space(inputs, _WINDOW)


def exportable(folder: Path) -> tuple[str, ...]:
    """Return the names of all networks in a folder of models that are installed."""
    separators = [
        name
        for model in models_in(folder)
        for name in (model, f"{model}{FOR_NAMES}")
        if (folder / f"{name}.npz").is_file()
    ]
    return (*separators, *([BEATS] if (folder / f"{BEATS}.npz").is_file() else []))


def export(folder: Path, name: str, precision: str | None = None) -> Path:
    """Export one model of a folder; return the record that is written.

    Parameters
    ----------
    folder : Path
        Of models; the export goes to its folder `litert/`.
    name : str
        Of weights in it: one of `exportable`.
    precision : str, optional
        Of the weights, one of `PRECISIONS`; that of the export which is replaced
        unless given, or else 8 bits.

    Raises
    ------
    ModelError
        If the weights are missing or damaged.
    ConfigError
        If there is no such precision.
    """
    precision = precision or _precision(folder, name)
    if precision not in PRECISIONS:
        raise ConfigError(
            f"precision must be {', '.join(PRECISIONS)}, got {precision!r}"
        )
    source, _ = read_weights(folder, name)
    (folder / exports.FOLDER).mkdir(exist_ok=True)
    record: dict[str, Any] = {
        "source_sha256": source["sha256"],
        "config": source["config"],
        "precision": precision,
        "converter": f"tensorflow {tf.__version__}",
        "networks": {},
    }
    for network, sizes in _networks(folder, name):
        content = convert(lower(network), precision, sizes)
        digest = _write(folder, f"{name}-{network.name}.tflite", content)
        record["networks"][network.name] = {
            "sha256": digest,
            "sizes": [n for n in sizes if n],
            "n_parameters": int(network.count_params()),
        }
    if answers_to_names(folder, name):
        separator = load_single(folder, name, TENSORFLOW)
        record["queries_sha256"] = _write(
            folder, f"{name}-{exports.QUERIES}.npz", _pack_queries(separator)
        )
    path = exports.record_path(folder, name)
    path.write_text(json.dumps(record, indent=2) + "\n")
    return path


def convert(
    network: keras.Model, precision: str, sizes: Sequence[int | None] = (None,)
) -> bytes:
    """Return a network as a LiteRT file, for batches of one.

    Parameters
    ----------
    network : keras.Model
        The second axis of inputs with more than two is that of columns.
    precision : str
        One of `PRECISIONS`: 8 bits a weight and single precision between (dynamic
        range), half, or single precision.
    sizes : sequence of int or None
        Numbers of columns that there is a graph for; None: any, which is slower.
    """
    # What a layer does in private is printed to stderr; errors are raised
    with filter_stderr(EVERYTHING), tempfile.TemporaryDirectory() as saved:
        module = tf.Module()
        module.variables_ = [variable.value for variable in network.variables]
        module.graphs = {graph_name(n): _graph(network, n) for n in sizes}
        tf.saved_model.save(module, saved, signatures=dict(module.graphs))
        converter = tf.lite.TFLiteConverter.from_saved_model(
            saved, signature_keys=list(module.graphs)
        )
        if precision != SINGLE:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == HALF:
            converter.target_spec.supported_types = [tf.float16]
        with contextlib.redirect_stderr(io.StringIO()):
            return bytes(converter.convert())


def lower(network: keras.Model) -> keras.Model:
    """Return the same network, to rounding, of operations that LiteRT runs fast.

    A transposed convolution whose windows lie side by side makes four points of each,
    and so does an ordinary one with four times the channels: for those with 8-bit
    weights LiteRT has no fast kernel, and they took a quarter of the time.
    """
    return keras.models.clone_model(
        network, clone_function=lambda layer: layer, call_function=_call_lowered
    )


def answers_to_names(folder: Path, name: str) -> bool:
    """Return whether a model is the one that built-in targets are looked up in."""
    if name == BEATS:
        return False
    return name.endswith(FOR_NAMES) or not (folder / f"{name}{FOR_NAMES}.npz").is_file()


def clip_sizes(config: ModelConfig) -> list[int]:
    """Return the numbers of columns, padded, that clips of a model can have."""
    lengths_s = [
        clip_s + clips.left_context_s + clips.right_context_s
        for clips in map(config.clips.of_beats, LONGEST_CLIP_S)
        for clip_s in (2 * clips.crossfade_s, clips.longest_clip_s + LEAD_STEP_S)
    ]
    spectra = config.spectra
    steps = [
        -(
            -spectra.n_columns(round(length_s * spectra.sample_rate))
            // spectra.n_columns_step
        )
        for length_s in (min(lengths_s), max(lengths_s))
    ]
    return [spectra.n_columns_step * n for n in range(steps[0], steps[1] + 1)]


def _call_lowered(layer: Any, *arguments: Any, **options: Any) -> Any:
    if not _has_adjoining_windows(layer):
        return layer(*arguments, **options)
    kernel, bias = layer.get_weights()  # of (rows, bands, to, from) points
    n_to, n_from = kernel.shape[2:]
    convolution = layers.Conv2D(_WINDOW**2 * n_to, 1, name=layer.name)
    points = convolution(*arguments)
    of_points = kernel.transpose(3, 0, 1, 2).reshape(1, 1, n_from, -1)
    convolution.set_weights([of_points, np.tile(bias, _WINDOW**2)])
    return DepthToSpace(name=f"{layer.name}_points")(points)


def _has_adjoining_windows(layer: Any) -> bool:
    size = (_WINDOW, _WINDOW)
    return isinstance(layer, layers.Conv2DTranspose) and (
        layer.kernel_size == layer.strides == size
    )


def _graph(network: keras.Model, n_columns: int | None) -> Any:
    names = [tensor.name for tensor in network.inputs]
    signature = [
        tf.TensorSpec(
            (1, n_columns or tensor.shape[1], *tensor.shape[2:])
            if len(tensor.shape) > 2
            else (1, *tensor.shape[1:]),
            tf.float32,
            name=name,
        )
        for name, tensor in zip(names, network.inputs, strict=True)
    ]

    @tf.function(input_signature=signature)  # type: ignore[untyped-decorator, unused-ignore]
    def answer(*tensors: Any) -> dict[str, Any]:
        inputs = dict(zip(names, tensors, strict=True))
        batch = inputs if len(inputs) > 1 else tensors[0]
        return {"output": network(batch, training=False)}

    return answer


def _networks(
    folder: Path, name: str
) -> list[tuple[keras.Model, Sequence[int | None]]]:
    """Return the networks of a model, each with the columns that it is run for."""
    if name != BEATS:
        model, (unet, encoder) = load_networks(folder, name)
        return [(unet, [None, *clip_sizes(model)]), (encoder, [None])]
    record, arrays = read_weights(folder, name)
    config = from_values(TrackerConfig, record["config"], BEATS)
    network = build_beat_network(config.rhythm, config.network)
    set_weights(network, arrays)
    return [(network, [None, *BLOCKS])]


def _precision(folder: Path, name: str) -> str:
    try:
        return str(exports.read_record(folder, name).get("precision", INT8))
    except ModelError:
        return INT8


def _pack_queries(separator: NetworkSeparator) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    for target in targets():
        query: Query = separator.target(target)
        arrays[f"{target}/embedding"] = query.embedding
        arrays[f"{target}/templates"] = query.templates
        if query.balance is not None:
            arrays[f"{target}/balance"] = query.balance
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _write(folder: Path, file: str, content: bytes) -> str:
    """Write a file of an export, in place of an older one; return its checksum."""
    path = folder / exports.FOLDER / file
    with output_files.whole_file(path, overwrite=True) as unfinished:
        Path(unfinished).write_bytes(content)
    return hashlib.sha256(content).hexdigest()
