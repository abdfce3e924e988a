"""Computation of a step: precision, gradient accumulation over pieces, compilation."""

import pytest
import torch
from together import batch, method_of, outcome

from iebench.benchmark.distributed.ranks import ALONE
from iebench.benchmark.errors import Diverged, RunError
from iebench.benchmark.training.config import TrainSettings
from iebench.benchmark.training.optimizer import optimizer
from iebench.benchmark.training.step import (
    check_scale,
    descend,
    enough_memory,
    half,
    prepare,
    scaler_of,
)

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(("has_bf16", "expected"), [(True, torch.bfloat16), (False, torch.float16)])
def test_auto_is_for_gpus(has_bf16: bool, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has_bf16)
    assert half(TrainSettings(), CPU) is None and half(TrainSettings(), GPU) is expected
    for device in (CPU, GPU):
        assert half(TrainSettings(precision="float32"), device) is None
        assert half(TrainSettings(precision="bf16"), device) is torch.bfloat16
        assert half(TrainSettings(precision="fp16"), device) is torch.float16


def test_only_fp16_needs_its_gradients_scaled() -> None:
    assert scaler_of(TrainSettings(precision="fp16"), CPU).is_enabled()
    assert not scaler_of(TrainSettings(precision="bf16"), CPU).is_enabled()


@pytest.mark.parametrize("name", ["sie", "byol"])
@pytest.mark.slow
def test_pieces_change_no_loss_and_no_gradient(name: str) -> None:
    """The backbone has no batch norm; the batch norms of the projectors see the whole batch."""
    images, latents = batch(views=2)
    whole = in_pieces(name, 1, images, latents, "encoder.backbone=vit-small", "encoder.width=0.5")
    parts = in_pieces(name, 4, images, latents, "encoder.backbone=vit-small", "encoder.width=0.5")
    for expected, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(other, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("passes", ["apart", "together"])
def test_batch_norms_remember_each_piece_once(passes: str) -> None:
    """Each piece is computed twice, but running statistics equal those of a loop over the pieces."""
    images, latents = batch(views=2)
    _, _, buffers = in_pieces("simclr", 4, images, latents, f"passes={passes}")
    method, _ = method_of("simclr")
    whole = images.unbind(1) if passes == "apart" else [images.flatten(0, 1)]
    for piece in [piece for images in whole for piece in images.chunk(4)]:
        method.encoder(piece)
    encoder = {f"encoder.{name}": value for name, value in method.encoder.named_buffers()}
    torch.testing.assert_close({name: buffers[name] for name in encoder}, encoder, rtol=1e-12, atol=0)
    assert buffers["encoder.backbone.bn1.num_batches_tracked"] == 4 * len(whole)


def test_only_backbones_are_compiled_and_weights_keep_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[torch.nn.Module] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled.append(module))  # noqa: PLW0108  a method
    method, settings = method_of("byol", "compile=true")
    names = list(method.state_dict())
    prepare(method, settings, ALONE)
    assert compiled == [method.encoder.backbone, method.target.network[0].backbone]
    assert list(method.state_dict()) == names


def test_steps_whose_gradients_overflow_in_fp16_are_left_out() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer, scaler = torch.optim.SGD([weight], lr=1.0), torch.amp.GradScaler("cpu", init_scale=2.0**10)
    descend(weight.sum() * float("inf"), optimizer, scaler)
    assert weight.tolist() == [1, 1] and scaler.get_scale() == 2.0**9
    descend(weight.sum() / 4, optimizer, scaler)
    assert weight.tolist() == [0.75, 0.75]


def test_fp16_that_takes_no_step_is_said() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer, scaler = torch.optim.SGD([weight], lr=1.0), scaler_of(TrainSettings(precision="fp16"), CPU)
    for step in (1, 2, 3):
        descend(weight.sum() * float("inf"), optimizer, scaler)
        check_scale(scaler, step, last=False)  # the scaler may still find a scale
    with pytest.raises(Diverged, match=r"no step could be taken in fp16: .* down to 8\.2e\+03 after 3 steps"):
        check_scale(scaler, 3, last=True)
    descend(weight.sum() / 4, optimizer, scaler)
    check_scale(scaler, 4, last=True)
    scaler.update(2.0**-12)
    with pytest.raises(Diverged, match="no step could be taken"):
        check_scale(scaler, 900, last=False)
    check_scale(scaler_of(TrainSettings(precision="bf16"), CPU), 1, last=True)


@pytest.mark.parametrize(
    "error", [torch.cuda.OutOfMemoryError("CUDA out of memory"), RuntimeError("[enforce] can't allocate memory")]
)
def test_a_batch_that_memory_does_not_hold_is_said_with_a_remedy(error: RuntimeError) -> None:
    with pytest.raises(RunError, match="step of 64 objects in 2 pieces: --set accumulate=4 takes less"):  # noqa: SIM117
        with enough_memory(TrainSettings(batch=64, accumulate=2)):
            raise error
    with pytest.raises(RuntimeError, match="else"), enough_memory(TrainSettings()):
        raise RuntimeError("something else")


def in_pieces(name, pieces, images, latents, *changes):  # type: ignore[no-untyped-def]
    method, settings = method_of(name, *changes, f"accumulate={pieces}")
    network = prepare(method, settings, ALONE)
    return outcome(network, method, images, latents, ALONE.mean)


@pytest.mark.parametrize(("precision", "hooked"), [("bf16", True), ("float32", False), ("fp16", False)])
def test_only_bf16_on_a_cpu_widens_maps(precision: str, hooked: bool) -> None:
    method, settings = method_of("vicreg", f"precision={precision}")
    prepare(method, settings, ALONE)
    assert any(module._forward_pre_hooks for module in method.modules()) == hooked


@pytest.mark.parametrize("kernels", ["plain", "fast"])
@pytest.mark.slow
def test_fast_kernels_change_no_weight_beyond_rounding(kernels: str) -> None:
    """Images of 64 pixels leave maps of 2x2 in the last stage; the weights keep their names."""
    images, latents = batch(views=2)
    images = torch.nn.functional.interpolate(images.flatten(0, 1), size=64).unflatten(0, images.shape[:2])
    ends, names = {}, {}
    for chosen in ("plain", kernels):
        method, settings = method_of("sie", f"kernels={chosen}", "encoder.stem=imagenet")
        network, descent = prepare(method, settings, ALONE), optimizer(method.parameters(), settings)
        assert any("forward" in vars(module) for module in method.modules()) == (chosen == "fast")
        for _ in range(3):
            descend(network(images, latents)["loss"], descent, scaler_of(settings, CPU))
        ends[chosen], names[chosen] = [p.detach() for p in method.parameters()], list(method.state_dict())
    assert names["plain"] == names[kernels]
    exact = kernels == "plain"
    torch.testing.assert_close(ends[kernels], ends["plain"], rtol=0 if exact else 1e-6, atol=0 if exact else 1e-7)
