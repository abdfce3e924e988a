"""Sizes of the features that probes make of several views, known before anything is encoded."""

from dataclasses import dataclass

from iebench.baselines.method import Method
from iebench.baselines.several_views import ActionCodeMethod, InContextMethod, SequenceMethod

from ...protocol import Protocol
from .action_code import PAIRS
from .in_context import VIEWS
from .sequence import SEQUENCES


@dataclass(frozen=True)
class Made:
    """Features of one kind.

    name : noun for messages
    train, val : rows of each object
    columns : numbers of a row that are in memory at once
    width : columns that the widest probe sees
    """

    name: str
    train: int
    val: int
    columns: int
    width: int


def made(method: Method | None, protocol: Protocol, views: int) -> list[Made]:
    """Return the features that a score of a method makes of several views; [] for a method without any.

    views : number of views of each object
    """
    kinds = []
    if isinstance(method, SequenceMethod):
        aggregate, condition, view = method.aggregate_size, method.condition_size, method.dim + method.beside
        columns = (aggregate + condition) + (aggregate + view)  # of both probes of an aggregate
        widest = aggregate + max(condition, view)
        kinds.append(Made("aggregates of several views", SEQUENCES, SEQUENCES, columns, widest))
    if isinstance(method, ActionCodeMethod):
        pairs = min(PAIRS, max(protocol.train_epochs, protocol.maps.pairs if protocol.maps else 0))
        kinds.append(Made("action codes", pairs, protocol.val_pairs, method.code_size, method.code_size))
    if isinstance(method, InContextMethod):
        rows = min(VIEWS, views)
        kinds.append(Made("read-outs in contexts", rows, 2 * rows, method.dim, method.dim))  # val: gallery and queries
    return kinds
