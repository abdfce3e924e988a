"""Devices: the requested device is used or refused; several GPUs are distributed over workers. No GPU needed."""

import multiprocessing
from types import SimpleNamespace

import pytest

from iebench.renderer.blender.devices import NAMES, parse_device, use_device
from iebench.renderer.errors import DeviceError, UnknownName
from iebench.renderer.machine.worker_number import take_worker_number

pytestmark = pytest.mark.slow


class Preferences:
    """Preferences of the Cycles add-on: every GPU type's list ends with the CPUs."""

    def __init__(self, **gpus):
        self.compute_device_type = "NONE"
        cpu = SimpleNamespace(name="EPYC", type="CPU", id="CPU", use=True)
        self.by_kind = {
            kind: [SimpleNamespace(name=name, type=kind, id=f"{kind}{i}", use=False) for i, name in enumerate(names)]
            for kind, names in gpus.items()
        }
        self.devices = [cpu, *(entry for entries in self.by_kind.values() for entry in entries)]

    def get_devices_for_type(self, kind):
        if kind == "METAL":
            raise ValueError("not in this build")
        return [*self.by_kind.get(kind, []), self.devices[0]]

    @property
    def used(self):
        return [entry.id for entry in self.devices if entry.use]


def use(device, preferences, worker_number=0):
    cycles = SimpleNamespace(device="?")
    return use_device(device, cycles, preferences, worker_number), cycles.device


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("cpu", "auto")])
def test_a_requested_gpu_that_is_missing_is_an_error(name):
    with pytest.raises(DeviceError, match=f"no {name} device on this machine: use --device cpu"):
        use(name, Preferences())


def test_auto_takes_the_first_type_present_else_the_cpu():
    assert use("auto", Preferences()) == ("CPU", "CPU")
    both = Preferences(CUDA=["T4"], OPTIX=["T4"])
    assert use("auto", both) == ("OPTIX T4", "GPU")
    assert both.compute_device_type == "OPTIX"
    assert both.used == ["OPTIX0"]


def test_the_cpu_is_used_only_on_request():
    cards = Preferences(HIP=["MI300"])
    assert use("cpu", cards) == ("CPU", "CPU")
    assert cards.compute_device_type == "NONE"
    use("hip", cards)
    assert cards.used == ["HIP0"]


def test_several_devices_are_distributed_by_worker_number_and_recorded():
    cards = Preferences(CUDA=["A", "B", "C"])
    used = []
    for worker_number in range(4):
        assert use("cuda:0,2", cards, worker_number) == ("CUDA A, C", "GPU")
        used += cards.used
    assert used == ["CUDA0", "CUDA2", "CUDA0", "CUDA2"]


@pytest.mark.parametrize(("device", "words"), [("cuda:2", "0: A; 1: B"), ("auto:5", "no CUDA device 5")])
def test_an_absent_device_number_is_an_error_that_lists_the_present_devices(device, words):
    with pytest.raises(DeviceError, match=words):
        use(device, Preferences(CUDA=["A", "B"]))


def test_numbers_of_auto_are_not_dropped_for_the_cpu():
    with pytest.raises(DeviceError, match="no GPU device"):
        use("auto:0", Preferences())


@pytest.mark.parametrize("device", ["cuda:", "cuda:x", "cuda:-1", "cuda:1,1", "cpu:0"])
def test_numbers_that_make_no_sense_are_refused(device):
    with pytest.raises(DeviceError, match="give numbers of GPUs"):
        parse_device(device)


def test_a_misspelt_device_is_suggested():
    with pytest.raises(UnknownName, match="did you mean optix"):
        parse_device("optx")


def hold(connection):
    connection.send(take_worker_number())
    connection.recv()


def test_living_workers_have_different_numbers_and_a_dead_workers_number_is_free_again(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    context = multiprocessing.get_context("spawn")

    def start():
        own_end, worker_end = context.Pipe()
        process = context.Process(target=hold, args=[worker_end])
        process.start()
        return process, own_end, own_end.recv()

    workers = [start() for _ in range(3)]
    assert [worker_number for _, _, worker_number in workers] == [0, 1, 2]
    workers[1][0].kill()
    workers[1][0].join()
    workers.append(start())
    assert workers[-1][2] == 1
    for process, own_end, _ in workers:
        process.kill()
        process.join()
        own_end.close()
