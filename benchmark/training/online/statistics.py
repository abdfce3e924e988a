"""Numbers that say how a representation fares while it is trained; of single batches, and no scores."""

import torch
from torch import Tensor
from torch.nn import functional as F

NEIGHBOURS = 20


def spread(embeddings: Tensor) -> Tensor:
    """How much embeddings differ, relative to their size: 1 around the origin, 0 when all are one vector.

    The root of their variance over dimensions to their mean square, so scale and rotation do not matter.

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
    """The effective rank of features: the exponential of their singular values' entropy.

    Garrido, Balestriero, Najman, LeCun 2023 (RankMe), eq. 2. At most min(N, d), and more with more of them.

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
    """The class that most of a query's 20 nearest neighbours by cosine have, views of its own object left out.

    queries : (N, d); objects : (N,), whose views they are
    known : (M, d), with `known_labels` and `known_objects` (M,)
    returns : (N,) classes, the lowest of equals
    """
    likeness = F.normalize(queries.float(), dim=1) @ F.normalize(known.float(), dim=1).T  # (N, M)
    likeness = likeness.masked_fill(objects[:, None] == known_objects, -torch.inf)
    best, places = likeness.topk(min(NEIGHBOURS, len(known)), dim=1)
    votes = F.one_hot(known_labels[places], classes) * (best > -torch.inf).unsqueeze(-1)  # (N, k, classes)
    return votes.sum(dim=1).argmax(dim=1)
