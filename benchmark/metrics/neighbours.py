"""Metrics of classification without training: nearest neighbours, and class means of a few examples."""

from .classification import accuracy

SHOTS = (1, 5, 10)  # examples per class that a protocol may have
KNN = {"knn_top1": accuracy("kNN top-1 %", "share of views whose class the nearest train views name, by vote")}
FEW = {
    f"shot{k}_top1": accuracy(
        f"{k}-shot top-1 %",
        f"share of views nearest to the mean of {f'{k} views' if k > 1 else 'one view'} of their class",
        floor="1 / classes",
    )
    for k in SHOTS
}
