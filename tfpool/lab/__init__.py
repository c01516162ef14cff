"""What articles say of pooling heads, as experiments: a statement, a protocol, a measure, and a rule that decides.

Nothing here loads TensorFlow before an experiment is under way.
"""

from tfpool.lab.claim import CLAIMS, Claim, find
from tfpool.lab.finding import Finding
from tfpool.lab.protocol import Scale
from tfpool.lab.statistics import Effect
from tfpool.lab.verdict import VERDICTS, Judgement

__all__ = ["CLAIMS", "VERDICTS", "Claim", "Effect", "Finding", "Judgement", "Scale", "find"]
