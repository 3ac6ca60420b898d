"""The lock-out: how long an attempt must wait, and for whom (pure; the rows are in `store`).

What is counted
- An attempt of a browser that this user signed in with before (it carries a token of ours) counts
  for that browser alone.
- Any other attempt counts for the pair of user name and source network, for the user name, and for
  the network.

What follows
- Five attempts are free; each further one makes the pair (or the browser) wait, 15 seconds first,
  then twice as long each time, never more than 15 minutes. Success clears the count, and takes
  itself back from the count of the user name.
- After 50 attempts on one user name from anywhere, the pairs of that name lose their free
  attempts but one. They never lose the first.
- After 100 attempts from one network in an hour, on whatever names, the network waits for the hour
  to end.

Why this shape: a lock on the user name alone would let a stranger lock an owner out for ever by
failing on purpose. Here a stranger can delay only his own network; the owner signs in from a
browser that knows him, or with a first attempt from anywhere else. A guesser with one network gets
about a hundred guesses a day; one with many networks gets, after the first 50, one guess for each
and then the same delays. Trying one password on many names, or filling the audit table with names
that do not exist, ends at the network's limit; success takes itself back from it, so that many
people may stand behind one address. Counts survive a restart, are the same for names that do not
exist (names are hashed, the table is bounded), and are forgotten after a day without an attempt.

Each attempt is counted before its password is compared, and given back only by success: guesses
sent at once share the limit.
"""

from dataclasses import dataclass

from genkan.core.addresses import customer

FREE_ATTEMPTS = 5
SUSPICIOUS_ATTEMPTS = 50
NETWORK_ATTEMPTS = 100
NETWORK_WINDOW_MS = 3600 * 1000
FORGET_AFTER_MS = 24 * 3600 * 1000
_FIRST_DELAY_MS = 15_000
_LONGEST_DELAY_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Attempts without a success since. Times are epoch milliseconds."""

    attempts: int = 0
    blocked_until: int = 0
    counted_at: int = 0


def current(count: Count | None, now: int) -> Count:
    """The count as it stands now: nothing, when there was none or it is forgotten."""
    if count is None or now - count.counted_at > FORGET_AFTER_MS:
        return Count()
    return count


def counted(count: Count, now: int, *, free: int | None) -> Count:
    """The count with one attempt more; the caller has checked that it is not blocked.

    `free` is None for a count that makes nobody wait by itself.
    """
    attempts = count.attempts + 1
    wait = 0 if free is None else delay_ms(attempts, free=free)
    return Count(attempts=attempts, blocked_until=now + wait, counted_at=now)


def of_this_window(count: Count | None, now: int) -> Count:
    """A network's count, whose `counted_at` is when its window began; nothing after the window."""
    if count is None or now - count.counted_at >= NETWORK_WINDOW_MS:
        return Count(counted_at=now)
    return count


def counted_for_network(count: Count, attempts: int) -> Count:
    """A network's count with so many attempts more (or, given back, less)."""
    total = max(0, count.attempts + attempts)
    until = count.counted_at + NETWORK_WINDOW_MS if total >= NETWORK_ATTEMPTS else 0
    return Count(attempts=total, blocked_until=until, counted_at=count.counted_at)


def delay_ms(attempts: int, *, free: int) -> int:
    """How long to wait after this many attempts, `free` of which are free."""
    beyond = attempts - free
    if beyond < 0:
        return 0
    return min(_LONGEST_DELAY_MS, _FIRST_DELAY_MS << min(beyond, 10))


def free_attempts(of_user_name: Count) -> int:
    """How many attempts a pair has free, given what all networks did to the user name."""
    return 1 if of_user_name.attempts >= SUSPICIOUS_ATTEMPTS else FREE_ATTEMPTS


def wait_seconds(count: Count, now: int) -> int:
    """Seconds until another attempt will be considered, rounded up; 0 when it may be made now."""
    return max(0, -(-(count.blocked_until - now) // 1000))


def network(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /56 that one IPv6 customer holds."""
    return str(customer(address) or "unknown")
