"""`hf:` with the real transformers package and tiny models with random weights, saved in folders."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from iebench.benchmark.encoders import huggingface
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError

CPU = torch.device("cpu")
VIT = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "patch_size": 8}
PROCESSOR = {
    "image_mean": [0.4, 0.5, 0.6],
    "image_std": [0.2, 0.2, 0.2],
    "resample": 2,
    "size": {"height": 16, "width": 16},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    """Folder and model of a ViT with its pooler, of a ViT without pooler, and of a ResNet."""
    from transformers import ResNetConfig, ResNetModel, ViTConfig, ViTModel  # seconds, so not for every test's import

    torch.manual_seed(0)
    made = {
        "vit": ViTModel(ViTConfig(image_size=16, **VIT)),
        "headless": ViTModel(ViTConfig(image_size=16, **VIT), add_pooling_layer=False),
        "resnet": ResNetModel(ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic")),
    }
    folder = tmp_path_factory.mktemp("hf")
    for name, model in made.items():
        model.eval().save_pretrained(folder / name)
    (folder / "vit" / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    return {name: (folder / name, model) for name, model in made.items()}


@pytest.mark.slow
def test_a_model_sees_what_its_processor_asks_for(models: dict[str, tuple[Path, Any]]) -> None:
    folder, model = models["vit"]
    loaded = load(f"hf:{folder}", {})
    assert loaded.name == "hf.vit" and loaded.side(64) == 16
    assert loaded.preprocessing == (
        "resized to 16 (bilinear, antialiased), minus mean [0.4, 0.5, 0.6], over deviation [0.2, 0.2, 0.2]; "
        "representation: its pooler's, or the first token without one; maps averaged"
    )
    encoder = prepare(loaded, 16, CPU)
    images = torch.rand(3, 3, 16, 16)
    seen = (images - torch.tensor(PROCESSOR["image_mean"]).view(3, 1, 1)) / 0.2
    with torch.no_grad():
        answer = model(pixel_values=seen)
    torch.testing.assert_close(encoder.module(images), answer.pooler_output)
    for pool, expected in (("cls", answer.last_hidden_state[:, 0]), ("mean", answer.last_hidden_state.mean(1))):
        torch.testing.assert_close(load(str(folder), {"pool": pool}).module.eval()(images), expected)


@pytest.mark.slow
def test_a_pooler_that_was_never_trained_is_left_out(models: dict[str, tuple[Path, Any]]) -> None:
    folder, model = models["headless"]
    loaded = load(f"hf:{folder}", {})
    assert "the first token; maps averaged" in loaded.preprocessing
    assert "(assumed: there is no image processor beside the weights)" in loaded.preprocessing
    images = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        expected = model(pixel_values=(images - 0.5) / 0.5).last_hidden_state[:, 0]
    torch.testing.assert_close(prepare(loaded, 16, CPU).module(images), expected)


@pytest.mark.slow
def test_maps_are_averaged(models: dict[str, tuple[Path, Any]]) -> None:
    folder, model = models["resnet"]
    images = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        expected = model(pixel_values=(images - 0.5) / 0.5).last_hidden_state.mean((2, 3))
    for pool in ({}, {"pool": "cls"}, {"pool": "mean"}):
        torch.testing.assert_close(load(f"hf:{folder}", pool).module.eval()(images), expected)


@pytest.mark.parametrize(("kind", "settings", "words"), [
    ("ViT", {"do_normalize": False}, "minus mean [0.0, 0.0, 0.0], over deviation [1.0, 1.0, 1.0]"),
    ("ViT", {"do_rescale": False, "do_normalize": False}, "over deviation [0.0039, 0.0039, 0.0039]"),
    ("ViT", {"rescale_factor": 1 / 127.5, "image_mean": [0.9, 1.0, 1.1]}, "minus mean [0.45, 0.5, 0.55]"),
    ("MobileViT", {"do_center_crop": False}, "channels as BGR, minus mean [0.0, 0.0, 0.0]"),
    ("EfficientNet", {"rescale_offset": True, "include_top": True}, "minus mean [1.5, 1.5, 1.5], over deviation [0.25"),
    ("CLIP", {"size": {"shortest_edge": 20}, "crop_size": 16}, "resized to 16 (bicubic"),
])  # fmt: skip
def test_what_a_processor_does_to_colours_is_done(
    models: dict[str, tuple[Path, Any]], tmp_path: Path, kind: str, settings: dict[str, Any], words: str
) -> None:
    import transformers

    folder, model = models["vit"]
    shutil.copytree(folder, tmp_path / "m")
    processor = getattr(transformers, f"{kind}ImageProcessor")(**{"size": {"height": 16, "width": 16}, **settings})
    processor.save_pretrained(tmp_path / "m")
    loaded = load(f"hf:{tmp_path / 'm'}", {})
    assert words in loaded.preprocessing and "assumed" not in loaded.preprocessing
    pixels = torch.randint(0, 256, (3, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    options = {"do_resize": False, "do_center_crop": False}
    seen = processor(images=[image.permute(1, 2, 0).numpy() for image in pixels], return_tensors="pt", **options)
    with torch.no_grad():
        expected = model(**seen).pooler_output
    torch.testing.assert_close(loaded.module.eval()(pixels / 255), expected, atol=1e-5, rtol=1e-4)


def test_a_processor_that_cannot_be_followed_is_refused(models: dict[str, tuple[Path, Any]], tmp_path: Path) -> None:
    folder, _ = models["vit"]
    shutil.copytree(folder, tmp_path / "m")
    file = tmp_path / "m" / "preprocessor_config.json"
    file.write_text("{")
    with pytest.raises(EncoderError, match=r"cannot be loaded \(.*: mend its image pro"):
        load(f"hf:{tmp_path / 'm'}", {})
    file.write_text(json.dumps({**PROCESSOR, "image_std": [0.2]}))
    with pytest.raises(
        EncoderError, match=r"its image processor cannot be followed \(it fails on plain pictures\): write a factory"
    ):
        load(f"hf:{tmp_path / 'm'}", {})
    with pytest.raises(EncoderError, match=r"takes no --encoder-arg banana: leave it out"):
        load(f"hf:{folder}", {"banana": 3})


def test_what_is_refused(models: dict[str, tuple[Path, Any]], tmp_path: Path) -> None:
    folder, _ = models["vit"]
    with pytest.raises(EncoderError, match="pool=max: choose from pooler, cls, mean"):
        load(f"hf:{folder}", {"pool": "max"})
    with pytest.raises(EncoderError, match=r"hf:.*gone: no such folder"):
        load(f"hf:{tmp_path / 'gone'}", {})
    with pytest.raises(EncoderError, match=r"hf:iebench/gone cannot be loaded .* check the name, or fetch it first"):
        load("hf:iebench/gone", {"local_files_only": True})
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_bytes((folder / "config.json").read_bytes())
    state = load_file(folder / "model.safetensors")
    lost = "embeddings.cls_token"
    save_file(
        {key: value for key, value in state.items() if key != lost}, broken / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(EncoderError, match=f"lacks 1 weights of its model, such as {lost}: give a whole checkpoint"):
        load(f"hf:{broken}", {})


def test_a_processor_that_tells_no_colours_apart_is_refused_in_words() -> None:
    def blind(images: list[Image.Image], return_tensors: str) -> dict[str, torch.Tensor]:
        return {"pixel_values": torch.zeros(len(images), 3, 8, 8)}

    with pytest.raises(EncoderError, match=r"cannot be followed \(.*a black and a white picture become the same\)"):
        huggingface._measured_colours(blind, "someone/something", 8)
