"""The gateway at work: one task a board, one for sealing, one for delivering, one for forgetting.

Rules of this folder
- Nothing of one board stops another: a board's faults end its connection, which is made again.
- Only `DurabilityError` ends the program: what is on the disk is then in doubt, and starting again is the cure.
- No step depends on the step before having run in this process: each looks at what the store holds. A start
  after a power cut is the same as any other start.
"""

from gateway.service.gateway import Gateway
from gateway.service.run import run_service

__all__ = ["Gateway", "run_service"]
