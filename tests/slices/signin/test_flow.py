"""The order of the steps, for every attempt there can be."""

from hypothesis import given
from hypothesis import strategies as st

from genkan.signin.flow import LIFETIME_MS, Attempt, Factor, Policy, Step, expired, next_step

ATTEMPTS = st.builds(
    Attempt,
    workflow_id=st.uuids().map(str),
    started_at=st.integers(0, 2**45),
    user_name=st.none() | st.text(),
    proven=st.sampled_from([(), (Factor.PASSWORD,)]),
)


@given(ATTEMPTS)
def test_nobody_is_done_without_a_user_name_and_a_password(attempt: Attempt) -> None:
    done = next_step(attempt, Policy()) is Step.DONE
    assert done == (attempt.user_name is not None and Factor.PASSWORD in attempt.proven)


@given(ATTEMPTS)
def test_the_password_is_asked_after_the_user_name(attempt: Attempt) -> None:
    step = next_step(attempt, Policy())
    assert (step is Step.USER_NAME) == (attempt.user_name is None)


@given(ATTEMPTS, st.integers(0, 2**46))
def test_only_attempts_with_a_user_name_run_out(attempt: Attempt, now: int) -> None:
    late = now - attempt.started_at > LIFETIME_MS
    assert expired(attempt, Policy(), now) == (late and attempt.user_name is not None)
