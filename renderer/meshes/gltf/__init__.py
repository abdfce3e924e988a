"""glTF 2.0 and GLB: a copy that every reader takes alike. Start: gltf.py."""
