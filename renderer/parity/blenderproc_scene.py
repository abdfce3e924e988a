"""Render views of OBJ files with BlenderProc 2.8.0 inside the bpy wheel: a plain script (`python THIS JOB.json`).

It does not import iebench and runs in a separate environment with `blenderproc==2.8.0` and `bpy` 4.2. The job has the
format of blender3_scene.py. BlenderProc expects to run inside a Blender program. The packages that it would install
there must be installed already, and a language setting that the wheel refuses is skipped.
"""

import colorsys
import json
import math
import os
import sys
import sysconfig
import tempfile
import time
import types

import bpy

os.environ["INSIDE_OF_THE_INTERNAL_BLENDER_PYTHON_ENVIRONMENT"] = "1"


def spherical(radius, theta, phi):  # type: ignore[no-untyped-def]
    return [
        radius * math.sin(theta) * math.cos(phi),
        radius * math.sin(theta) * math.sin(phi),
        radius * math.cos(theta),
    ]


class SetupUtility:
    """Replacement of BlenderProc's class, which would install packages with the pip of a Blender program."""

    @staticmethod
    def setup(*args, **kwargs):  # type: ignore[no-untyped-def]
        from blenderproc.python.utility.Utility import Utility

        Utility.temp_dir = tempfile.mkdtemp(prefix="blenderproc-", dir="/dev/shm")

    @staticmethod
    def setup_pip(*args, **kwargs):  # type: ignore[no-untyped-def]
        return ""


def import_blenderproc():  # type: ignore[no-untyped-def]
    """Import BlenderProc with the `SetupUtility` of this file, which installs nothing."""
    module = types.ModuleType("SetupUtility")
    module.SetupUtility = SetupUtility  # type: ignore[attr-defined]
    sys.modules["blenderproc.python.utility.SetupUtility"] = module
    sys.path.append(sysconfig.get_path("purelib"))  # BlenderProc removes the first entry for its own folder
    import blenderproc

    return blenderproc


def initialise(bproc):  # type: ignore[no-untyped-def]
    """Call `bproc.init()` without setting the language."""
    from blenderproc.python.utility import Initializer

    class Preferences:
        class view:
            language = "en_US"

    class Context:
        preferences = Preferences

        def __getattr__(self, name):  # type: ignore[no-untyped-def]
            return getattr(bpy.context, name)

    class Blender:
        context = Context()

        def __getattr__(self, name):  # type: ignore[no-untyped-def]
            return getattr(bpy, name)

    Initializer.bpy = Blender()
    bproc.init()
    Initializer.bpy = bpy


def render(job):  # type: ignore[no-untyped-def]
    bproc = import_blenderproc()
    import numpy as np
    from blenderproc.python.loader.ShapeNetLoader import _ShapeNetLoader
    from PIL import Image

    initialise(bproc)
    table = job["scene"]
    bproc.camera.set_resolution(job["resolution"], job["resolution"])
    eye = np.array(spherical(table["camera"]["radius"], table["camera"]["theta"], table["camera"]["phi"]))
    turn = bproc.camera.rotation_from_forward_vec(-eye)
    bproc.camera.add_camera_pose(bproc.math.build_transformation_mat(eye, turn))

    floor = bproc.object.create_primitive("PLANE", scale=[table["floor"]["size"] / 2] * 3)
    floor.set_location([0, 0, table["floor"]["height"]])
    ground = bpy.data.materials.new("floor")
    floor.blender_obj.data.materials.append(ground)
    sun = bproc.types.Light()
    sun.set_type("SUN")
    sun.set_energy(table["sun"]["energy"])
    sun.blender_obj.data.angle = table["sun"]["angle"]
    spot = bproc.types.Light()
    spot.set_type("SPOT")
    spot.set_energy(table["spot"]["energy"])
    spot.blender_obj.data.spot_size = table["spot"]["size"]
    bproc.renderer.enable_distance_output(activate_antialiasing=True)
    bproc.renderer.set_max_amount_of_samples(job["samples"])
    bpy.context.scene.cycles.seed, bpy.context.scene.render.dither_intensity = job["seed"], job["dither"]
    for entry in job["jobs"]:
        things = bproc.loader.load_obj(entry["mesh"])
        thing = bproc.object.merge_objects(things) if len(things) > 1 else things[0]
        _ShapeNetLoader.correct_materials(thing)
        thing.persist_transformation_into_mesh(location=False, rotation=True, scale=False)
        for view in entry["views"]:
            wall, cpu = time.perf_counter(), time.process_time()
            bpy.ops.object.select_all(action="DESELECT")
            thing.blender_obj.select_set(True)
            bpy.context.view_layer.objects.active = thing.blender_obj
            bpy.ops.object.origin_set(type="ORIGIN_GEOMETRY", center="BOUNDS")
            thing.set_location([0, 0, 0])
            thing.set_rotation_euler(view["rotation"])
            color = colorsys.hsv_to_rgb(view["floor"], table["floor"]["saturation"], table["floor"]["value"])
            ground.diffuse_color = (*color, 1)
            theta, phi, hue = view["spot"]
            position = np.array(spherical(table["spot"]["radius"], theta, phi))
            spot.set_location(position)
            spot.set_rotation_mat(bproc.camera.rotation_from_forward_vec(-position))
            spot.set_color(colorsys.hsv_to_rgb(hue, table["spot"]["saturation"], table["spot"]["value"]))
            picture = bproc.renderer.render()["colors"][0]
            Image.fromarray(picture).save(view["file"])
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            sys.stderr.write(f"{entry['mesh']} {wall:.3f} s, CPU {cpu:.3f} s\n")
        thing.delete()


if __name__ == "__main__":
    with open(sys.argv[1]) as file:  # noqa: PTH123
        render(json.load(file))
    os._exit(0)  # after BlenderProc, a normal exit of the wheel crashes
