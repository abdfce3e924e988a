"""The project's structure: imports point one way, and each part loads without the parts that it does not need."""

import ast
import subprocess
import sys
import tomllib

import arrows
import pytest
from paths import ROOT

MAY_IMPORT = {
    "api": {"manifests"},
    "manifests": set(),
    "baselines": {"manifests"},
    "benchmark": {"manifests", "baselines"},
    "renderer": {"manifests"},
}
MODULES = [path for folder in MAY_IMPORT for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path):
    """Return the absolute module names imported anywhere in a file, and the largest depth of its relative imports."""
    for node in arrows.statements(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        else:
            yield node.module or "", node.level


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    folder, *inside = path.relative_to(ROOT).parts
    for name, level in imports(path):
        assert level <= len(inside), f"{path} climbs out of its folder"
        top, _, rest = name.partition(".")
        if top == "iebench" and level == 0:
            assert rest.split(".")[0] in MAY_IMPORT[folder] | {folder}, f"{path} imports {name}"
        if top in ("bpy", "mathutils"):
            assert folder == "renderer", f"{path} imports {name}"
        if top == "torch":
            assert folder in ("benchmark", "baselines"), f"{path} imports {name}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("iebench.benchmark", ("bpy", "torch")),
        ("iebench.benchmark.commands.leaderboard", ("bpy", "torch")),
        ("iebench.benchmark.commands.validate", ("bpy", "torch")),
        ("iebench.benchmark.report", ("bpy", "torch")),
        ("iebench.benchmark.scoring.score", ("bpy", "trimesh", "pebble")),
        ("iebench.benchmark.training.train", ("bpy", "trimesh", "pebble")),
        ("iebench.benchmark.speed.trial", ("bpy", "trimesh", "pebble")),
        ("iebench.renderer.commands.trial", ("bpy", "torch")),
        ("iebench.manifests.doctor.command", ("bpy", "torch", "trimesh", "matplotlib")),
        ("iebench.renderer", ("bpy", "torch")),
        ("iebench.renderer.rendering.render", ("bpy", "torch")),
        ("iebench.renderer.commands.render", ("bpy", "torch")),
        ("iebench.renderer.proof.verify", ("bpy", "torch", "trimesh", "matplotlib")),
        ("iebench.renderer.proof.inspect", ("bpy", "torch", "trimesh")),
        ("iebench.manifests.shell.cli", ("bpy", "torch")),
    ],
)
def test_a_part_loads_without_what_it_does_not_need(module, without):
    hide = f"import sys; sys.modules.update(dict.fromkeys({without!r})); import {module}"
    result = subprocess.run([sys.executable, "-c", hide], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_every_package_is_installed():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    names = {folder: name for name, folder in settings["package-dir"].items()}
    folders = [path.parent.relative_to(ROOT) for folder in MAY_IMPORT for path in (ROOT / folder).rglob("__init__.py")]
    assert sorted(settings["packages"]) == sorted(".".join([names[path.parts[0]], *path.parts[1:]]) for path in folders)


HOUSE = {
    "api": "__main__",
    "manifests": """
        brief errors conventions schema text common network installed laws fit factors taxonomy pages shell doctor
        recipe folder dataset latents views symmetry reading presets protocols recipes sweeps
    """,
    "baselines": """
        gather crops losses errors action rotations networks variants needs registry method equivariant
        several_views fixed_action capsule_method methods.invariant methods.fixed_action methods.learned_action
        methods.pretext
        methods.world_model methods
    """,
    "benchmark": """
        errors protocol statistics metrics poses distributed weights data results training.online training released
        encoders.maps encoders encoders.wrappers encoders.files features fitting probes.several probes orbits scoring
        forecasts comparing ranking sweep listing hub demo report python commands speed
    """,
    "renderer": """
        errors machine sources builtin meshes.shared meshes.gltf meshes.obj meshes.plain meshes blender companions plan
        estimate card output workers engines rendering importing exporting proof symmetry commands comparing speed
        parity
    """,
}
"""The map of the house: the rooms of each part in the order of the flow."""
MOST = 14  # modules in a folder

FILES = arrows.modules(ROOT)


@pytest.fixture(scope="module")
def imported():
    """The modules that each module imports."""
    return arrows.arrows(FILES)


def room(module):
    """Return the folder of the map that holds a module: the longest matching entry; the part itself if none matches."""
    part, *inside = module.split(".")[1:] or ["api"]
    rooms = HOUSE.get(part, "").split()
    for length in range(len(inside), 0, -1):
        if ".".join(inside[:length]) in rooms:
            return part, ".".join(inside[:length])
    return part, ""


def test_no_module_imports_itself_by_way_of_others(imported):
    assert arrows.cycles(imported) == []


@pytest.mark.parametrize("part", HOUSE)
def test_rooms_import_only_from_rooms_before_them(part, imported):
    rooms = HOUSE[part].split()
    for module, others in imported.items():
        for other in others if module != f"iebench.{part}" else ():  # the part itself may offer names of any room
            (importing_part, importing_room), (imported_part, imported_room) = room(module), room(other)
            if importing_part == imported_part == part and importing_room != imported_room and imported_room:
                assert importing_room, f"{module} lies in no room of the map"
                assert rooms.index(imported_room) < rooms.index(importing_room), (
                    f"{module} imports {other}: {importing_room} comes before {imported_room}"
                )


@pytest.mark.parametrize("part", HOUSE)
def test_the_map_names_every_room_and_no_other(part):
    rooms = {room(module)[1] for module in FILES if module.startswith(f"iebench.{part}.")} - {""}
    lost = [module for module in FILES if module.startswith(f"iebench.{part}.") and not room(module)[1]]
    assert not lost and (part == "api" or rooms == set(HOUSE[part].split()))


@pytest.mark.parametrize("folder", sorted({str(path.parent.relative_to(ROOT)) for path in FILES.values()}))
def test_a_folder_can_be_seen_at_a_glance(folder):
    folder = ROOT / folder
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MOST
    assert (folder / "README.md").exists() or ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
