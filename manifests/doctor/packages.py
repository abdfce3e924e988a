"""Checks of the installed packages against the versions that iebench's own metadata declares."""

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from ..installed.parts import EXTRA_OF, command, missing_extras, missing_part
from .finding import HINT, MEND, Finding

PACKAGE = "iebench"
DEVELOPERS = ("test", "check")  # extras of those who change iebench


def packages() -> Iterator[Finding]:
    """Yield the findings about Python, the required packages and each extra."""
    yield _python(metadata(PACKAGE)["Requires-Python"], platform.python_version())
    yield required(declared())
    for extra in extras():
        yield optional(extra, declared(extra))


def extras() -> list[str]:
    """Return the names of iebench's extras for users."""
    return [extra for extra in metadata(PACKAGE).get_all("Provides-Extra") or () if extra not in DEVELOPERS]


def complete(extra: str) -> bool:
    """True if every package of an extra is installed, in whatever version."""
    modules = tuple(module for module, name in EXTRA_OF.items() if name == extra)
    installed = all(_version(requirement) for requirement in declared(extra))
    return installed and not missing_extras(modules)


def declared(extra: str = "") -> list[Requirement]:
    """Return the packages that iebench, or one of its extras, requires for this Python and system."""
    every = [Requirement(text) for text in requires(PACKAGE) or ()]
    base = [
        requirement for requirement in every if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]
    if not extra:
        return base
    return [
        requirement
        for requirement in every
        if requirement not in base and requirement.marker and requirement.marker.evaluate({"extra": extra})
    ]


def required(requirements: Sequence[Requirement]) -> Finding:
    """Return the finding about the packages that every command needs."""
    wrong = [*_absent(requirements), *_unfit(requirements)]
    if wrong:
        return Finding(PACKAGE, f"{'; '.join(wrong)}: pip install --upgrade {PACKAGE}", MEND)
    return Finding(PACKAGE, f"{version(PACKAGE)}, {_listed(requirements)}")


def optional(extra: str, requirements: Sequence[Requirement]) -> Finding:
    """Return the finding about an extra. A version out of range is a fault only where the whole extra is installed."""
    title, absent, unfit = f"[{extra}]", _absent(requirements), _unfit(requirements)
    if extra == "render" and not any(requirement.name == "bpy" for requirement in requirements):
        return Finding(title, str(missing_part("bpy")), HINT)
    if absent or not complete(extra):
        lacking = (
            "not installed" if len(absent) == len(requirements) else f"incomplete ({'; '.join([*absent, *unfit])})"
        )
        return Finding(title, f"{lacking}; if you want it: {command(extra)}", HINT)
    if unfit:
        return Finding(title, f"{'; '.join(unfit)}: {command(extra).replace('install', 'install --upgrade', 1)}", MEND)
    return Finding(title, _listed(requirements))


def _python(specifier: str, running: str) -> Finding:
    if SpecifierSet(specifier).contains(running, prereleases=True):
        return Finding("Python", running)
    return Finding(
        "Python", f"{running}, and {PACKAGE} needs {specifier}: make an environment with such a Python", MEND
    )


def _absent(requirements: Sequence[Requirement]) -> list[str]:
    return [f"no {requirement.name}" for requirement in requirements if not _version(requirement)]


def _unfit(requirements: Sequence[Requirement]) -> list[str]:
    """Return a few words for each installed package whose version is not a declared one."""
    return [
        f"{requirement.name} {_version(requirement)}, which should be {requirement.specifier}"
        for requirement in requirements
        if _version(requirement) and not _fits(requirement)
    ]


def _fits(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(_version(requirement), prereleases=True)
    except InvalidVersion:
        return False


def _version(requirement: Requirement) -> str:
    """Return the installed version of a package; "" if it is not installed."""
    try:
        return version(requirement.name) or ""  # None where its metadata is damaged
    except PackageNotFoundError:
        return ""


def _listed(requirements: Sequence[Requirement]) -> str:
    return ", ".join(dict.fromkeys(f"{requirement.name} {_version(requirement)}" for requirement in requirements))
