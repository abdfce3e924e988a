"""Which device Cycles renders on."""

import bpy

from .errors import DeviceError

GPU_TYPES = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")  # in order of preference


def use_device(name: str) -> str:
    """Set Cycles to "cpu", a GPU type such as "optix", or "auto" (the first GPU type present, else the CPU).

    returns : the device's name for the record, such as "CPU" or "OPTIX NVIDIA H100"

    Raises
    ------
    DeviceError : a GPU type that this machine does not offer.
    """
    cycles = bpy.context.scene.cycles
    wanted = GPU_TYPES if name == "auto" else () if name == "cpu" else (name.upper(),)
    preferences = bpy.context.preferences.addons["cycles"].preferences
    for kind in wanted:
        found = _devices(preferences, kind)
        if found:
            preferences.compute_device_type = kind
            for device in preferences.devices:
                device.use = device.type == kind
            cycles.device = "GPU"
            return f"{kind} {found[0]}"
    if name not in ("auto", "cpu"):
        raise DeviceError(f"no {name} device on this machine: use --device cpu, or --device auto to take what there is")
    cycles.device = "CPU"
    return "CPU"


def _devices(preferences: bpy.types.AddonPreferences, kind: str) -> list[str]:
    try:
        return [device.name for device in preferences.get_devices_for_type(kind)]
    except (TypeError, ValueError):  # this build of Blender does not know the type
        return []
