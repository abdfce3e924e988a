"""The census of files gives the same counts in any order."""

from iebench.manifests.taxonomy import official_objects
from iebench.renderer.importing.census import Census
from iebench.renderer.importing.published import FileKey


def test_views_need_both_files_and_a_repeated_file_counts_once():
    listed = official_objects().slice(0, 1).to_pylist()[0]
    owner = (listed["synset"], listed["object_id"])
    keys = [FileKey(*owner, kind, view) for view in (0, 1, 2, 40) for kind in ("image", "latent")]
    for order in (keys, keys[::-1]):
        census = Census()
        assert all(census.add(key) for key in order)
        assert not census.add(keys[3]) and not census.add(None)
        assert census.add(FileKey(*owner, "latent", 3)) and census.add(FileKey("03797390", "nobody", "image", 0))
        assert (census.twice, census.other, len(census)) == (1, 1, 2)
        assert census.views() == {0: 1, 4: 1}
        assert census.unlisted() == [("03797390", "nobody")]
        assert owner in census and ("03797390", owner[1]) not in census
