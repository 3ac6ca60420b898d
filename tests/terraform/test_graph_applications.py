"""Ten applications with all that hangs on them, ten resources at a time, and their end."""

from collections.abc import Callable
from typing import Any

from tests.terraform.applications import (
    Application,
    ApplicationAccessScope,
    ApplicationAssignment,
    ApplicationAssignmentConfiguration,
    ApplicationGrant,
    TrustedTokenIssuer,
)
from tests.terraform.graph import AT_ONCE, Graph, States
from tests.terraform.identity_store import Group, User
from tests.terraform.permission_sets import (
    CustomerManagedPolicyAttachmentsExclusive,
    ManagedPolicyAttachmentsExclusive,
    PermissionSet,
)
from tests.terraform.scene import CUSTOM, POLICY, READ_ONLY, VIEW_ONLY, Scene, issuer

Config = Callable[[States], dict[str, Any]]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _just(config: dict[str, Any]) -> Config:
    return lambda states: config


def _people(scene: Scene, graph: Graph, number: int) -> None:
    names = {"given_name": "Some", "family_name": f"Body {number}"}
    person = {"user_name": f"body{number}", "display_name": f"Body {number}", "name": names}
    graph.add(f"user.{number}", User(scene.provider), _just(person | scene.store))
    group = {"display_name": f"Team {number}"} | scene.store
    graph.add(f"group.{number}", Group(scene.provider), _just(group))


def _application(scene: Scene, graph: Graph, number: int) -> None:
    """An application and an issuer, and on them two assignments, three grants and two more."""
    provider, address = scene.provider, f"application.{number}"
    config = {"name": f"App{number}", "application_provider_arn": CUSTOM} | scene.here
    graph.add(address, Application(provider), _just(config))
    graph.add(
        f"issuer.{number}",
        TrustedTokenIssuer(provider),
        _just(issuer(f"Issuer{number}") | scene.here),
    )

    def of_application(**more: Any) -> Config:
        return lambda states: {"application_arn": states[address]["application_arn"]} | more

    def assigned(kind: str) -> Config:
        who = kind.lower()
        return lambda states: {
            "application_arn": states[address]["application_arn"],
            "principal_type": kind,
            "principal_id": states[f"{who}.{number}"][f"{who}_id"],
        }

    def bearer(states: States) -> dict[str, Any]:
        one = {"arn": states[f"issuer.{number}"]["arn"], "audiences": ["a"]}
        more = {"grant_type": JWT_BEARER, "authorized_token_issuers": [one]}
        return {"application_arn": states[address]["application_arn"]} | more

    uris = {"grant_type": "authorization_code", "redirect_uris": ["https://a.example/"]}
    added: dict[str, tuple[Any, Config, tuple[str, ...]]] = {
        "scope": (ApplicationAccessScope, of_application(scope="sso:account:access"), ()),
        "required": (
            ApplicationAssignmentConfiguration,
            of_application(assignment_required=False),
            (),
        ),
        "code": (ApplicationGrant, of_application(**uris), ()),
        "refresh": (ApplicationGrant, of_application(grant_type="refresh_token"), ()),
        "bearer": (ApplicationGrant, bearer, (f"issuer.{number}",)),
        "for_user": (ApplicationAssignment, assigned("USER"), (f"user.{number}",)),
        "for_group": (ApplicationAssignment, assigned("GROUP"), (f"group.{number}",)),
    }
    for name, (kind, config_of, needs) in added.items():
        graph.add(f"{name}.{number}", kind(provider), config_of, address, *needs)


def _exclusive(scene: Scene, graph: Graph, number: int) -> None:
    """A permission set whose policies are stated as a whole, of both kinds at the same time."""
    address = f"permission_set.{number}"
    graph.add(address, PermissionSet(scene.provider), _just({"name": f"Set{number}"} | scene.here))

    def of_set(**more: Any) -> Config:
        return lambda states: {"permission_set_arn": states[address]["arn"]} | scene.here | more

    graph.add(
        f"managed.{number}",
        ManagedPolicyAttachmentsExclusive(scene.provider),
        of_set(managed_policy_arns={READ_ONLY, VIEW_ONLY}),
        address,
    )
    graph.add(
        f"customer.{number}",
        CustomerManagedPolicyAttachmentsExclusive(scene.provider),
        of_set(customer_managed_policy_reference=[POLICY]),
        address,
    )


def test_ten_applications_with_all_that_hangs_on_them_come_and_go_ten_at_once(
    scene: Scene,
) -> None:
    graph = Graph()
    for number in range(AT_ONCE):
        _people(scene, graph, number)
        _application(scene, graph, number)
        _exclusive(scene, graph, number)
    graph.apply()
    assert len(graph.ids) == AT_ONCE * 14
    assert graph.plan() == {}, "a second plan is empty"
    applications = scene.provider.pages(
        "sso-admin", "list_applications", "Applications", InstanceArn=scene.instance_arn
    )
    names = {one["Name"] for one in applications}
    assert {f"App{number}" for number in range(AT_ONCE)} <= names

    graph.destroy()
    assert set(graph.plan().values()) == {"create"}
    assert set(graph.plan()) == set(graph.ids), "everything is gone"
