"""glTF extensions: those removed here or supported by every Blender; other required extensions are refused."""

from typing import Any

from ...errors import AssetError

UNDONE = frozenset({
    "KHR_draco_mesh_compression", "KHR_mesh_quantization", "EXT_mesh_gpu_instancing", "KHR_node_visibility",
    "EXT_texture_webp", "KHR_texture_basisu", "MSFT_texture_dds", "KHR_lights_punctual", "KHR_animation_pointer",
    "KHR_materials_variants", "KHR_xmp_json_ld", "KHR_meshopt_compression", "EXT_meshopt_compression",
})  # fmt: skip
"""Extensions that the clean copy does not need; meshopt only if the file also contains the uncompressed data."""
DRAWN = frozenset({
    "KHR_materials_pbrSpecularGlossiness", "KHR_materials_unlit", "KHR_texture_transform", "KHR_materials_clearcoat",
    "KHR_materials_emissive_strength", "KHR_materials_transmission", "KHR_materials_specular", "KHR_materials_sheen",
    "KHR_materials_ior", "KHR_materials_volume", "KHR_materials_anisotropy",
})  # fmt: skip
"""Extensions that the importers of Blender 4.5 and later support."""
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
COMPRESSED = "write it again without compression, with the program that made it or with `gltfpack -noq`"


def check_required(name: str, tree: dict[str, Any]) -> None:
    """Refuse a glTF that requires an unknown extension.

    Raises
    ------
    AssetError : the message names the extensions and the remedy.
    """
    unknown = sorted(set(tree.get("extensionsRequired", [])) - UNDONE - DRAWN)
    if unknown:
        remedy = COMPRESSED if any("compress" in extension for extension in unknown) else "write it again without"
        raise AssetError(f"{name} needs the glTF extension {' and '.join(unknown)}, which cannot be read: {remedy}")


def check_uncompressed(name: str, tree: dict[str, Any], buffer: dict[str, Any]) -> None:
    """Refuse a buffer that has no data because another buffer contains the data in compressed form.

    Raises
    ------
    AssetError : only compressed data exist.
    """
    views = [view.get("extensions", {}) for view in tree.get("bufferViews", [])]
    packed = [key for key in MESHOPT if key in buffer.get("extensions", {}) or any(key in view for view in views)]
    if packed and "uri" not in buffer:
        raise AssetError(f"{name} is compressed with {packed[0]}, which cannot be read: {COMPRESSED}")


def forget_undone(tree: dict[str, Any]) -> None:
    """Declare only the extensions that a clean copy still uses, and none as required."""
    tree.pop("extensionsRequired", None)
    if "extensionsUsed" in tree:
        tree["extensionsUsed"] = [extension for extension in tree["extensionsUsed"] if extension not in UNDONE]
