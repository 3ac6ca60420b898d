"""Words everyone may use: calls, refusals, events, ARNs, ids, pages, the clock, the vault.

Owns nothing durable and does no I/O. Everything above imports from here; nothing here imports
from above.
"""
