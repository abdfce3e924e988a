"""An encoder is tried before it is used: accepted encoders, their identity, and refusals."""

import sys
from pathlib import Path

import pytest
import torch
from scoring import from_run, untrained_run
from torch import Tensor, nn

from iebench.baselines.action import ROTATION
from iebench.benchmark.encoders.prepared import PreparedEncoder, prepare, represent, trial
from iebench.benchmark.encoders.registry import LoadedEncoder, load
from iebench.benchmark.encoders.run import data_of
from iebench.benchmark.errors import EncoderError, RunError
from iebench.manifests.conventions import relative_quaternion

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
def long_parts(): return Pool(parts={"rest": slice(4, 13)})
def early_parts(): return Pool(parts={"first": slice(-13, 4)})
def whole_parts(): return Pool(parts={"whole": slice(0, 4)})
def function(): return lambda images: images
def needing(path, width=3): return Pool()
made = Pool()
class Tabled(Pool):
    def forward(self, images): return {"last": super().forward(images), "pooled": 1}
def raising(): raise RuntimeError("no weights here")
class Fails(Pool):
    def forward(self, images): raise ValueError("wants 224 pixels")
class Square(Pool):
    def forward(self, images): return images
class Nan(Pool):
    def forward(self, images): return images.mean((2, 3)) / 0
class Beyond(Pool):
    def forward(self, images): return super().forward(images).double() * 1e39
class Sparse(Pool):
    def forward(self, images): return super().forward(images).to_sparse()
class Graded(Pool):
    def forward(self, images):
        with torch.inference_mode(False), torch.enable_grad():
            return super().forward(images.clone()) * torch.ones(1, requires_grad=True)
class Lazy(Pool):
    def __init__(self):
        super().__init__()
        self.head = nn.LazyLinear(3)
class Short(Pool):
    def forward(self, images): return images.mean((2, 3))[:-1]
class Whole(Pool):
    def forward(self, images): return images.mean((2, 3)).long()
class Tuple(Pool):
    def forward(self, images): return (images,)
class Dropping(Pool):
    def forward(self, images): return nn.functional.dropout(super().forward(images), training=self.training)
class Batchy(Pool):
    """A batch norm that never leaves train mode, between layers that others could call a network."""
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
    def train(self, mode=True): return super().train(True)
    def forward(self, images): return self.layers(images).mean((2, 3))
class Centred(Pool):
    def forward(self, images): return (lambda z: z - z.mean(0))(super().forward(images))
class Random(Pool):
    def forward(self, images): return nn.functional.dropout(super().forward(images), training=True)
class Shrinking(Pool):
    def forward(self, images): return super().forward(images)[:, :8 + len(images)]
class Dwindling(Pool):
    """Loses a column at its fourth call, which is the second half of a batch."""
    calls = 0
    def forward(self, images):
        self.calls += 1
        return super().forward(images)[:, :12 if self.calls < 4 else 11]
def beside_large(images, small): return torch.cat([small, torch.full((len(images), 1), 1000.0)], 1)
class RandomBesideLarge(Pool):
    def forward(self, images): return beside_large(images, torch.randn_like(super().forward(images)))
class CentredBesideLarge(Pool):
    def forward(self, images): return beside_large(images, (lambda z: z - z.mean(0))(super().forward(images)))
class Overwriting(Pool):
    def forward(self, images): return (lambda z: (z, images.zero_())[0])(super().forward(images))
class Exiting(Pool):
    def forward(self, images): raise SystemExit(3)
def exiting(): raise SystemExit(3)
class Empty(Pool):
    def forward(self, images): return super().forward(images)[:, :0]
class Turning(Pool):
    def predict(self, z, transform):
        return z + transform.rotation[:, 3:] + transform.source["rot_x"][:, None].float()
class Embedding(Turning):
    latents = ["rot_x", "rot_y", "rot_z", "floor_hue"]
    def embed(self, z): return z[:, :5]
class Guessing(Turning):
    def predict(self, z, transform): return z + torch.randn_like(z)
class Comparing(Turning):
    def predict(self, z, transform): return z - z.mean(0)
class Whitening(Turning):
    def embed(self, z): return z - z.mean(0)
class Leaving(Turning):
    def predict(self, z, transform): raise SystemExit(3)
class Misfit(Turning):
    def predict(self, z, transform): return z[:, :-1]
class Lost(Turning):
    def predict(self, z, transform): return transform.source["floor_hue"]
class Endless(Turning):
    def predict(self, z, transform): return z / 0
class Nameless(Turning): latents = 3
class Told(Pool):
    preprocessing, resolution = {"mean": 0.5, "crop": [24, 24]}, 24
class Mumbling(Pool): preprocessing = {1, 2}
class Sizeless(Pool): resolution = "big"
number = 5
def width(scale=1.0, *, shift=0): return Pool(scale + shift)
'''


def from_factory(spec: str, resolution: int, device: torch.device) -> PreparedEncoder:
    return prepare(load(spec, {}), resolution, device)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Current folder with a user's module, imported as a console script would: without "" on the path."""
    (tmp_path / "anyones.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "wanting.py").write_text("import no_such_package")
    (tmp_path / "script.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    for name in ("anyones", "broken", "wanting", "script"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def test_a_factory_in_the_current_folder(workspace: Path) -> None:
    encoder = from_factory("anyones:pool", 32, CPU)
    assert (encoder.name, encoder.dim, encoder.parts, encoder.resolution) == ("anyones.pool", 12, {}, 32)
    assert encoder.run is None and encoder.predictor is None and encoder.cost.parameters == 1
    assert not encoder.module.training and not any(p.requires_grad for p in encoder.module.parameters())


def test_a_module_may_be_named_itself(workspace: Path) -> None:
    encoder = from_factory("anyones:made", 32, CPU)
    assert encoder.name == "anyones.made" and encoder.weights == from_factory("anyones:pool", 32, CPU).weights
    with pytest.raises(EncoderError, match="takes no --encoder-arg width: it takes none"):
        load("anyones:made", {"width": 3})


def test_an_argument_that_is_given_is_not_missed(workspace: Path) -> None:
    assert load("anyones:needing", {"path": "a.pth"}).name.startswith("anyones.needing")


def test_parts_of_a_module_are_taken_over(workspace: Path) -> None:
    assert from_factory("anyones:parted", 32, CPU).parts == {"first": slice(0, 4, 1), "rest": slice(4, 12, 1)}


def test_the_encoder_runs_in_eval_mode(workspace: Path) -> None:
    assert from_factory("anyones:Dropping", 32, CPU).identity == from_factory("anyones:Dropping", 32, CPU).identity


def test_weights_and_code_each_make_another_identity(workspace: Path) -> None:
    plain, scaled, same = (from_factory(f"anyones:{name}", 32, CPU) for name in ("pool", "scaled", "pool"))
    assert plain.identity == same.identity and plain.weights == same.weights
    assert plain.weights != scaled.weights and plain.identity != scaled.identity
    (workspace / "anyones.py").write_text(MODULE.replace("* self.scale", "* self.scale + 1"))
    del sys.modules["anyones"]
    changed = from_factory("anyones:pool", 32, CPU)
    assert changed.weights == plain.weights and changed.identity != plain.identity


@pytest.mark.parametrize(("spec", "message"), [
    ("anyones", "write package.module:factory"),
    ("", "--encoder is empty"),
    ("no/folder", "'no/folder' names no such file or folder: .*python:"),
    ("model.pt", "'model.pt' names no such file or folder"),
    ("tim:resnet18", "did you mean timm:resnet18?"),
    ("tim:resnet18.a1_in1k", "did you mean timm:resnet18.a1_in1k?"),
    ("nowhere:pool", "no module 'nowhere' here or installed"),
    ("wanting:pool", "wanting imports 'no_such_package', which is missing: install it"),
    ("script:pool", r"importing script ends the program \(exit code 3\)"),
    ("anyones.py:pool", "names a file: write anyones:pool"),
    ("models/anyones.py:pool", "names a file: write models.anyones:pool"),
    ("../models/anyones.py:pool", r"names a file: write anyones:pool in \.\./models"),
    ("anyones:squar", "anyones has no 'squar': did you mean Square?"),
    ("anyones:zzzzzz", "anyones has no 'zzzzzz': check the name"),
    ("anyones:exiting", r"ends the program \(exit code 3\)"),
    ("anyones:Exiting", r"ends the program \(exit code 3\) on images"),
    ("anyones:Leaving", r"its predict ends the program \(exit code 3\)"),
    ("anyones:number", "is a int: name a callable"),
    ("anyones:function", "returned function: return a torch.nn.Module"),
    ("anyones:raising", r"failed when called \(RuntimeError: no weights here\)"),
    ("broken:pool", r"importing broken failed \(ZeroDivisionError"),
    ("anyones:Fails", r"failed on images \(4, 3, 32, 32\) \(ValueError: wants 224 pixels\)"),
    ("anyones:Square", r"to torch.float32 \(4, 3, 32, 32\): it must return floats \(B, D\)"),
    ("anyones:Tabled", r"to dict with last, pooled: it must return floats \(B, D\)"),
    ("anyones:needing", "needs a value of 'path': give --encoder-arg path=VALUE"),
    ("anyones:Short", r"to torch.float32 \(3, 3\)"),
    ("anyones:Whole", "torch.int64"),
    ("anyones:Tuple", "to tuple: it must"),
    ("anyones:Nan", "not finite"),
    ("anyones:Beyond", "not finite, or that float32 cannot hold"),
    ("anyones:Sparse", r"returns a torch.sparse_coo tensor: let it return a dense one"),
    ("anyones:Lazy", "has no values in head.weight yet, and would get random ones: give its module an image once"),
    ("anyones:Empty", "without any column"),
    ("anyones:Batchy", "gives other outputs for an image if the batch has other images .* running ones"),
    ("anyones:Centred", "for an image if the batch has other images"),
    ("anyones:Random", "the same images the second time .* dropout in eval mode"),
    ("anyones:RandomBesideLarge", "the same images the second time"),
    ("anyones:CentredBesideLarge", "for an image if the batch has other images"),
    ("anyones:Guessing", "its predict gives other outputs for the same inputs the second time"),
    ("anyones:Comparing", "its predict gives other outputs for a row if the batch has other rows"),
    ("anyones:Whitening", "its embed gives other outputs for a row if the batch has other rows"),
    ("anyones:Dwindling", "returned first 12 columns and then 11"),
    ("anyones:Shrinking", "returned first 12 columns and then 10"),
    ("anyones:Misfit", r"predict maps embeddings \(4, 12\) to \(4, 11\): it must return the target view's"),
    ("anyones:Lost", r"its predict failed \(KeyError: 'floor_hue'\)"),
    ("anyones:Endless", "its predict returns values that are not finite"),
    ("anyones:Nameless", "its `latents` must name columns of a dataset, not 3"),
    ("anyones:Mumbling", "its `preprocessing` must be text or what JSON can hold"),
    ("anyones:Sizeless", "its `resolution` must be a whole number of pixels, not 'big'"),
    ("anyones:bad_parts", "its part 'far' takes no columns out of 12"),
    ("anyones:long_parts", "its part 'rest' goes to 13 and the representation has 12 columns"),
    ("anyones:early_parts", "its part 'first' goes to -13 and the representation has 12 columns"),
    ("anyones:whole_parts", "its part 'whole' has the name of the whole representation"),
    ("anyones:no_slices", "must map names to slices"),
])  # fmt: skip
def test_what_is_refused(workspace: Path, spec: str, message: str) -> None:
    with pytest.raises(EncoderError, match=message):
        from_factory(spec, 32, CPU)


def test_a_run(tiny_dataset: Path, tmp_path: Path) -> None:
    encoder = from_run(untrained_run(tmp_path / "sie", tiny_dataset), None, CPU)
    assert (encoder.name, encoder.dim, encoder.resolution) == ("sie", 64, 32)
    assert encoder.parts == {"invariant": slice(0, 32, 1), "equivariant": slice(32, 64, 1)}
    assert encoder.predictor is not None and encoder.run is not None and encoder.run.method == "sie"
    assert from_run(untrained_run(tmp_path / "vicreg", tiny_dataset, "vicreg"), 24, CPU).predictor is None


def test_what_a_run_cost(tiny_dataset: Path, tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "sie", tiny_dataset)
    assert from_run(run, None, CPU).cost.training_hours is None  # unknown without a log
    (run / "metrics.jsonl").write_text('{"step": 10, "seconds": 900.0}\n{"step": 20, "seconds": 1800.0}\n')
    encoder = from_run(run, None, CPU)
    assert (encoder.cost.training_hours, encoder.cost.training_device) == (0.5, "cpu")
    line = '{"step": 20, "seconds": 1800.0, "core_seconds": 3600.0, "devices": 2}\n'
    (run / "metrics.jsonl").write_text(line)
    assert from_run(run, None, CPU).cost.training_hours == 2.0  # hours of processor time, not by the clock
    assert encoder.cost.parameters == sum(p.numel() for p in encoder.module.parameters()) > 1000


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


def test_answers_that_carry_gradients_lose_them(workspace: Path) -> None:
    encoder = from_factory("anyones:Graded", 32, CPU)
    assert represent("graded", encoder.module, trial(32)).numpy().shape == (4, 12)


def test_answers_on_another_device_than_the_images() -> None:
    class Fetching(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return torch.zeros(len(images), 2)  # as if by .cpu()

    with pytest.raises(
        EncoderError, match="images on meta and returns representations on cpu: keep them on the images' device"
    ):
        represent("fetching", Fetching(), torch.empty(4, 3, 8, 8, device="meta"))


def test_an_encoder_in_eval_mode_may_have_a_batch_norm() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for precision in ("float32", "bf16"):
        assert prepare(LoadedEncoder("mine", layers), 32, CPU, precision).precision == precision


def test_arguments_reach_the_factory_and_its_name(workspace: Path) -> None:
    loaded = load("anyones:width", {"scale": 2.0, "shift": 1})
    assert loaded.name == "anyones.width-scale=2.0-shift=1" and loaded.home is None
    assert loaded.module.get_parameter("scale").tolist() == 3.0
    with pytest.raises(EncoderError, match=r"takes no --encoder-arg size: it takes scale, shift"):
        load("anyones:width", {"size": 3})
    with pytest.raises(EncoderError, match=r"takes no --encoder-arg size: it takes none"):
        load("anyones:pool", {"size": 3})


def test_an_encoder_may_overwrite_its_images(workspace: Path) -> None:
    assert from_factory("anyones:Overwriting", 32, CPU).dim == 12


def test_what_a_module_declares_is_taken_down(workspace: Path) -> None:
    loaded = load("anyones:Told", {})
    assert loaded.side(64) == 24 and loaded.preprocessing == '{"crop": [24, 24], "mean": 0.5}'
    assert prepare(loaded, 24, CPU).preprocessing == loaded.preprocessing
    assert load("anyones:pool", {}).side(64) == 64


def test_a_module_of_ones_own_may_predict(workspace: Path) -> None:
    encoder = from_factory("anyones:Turning", 32, CPU)
    assert encoder.predictor is not None and encoder.predictor.latents == ROTATION
    generator = torch.Generator().manual_seed(0)
    source, target = ({n: torch.rand(5, dtype=torch.float64, generator=generator) for n in ROTATION} for _ in range(2))
    z = torch.rand(5, 12)
    angles = [torch.stack(list(view.values()), 1).numpy() for view in (source, target)]
    expected = z.double() + torch.from_numpy(relative_quaternion(*angles)[:, 3:]) + source["rot_x"][:, None]
    assert encoder.predictor.embed(z) is z
    torch.testing.assert_close(encoder.predictor.predict(z, source, target).double(), expected)
    parted = from_factory("anyones:Embedding", 32, CPU).predictor
    assert parted is not None
    assert parted.embed(z).shape == (5, 5) and parted.latents == (*ROTATION, "floor_hue")


@pytest.mark.parametrize(
    ("native", "stored", "effect"),
    [(224, 64, "small images are enlarged"), (24, 64, "detail is lost"), (128, 64, ""), (32, 64, ""), (None, 64, "")],
)
def test_a_resolution_of_another_size_is_warned_of(native: int | None, stored: int, effect: str) -> None:
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    encoder = prepare(LoadedEncoder("mine", pool, native, resizes=True, preprocessing="minus mean"), 24, CPU)
    first, *more = encoder.introduction(stored)
    assert first == "mine: images of 24 pixels, minus mean"
    words = f"warning: mine was made for images of {native} pixels and the dataset's have 64: {effect}, so compare it"
    assert [line.startswith(words) for line in more] == [True] * bool(effect)
