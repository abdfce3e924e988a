"""Queries to a predictor about some val objects, with the retrieved views, to be shown as images."""

import numpy as np
import torch

from ..data.rows import spread
from ..fitting.context import Context
from ..probes.prediction import latents_of
from ..results.retrievals import Retrievals, Rows, targets_of
from ..results.score import Example
from ..statistics.resamples import pack
from ..statistics.retrieval import unit

OBJECTS = 8
VIEWS = 16  # views of an object that are sources and targets


def examples(context: Context) -> tuple[Example, ...]:
    """Make one query for each of some val objects, evenly spread; () for a method without a predictor.

    The source is view 0; the target is another view, which differs between objects. The retrieved view is the one
    nearest to the prediction by cosine, without the source.
    """
    if context.method is None:
        return ()
    val, queries = context.val, []
    for number, i in enumerate(map(int, spread(val.objects, OBJECTS))):
        target = 1 + number % (val.views - 1)
        [order] = _nearest(context, i, np.array([0]), np.array([[target]]))
        rank = 1 + int((order == target).argmax())
        queries.append(Example(*val.identities[i], source=0, target=target, found=int(order[0]), rank=rank))
    return tuple(queries)


def retrievals(context: Context) -> Retrievals | None:
    """Make a query for every source and target view of the same val objects; None for a method without a predictor.

    Objects with more than VIEWS views have sources and targets evenly spread; any other view may be retrieved.
    """
    if context.method is None:
        return None
    val = context.val
    objects, views = spread(val.objects, OBJECTS), spread(val.views, VIEWS)
    targets = targets_of(views)
    orders = np.stack([_nearest(context, i, views, targets) for i in map(int, objects)])
    ranks = 1 + (orders == targets.reshape(-1, 1)).argmax(axis=-1)
    return Retrievals(
        objects=tuple(val.identities[i] for i in map(int, objects)),
        views=tuple(views.tolist()),
        retrieved=pack(orders[..., 0].ravel().astype(float)),
        ranks=pack(ranks.ravel().astype(float)),
    )


@torch.no_grad()
def _nearest(context: Context, i: int, sources: Rows, targets: Rows) -> Rows:
    """Return the other views of an object by their cosine to each prediction, nearest first; ties in order.

    i : number of the val object; sources : (s,) views; targets : (s, t) views of each source
    returns : (s * t, views - 1)
    """
    method, val, count = context.method, context.val, targets.shape[1]
    assert method is not None
    first, start = i * val.views, np.repeat(sources, count)
    features = np.array(val.features[first : first + val.views])
    embedded = method.embed(torch.from_numpy(features).to(context.device))
    latents = latents_of(val, method, first + start), latents_of(val, method, first + targets.ravel())
    cosines = unit(method.predict(embedded[sources], *latents).float()) @ unit(embedded.float()).T
    cosines[np.arange(len(start)), start] = -torch.inf  # last, and left out
    order: Rows = cosines.argsort(dim=1, descending=True, stable=True)[:, :-1].cpu().numpy()
    return order
