"""glTF 2.0 and GLB: a copy that every reader interprets in the same way. Start: gltf.py."""
