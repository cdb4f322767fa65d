"""`nearshore calibrate`: an estimation, with the runs that its file asks for."""

from pathlib import Path

from experiments.estimation.command import EstimationResult, estimate
from experiments.estimation.target_file import read_target_file
from experiments.fit.published_rows import check_targets
from experiments.fit.published_runs import run_published
from experiments.sweeps.work.sweep import Options


def calibrate(source: Path, out: Path, options: Options) -> EstimationResult:
    """Fit the parameters of a file to its targets, see `experiments.estimation.command.estimate`.

    Raises
    ------
    ScenarioError
        Besides, if the file asks for figures that its runs do not have.
    """
    file, _ = read_target_file(source, options.economy)
    if file.runs == "scenario":
        return estimate(source, out, options)
    check_targets(file)
    return estimate(source, out, options, run_one=run_published)
