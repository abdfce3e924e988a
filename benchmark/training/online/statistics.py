"""Statistics of a representation during training; they describe single batches and are not scores."""

import torch
from torch import Tensor
from torch.nn import functional as F

NEIGHBOURS = 20


def spread(embeddings: Tensor) -> Tensor:
    """Spread of embeddings relative to their size: 1 if centred at the origin, 0 if all are equal.

    Square root of the variance over the mean square, so that scale and rotation do not matter.

    embeddings : (N, d)
    returns : scalar in [0, 1]

    >>> spread(torch.tensor([[3.0, 0.0], [-3.0, 0.0]])), spread(torch.ones(4, 2))
    (tensor(1.), tensor(0.))
    """
    values = embeddings.detach().float()
    size = values.square().mean()
    share = (values - values.mean(dim=0)).square().mean() / size.clamp_min(torch.finfo(size.dtype).tiny)
    return share.sqrt()


def rankme(features: Tensor) -> float:
    """Effective rank of features: the exponential of the entropy of their singular values.

    Garrido, Balestriero, Najman, LeCun 2023 (RankMe), eq. 2. At most min(N, d); it grows with N.

    features : (N, d)

    >>> round(rankme(torch.eye(5)), 3)
    5.0
    """
    values = features.detach().double()
    singular = torch.linalg.eigvalsh(values.T @ values).clamp_min(0).sqrt()  # (d,)
    share = singular / singular.sum().clamp_min(torch.finfo(singular.dtype).tiny)
    return float(torch.special.entr(share).sum().exp())


def nearest_class(
    queries: Tensor, objects: Tensor, known: Tensor, known_labels: Tensor, known_objects: Tensor, classes: int
) -> Tensor:
    """Return the most frequent class among a query's 20 nearest neighbours by cosine, without views of its own object.

    queries : (N, d); objects : (N,), objects of the queries
    known : (M, d), with `known_labels` and `known_objects` (M,)
    returns : (N,) classes; the lowest one if several are equally frequent
    """
    cosines = F.normalize(queries.float(), dim=1) @ F.normalize(known.float(), dim=1).T  # (N, M)
    cosines = cosines.masked_fill(objects[:, None] == known_objects, -torch.inf)
    best, indices = cosines.topk(min(NEIGHBOURS, len(known)), dim=1)
    votes = F.one_hot(known_labels[indices], classes) * (best > -torch.inf).unsqueeze(-1)  # (N, k, classes)
    return votes.sum(dim=1).argmax(dim=1)
