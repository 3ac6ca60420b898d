"""Finding applications and trusted token issuers by ARN."""

from genkan.applications import store
from genkan.applications.records import Application, TrustedTokenIssuer
from genkan.core import arns
from genkan.core.errors import NotFound
from genkan.db.database import Tx
from genkan.instances import operations as instances


def find_application(tx: Tx, application_arn: str) -> Application | None:
    """The application of exactly this ARN, or None. One query, remembered."""
    application_id = application_arn.rpartition("/")[2]
    found = tx.remembered(
        ("application", application_id), lambda: store.find_application(tx, application_id)
    )
    return found if found is not None and found.application_arn == application_arn else None


def existing_application(tx: Tx, application_arn: str) -> Application:
    """The application of this ARN; `NotFound` otherwise.

    `Invalid` once its instance is being deleted: of that nothing but the instance is told any more.
    """
    found = find_application(tx, application_arn)
    if found is None:
        raise no_application(application_arn)
    instances.required_instance(tx, found.instance_arn)
    return found


def no_application(application_arn: str) -> NotFound:
    """The refusal of an application that is not there, or not in the instance asked about."""
    return NotFound(f"Application with ARN {application_arn} was not found.")


def find_issuer(tx: Tx, trusted_token_issuer_arn: str) -> TrustedTokenIssuer | None:
    """The trusted token issuer of exactly this ARN, or None. One query, remembered."""
    issuer_id = trusted_token_issuer_arn.rpartition("/")[2]
    found = tx.remembered(
        ("trusted_token_issuer", issuer_id), lambda: store.find_issuer(tx, issuer_id)
    )
    return found if found is not None and found.arn == trusted_token_issuer_arn else None


def existing_issuer(tx: Tx, trusted_token_issuer_arn: str) -> TrustedTokenIssuer:
    """The trusted token issuer of this ARN; `NotFound` otherwise, `Invalid` as for applications."""
    found = find_issuer(tx, trusted_token_issuer_arn)
    if found is None:
        raise no_issuer(trusted_token_issuer_arn)
    instances.required_instance(tx, arns.instance(found.instance_id))
    return found


def no_issuer(trusted_token_issuer_arn: str) -> NotFound:
    """The refusal of an issuer that is not there, or not in the instance asked about."""
    return NotFound(f"Trusted token issuer with ARN {trusted_token_issuer_arn} was not found.")
