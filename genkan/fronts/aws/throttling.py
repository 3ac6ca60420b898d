"""Refusing what comes faster than AWS's published rates, where a node is told to (`core/rates.py`).

Owns when a request is counted, whose it is, and what is left of one that is refused. A request is
counted inside of the door, after the decision and before the operation: its signature is good and
it is allowed, so nobody spends the rate of another, and who may do nothing spends none at all. Of
`sso-oidc`, where anybody may ask, a client's rate is spent by whoever knows its secret, an
address's by itself, and the instance's only by what is granted: what is answered with an OAuth
error is given back, or a stranger with invented codes could keep everybody from signing in.

A refused request costs nothing, so a client that comes again in `RetryAfterSeconds` finds room.
Each node counts what it answers itself. Run again after a conflict, a request is counted once.

Records: one of each refusal would make a flood of requests a flood of writes. A caller's refusals
are recorded ten at once and one a second; the others are in the metrics, as all are. Those of
strangers, by their network, have what `audit.refusals` has for strangers, too.
"""

import time
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from genkan.core.app import App
from genkan.core.call import Call, Person, Signer
from genkan.core.errors import Refusal, Throttled
from genkan.core.rates import RATES, Rate
from genkan.core.token_bucket import SECOND, Buckets, Monotonic
from genkan.db.database import Tx
from genkan.fronts.aws.refusals import refusal_answer
from genkan.fronts.aws.refused_requests import record_throttled
from genkan.fronts.aws.services import Service
from genkan.oauth import clients
from genkan.oauth.records import Rejected
from genkan.perform import perform
from genkan.signin.throttle import network

RECORDS_A_SECOND = 1
RECORDS_AT_ONCE = 10
_SENTENCE = "Rate exceeded"


class Throttle:
    """The rates of one node. `refused` counts what was, by the name of the rate."""

    def __init__(
        self, rates: Sequence[Rate] = RATES, *, clock: Monotonic = time.monotonic_ns
    ) -> None:
        self._buckets = {rate: Buckets(rate.per_second, clock=clock) for rate in rates}
        self._records = Buckets(RECORDS_A_SECOND, burst=RECORDS_AT_ONCE, clock=clock)
        self.refused: Counter[str] = Counter({rate.name: 0 for rate in rates})

    async def perform(self, app: App, service: Service, call: Call) -> Any:
        """`perform.perform`, which raises `Throttled` where the caller may and comes too often."""
        passage = _Passage(self._applying(service, call), call)
        if not passage.rates:
            return await perform(app, call)
        guarded = replace(call.operation, run=passage.run)
        try:
            result = await perform(app, replace(call, operation=guarded))
        except Refusal as refusal:
            passage.not_granted()
            if passage.exceeded is not None:
                self.refused[passage.exceeded.name] += 1
                await self._record(app, service, call, refusal)
            raise
        if isinstance(result, Rejected):
            passage.not_granted()
        return result

    def _applying(self, service: Service, call: Call) -> dict[Rate, Buckets]:
        return {
            rate: buckets
            for rate, buckets in self._buckets.items()
            if rate.service == service.model
            and (not rate.operations or call.operation.name in rate.operations)
        }

    async def _record(self, app: App, service: Service, call: Call, refusal: Refusal) -> None:
        caller = call.caller
        whose: Hashable
        if isinstance(caller, Signer):
            whose = caller.account_id
        elif isinstance(caller, Person):
            whose = caller.user_id
        else:
            whose = network(call.origin.source_ip)
        if self._records.take(whose) == 0:
            answer = refusal_answer(service.model, refusal)
            await record_throttled(app, service, call, answer)


class _Passage:
    """One request on its way past the rates that apply to it.

    `run` takes the place of the operation's own: it is reached by what is allowed only.
    """

    def __init__(self, rates: dict[Rate, Buckets], call: Call) -> None:
        self.rates = rates
        self.exceeded: Rate | None = None
        self._call = call
        self._taken: list[tuple[Rate, Hashable]] = []
        self._wait: int | None = None

    def run(self, tx: Tx, **params: Any) -> Any:
        """The operation, if there is room for it."""
        if self._wait is None:  # Else the transaction was lost, and runs again.
            self._wait = self._take(tx)
        if self._wait > 0:
            raise Throttled(
                _SENTENCE,
                retry_after_seconds=-(-self._wait // SECOND),
                audit_silent=True,
            )
        return self._call.operation.run(tx, **params)

    def not_granted(self) -> None:
        """Have the instance's rate as if the request had not been."""
        self._give_back("instance")

    def _take(self, tx: Tx) -> int:
        """Nanoseconds to wait, 0 for none: a token of each rate, or of none of them."""
        for rate, buckets in self.rates.items():
            key = _key(rate, tx, self._call)
            if key is None:
                continue
            wait = buckets.take(key)
            if wait > 0:
                self.exceeded = rate
                self._give_back()
                return wait
            self._taken.append((rate, key))
        return 0

    def _give_back(self, scope: str = "") -> None:
        for rate, key in self._taken:
            if scope in ("", rate.scope):
                self.rates[rate].give_back(key)
        self._taken = []


def _key(rate: Rate, tx: Tx, call: Call) -> Hashable | None:
    """Whose bucket it is; None when nobody is proven whose it could be."""
    whose = _whose(rate, tx, call)
    return (whose, call.operation.name) if rate.each and whose is not None else whose


def _whose(rate: Rate, tx: Tx, call: Call) -> Hashable | None:
    caller, params = call.caller, call.params
    match rate.scope:
        case "address":
            return network(call.origin.source_ip)
        case "client":
            return _client(tx, call)
        case "instance":
            return rate.scope if _client(tx, call) is not None else None
        case "account":
            return caller.account_id if isinstance(caller, Signer) else None
        case "store":
            # The caller may ask this store, so there is one: its ids are no way to fill memory.
            named: str = params.get("identity_store_id", "")
            store = named.rpartition("/")[2]  # by its id or its ARN: it is one
            return (caller.account_id, store) if isinstance(caller, Signer) else None


def _client(tx: Tx, call: Call) -> bytes | None:
    params = call.params
    found = clients.authenticate(tx.vault, tx.now, params["client_id"], params["client_secret"])
    return found.client_key if found is not None else None
