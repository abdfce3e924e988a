"""Action code: the rotation between two views from a method's code of the pair, learned without labels of the action.

The pairs, the target R12 and the oracle are those of the rotation heads; the input is the code instead of two features.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from iebench.baselines.action import ROTATION
from iebench.baselines.several_views import ActionCodeMethod

from ...encoders.predictor import checked_output
from ...errors import EncoderError
from ...fitting.context import Context, Rows, Split, Values, probe
from ...fitting.standardise import block_rows
from ...metrics.rotation import CODE
from ...statistics.metric_info import WHOLE
from .derived import along, collected, rotated

PAIRS = 16  # at most, of each train object
WIDEST = 4096  # columns of a code
NAME, PART = "rotation_code", "action code"


@probe("action_code", metrics=CODE)
def action_code(context: Context) -> Values:
    """Measure rotation_code_* of methods with a code of the action; a note says if their code cannot be measured."""
    method = context.network
    if not isinstance(method, ActionCodeMethod) or not context.shows(ROTATION):
        return {}
    try:
        train = coded(
            context, method, context.train, context.train.pairs_of(np.arange(context.train.objects), PAIRS)[0]
        )
        val_rows = context.val.all_pairs()[0]
        val = coded(context, method, context.val, val_rows)
    except EncoderError as error:  # the code of a method of another package must not cost the whole score
        context.notes.append(f"{NAME} is not measured: {error}")
        return {}
    values = rotated(context, train, val, PART, NAME, val_rows)
    return {WHOLE: {metric: entry for metric, entry in values.items() if metric in CODE}}


def coded(context: Context, method: ActionCodeMethod, split: Split, rows: Rows) -> Split:
    """Return the split whose views are the codes of pairs, rows (objects * count, 2).

    Raises
    ------
    EncoderError : the method's code fails, has another size than `code_size`, or that size is out of range.
    """
    name = f"method {type(method).__name__}"
    if not (isinstance(method.code_size, int) and 1 <= method.code_size <= WIDEST):
        raise EncoderError(f"{name}: its code_size is {method.code_size!r:.60}, not a number from 1 to {WIDEST}")
    return along(split, rows, collected(_blocks(context, method, name, split, rows), len(rows)))


def _blocks(context: Context, method: ActionCodeMethod, name: str, split: Split, rows: Rows) -> Iterator[Tensor]:
    """Yield the codes of pairs block by block."""
    step = block_rows(2 * split.features.shape[1] + method.code_size)
    for block in (rows[i : i + step] for i in range(0, len(rows), step)):
        views = tuple(torch.from_numpy(split.features[block[:, view]]).to(context.device) for view in (0, 1))
        code = checked_output(name, "code", method.code, views, len(block))
        if code.shape[1] != method.code_size:
            raise EncoderError(f"{name}: its code returns {tuple(code.shape)}: code_size is {method.code_size}")
        yield code
