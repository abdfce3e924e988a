"""Errors reach the user from any process that raises them."""

import pickle

from iebench.manifests.errors import UnknownName


def test_an_unknown_name_survives_the_way_out_of_a_worker():
    error = UnknownName("control", "rotatoin", iter(["rotation", "floor"]), "mine.toml: ")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is UnknownName
    assert str(again) == str(error) == "mine.toml: unknown control 'rotatoin'; did you mean rotation?"
