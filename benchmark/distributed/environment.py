"""Environment variables by which torchrun, `srun` or a script tells a process its rank.

Either all variables are set or none. A process with only some of them would train the same run as the other processes,
or wait for them forever. Imports no torch.
"""

from collections.abc import Mapping

from ..errors import UsageError

NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # needed by each of several processes
NUMBERS = {"WORLD_SIZE": 1, "RANK": 0, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1, "MASTER_PORT": 1}  # name -> minimum
BELOW = {"RANK": "WORLD_SIZE", "LOCAL_RANK": "LOCAL_WORLD_SIZE"}  # name -> variable with a larger value
PORTS = 65535
COPIES = {  # variable with the number of processes, set by launchers that set no ranks -> name of the launcher
    "SLURM_STEP_NUM_TASKS": "srun",
    "OMPI_COMM_WORLD_SIZE": "mpirun",
    "PMI_SIZE": "mpiexec",
}
TORCHRUN = "start it with torchrun (docs/guides/training.md), or unset {} to train in one process"


def numbers(environment: Mapping[str, str]) -> dict[str, int]:
    """Return RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE, as far as they are set; {} for a single process.

    environment : such as os.environ

    Raises
    ------
    UsageError : some are set and others are not, or a value is invalid; names the variables and the remedy.
    """
    variables = {name: environment[name] for name in (*NEEDED, "LOCAL_RANK", "LOCAL_WORLD_SIZE") if name in environment}
    # an address alone starts no group of processes
    ranks = [name for name in variables if not name.startswith("MASTER_")]
    if not ranks:
        _check_copies(environment)
        return {}
    values = {name: _number(name, variables[name]) for name in NUMBERS if name in variables}
    if "MASTER_PORT" in values and values["MASTER_PORT"] > PORTS:
        raise UsageError(f"MASTER_PORT={variables['MASTER_PORT']} is not a port: set one of 1 to {PORTS}")
    for name, size in BELOW.items():
        if name in values and size in values and values[name] >= values[size]:
            raise UsageError(
                f"{name}={values[name]} is not below {size}={values[size]}: processes are counted from 0, so set "
                f"{name} to at most {values[size] - 1}, or {size} to their number"
            )
    if values.get("WORLD_SIZE") == 1:
        return {}
    if lacking := [name for name in NEEDED if not variables.get(name)]:
        words = ", ".join(f"{name}={variables[name]}" for name in variables if name not in lacking)
        lacks = f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not set"
        raise UsageError(f"{words} means several processes, and {lacks}: {TORCHRUN.format(' and '.join(ranks))}")
    values.pop("MASTER_PORT")
    return values


def check_once(command: str, environment: Mapping[str, str]) -> None:
    """Check that a command that starts its own processes was started only once.

    Raises
    ------
    UsageError : it was started several times, or the environment is incomplete.
    """
    if values := numbers(environment):
        raise UsageError(
            f"iebench {command} starts processes of its own and was started {values['WORLD_SIZE']} times (WORLD_SIZE="
            f"{values['WORLD_SIZE']}): start it once, without torchrun"
        )


def _check_copies(environment: Mapping[str, str]) -> None:
    """Check that no launcher that sets no ranks has started several copies of this program."""
    for name, launcher in COPIES.items():
        count = environment.get(name, "")
        if count.isdecimal() and int(count) > 1:
            raise UsageError(
                f"{launcher} started this {count} times ({name}={count}) and {', '.join(NEEDED)} are not set: set them "
                "for each (docs/guides/training.md), or WORLD_SIZE=1 where each is to work alone"
            )


def _number(name: str, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < NUMBERS[name]:
        raise UsageError(f"{name}={text!r} is not a whole number from {NUMBERS[name]} on: {TORCHRUN.format(name)}")
    return number
