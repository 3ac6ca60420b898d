"""The worker's handler for instances and Regions that are coming or going (reference §1.1, §1.6).

Each step is one transaction under the job's fence; a job that was cut off goes on where it stopped.
"""

from genkan.core.app import App
from genkan.core.call import Call, Caller, Operation, Origin, Owner
from genkan.core.ids import request_id
from genkan.db.jobs import Job
from genkan.instances.operations import ABANDON_INSTANCE, SETTLE_INSTANCE
from genkan.perform import perform


async def settle_instance(app: App, job: Job) -> None:
    """Step by step until nothing is left to do."""
    while not await perform(app, _call(SETTLE_INSTANCE, job, job.worker)):
        pass


async def give_up(app: App, job: Job, error: str) -> None:
    """Take back what could not be brought about; the log has the error."""
    await perform(app, _call(ABANDON_INSTANCE, job, Owner(reason=f"job {job.id} is dead")))


def _call(operation: Operation, job: Job, caller: Caller) -> Call:
    return Call(
        operation=operation,
        params=job.payload,
        caller=caller,
        origin=Origin(request_id=request_id()),
        event_source="sso.amazonaws.com",
        event_name=operation.name,
    )
