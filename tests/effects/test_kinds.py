"""For each kind of policy, and each thing in a policy: the tests of who may and who may not.

The table is what the issue asks for, said once. A test that is renamed or goes away must be
replaced here by what does its work.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

EFFECTS = "fronts/aws/test_effects.py"
SCPS = "fronts/aws/test_control_policies.py"
STS = "fronts/aws/test_sts.py"

#: Kind → tests; a boto3 or AWS CLI session through Genkan's own sign-in, unless said otherwise.
KINDS: dict[str, list[str]] = {
    "permission set: inline policy": [
        f"{EFFECTS}::test_an_inline_policy_allows_what_it_names_and_nothing_else",
        f"{EFFECTS}::test_a_resource_in_a_policy_means_that_resource",
        f"{EFFECTS}::test_an_edit_limits_sessions_once_it_is_provisioned",
    ],
    "permission set: AWS managed policy": [
        f"{EFFECTS}::test_the_read_only_policy_of_aws_reads_and_changes_nothing",
        # By the AWS CLI, after `aws sso login`.
        "journeys/test_aws_cli_use.py"
        "::test_the_read_only_role_creates_no_permission_set_and_the_administrators_role_does",
    ],
    "permission set: customer managed policy by reference": [
        f"{EFFECTS}::test_a_customer_managed_policy_is_the_accounts_own",
        "fronts/aws/test_customer_policies.py"
        "::test_a_session_follows_the_version_in_effect_at_its_next_call",
        "fronts/aws/test_customer_policies.py"
        "::test_a_reference_fails_the_assignment_until_the_policy_is_there",
    ],
    "permissions boundary: AWS managed and customer managed": [
        f"{EFFECTS}::test_a_boundary_takes_away_whatever_policies_give",
        "fronts/aws/test_customer_policies.py"
        "::test_a_boundary_that_is_a_customer_managed_policy_limits_and_stays",
    ],
    "service control policy: on the root, a unit, an account": [
        f"{SCPS}::test_a_denial_at_any_level_denies_at_the_next_call",
        f"{SCPS}::test_without_full_access_only_what_is_allowed_is_left",
        f"{SCPS}::test_a_persons_session_is_limited_and_never_widened",
        "effects/test_control_policies.py"
        "::test_a_delegate_is_limited_by_the_policies_over_its_account",
        "effects/test_control_policies.py::test_the_usual_guard_rails_deny_by_their_conditions",
    ],
    "service control policy: the management account is exempt": [
        f"{SCPS}::test_a_persons_session_is_limited_and_never_widened",
        "effects/test_control_policies.py"
        "::test_a_policy_over_the_root_spares_the_management_account",
    ],
    "session policy of AssumeRole: Policy and PolicyArns": [
        f"{STS}::test_a_session_policy_takes_away_and_never_gives",
        "effects/test_roles.py::test_a_session_policy_and_the_role_must_both_allow",
    ],
    "session policy of AssumeRoleWithSAML": [
        f"{STS}::test_a_session_of_a_saml_response_may_be_shorter_and_smaller",
    ],
    "trust policy: SAML alone, of the own provider": [
        "effects/test_roles.py::test_a_role_of_identity_center_trusts_nobody_who_assumes",
        f"{STS}::test_a_saml_response_is_good_for_the_role_it_names_only",
    ],
    "trust policy: its audience (in the slice: no signed response has another)": [
        "slices/sts/test_saml.py::test_a_role_that_is_not_named_or_does_not_trust_is_refused",
        "authorization/test_evaluate.py::test_saml_sign_in_is_decided_by_the_trust_policy_alone",
    ],
    "trust policy: another account": [
        "effects/test_roles.py"
        "::test_a_trusting_role_is_assumed_from_the_account_that_it_trusts_only",
        f"{STS}::test_a_member_may_not_use_the_role_meant_for_management",
    ],
    "resource policy: actor policy (read back, then asked: nothing served asks it yet)": [
        "effects/test_actor_policies.py"
        "::test_an_actor_policy_lets_in_whom_it_names_and_nobody_else",
        "fronts/aws/test_applications.py::test_a_bad_actor_policy_is_refused_in_awss_words",
    ],
    "identity policy of an IAM user": [
        "effects/test_iam_users.py::test_a_user_may_what_its_identity_policies_allow",
    ],
    "ownership before any policy": [
        f"{EFFECTS}::test_an_administrator_of_a_member_account_cannot_let_anybody_in",
        "fronts/aws/test_access.py::test_a_member_account_administers_nothing",
        "fronts/aws/test_delegation.py::test_the_management_accounts_own_access_stays_with_it",
    ],
    "no policy": ["fronts/aws/test_access.py::test_nobody_does_what_no_policy_of_theirs_allows"],
    # --- what a policy is made of -----------------------------------------------------------------
    "explicit Deny over Allow": [
        f"{EFFECTS}::test_an_explicit_deny_beats_every_allow",
        "effects/test_elements.py::test_actions",
    ],
    "NotAction": ["effects/test_elements.py::test_actions"],
    "NotResource": [
        "effects/test_elements.py::test_everything_but_a_resource_is_allowed_or_denied"
    ],
    "policy variables": [
        "effects/test_person_tags.py::test_a_persons_tag_may_name_the_resource",
        # ${identitystore:UserId}
        "fronts/aws/test_instances.py::test_an_attribute_becomes_a_session_tag_that_conditions_see",
    ],
    "access-control attributes, session tags, aws:PrincipalTag": [
        "fronts/aws/test_instances.py::test_an_attribute_becomes_a_session_tag_that_conditions_see",
        "effects/test_person_tags.py::test_one_policy_opens_to_each_what_bears_their_teams_tag",
        "effects/test_person_tags.py::test_a_person_without_the_attribute_has_no_tag",
    ],
    "aws:ResourceTag": [
        "fronts/aws/test_instances.py::test_tags_of_a_permission_set_decide_who_may_change_it",
        "fronts/aws/test_application_tags.py::test_a_right_that_a_tag_gives_ends_with_the_tag",
        "effects/test_tags.py::test_who_may_administer_one_teams_permission_sets_assigns_no_others",
        "effects/test_tags.py::test_each_resource_is_asked_about_with_its_own_tags",
    ],
    "aws:RequestTag and aws:TagKeys": [
        "effects/test_tags.py::test_what_is_made_must_bear_the_tags_that_the_policy_wants",
        "effects/test_tags.py::test_tags_are_given_and_taken_within_what_keys_and_values_allow",
    ],
    "sso:ApplicationAccount": [
        "effects/test_tags.py::test_the_account_that_made_an_application_is_a_condition",
    ],
    "aws:SourceIp, time, transport, MFA, organization, identitystore: keys": [
        "effects/test_condition_keys.py"
        "::test_a_session_may_where_a_condition_holds_and_may_not_where_it_does_not",
        "effects/test_condition_keys.py::test_a_key_that_a_persons_session_has_not_is_absent",
        "effects/test_roles.py::test_conditions_decide_about_assuming_a_role",
    ],
    "network configuration of the identity store": [
        "fronts/aws/test_instances.py"
        "::test_an_identity_store_takes_calls_from_the_allowed_addresses_only",
    ],
    "the end of a right": [
        f"{EFFECTS}::test_a_session_ends_at_the_next_call_when_its_right_does",
        f"{EFFECTS}::test_a_session_of_a_removed_role_does_not_come_back_with_a_new_one",
    ],
}


@cache
def functions_of(path: str) -> frozenset[str]:
    """The names of the test functions of a file."""
    tree = ast.parse((TESTS / path).read_text())
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_policy_has_the_tests_that_the_table_names(kind: str) -> None:
    missing = [
        named
        for named in KINDS[kind]
        if named.partition("::")[2] not in functions_of(named.partition("::")[0])
    ]
    assert KINDS[kind]
    assert missing == []
