"""Functions that tests run inside a separate Blender process (fixture `blender` in conftest.py)."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from iebench.renderer.workers import worker

REST = {
    "rot_x": 0.0, "rot_y": 0.0, "rot_z": 0.0, "floor_hue": 0.0, "light_theta": 0.4, "light_phi": 1.0, "light_hue": 0.3,
    "trans_x": 0.0, "trans_y": 0.0, "trans_z": 0.0,
}  # fmt: skip


def picture(ref, **latents):
    """Render one object at REST, with the given latents changed: (h, w, 3) uint8."""
    worker._renderer.load(ref)
    return worker._renderer.render({**REST, **latents})


def with_three_histories(ref, other):
    """Render one view three times: first of all, after another view of the object, and after another object."""
    turned = {"rot_z": 0.5}
    first = picture(ref, **turned)
    worker._renderer.render(REST)
    second = worker._renderer.render({**REST, **turned})
    picture(other)
    return first, second, picture(ref, **turned)


def passes(ref, **latents):
    """Return decoded passes of an object by name (`boxes` as stored), and its vertices in pixels (n, 2).

    The next view, to which the flow leads, is the object at rest.
    """
    import io

    from PIL import Image

    from iebench.renderer.blender.passes import PASSES, encode_passes, measure_passes

    _, pixels = mesh_points(ref, **latents)
    still = {name: 0.0 for name in REST if name.startswith(("rot", "trans"))}
    following, geometry = (worker._renderer.geometry({**REST, **latents, **more}) for more in (still, {}))
    files = encode_passes(geometry, following, sorted(PASSES))
    stored = {"boxes": files.pop("boxes.json")}
    pictures = {name.removesuffix(".png"): np.asarray(Image.open(io.BytesIO(png))) for name, png in files.items()}
    return stored | pictures | measure_passes(geometry, sorted(PASSES)), pixels


def shown(ref, **latents):
    """Return whether the object covers any pixel, and the number of pixels in its mask; latents as in `picture`."""
    renderer, view = worker._renderer, {**REST, **latents}
    renderer.load(ref)
    return renderer.covers(view), int(renderer.geometry(view).object.sum())


def pictures_with_and_without_passes(ref):
    """Render one view before, with and after its passes and coverage were computed."""
    before = picture(ref)
    worker._renderer.geometry(REST)
    worker._renderer.covers(REST)
    return before, worker._renderer.render(REST), picture(ref)


def mesh_points(ref, **latents):
    """Return the object's vertices in world coordinates (n, 3) and in pixels (n, 2), both computed by Blender."""
    import bpy
    import mathutils
    from bpy_extras.object_utils import world_to_camera_view

    worker._renderer.load(ref)
    worker._renderer._apply(worker._renderer._handles, {**REST, **latents})
    bpy.context.view_layer.update()
    thing, scene = worker._renderer._handles.object, bpy.context.scene
    world = [thing.matrix_world @ vertex.co for vertex in thing.data.vertices]
    views = [world_to_camera_view(scene, scene.camera, mathutils.Vector(point)) for point in world]
    size = scene.render.resolution_x
    return np.array(world), np.array([(v.x * size, (1 - v.y) * size) for v in views])


def object_poses(ref, **latents):
    """Return the matrices (4, 4) to the world of an object and its companions."""
    import bpy

    renderer = worker._renderer
    renderer.load(ref)
    renderer.arrange({**REST, **latents})
    bpy.context.view_layer.update()
    return [np.array(thing.matrix_world) for thing in renderer._things()]


def drawn_area(ref):
    """Return the total area of the triangles that Blender draws for an object."""
    worker._renderer.load(ref)
    mesh = worker._renderer._handles.object.data
    mesh.calc_loop_triangles()
    return sum(triangle.area for triangle in mesh.loop_triangles)


def data_counts(ref, swaps, **_):
    """Return the number of Blender's data blocks after each reload of the object, for `swaps` reloads."""
    import bpy

    counts = []
    for _ in range(swaps):
        worker._renderer.load(ref)
        counts.append(len(bpy.data.meshes) + len(bpy.data.materials) + len(bpy.data.images) + len(bpy.data.objects))
    return counts


def said_on_stdout():
    """Write to the C-level standard output, which Python's sys.stdout does not see."""
    import os

    return os.write(1, b"chatter")


def failing_load(ref):
    """Return the message of the AssetError that loading an object raises, and the number of meshes left behind."""
    import bpy

    from iebench.renderer.errors import AssetError

    before = len(bpy.data.meshes)
    try:
        worker._renderer.load(ref)
    except AssetError as error:
        return str(error), len(bpy.data.meshes) - before
    return None, 0


def picture_into(folder, ref):
    """Render a view with another folder for temporary files."""
    import bpy

    renderer, usual = worker._renderer, worker._renderer._file
    renderer.load(ref)
    try:
        renderer._file = Path(folder) / usual.name
        bpy.context.scene.render.filepath = str(renderer._file)
        return renderer.render(REST)
    finally:
        renderer._file = usual
        bpy.context.scene.render.filepath = str(usual)


def look(ref):
    """Return the mesh information of an object, and its picture at REST."""
    info = worker._renderer.load(ref)
    return info, worker._renderer.render(REST)


def outward(ref):
    """Return the signed volume of an object from its faces' winding: positive if the faces look outward."""
    import bmesh

    worker._renderer.load(ref)
    mesh = bmesh.new()
    mesh.from_mesh(worker._renderer._handles.object.data)
    return mesh.calc_volume(signed=True) * float(np.linalg.norm([0.6, 0.2, 0.5])) ** 3


def refused_info(ref):
    """Return the `info` of the AssetError that loading the object raises; None if it loads."""
    from iebench.renderer.errors import AssetError

    try:
        worker._renderer.load(ref)
    except AssetError as error:
        return error.info
    return None


def resident_mb(ref, swaps):
    """Return the process's resident memory in MB after each load and render of the object, for `swaps` loads."""
    import os
    from pathlib import Path

    memory = []
    for _ in range(swaps):
        worker._renderer.load(ref)
        worker._renderer.render(REST)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return memory


def version():
    """Return Blender's version, such as 4.5.15."""
    return worker._renderer.about()["version"].split()[0]


def whole_and_window(ref):
    """Render a view of an object, render only the object's window of it, and return both with the window."""
    picture(ref)
    renderer = worker._renderer
    window = renderer._window(renderer._size, renderer._things())
    return renderer._picture(renderer.quality), renderer._picture(renderer.quality, window=window), window


def in_parts_and_whole(ref):
    """Render a view of an object at its quality setting, in two parts, and in one."""
    renderer = worker._renderer
    parts, before = picture(ref), renderer.quality
    renderer.quality = replace(before, ground_samples=0)
    try:
        return parts, picture(ref)
    finally:
        renderer.quality = before


def roughnesses(ref):
    """Return roughness and diffuse roughness of an object's materials: (n, 2)."""
    worker._renderer.load(ref)
    materials = worker._renderer._handles.object.data.materials
    inputs = [material.node_tree.nodes["Principled BSDF"].inputs for material in materials]
    return np.array([[i["Roughness"].default_value, i["Diffuse Roughness"].default_value] for i in inputs])


def cameras(ref, **latents):
    """Return the camera's matrix (4, 4) in a newly built scene of the recipe, and after applying the latents."""
    import bpy

    from iebench.renderer.blender.controls.placing import look_at_origin, spherical

    renderer, matrices = worker._renderer, []
    renderer.load(ref)
    camera, usual = renderer._handles.camera, renderer._handles.scene.camera
    look_at_origin(camera, spherical(usual.radius, usual.theta, usual.phi))
    for apply in (lambda: None, lambda: renderer.arrange({**REST, **latents})):
        apply()
        bpy.context.view_layer.update()
        matrices.append(np.array(camera.matrix_world))
    return matrices


def prefilters(ref, **latents):
    """Render one object; return the treatment of the denoiser's guides in each of Blender's renders, in order."""
    import bpy

    seen = []

    def note(scene, *_):
        seen.append(scene.cycles.denoising_prefilter)

    bpy.app.handlers.render_pre.append(note)
    try:
        picture(ref, **latents)
    finally:
        bpy.app.handlers.render_pre.remove(note)
    return seen
