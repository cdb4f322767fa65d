"""The command ``nearshore``, once the packages beside it are known to be ours."""

import sys

from nearshore.clash import first_problem, problems


def main() -> int:
    """Carry out the command line of this process and return the exit code."""
    problem = first_problem()
    if problem is None:
        from experiments.commands.main import main as command

        return command()
    if sys.argv[1:] == ["doctor"]:
        sys.stdout.write("".join(f"{line}\n" for line in problems()))
    else:
        sys.stderr.write(f"nearshore: {problem}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
