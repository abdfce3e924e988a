"""Encoder files from untrusted authors: none runs code or opens files unless the user allows it."""

import json
import logging
import os
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from iebench.benchmark.encoders import exported
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError
from iebench.benchmark.weights.tensors_only import weights_only
from iebench.manifests.shell.cli import main

IMAGES = torch.rand(2, 3, 16, 16)


class Bomb:
    """Object that creates a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """Folder that exists only if code from the file was run."""
    return tmp_path / "mark"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "net.pt2"
    dynamic = dict.fromkeys((0, 2, 3), torch.export.Dim.DYNAMIC)
    net = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    torch.export.save(torch.export.export(net.eval(), (IMAGES,), dynamic_shapes=(dynamic,)), path)
    return path


def rewritten(plain: Path, path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """Copy an archive with one member changed, or added if it is absent."""
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        root = old.namelist()[0].partition("/")[0]
        names = [*old.namelist(), f"{root}/{member}"]
        for name in dict.fromkeys(names):
            content = old.read(name) if name in old.namelist() else b""
            new.writestr(name, change(content) if name.endswith(f"/{member}") else content)
    return path


def after_a_blank(change: Callable[[Path], Callable[[bytes], bytes]]) -> Callable[[Path], Callable[[bytes], bytes]]:
    """Put a blank before the member that `change` makes, which JSON allows."""
    return lambda mark: lambda content: b" " + change(mark)(content)


def imports(content: bytes) -> bytes:
    """Describe a program's inputs by an entry of an enumeration, whose module torch imports."""
    model = json.loads(content)
    signature = model["graph_module"]["module_call_graph"][0]["signature"]
    spec = json.loads(signature["in_spec"])
    spec[1]["context"] = json.dumps({"__enum__": True, "fqn": "this.c", "name": "x"})
    signature["in_spec"] = json.dumps(spec)
    return json.dumps(model).encode()


def in_model(*keys: Any, value: Callable[[Path], str]) -> tuple[str, Callable[[Path], Callable[[bytes], bytes]]]:
    """Return the name of the member that holds the program's graph, and a function that changes one entry of it."""

    def change(mark: Path) -> Callable[[bytes], bytes]:
        def edit(content: bytes) -> bytes:
            model = json.loads(content)
            entry = model
            for key in keys[:-1]:
                entry = entry[key]
            entry[keys[-1]] = value(mark)
            return json.dumps(model).encode()

        return edit

    return "models/model.json", change


def pickled(mark: Path) -> Callable[[bytes], bytes]:
    def replace(_: bytes) -> bytes:
        path = mark.with_suffix(".bytes")
        torch.save(((Bomb(mark),), {}), path)
        return path.read_bytes()

    return replace


RUNS = "__import__('os').mkdir('{}')"
FIRST = ("graph_module", "graph", "nodes", 0)
HOSTILE = {
    "a pickled sample input": ("data/sample_inputs/model.pt", pickled, "more than tensors in data/sample_inputs"),
    "a size that is a call": (
        *in_model("graph_module", "graph", "tensor_values", "input", "sizes", 0, "as_expr", "expr_str",
                  value=RUNS.format), "the expression",
    ),
    "a guard that is a call": (
        *in_model("guards_code", 0, value=lambda mark: RUNS.format(mark) + " is None"), "the expression",
    ),
    "a size that takes for ever": (
        *in_model("graph_module", "graph", "tensor_values", "input", "sizes", 0, "as_expr", "expr_str",
                  value=lambda _: "9**9**9"), "the expression",
    ),
    "powers of powers": (
        *in_model("graph_module", "graph", "tensor_values", "input", "sizes", 0, "as_expr", "expr_str",
                  value=lambda _: "Pow(Integer(9), Pow(Integer(9), Integer(9)))"), "the expression",
    ),
    "an operator of Python's": (*in_model(*FIRST, "target", value=lambda _: "torch.hub.os.mkdir"), "the operator"),
    "an operator on files": (
        *in_model(*FIRST, "target", value=lambda _: "torch.ops.aten.from_file.default"), "the operator",
    ),
    "a guard behind a blank": (
        "models/model.json",
        after_a_blank(in_model("guards_code", 0, value=lambda mark: RUNS.format(mark) + " is None")[1]),
        "the expression",
    ),
    "an operator that writes files": (
        *in_model(*FIRST, "target", value=lambda _: "torch.ops.aten.save.default"), "the operator",
    ),
    "inputs that import a module": ("models/model.json", lambda _: imports, "inputs or outputs of a kind of their own"),
    "a name that is code": (*in_model(*FIRST, "name", value=lambda _: "x = 1; import os"), "the name"),
    "a compiled library": ("data/aotinductor/model/x.so", lambda _: lambda _: b"\x7fELF", "a compiled library"),
    "a pickled object": ("data/constants/opaque_obj_0", lambda _: lambda _: b"\x80\x04.", "a pickled object"),
    "a pickled object in capitals": (
        "data/constants/OPAQUE_OBJ_0", lambda _: lambda _: b"\x80\x04.", "a pickled object",
    ),
    "an unknown member": ("data/scripts/run.py", lambda _: lambda _: b"1", "a member that no exported program has"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_exported_program_that_could_run_code_is_refused_before_it_does(
    plain: Path, tmp_path: Path, mark: Path, kind: str
) -> None:
    member, change, words = HOSTILE[kind]
    path = rewritten(plain, tmp_path / "net.pt2", member, change(mark))
    with pytest.raises(EncoderError, match=f"net.pt2 holds {words}.*could run its author's code: export it again"):
        load(str(path), {})
    assert not mark.exists()


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("data/constants/opaque_obj_/x", "a member that no exported program has"),
        ("data/aotinductor/model/x.so", "a compiled library"),
    ],
)
def test_the_folder_of_extra_files_as_the_folder_of_all_hides_nothing(
    plain: Path, tmp_path: Path, member: str, words: str
) -> None:
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr("extra/" + name.partition("/")[2], old.read(name))
        new.writestr("extra/" + member, b"1")
    with pytest.raises(EncoderError, match=f"net.pt2 holds {words}"):
        load(str(path), {})


def test_extra_files_of_any_content_are_not_looked_at(tmp_path: Path) -> None:
    program = torch.export.export(nn.Flatten(), (IMAGES,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.export.save(program, tmp_path / "net.pt2", extra_files={"note.json": "no JSON"})
    assert load(str(tmp_path / "net.pt2"), {}).name == "net"


@pytest.mark.parametrize("kind", ["a pickled sample input", "a size that is a call", "a guard that is a call"])
def test_torch_itself_runs_what_is_refused(plain: Path, tmp_path: Path, mark: Path, kind: str) -> None:
    member, change, _ = HOSTILE[kind]
    path = rewritten(plain, tmp_path / "net.pt2", member, change(mark))
    logging.disable(logging.CRITICAL)
    with suppress(Exception):  # any error after the code has run
        torch.export.load(path).module()(IMAGES)
    logging.disable(logging.NOTSET)
    assert mark.exists()


def test_torch_unpickles_tensors_only_even_where_the_check_misses_an_object(
    plain: Path, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, change, _ = HOSTILE["a pickled sample input"]
    path = rewritten(plain, tmp_path / "net.pt2", member, change(mark))
    monkeypatch.setattr(exported, "check", lambda path: None)
    with pytest.raises(EncoderError, match=r"net\.pt2 \(it is not an exported program"):
        load(str(path), {})
    assert not mark.exists()


def test_weights_only_holds_against_a_library_that_asks_for_more(tmp_path: Path, mark: Path) -> None:
    torch.save({"args": Bomb(mark)}, tmp_path / "weights.pth")
    with weights_only(), pytest.raises(Exception, match="mkdir"):
        torch.load(tmp_path / "weights.pth", weights_only=False)
    assert not mark.exists()


class Reads(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) + torch.from_file("/etc/hostname", False, 1, dtype=torch.uint8)


class Writes(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, images: Tensor) -> Tensor:
        torch.save(images, self.path)
        return images.flatten(1)


def scripted(module: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(module), str(path))
    return path


def test_torchscript_that_opens_files_is_refused_also_with_trust(tmp_path: Path) -> None:
    for module, name in ((Reads(), "from_file"), (Writes("mark"), "save")):
        path = scripted(module, tmp_path / "net.pt")
        with pytest.raises(EncoderError, match=rf"net\.pt uses {name}, which can open files of this machine"):
            load(str(path), {}, trust=True)


@pytest.mark.parametrize(
    "call",
    [
        "(torch).from_file(", 'getattr(torch, "from_file")(', 'getattr(torch, "from\\137file")(',
        'getattr(torch, "from_" "file")(', 'getattr((torch), "from_" "file")(', "torch.#x\n from_file(",
    ],
)  # fmt: skip
def test_torchscript_that_opens_files_by_another_spelling_is_refused(tmp_path: Path, call: str) -> None:
    plain = scripted(Reads(), tmp_path / "plain.pt")
    path = tmp_path / "net.pt"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"torch.from_file(", call.encode()))
    with pytest.raises(EncoderError, match=r"net\.pt uses .*, which can open files of this machine"):
        load(str(path), {}, trust=True)


def test_torchscript_with_attributes_of_any_name_is_loaded(tmp_path: Path) -> None:
    inner = nn.Sequential(nn.Sequential(nn.Flatten(), nn.Identity()), nn.Identity())
    assert load(str(scripted(inner, tmp_path / "net.pt")), {}, trust=True).name == "net"


def test_code_that_a_file_or_a_hub_brings_needs_trust_and_is_named_on_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = scripted(nn.Flatten(), tmp_path / "net.pt")
    with pytest.raises(EncoderError, match=r"the TorchScript program in .*net\.pt is code of its author.*give --trust"):
        load(str(path), {})
    assert load(str(path), {}, trust=True).name == "net"
    shown = capsys.readouterr().err
    assert shown.count("is code of its author and runs here, as --trust allows") == 1 and "net.pt" in shown
    with pytest.raises(EncoderError, match=r"the model code that hf:someone/model brings is code of its author"):
        load("hf:someone/model", {"trust_remote_code": True})


def test_the_code_of_a_factory_is_named_on_screen_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "named_on_screen.py").write_text("import torch\nmake = torch.nn.Flatten\n")
    monkeypatch.syspath_prepend(tmp_path)
    load("named_on_screen:make", {})
    path = tmp_path / "named_on_screen.py"
    assert capsys.readouterr().err == f"--encoder named_on_screen:make runs code of its author: {path}\n"


def test_the_help_says_which_encoders_run_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "TorchScript, and hf: with trust_remote_code=true. PACKAGE.MODULE:FACTORY always runs" in words
    assert "one row per view; no code runs" in words
