"""The verb `iebench completion`: the script by which a shell completes verbs, options and values."""

import click
from click.shell_completion import get_completion_class

from .cli import examples, iebench

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog=examples(
        "iebench completion bash > ~/.local/share/bash-completion/completions/iebench",
        "iebench completion zsh > ~/.zfunc/_iebench",
        "iebench completion fish > ~/.config/fish/completions/iebench.fish",
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes `iebench` in a shell.

    To use it at once in the current bash: eval "$(iebench completion bash)".
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click has all of SHELLS
    click.echo(kind(iebench, {}, "iebench", "_IEBENCH_COMPLETE").source())
