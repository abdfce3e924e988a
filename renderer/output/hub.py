"""A dataset in a repository of the Hugging Face Hub: hf://datasets/NAME/NAME.

Every upload there is a commit, and the Hub limits their number. So what belongs together, a shard's tar and its
Parquet, goes up in one commit, which is there whole or not at all; and no signs of life are written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi

from .cloud import CloudStore


class HubStore(CloudStore):
    """See the module's docstring; `store.Store` says what the methods do."""

    pauses = (1.0, 600.0)  # 47 minutes in all at most: a limit on commits takes long to pass
    tries = 14

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Nothing holds a repository: two runs of one plan write the same bytes, and one of another plan is refused."""
        yield

    def _upload(self, files: dict[str, Path]) -> None:
        """All in one commit."""

        def commit() -> None:
            place = self._files.resolve_path(self._root)
            inside = f"{place.path_in_repo}/" if place.path_in_repo else ""
            HfApi(endpoint=self._files.endpoint, token=self._files.token).create_commit(
                place.repo_id,
                [CommitOperationAdd(inside + name, local) for name, local in files.items()],
                commit_message=f"Add {', '.join(files)}",
                repo_type=place.repo_type,
                revision=place.revision,
            )

        self._write(next(reversed(files)), commit)
