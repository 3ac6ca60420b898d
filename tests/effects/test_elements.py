"""The other elements of a statement: NotAction, NotResource, wildcards, letter case, order."""

import pytest

from tests.effects.limited import Limited, Statement, may, statement


def without_action(effect: str, *actions: str, **more: object) -> Statement:
    return {"Effect": effect, "NotAction": list(actions), "Resource": "*", **more}


def without_resource(effect: str, actions: str, *resources: str) -> Statement:
    return {"Effect": effect, "Action": actions, "NotResource": list(resources)}


def listed(limited: Limited, *statements: Statement) -> tuple[bool, bool, bool]:
    """Whether permission sets, groups and accounts may be listed."""
    session, world = limited.by(*statements), limited.world
    return (
        may(session.sso_admin.list_permission_sets, InstanceArn=world.instance),
        may(session.identitystore.list_groups, IdentityStoreId=world.store),
        may(session.organizations.list_accounts),
    )


EVERYTHING = statement("Allow", "*")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([EVERYTHING], (True, True, True)),
        ([without_action("Allow", "sso:*")], (False, True, True)),
        ([without_action("Allow", "SSO:list*", "organizations:*")], (False, True, False)),
        ([EVERYTHING, without_action("Deny", "identitystore:*")], (False, True, False)),
        ([statement("Allow", "*:List*")], (True, True, True)),
        ([statement("Allow", "sso:ListPermissionSet")], (False, False, False)),
        ([statement("Allow", "sso:ListPermissionSet?")], (True, False, False)),
        ([statement("Allow", ["SSO:LISTPERMISSIONSETS", "IdentityStore:*"])], (True, True, False)),
        ([statement("Deny", "sso:*"), EVERYTHING], (False, True, True)),
        ([EVERYTHING, statement("Deny", "sso:*")], (False, True, True)),
        ([EVERYTHING, statement("Deny", "*:ListG*")], (True, False, True)),
    ],
)
def test_actions(
    limited: Limited, statements: list[Statement], expected: tuple[bool, bool, bool]
) -> None:
    assert listed(limited, *statements) == expected


def test_everything_but_a_resource_is_allowed_or_denied(limited: Limited) -> None:
    world = limited.world
    spared = world.sets["ReadOnlyAccess"]

    def described(*statements: Statement) -> set[str]:
        sso = limited.by(*statements).sso_admin
        return {
            name
            for name in ("ReadOnlyAccess", "DataAnalyst")
            if may(
                sso.describe_permission_set,
                InstanceArn=world.instance,
                PermissionSetArn=world.sets[name],
            )
        }

    assert described(without_resource("Allow", "sso:*", spared)) == {"DataAnalyst"}
    denial = without_resource("Deny", "sso:*", spared, world.instance)
    assert described(EVERYTHING, denial) == {"ReadOnlyAccess"}
    # The ARN of the service says `permissionSet`: another case is another resource.
    lower = spared.replace("permissionSet", "permissionset")
    assert described(statement("Allow", "sso:*", Resource=[world.instance, lower])) == set()
    one = spared[:-1] + "?"
    assert described(statement("Allow", "sso:*", Resource=[world.instance, one])) == {
        "ReadOnlyAccess"
    }
