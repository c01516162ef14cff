"""What articles claim about pooling heads, as experiments: statement, protocol, measure, and the rule that decides.

Pages and commands that show findings are elsewhere. Others use `CLAIMS`, `find` and `Finding`. Add a claim in `claims`.
"""

from tfpool.lab.claim import CLAIMS, Claim, find
from tfpool.lab.finding import Finding
from tfpool.lab.protocol import Scale
from tfpool.lab.statistics import Effect
from tfpool.lab.verdict import VERDICTS, Judgement

__all__ = ["CLAIMS", "VERDICTS", "Claim", "Effect", "Finding", "Judgement", "Scale", "find"]
