"""The engine for Ray clusters gives the same bytes when machines come and go."""

import os
import re
import threading
import time

import pytest
from observe import children, content, end
from paths import HELPERS

ray = pytest.importorskip("ray")

from ray.cluster_utils import Cluster  # noqa: E402

from iebench.renderer import plan as plan_module  # noqa: E402
from iebench.renderer.engines import Work  # noqa: E402
from iebench.renderer.engines import ray as module  # noqa: E402
from iebench.renderer.engines.ray import Ray  # noqa: E402
from iebench.renderer.errors import OutputError, UsageError  # noqa: E402
from iebench.renderer.rendering.render import render_dataset  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture
def cluster(monkeypatch, tmp_path):
    """Ray cluster of two simulated machines on this one: a head that also renders, and a second node."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")]))
    (tmp_path / "meeting").mkdir()
    monkeypatch.setenv("IEBENCH_TEST_MEETING", str(tmp_path / "meeting"))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    quickly = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300}  # a lost node is known in 2 s, not 15
    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": quickly}
    made = Cluster(initialize_head=True, head_node_args=head)
    other = made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made, other
    ray.shutdown()
    made.shutdown()


def test_a_machine_lost_in_the_middle_changes_nothing(cluster, tiny_plan, tmp_path, monkeypatch):
    made, other = cluster
    monkeypatch.setattr(plan_module, "IMAGES_PER_SHARD", (48, 48))
    plan = tiny_plan("8", 5, 12)
    render_dataset(plan, tmp_path / "local", workers=2, backend="flaky:Slow")
    [raylet] = [info.process.pid for info in other.all_processes["raylet"]]
    lost = []

    def lose():
        """Remove the second node once it renders a task and some shards exist."""
        until = time.monotonic() + 150
        while time.monotonic() < until:
            rendering = [grandchild for child in children(raylet) for grandchild in children(child)]
            if rendering and len(list((tmp_path / "ray").glob("*/*.parquet"))) >= 2:
                made.remove_node(other, allow_graceful=False)
                lost.extend(rendering)
                return
            time.sleep(0.05)

    thread = threading.Thread(target=lose)
    thread.start()
    render_dataset(
        plan, tmp_path / "ray", workers=1, backend="flaky:Meeting", engine="ray", options={"address": made.address}
    )
    thread.join()
    assert lost, "the machine was not at work when it was lost"
    assert end(lost), "a renderer outlived its machine"
    assert content(tmp_path / "ray") == content(tmp_path / "local")
    address = {"address": made.address}
    no_gpu = pytest.raises(UsageError, match="no machine of the Ray cluster has 1 CPUs and 1 GPUs")
    with Ray(work(plan, tmp_path / "other", device="optix"), address) as engine, no_gpu:
        engine.about()
    unseen = pytest.raises(OutputError, match="does not see")
    with Ray(work(plan, tmp_path / "unseen"), address) as engine, unseen:
        engine.render(plan.shards()[:1], {}, lambda images, failed: None)


def work(plan, out, device="cpu"):
    return Work(plan.without_objects(), str(out), 1, 1, device, "iebench.renderer.blender.fake:FakeRenderer", 60.0, 0)


def test_an_option_it_does_not_know_is_a_usage_error(tiny_plan, tmp_path):
    with pytest.raises(UsageError, match="knows no option partition"):
        Ray(work(tiny_plan(), tmp_path), {"partition": "cpu"})


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("127.0.0.1:1", "refused"),
        ("ray://127.0.0.1:1", "refused"),
        ("no.such.host.invalid:6379", ""),
        ("[::1]:99999", ""),
    ],
)
def test_a_cluster_that_does_not_answer_is_reported_at_once(tiny_plan, tmp_path, address, cause):
    start = time.monotonic()
    with pytest.raises(UsageError, match=rf"no Ray cluster at {re.escape(address)} \(.*{cause}.*\): see `ray status`"):
        Ray(work(tiny_plan(), tmp_path), {"address": address}).__enter__()
    assert time.monotonic() - start < 20


def test_a_cluster_that_does_not_shut_down_keeps_no_render_from_ending(monkeypatch, capsys):
    free = threading.Event()
    engine = Ray(None, {})
    engine._started = True
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    monkeypatch.setattr(module.ray, "shutdown", free.wait)
    engine.__exit__(None, None, None)
    free.set()
    assert "Ray has not shut down within 0 s" in capsys.readouterr().err
