"""Loading external weights as tensors only: pickled code in a file is not executed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

FORCE, FORCE_NOT = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"  # torch.load reads both


@contextmanager
def weights_only() -> Iterator[None]:
    """Restrict every `torch.load` of this process to tensors during the block, also if a library requests more."""
    before = {name: os.environ.pop(name, None) for name in (FORCE, FORCE_NOT)}
    os.environ[FORCE] = "1"
    try:
        yield
    finally:
        del os.environ[FORCE]
        os.environ.update({name: value for name, value in before.items() if value is not None})
