"""Metrics of classification without training: nearest neighbours, and class means of a few examples."""

from .classification import accuracy

SHOTS = (1, 5, 10)  # examples per class that a protocol may have
KNN = {
    "knn_top1": accuracy(
        "kNN top-1 %", "share of views whose class the most similar train views have, by vote; nothing is trained"
    )
}
FEW = {
    f"shot{k}_top1": accuracy(
        f"{k}-shot top-1 %",
        "share of views whose class is that of the nearest class mean, which is the mean of "
        f"{f'{k} train views' if k > 1 else 'one train view'} of the class",
        floor="1 / classes",
    )
    for k in SHOTS
}
