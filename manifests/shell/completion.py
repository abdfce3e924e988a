"""The verb `iebench completion`: the script by which a shell completes verbs, options and values."""

import click
from click.shell_completion import get_completion_class

from .cli import examples, iebench

SHELLS = ("bash", "zsh", "fish")
BASH = """\
_iebench_completion() {
    # words by blanks alone: bash also divides them at = and :, and replaces only what stands behind those
    local line="${COMP_LINE:0:COMP_POINT}" current="${COMP_WORDS[COMP_CWORD]}" type value words before
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    [[ $current == [=:] ]] && current=""
    before="${words[-1]%"$current"}"
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("${value#"$before"}")
                [[ $value == *: ]] && compopt -o nospace 2> /dev/null
                ;;
        esac
    done < <(COMP_WORDS="$line" COMP_CWORD=$((${#words[@]} - 1)) _IEBENCH_COMPLETE=bash_complete "$1")
}
complete -o nosort -F _iebench_completion iebench
"""
FISH = ('(string split "," $completion)', '(string split -m 1 "," $completion)')
"""Part of click's script for fish, and its replacement, by which values may contain commas."""


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
    if shell == "bash":
        click.echo(BASH)
        return
    kind = get_completion_class(shell)
    assert kind is not None  # click has all of SHELLS
    script = kind(iebench, {}, "iebench", "_IEBENCH_COMPLETE").source()
    click.echo(script.replace(*FISH) if shell == "fish" else script)
