"""Render devices of Cycles: "cpu", a GPU type such as "optix", some of its devices as in "optix:0,2", or "auto"."""

import os
from typing import Any

from ..errors import DeviceError, UnknownName

GPU_TYPES = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")  # in order of preference
NAMES = ("cpu", "auto", *(kind.lower() for kind in GPU_TYPES))
COMPILES = (
    "Blender's wheel holds no kernels for compute capability 8.0 and 9.0 (A100, H100): on such a card the first start "
    "compiles them, which takes minutes, and the driver keeps them (CUDA_CACHE_PATH, else ~/.nv/ComputeCache)"
)


def parse_device(device: str) -> tuple[str, tuple[int, ...]]:
    """Split a device such as "optix:0,2" into its name and its numbers; no numbers stand for all devices of a type.

    >>> parse_device("optix:0,2")
    ('optix', (0, 2))

    Raises
    ------
    UnknownName : the name is unknown.
    DeviceError : the numbers are invalid, repeated, or given for the CPU.
    """
    name, colon, numbers = device.partition(":")
    if name not in NAMES:
        raise UnknownName("device", name, NAMES)
    if not colon:
        return name, ()
    fields = [number.strip() for number in numbers.split(",")]
    if name == "cpu" or not all(field.isdecimal() for field in fields) or len(set(fields)) < len(fields):
        raise DeviceError(f"cannot take devices {numbers!r} of {name}: give numbers of GPUs, as in --devices 0,2")
    return name, tuple(map(int, fields))


def use_device(device: str, cycles: Any, preferences: Any, worker_number: int) -> str:
    """Make Cycles render on one device; the chosen devices are distributed over the workers by their number.

    cycles : the scene's Cycles settings; preferences : settings of the Cycles add-on
    worker_number : number of this worker on its machine
    returns : all chosen devices, for dataset.json, such as "CPU" or "OPTIX NVIDIA H100, NVIDIA H100"

    Raises
    ------
    UnknownName, DeviceError : the device does not exist, or this machine does not have it.
    """
    name, numbers = parse_device(device)
    if name != "cpu":  # the driver's default cache may be too small for all compiled kernels of Cycles
        os.environ.setdefault("CUDA_CACHE_MAXSIZE", str(4 << 30))
    for kind in GPU_TYPES if name == "auto" else () if name == "cpu" else (name.upper(),):
        present = _devices(preferences, kind)
        if not present:
            continue
        if max(numbers, default=0) >= len(present):
            listed = "; ".join(f"{i}: {entry.name}" for i, entry in enumerate(present))
            raise DeviceError(f"no {kind} device {max(numbers)} on this machine, which has {listed}")
        chosen = [present[number] for number in numbers] or present
        preferences.compute_device_type = kind
        for entry in preferences.devices:
            entry.use = entry.id == chosen[worker_number % len(chosen)].id and entry.type == kind
        cycles.device = "GPU"
        return f"{kind} {', '.join(entry.name for entry in chosen)}"
    if name != "cpu" and (name != "auto" or numbers):
        noun = "GPU" if name == "auto" else name
        raise DeviceError(
            f"no {noun} device on this machine: use --device cpu, or --device auto to use a GPU if present"
        )
    cycles.device = "CPU"
    return "CPU"


def _devices(preferences: Any, kind: str) -> list[Any]:
    try:
        return [entry for entry in preferences.get_devices_for_type(kind) if entry.type == kind]  # lists CPUs too
    except (TypeError, ValueError):  # this build of Blender does not know the type
        return []
