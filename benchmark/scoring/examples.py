"""Examples of queries to a predictor with the retrieved views, to be shown as images."""

import numpy as np
import torch

from ..data.rows import spread
from ..fitting.context import Context
from ..probes.prediction import latents_of
from ..results.score import Example
from ..statistics.retrieval import unit

OBJECTS = 8


@torch.no_grad()
def examples(context: Context) -> tuple[Example, ...]:
    """Make one query for each of some val objects, evenly spread; () for a method without a predictor.

    The source is view 0; the target is another view, which differs between objects. The retrieved view is the one
    nearest to the prediction by cosine, without the source.
    """
    method, val = context.method, context.val
    if method is None:
        return ()
    queries = []
    for number, i in enumerate(map(int, spread(val.objects, OBJECTS))):
        rows = np.arange(i * val.views, (i + 1) * val.views)
        target = 1 + number % (val.views - 1)
        embedded = method.embed(torch.from_numpy(np.array(val.features[rows])).to(context.device))
        predicted = method.predict(
            embedded[:1], latents_of(val, method, rows[:1]), latents_of(val, method, rows[[target]])
        )
        order = (unit(embedded[1:].float()) @ unit(predicted.float())[0]).argsort(descending=True) + 1
        rank = 1 + int((order == target).nonzero()[0, 0])
        queries.append(Example(*val.identities[i], source=0, target=target, found=int(order[0]), rank=rank))
    return tuple(queries)
