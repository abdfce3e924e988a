"""Metrics of classification without training: nearest neighbours, and class means of a few examples."""

from .classification import accuracy

SHOTS = (1, 5, 10)  # examples per class that a protocol may have
KNN = {"knn_top1": accuracy("kNN top-1 %", "class by a vote of the nearest train views")}
FEW = {
    f"shot{k}_top1": accuracy(
        f"{k}-shot top-1 %", f"class by {f'{k} objects' if k > 1 else 'one object'} of each class", floor="1 / classes"
    )
    for k in SHOTS
}
