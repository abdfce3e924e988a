"""A dataset in a repository of the Hugging Face Hub: hf://datasets/NAME/NAME.

Every upload to the Hub is a commit, and the number of commits is limited. Files that belong together, a shard's tar and
its Parquet, are uploaded in one commit, which appears complete or not at all. No heartbeats are written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi

from .cloud import CloudStore


class HubStore(CloudStore):
    """Store in a repository of the Hub, as described in the module's docstring; `store.Store` documents the methods."""

    pauses = (1.0, 600.0)  # up to 47 minutes in total, since a rate limit on commits lasts long
    tries = 14

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Do nothing: two runs of one plan write the same bytes, and a run of another plan is refused."""
        yield

    def _upload(self, files: dict[str, Path]) -> None:
        """Upload all files in one commit."""

        def commit() -> None:
            location = self._files.resolve_path(self._root)
            inside = f"{location.path_in_repo}/" if location.path_in_repo else ""
            HfApi(endpoint=self._files.endpoint, token=self._files.token).create_commit(
                location.repo_id,
                [CommitOperationAdd(inside + name, local) for name, local in files.items()],
                commit_message=f"Add {', '.join(files)}",
                repo_type=location.repo_type,
                revision=location.revision,
            )

        self._write(next(reversed(files)), commit)
