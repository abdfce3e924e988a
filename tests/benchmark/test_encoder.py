"""Encoders from runs and from anyone's code: what is accepted, what identifies one, what is refused."""

import sys
from pathlib import Path

import pytest
import torch
from scoring import untrained_run

from iebench.benchmark.encoder import data_of, from_factory, from_run
from iebench.benchmark.errors import EncoderError, RunError

CPU = torch.device("cpu")
MODULE = '''
import torch
from torch import nn

class Pool(nn.Module):
    """Mean colours of a grid of patches."""
    def __init__(self, scale=1.0, parts=None):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        if parts is not None:
            self.parts = parts
    def forward(self, images):
        return nn.functional.adaptive_avg_pool2d(images, 2).flatten(1) * self.scale

def pool(): return Pool()
def scaled(): return Pool(2.0)
def parted(): return Pool(parts={"first": slice(0, 4), "rest": slice(4, None)})
def bad_parts(): return Pool(parts={"far": slice(12, 20)})
def no_slices(): return Pool(parts={"far": 3})
def function(): return lambda images: images
def raising(): raise RuntimeError("no weights here")
class Fails(Pool):
    def forward(self, images): raise ValueError("wants 224 pixels")
class Square(Pool):
    def forward(self, images): return images
class Nan(Pool):
    def forward(self, images): return images.mean((2, 3)) / 0
class Short(Pool):
    def forward(self, images): return images.mean((2, 3))[:-1]
class Whole(Pool):
    def forward(self, images): return images.mean((2, 3)).long()
class Tuple(Pool):
    def forward(self, images): return (images,)
class Dropping(Pool):
    def forward(self, images): return nn.functional.dropout(super().forward(images), training=self.training)
number = 5
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a user's module, found as by a console script: without "" on the path."""
    (tmp_path / "anyones.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    for name in ("anyones", "broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def test_a_factory_in_the_current_folder(here: Path) -> None:
    encoder = from_factory("anyones:pool", 32, CPU)
    assert (encoder.name, encoder.dim, encoder.parts, encoder.resolution) == ("anyones.pool", 12, {}, 32)
    assert encoder.run is None and encoder.method is None
    assert not encoder.module.training and not any(p.requires_grad for p in encoder.module.parameters())


def test_parts_of_a_module_are_taken_over(here: Path) -> None:
    assert from_factory("anyones:parted", 32, CPU).parts == {"first": slice(0, 4, 1), "rest": slice(4, 12, 1)}


def test_the_encoder_runs_in_eval_mode(here: Path) -> None:
    assert from_factory("anyones:Dropping", 32, CPU).identity == from_factory("anyones:Dropping", 32, CPU).identity


def test_weights_and_code_each_make_another_identity(here: Path) -> None:
    one, scaled, same = (from_factory(f"anyones:{name}", 32, CPU) for name in ("pool", "scaled", "pool"))
    assert one.identity == same.identity and one.weights == same.weights
    assert one.weights != scaled.weights and one.identity != scaled.identity
    (here / "anyones.py").write_text(MODULE.replace("* self.scale", "* self.scale + 1"))
    del sys.modules["anyones"]
    changed = from_factory("anyones:pool", 32, CPU)
    assert changed.weights == one.weights and changed.identity != one.identity


@pytest.mark.parametrize(("spec", "message"), [
    ("anyones", "write package.module:factory"),
    ("nowhere:pool", "no module 'nowhere' here or installed"),
    ("anyones:pol", "anyones has no 'pol'"),
    ("anyones:number", "is a int: name a callable"),
    ("anyones:function", "returned function: return a torch.nn.Module"),
    ("anyones:raising", r"failed when called \(RuntimeError: no weights here\)"),
    ("broken:pool", r"importing broken failed \(ZeroDivisionError"),
    ("anyones:Fails", r"failed on images \(4, 3, 32, 32\) \(ValueError: wants 224 pixels\)"),
    ("anyones:Square", r"to torch.float32 \(4, 3, 32, 32\): it must return floats \(B, D\)"),
    ("anyones:Short", r"to torch.float32 \(3, 3\)"),
    ("anyones:Whole", "torch.int64"),
    ("anyones:Tuple", "to tuple: it must"),
    ("anyones:Nan", "not finite"),
    ("anyones:bad_parts", "its part 'far' takes no columns out of 12"),
    ("anyones:no_slices", "must map names to slices"),
])  # fmt: skip
def test_what_is_refused(here: Path, spec: str, message: str) -> None:
    with pytest.raises(EncoderError, match=message):
        from_factory(spec, 32, CPU)


def test_a_run(tiny_dataset: Path, tmp_path: Path) -> None:
    encoder = from_run(untrained_run(tmp_path / "sie", tiny_dataset), None, CPU)
    assert (encoder.name, encoder.dim, encoder.resolution) == ("sie", 64, 32)
    assert encoder.parts == {"invariant": slice(0, 32, 1), "equivariant": slice(32, 64, 1)}
    assert encoder.method is not None and encoder.run is not None and encoder.run.method == "sie"
    assert from_run(untrained_run(tmp_path / "vicreg", tiny_dataset, "vicreg"), 24, CPU).method is None


def test_the_dataset_of_a_run(tiny_dataset: Path, tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "sie", tiny_dataset)
    assert data_of(run) == tiny_dataset
    config = run / "config.json"
    text = config.read_text()
    config.write_text(text.replace(str(tiny_dataset), str(tmp_path / "moved")))
    with pytest.raises(RunError, match=r"trained on .*moved, which is not there: .*--run .*sie --data FOLDER"):
        data_of(run)
    fingerprint = text.split('"fingerprint": "')[1][:64]
    config.write_text(text.replace(fingerprint, "0" * 64))
    with pytest.raises(RunError, match=f"fingerprint 000000000000, and .* has {fingerprint[:12]} now: .*--data"):
        data_of(run)
