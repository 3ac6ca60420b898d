"""What operations cost: every query goes through an index, and a hot read is one query."""

from dataclasses import replace
from typing import Any

from genkan.applications import operations as applications
from genkan.db.database import Tx
from tests.slices.applications.world import (
    CUSTOM,
    an_application,
    an_issuer,
    assign,
    run,
)
from tests.slices.assignments.world import INSTANCE_ARN, World
from tests.support.store import MANAGEMENT, Store, a_call

#: What a person is assigned is gathered from its groups, then put in order.
GATHERED = "FROM application_assignments a JOIN applications"


def test_a_hot_read_asks_the_database_nothing_twice(store: Store, world: World) -> None:
    with store.write() as tx:
        arn = an_application(tx)
    operation: Any = next(
        one for one in applications.OPERATIONS if one.name == "DescribeApplication"
    )
    call = replace(a_call(), operation=operation, params={"application_arn": arn})
    memo: dict[Any, Any] = {}
    for expected in (2, 0, 0):
        with store.watched() as statements:
            tx = store.tx(memo=memo)
            operation.access.owner(tx, call)
            operation.access.checks(tx, call)
            operation.run(tx, **call.params)
        assert len(statements) == expected


def test_no_statement_reads_a_whole_table(store: Store, world: World) -> None:
    with store.watched() as statements, store.write() as tx:
        run_everything(tx, world)
    assert len(statements) > 40
    for sql, parameters in statements:
        assert store.data.whole_reads(sql, parameters) == [], sql
        assert GATHERED in sql or store.data.sorts(sql, parameters) == [], sql


def run_everything(tx: Tx, world: World) -> None:
    """Every operation of the slice, at least once."""
    issuer = {"trusted_token_issuer_arn": an_issuer(tx, client_token="once")}
    run(tx, "ListTrustedTokenIssuers", instance_arn=INSTANCE_ARN)
    run(tx, "UpdateTrustedTokenIssuer", **issuer, name="Other")
    run(tx, "DescribeTrustedTokenIssuer", **issuer)
    app = {"application_arn": an_application(tx, client_token="once")}
    run(tx, "UpdateApplication", **app, name="Other")
    run(tx, "DescribeApplication", **app)
    for by in (
        {},
        {"application_account": MANAGEMENT},
        {"application_provider": CUSTOM},
        {"application_account": MANAGEMENT, "application_provider": CUSTOM},
    ):
        run(tx, "ListApplications", instance_arn=INSTANCE_ARN, filter=by)
    assign(tx, app["application_arn"], world.alice)
    alice = {"principal_id": world.alice, "principal_type": "USER"}
    run(tx, "DescribeApplicationAssignment", **app, **alice)
    run(tx, "ListApplicationAssignments", **app)
    for by in ({}, app):
        run(
            tx,
            "ListApplicationAssignmentsForPrincipal",
            instance_arn=INSTANCE_ARN,
            filter=by,
            **alice,
        )
    run(tx, "DeleteApplicationAssignment", **app, **alice)
    run(tx, "PutApplicationAssignmentConfiguration", **app, assignment_required=False)
    run(tx, "PutApplicationAccessScope", **app, scope="a:b")
    run(tx, "GetApplicationAccessScope", **app, scope="a:b")
    run(tx, "ListApplicationAccessScopes", **app)
    run(tx, "DeleteApplicationAccessScope", **app, scope="a:b")
    grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    grant = {"jwt_bearer": {"authorized_token_issuers": [issuer]}}
    run(tx, "PutApplicationGrant", **app, grant_type=grant_type, grant=grant)
    run(tx, "ListApplicationGrants", **app)
    run(tx, "DeleteTrustedTokenIssuer", **issuer)
    run(tx, "DeleteApplication", **app)
