"""seq-JEPA's aggregator and predictor and ContextSSL's decoder, converted, give the released networks' outputs."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
import torch
from checkpoints import CPU, part, put, quaternions, refused, seen
from released import normalised, random_like, resnet, resnet_shapes
from torch import Tensor
from torch.nn import functional

from iebench.baselines.action import ROTATION, view
from iebench.baselines.methods.world_model.context_ssl import ContextSSL
from iebench.baselines.methods.world_model.seq_jepa import SeqJEPA
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.released import converted
from iebench.benchmark.released.file import read
from iebench.benchmark.released.names import convert

pytestmark = pytest.mark.slow
LAYER = "transformer_encoder.transformer_encoder.layers"
HUES = ("floor_hue", "light_hue")


def linear(x: Tensor, state: Mapping[str, Tensor], name: str) -> Tensor:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def layered(x: Tensor, state: Mapping[str, Tensor], name: str) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"])


def attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the output of four heads: (T, W) each."""
    outputs = []
    for query, key, value in zip(*(x.chunk(4, dim=1) for x in (q, k, v)), strict=True):
        logits = query @ key.T / query.shape[1] ** 0.5
        logits = logits if mask is None else logits.masked_fill(~mask, -torch.inf)
        outputs.append(logits.softmax(1) @ value)
    return torch.cat(outputs, dim=1)


@cache
def seqjepa_state(numbers: int, size: int = 12, hidden: int = 20, target: bool = True) -> dict[str, Tensor]:
    """Weights of seq-JEPA with a small action projector and predictor; numbers : of an action, 0 for none."""
    width, encoder = 512 + size * bool(numbers), resnet_shapes((2, 3, 4))
    nets = ("encoder", "target_encoder") if target else ("encoder",)
    shapes = {f"{net}.{name}": shape for net in nets for name, shape in encoder.items()}
    for layer in range(2):
        shapes |= {
            f"{LAYER}.{layer}.{name}": shape
            for name, shape in {
                "self_attn.in_proj_weight": (3 * width, width), "self_attn.in_proj_bias": (3 * width,),
                "self_attn.out_proj.weight": (width, width), "self_attn.out_proj.bias": (width,),
                "linear1.weight": (4 * width, width), "linear1.bias": (4 * width,),
                "linear2.weight": (width, 4 * width), "linear2.bias": (width,),
                "norm1.weight": (width,), "norm1.bias": (width,), "norm2.weight": (width,), "norm2.bias": (width,),
            }.items()
        }  # fmt: skip
    shapes |= {"transformer_encoder.norm.weight": (width,), "transformer_encoder.norm.bias": (width,)}
    shapes |= {"agg_token": (1, 1, width), "predictor.0.weight": (hidden, width + size * bool(numbers))}
    shapes |= {f"predictor.1.{name}": (hidden,) for name in ("weight", "bias", "running_mean", "running_var")}
    shapes |= {"predictor.1.num_batches_tracked": (), "predictor.3.weight": (512, hidden), "predictor.3.bias": (512,)}
    if numbers:
        shapes |= {"action_proj.0.weight": (size, numbers), "action_proj.1.num_batches_tracked": ()}
        shapes |= {f"action_proj.1.{name}": (size,) for name in ("running_mean", "running_var")}
    return random_like({**shapes, "online_linprobe.0.bias": (55,), "online_equiprobe.0.bias": (4,)})


def aggregated(state: Mapping[str, Tensor], tokens: Tensor) -> Tensor:
    """Return z_agg of one sequence of tokens: (M, W) -> (W,)."""
    x = torch.cat([state["agg_token"][0], tokens])
    for layer in (part(state, f"{LAYER}.{number}.") for number in range(2)):
        q, k, v = (x @ layer["self_attn.in_proj_weight"].T + layer["self_attn.in_proj_bias"]).chunk(3, dim=1)
        x = layered(x + linear(attended(q, k, v), layer, "self_attn.out_proj"), layer, "norm1")
        x = layered(x + linear(linear(x, layer, "linear1").clamp(min=0), layer, "linear2"), layer, "norm2")
    return layered(x[0], state, "transformer_encoder.norm")


@pytest.mark.parametrize(("numbers", "negated"), [(4, False), (6, True), (0, False)])
def test_seq_jepa_keeps_aggregator_and_predictor(numbers: int, negated: bool, tmp_path: Path) -> None:
    torch.manual_seed(numbers)
    state = seqjepa_state(numbers, target=not numbers)
    wrapped = {f"_orig_mod.{name}": value for name, value in state.items()}
    path = put(tmp_path / "model.pth", wrapped)  # in module. too
    released = convert(read(path).state, path, negated=negated)
    assert (released.method, set(released.left_out)) == ("seq-jepa", {"online_linprobe", "online_equiprobe"})
    converted.write(tmp_path / "out", released, path, negated=negated)
    encoder = prepare(load(str(tmp_path / "out"), {}), 32, CPU)
    method = encoder.method
    assert isinstance(method, SeqJEPA) and (encoder.predictor is None) == (numbers == 0)
    images = torch.rand(3, 3, 32, 32)
    features = resnet(seen(images), part(state, "encoder."))
    torch.testing.assert_close(encoder.module(images).double(), features, rtol=1e-4, atol=1e-4)
    if not numbers:
        expected = resnet(seen(images), part(state, "target_encoder."))
        torch.testing.assert_close(method.target.network(images).double(), expected, rtol=1e-4, atol=1e-4)
    objects = 8  # the first one's first step has w < 0
    h = torch.randn(objects, 4, 512, dtype=torch.float64)
    latents = {name: torch.rand(objects, 4, dtype=torch.float64) * 3 - 1.5 for name in (*ROTATION, *HUES)}
    for name, values in zip(ROTATION, ((1.4, -1.4), (1.4, 1.4), (-1.4, 1.4)), strict=True):
        latents[name][0, :2] = torch.tensor(values, dtype=torch.float64)
    assert quaternions(latents)[0, 3] < 0
    projected = [h.new_zeros(objects, 0)] * 3
    if numbers:
        for k in range(3):
            near = {name: values[:, k : k + 2] for name, values in latents.items()}
            hues = torch.stack([near[name][:, 1] - near[name][:, 0] for name in HUES], 1)
            action = torch.cat([quaternions(near) * (-1 if negated else 1), hues], 1)[:, :numbers]
            projected[k] = normalised(action @ state["action_proj.0.weight"].T, state, "action_proj.1")
    tokens = [torch.cat([h[:, k], projected[k] if k < 2 else 0 * projected[k]], 1) for k in range(3)]
    expected = torch.stack([aggregated(state, torch.stack([token[i] for token in tokens])) for i in range(objects)])
    context = {name: values[:, :3] for name, values in latents.items()}
    method.double()
    torch.testing.assert_close(method.aggregate(h[:, :3], context), expected, rtol=1e-5, atol=1e-5)
    if not numbers:
        return
    single = torch.stack([aggregated(state, torch.cat([h[i, 2], 0 * projected[2][i]])[None]) for i in range(objects)])
    hidden = normalised(torch.cat([single, projected[2]], 1) @ state["predictor.0.weight"].T, state, "predictor.1")
    prediction = method.predict(h[:, 2], view(latents, 2), view(latents, 3))
    expected = linear(hidden.clamp(min=0), state, "predictor.3")
    torch.testing.assert_close(prediction, expected, rtol=1e-5, atol=1e-5)


@cache
def context_state(width: int = 16, numbers: int = 6) -> dict[str, Tensor]:
    """Weights of ContextSSL with a narrow decoder."""
    shapes: dict[str, tuple[int, ...]] = {f"enc.{name}": shape for name, shape in resnet_shapes((2, 3, 4)).items()}
    layers = {"predictor._read_in": (width, 512 + numbers), "predictor._read_out": (512, width)}
    layers |= {"aug_predictor.0": (9, 512), "aug_predictor.2": (8, 9), "aug_predictor.4": (6, 8)}
    layers |= {"rel_aug_predictor.0": (9, 1024), "equiv_linear": (6, 512)}
    norms = ["predictor.transformer.ln_f"]
    for number in range(3):
        head = f"predictor.transformer.h.{number}"
        norms += [f"{head}.ln_1", f"{head}.ln_2"]
        layers |= {f"{head}.attn.c_attn": (3 * width, width), f"{head}.attn.c_proj": (width, width)}
        layers |= {f"{head}.mlp.c_fc": (4 * width, width), f"{head}.mlp.c_proj": (width, 4 * width)}
    for name, shape in layers.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in norms:
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return random_like(shapes)


def decoded(state: Mapping[str, Tensor], tokens: Tensor) -> Tensor:
    """Return the unit outputs of a sequence of tokens: (T, 518) -> (T, 512)."""
    mask = torch.ones(len(tokens), len(tokens), dtype=torch.bool).tril()
    for row in range(1, len(tokens), 2):
        mask[row, row - 1] = False
    x = linear(tokens, state, "predictor._read_in")
    for block in (part(state, f"predictor.transformer.h.{number}.") for number in range(3)):
        q, k, v = linear(layered(x, block, "ln_1"), block, "attn.c_attn").chunk(3, dim=1)
        x = x + linear(attended(q, k, v, mask), block, "attn.c_proj")
        x = x + linear(functional.gelu(linear(layered(x, block, "ln_2"), block, "mlp.c_fc")), block, "mlp.c_proj")
    read_out = linear(layered(x, state, "predictor.transformer.ln_f"), state, "predictor._read_out")
    return functional.normalize(read_out, dim=1)


@pytest.mark.parametrize("negated", [False, True])
def test_contextssl_keeps_its_decoder(negated: bool, tmp_path: Path) -> None:
    state = context_state()
    path = put(tmp_path / "simclr.pt", state, top=True)
    released = convert(read(path).state, path, negated=negated)
    assert (released.method, set(released.left_out)) == ("contextssl", {"rel_aug_predictor", "equiv_linear"})
    converted.write(tmp_path / "out", released, path, negated=negated)
    encoder = prepare(load(str(tmp_path / "out"), {}), 32, CPU)
    method = encoder.method
    assert isinstance(method, ContextSSL) and encoder.predictor is None
    images = torch.rand(3, 3, 32, 32)
    expected = resnet(seen(images), part(state, "enc."))
    torch.testing.assert_close(encoder.module(images).double(), expected, rtol=1e-4, atol=1e-4)
    h = torch.randn(4, 2, 512, dtype=torch.float64)
    latents = {name: torch.rand(4, 2, dtype=torch.float64) * 3 - 1.5 for name in (*ROTATION, *HUES)}
    action = torch.cat([quaternions(latents) * (-1 if negated else 1), torch.zeros(4, 2)], 1)
    tokens = torch.stack([torch.cat([h[:, 0], action], 1), torch.cat([h[:, 1], 0 * action], 1)], 1)
    whole = decoded(state, tokens.flatten(0, 1))  # three pairs are the context of the fourth
    source, target = ({name: values[:3, k] for name, values in latents.items()} for k in range(2))
    method.double()
    memory = method.remember(h[:3, 0], h[:3, 1], source, target, "rotation")
    torch.testing.assert_close(method.read(h[3:, 1], memory)[0], whole[7], rtol=1e-5, atol=1e-5)
    source, target = ({name: values[3:, k] for name, values in latents.items()} for k in range(2))
    foreseen = method.foresee(h[3:, 0], source, target, "rotation", memory)
    torch.testing.assert_close(foreseen[0], whole[6], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "gone", "lost", "left_out"),
    [
        (lambda: seqjepa_state(4), "agg_token", "aggregates of several views", {"predictor", "transformer_encoder"}),
        (lambda: seqjepa_state(4), "predictor", "retrieval by a predictor", {"agg_token", "transformer_encoder"}),
        (context_state, "predictor", "read-outs in a context", {"aug_predictor", "rel_aug_predictor"}),
    ],
)
def test_a_file_with_a_part_alone_says_which_scores_are_left(
    make: Callable[[], dict[str, Tensor]], gone: str, lost: str, left_out: set[str], tmp_path: Path
) -> None:
    state, path = make(), tmp_path / "m.pth"
    path.write_bytes(b"")
    fewer = {name: value for name, value in state.items() if not name.startswith(gone)}
    whole = converted.write(tmp_path / "whole", convert(state, path), path, negated=False)
    assert lost in converted.scores(whole).partition("without")[0]
    for released in (convert(fewer, path), convert(state, path, drop=(gone,))):
        assert released.method is None and left_out <= released.left_out.keys()
    have, _, lack = converted.scores(torch.nn.Module()).partition("without")  # of an encoder alone
    assert have == "scores: class, pose and factors from the encoder; " and lost in lack


def test_decoders_and_actions_of_other_sizes_are_named(tmp_path: Path) -> None:
    assert "takes 512 numbers and a token has 518, representation and action" in refused(
        tmp_path, context_state(numbers=0)
    )
    assert "takes actions of 5 numbers, and iebench's have 4, 6 or 8" in refused(tmp_path, seqjepa_state(5))
    state = context_state() | {"predictor.transformer.wpe.weight": torch.zeros(2)}
    assert "predictor.transformer.wpe.weight does not fit the decoder: leave it out with --drop" in refused(
        tmp_path, state
    )
