"""What can go wrong, as one small tree.

NearshoreError
├── ScenarioError          a scenario, override or design says something impossible
├── OutputError            results cannot be written where they were asked for
├── CheckpointError        a checkpoint is none of ours, damaged, or of another version
├── RuleError              a rule of one's own answers with something impossible
├── StoreError             stored results are damaged, or in use by another program
└── ModelError
    ├── CalibrationError   the figures cannot be reproduced at this number of firms
    ├── IdentityError      an account does not balance
    └── PhaseError         what a phase left will not do
        ├── NonFiniteError     it holds a NaN or an infinity
        └── VerificationError  it is not what plain means come to
"""


class NearshoreError(Exception):
    """Anything this project raises on purpose; its text is one line for the user."""


class ScenarioError(NearshoreError):
    """A scenario or override names an unknown key or an impossible value."""


class OutputError(NearshoreError):
    """Results cannot be written where they were asked for."""


class CheckpointError(NearshoreError):
    """A checkpoint cannot be continued; the text says what it is or lacks."""


class RuleError(NearshoreError):
    """A rule of one's own answers with something that firms cannot do."""


class StoreError(NearshoreError):
    """Stored results are damaged, of another version, or in use by another program."""


class ModelError(NearshoreError):
    """The model cannot go on; the text names the phase."""


class CalibrationError(ModelError):
    """The calibration year cannot be reproduced with these settings."""


class IdentityError(ModelError):
    """An accounting identity does not hold to rounding."""


class PhaseError(ModelError):
    """What a phase left will not do.

    Attributes
    ----------
    phase : str
    quarter : int
    inputs : dict
        The firm's row, by column; empty where no single firm is to blame.
    """

    def __init__(self, text: str, phase: str, quarter: int, inputs: dict[str, object]) -> None:
        super().__init__(text)
        self.phase, self.quarter, self.inputs = phase, quarter, inputs


class NonFiniteError(PhaseError):
    """A phase left a NaN or an infinity."""


class VerificationError(PhaseError):
    """A phase left something else than plain means come to; raised in verification mode alone."""
