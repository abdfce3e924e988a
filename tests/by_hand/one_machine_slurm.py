"""Runs a real Slurm on this machine, by hand: tasks of an array are requeued and killed while they run.

    apt-get install --no-install-recommends slurmctld slurmd slurm-client munge
    python tests/by_hand/one_machine_slurm.py               # as root

Renders the dataset of kill_target.py with the local engine and with `--engine slurm`; the fake renderer is slowed down.
While the array runs, one of its tasks is requeued (`scontrol requeue`, as preemption does) and later another is killed
(`scancel --signal=KILL`). In the end both datasets must be equal, byte by byte; otherwise the exit code is 1.
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from helping import HELPERS
from observe import content
from plans import plan_of

from iebench.renderer import plan as plan_module
from iebench.renderer.rendering.render import render_dataset

CONFIGURATION = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort=6917
SlurmdPort=6918
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobRequeue=1
KillWait=5
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@contextmanager
def daemon(*command):
    """Run a server in the foreground of a separate process; end it afterwards."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def cluster(folder, cpus=4):
    """Set up Slurm in a folder, ready for jobs; its commands find it through environment variables."""
    folder.chmod(0o755)
    for name in ("spool", "state"):
        (folder / name).mkdir()
    configuration = folder / "slurm.conf"
    configuration.write_text(CONFIGURATION.format(host=socket.gethostname(), folder=folder, cpus=cpus))
    os.environ["SLURM_CONF"] = str(configuration)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    with ExitStack() as stack:
        places = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        options = [f"--{option}={folder}/munge.{name}" for option, name in places.items()]
        stack.enter_context(daemon("/usr/sbin/munged", "--foreground", "--force", *options))
        time.sleep(1)
        stack.enter_context(daemon("/usr/sbin/slurmctld", "-D", "-i", "-L", f"{folder}/slurmctld.log"))
        stack.enter_context(daemon("/usr/sbin/slurmd", "-D", "-L", f"{folder}/slurmd.log"))
        until = time.monotonic() + 30
        while not slurm("sinfo", "-h", "-t", "idle", "-o", "%n"):
            if time.monotonic() > until:
                sys.exit(f"no node is idle after 30 s: {slurm('sinfo')}")
            time.sleep(0.5)
        yield


def slurm(*command):
    """Run a Slurm command; return its standard output."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def running():
    """Return the running array tasks, such as 3_0."""
    lines = slurm("squeue", "-h", "-r", "-t", "RUNNING", "-o", "%i").splitlines()
    return [line for line in lines if "_" in line]


def trouble(out, done):
    """Requeue one task when the first shards exist, and kill another a little later; append both commands to `done`."""
    for enough, command in ((2, ("scontrol", "requeue")), (4, ("scancel", "--signal=KILL", "--full"))):
        while not (tasks := running()) or len(list(out.glob("*/*.parquet"))) < enough:
            time.sleep(0.1)
        slurm(*command, tasks[-1])
        done.append(f"{' '.join(command)} {tasks[-1]}")


def main():
    plan_module.IMAGES_PER_SHARD = (24, 24)
    plan, done = plan_of("20", 20, 12), []
    with tempfile.TemporaryDirectory(prefix="iebench-slurm-") as root:
        folder = Path(root)
        os.environ["PYTHONPATH"] = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
        render_dataset(plan, folder / "local", workers=2, backend="flaky:Slow")
        (folder / "slurm").mkdir()
        with cluster(folder / "slurm"):
            thread = threading.Thread(target=trouble, args=(folder / "array", done), daemon=True)
            thread.start()
            options = {"tasks": "3", "folder": str(folder / "jobs"), "time": "10"}
            render_dataset(plan, folder / "array", workers=1, backend="flaky:Slow", engine="slurm", options=options)
            jobs = slurm("scontrol", "show", "jobs", "-o")
        restarts = [line.split("Restarts=")[1].split()[0] for line in jobs.splitlines() if "Restarts=" in line]
        same = content(folder / "local") == content(folder / "array")
        lines = [
            *done,
            f"{len(restarts)} tasks in all, started again {sum(map(int, restarts))} times",
            f"{len(content(folder / 'array'))} files, {'all' if same else 'NOT all'} as those of the local engine",
        ]
        sys.stdout.write("\n".join([*lines, ""]))
        sys.exit(not (same and len(done) == 2))


if __name__ == "__main__":
    main()
