"""Sign-in: from a user name to an interactive session, and what ends it.

Owns: passwords and their policy, hashing in a bounded pool, the order of the steps (`flow`), the
lock-out (`throttle`), recognised browsers and interactive sessions. Leaves to others: who the users
are (`identity_store`), what tokens programs get from a session (`oauth`), cookies and pages
(fronts).

Invariants
- A password is compared only after the attempt was counted: parallel guesses share a limit.
- A user name that does not exist costs the same hash and as many queries as one that does.
- What must be remembered (a failure, a lock-out) is a returned outcome, never a refusal.
- No person without an enabled user has a session: that is asked at each use.
- Requests of strangers make no rows but the lock-out's and records of what was refused, and both
  are bounded in number.
"""
