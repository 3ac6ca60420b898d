"""Mistakes in controls, applications and instances of accounts: each told with its place."""

import pytest

from genkan.core.quotas import Quotas
from genkan.sandbox.seed_mistakes import SeedRefused, path_text
from genkan.sandbox.seed_order import in_order, without_ids
from genkan.sandbox.seed_reader import parse_seed
from tests.sandbox_seed.test_seed_mistakes import mistakes, place_of

GOOD = """\
settings:
  region: eu-west-1
  added_regions: [eu-south-1]
  network: {api_allow_source_ips: [127.0.0.0/8]}
organization:
  management_account: {name: Main, email: main@example.com}
  accounts:
    - name: Shared
      email: shared@example.com
      service_control_policies: [No S3, FullAWSAccess]
      customer_managed_policies:
        - name: Readers
          version: v2
          document: &allow
            Version: 2012-10-17
            Statement: [{Effect: Allow, Action: "s3:Get*", Resource: "*"}]
          other_versions: [{version: v1, document: *allow}]
          last_version: v3
    - {name: Other, email: other@example.com}
  policy_types: [SERVICE_CONTROL_POLICY]
  service_control_policies:
    - name: No S3
      content:
        Version: 2012-10-17
        Statement: [{Effect: Deny, Action: "s3:*", Resource: "*"}]
  trusted_services: [sso.amazonaws.com, ssm.amazonaws.com]
  delegated_administrators:
    - {account: Shared, services: [sso.amazonaws.com]}
users:
  - {user_name: ana, display_name: Ana, name: {given_name: Ana, family_name: Silva}}
groups:
  - {display_name: Team, members: [ana]}
trusted_token_issuers:
  - name: idp
    issuer_url: https://idp.example.com
    claim_attribute_path: email
    identity_store_attribute_path: emails.value
applications:
  - name: First
    users: [ana]
    groups: [Team]
    sign_in_options: {origin: APPLICATION, application_url: "https://example.com/"}
    access_scopes:
      - {scope: openid, authorized_targets: [instance, Second]}
    actor_policy:
      Version: 2012-10-17
      Statement: [{Effect: Allow, Principal: {AWS: "*"}, Action: "sso-oauth:*", Resource: "*"}]
    grants:
      authorization_code: {redirect_uris: ["https://example.com/back"]}
      jwt_bearer: {authorized_token_issuers: [{issuer: idp, audiences: [a]}]}
      refresh_token: true
  - {name: Second, account: Shared}
account_instances:
  - account: Shared
    users:
      - {user_name: own, display_name: O, name: {given_name: O, family_name: Wn}}
    applications:
      - {name: Own, users: [own]}
"""

CASES: list[tuple[str, str, str, str]] = [
    # instances
    ("[eu-south-1]", "[eu-south-1, §eu-west-1]", "settings.added_regions[1]",
     'the Region "eu-west-1" is given twice'),
    ("[127.0.0.0/8]", "[§localhost]", "settings.network.api_allow_source_ips[0]",
     "must be an address or CIDR block"),
    ("account_instances:\n  - account: Shared", "account_instances:\n  - account: §Shred",
     "account_instances[0].account", 'there is no account "Shred"; did you mean "Shared"?'),
    ("account_instances:\n  - account: Shared", "account_instances:\n  - account: §Main",
     "account_instances[0].account", "the management account has the organization's instance"),
    ("account_instances:\n", "account_instances:\n  - account: Shared\n",
     "account_instances[1].account", 'the account "Shared" has an instance already'),
    ("display_name: O,", "display_name: O, password: §Corr3ct-horse,",
     "account_instances[0].users[0].password",
     "nobody signs in to an account instance; leave it out"),
    ("users: [own]", "users: [§ana]", "account_instances[0].applications[0].users[0]",
     'there is no user "ana"'),
    # policies
    ("version: v2\n", "version: §two\n",
     "organization.accounts[0].customer_managed_policies[0].version", '"two" must look like v1'),
    ("{version: v1,", "{version: §v2,",
     "organization.accounts[0].customer_managed_policies[0].other_versions[0].version",
     'the version "v2" is given twice'),
    ("last_version: v3", "last_version: §v1",
     "organization.accounts[0].customer_managed_policies[0].last_version",
     "is lower than v2, which is given"),
    ("other_versions: [{version: v1, document: *allow}]",
     'other_versions: [{version: v1, document: §""}]',
     "organization.accounts[0].customer_managed_policies[0].other_versions[0].document",
     "must not be empty"),
    # controls
    ("[SERVICE_CONTROL_POLICY]", "[§TAG_POLICY]", "organization.policy_types[0]",
     "must be SERVICE_CONTROL_POLICY"),
    ("[No S3, FullAWSAccess]", "[§No S4]",
     "organization.accounts[0].service_control_policies[0]",
     'there is no service control policy "No S4"; did you mean "No S3"?'),
    ("[No S3, FullAWSAccess]", "[No S3, §No S3]",
     "organization.accounts[0].service_control_policies[1]", 'the policy "No S3" is given twice'),
    ("    - name: No S3\n", "    - name: No S3\n      id: §p-1\n",
     "organization.service_control_policies[0].id", "must look like p-a1b2c3d4e5"),
    ("Effect: Deny, Action", "Effect: §Denied, Action",
     "organization.service_control_policies[0].content.Statement[0].Effect", ""),
    ("ssm.amazonaws.com]", "§smm.amazonaws.com]", "organization.trusted_services[1]",
     'there is no service "smm.amazonaws.com"; did you mean "ssm.amazonaws.com"?'),
    ("{account: Shared, services", "{account: §Main, services",
     "organization.delegated_administrators[0].account",
     "the management account administers without being registered"),
    ("services: [sso.amazonaws.com]}\n",
     "services: [sso.amazonaws.com]}\n    - {account: Other, services: [§sso.amazonaws.com]}\n",
     "organization.delegated_administrators[1].services[0]",
     '"sso.amazonaws.com" takes 1 at most'),
    # issuers
    ("emails.value", "§emails", "trusted_token_issuers[0].identity_store_attribute_path",
     "is not one of"),
    ("applications:\n  - name: First",
     "  - {name: b, issuer_url: §'https://idp.example.com', claim_attribute_path: a,"
     " identity_store_attribute_path: userName}\napplications:\n  - name: First",
     "trusted_token_issuers[1].issuer_url",
     'the issuer URL "https://idp.example.com" is given twice'),
    # applications
    ("groups: [Team]", "groups: [§Taem]", "applications[0].groups[0]",
     'there is no group "Taem"; did you mean "Team"?'),
    ("{name: Second, account: Shared}", "{name: Second, account: §Shared accounts}",
     "applications[1].account", 'there is no account "Shared accounts"'),
    ("[instance, Second]", "[instance, §Secnd]",
     "applications[0].access_scopes[0].authorized_targets[1]",
     'there is no application "Secnd"; did you mean "Second"?'),
    ("{name: Second,", '{name: §"Sec\\0ond",', "applications[1].name",
     "holds NUL (U+0000), which no text may"),
    ("origin: APPLICATION", "origin: IDENTITY_CENTER", "applications[0].sign_in_options",
     "ApplicationUrl is allowed only when the sign-in origin is APPLICATION."),
    ("scope: openid", "scope: §open id", "applications[0].access_scopes[0].scope",
     "must be a scope, such as sso:account:access"),
    ('"https://example.com/back"', '§"javascript:alert(1)"',
     "applications[0].grants.authorization_code.redirect_uris[0]",
     "The redirect URI javascript:alert(1) is not valid."),
    ("issuer: idp,", "issuer: §ipd,",
     "applications[0].grants.jwt_bearer.authorized_token_issuers[0].issuer",
     'there is no trusted token issuer "ipd"; did you mean "idp"?'),
    ('Principal: {AWS: "*"}, ', "", "applications[0].actor_policy.Statement[0]", ""),
    ("refresh_token: true", "refresh_token: §1", "applications[0].grants.refresh_token",
     "true or false is expected here"),
]  # fmt: skip


def test_the_example_has_no_mistake() -> None:
    assert mistakes(GOOD) == []


@pytest.mark.parametrize(("old", "new", "path", "says"), CASES, ids=lambda value: value[:30])
def test_a_mistake_is_told_with_its_place_and_alone(
    old: str, new: str, path: str, says: str
) -> None:
    assert GOOD.count(old) == 1, old
    text = GOOD.replace(old, new)
    (found,) = mistakes(text.replace("§", ""))
    assert found.path == path
    assert says in found.message
    if "§" in text:
        assert (found.line, found.column) == place_of(text)


def test_attaching_without_the_type_enabled_is_a_mistake() -> None:
    (found,) = mistakes(GOOD.replace("  policy_types: [SERVICE_CONTROL_POLICY]\n", ""))
    assert found.path == path_text(("organization", "accounts", 0, "service_control_policies"))
    assert found.message.startswith("nothing is attached unless policy_types has")


def test_a_name_that_two_applications_have_must_be_written_otherwise() -> None:
    twice = GOOD.replace(
        "  - {name: Second, account: Shared}",
        "  - {name: Second, id: apl-000000000000000a}\n"
        "  - {name: Second, id: apl-000000000000000b}",
    )
    (found,) = mistakes(twice)
    assert found.message == (
        '"Second" means 2 applications; write "apl-000000000000000a" or "apl-000000000000000b"'
    )
    assert mistakes(twice.replace("[instance, Second]", "[instance, apl-000000000000000b]")) == []


def test_two_of_one_name_stand_in_one_order_whichever_ids_they_were_given() -> None:
    one = "  - {name: Twin, id: apl-000000000000000%s, description: first}\n"
    other = "  - {name: Twin, id: apl-000000000000000%s, description: second}\n"
    bare = [
        without_ids(
            in_order(parse_seed(GOOD.replace("account_inst", f"{twins}account_inst").encode()))
        )
        for twins in (one % "a" + other % "b", other % "a" + one % "b")
    ]
    assert bare[0] == bare[1]


def test_an_id_means_its_application_whatever_others_are_called() -> None:
    text = GOOD.replace(
        "  - {name: Second, account: Shared}",
        "  - {name: apl-000000000000000b, id: apl-000000000000000a}\n"
        "  - {name: Second, id: apl-000000000000000b}\n"
        "  - {name: Second, id: apl-000000000000000c}",
    ).replace("[instance, Second]", "[instance, apl-000000000000000b, apl-000000000000000a]")
    assert mistakes(text) == []
    ordered = in_order(parse_seed(text.encode())).applications
    (scope,) = ordered[0].access_scopes
    assert scope.authorized_targets == [
        "instance",
        "apl-000000000000000b",
        "apl-000000000000000a",
    ]


OWN_ISSUER = (
    "    trusted_token_issuers:\n"
    "      - {name: own, id: %s, issuer_url: 'https://own.example.com',"
    " claim_attribute_path: email, identity_store_attribute_path: userName}\n"
)
APPLICATION, ISSUER = "apl-00000000000000aa", "tti-00000000-0000-4000-8000-0000000000aa"
PERSON = "00000000-0000-7000-8000-0000000000aa"
ANOTHER_USER = "{user_name: bo, display_name: Bo, name: {given_name: Bo, family_name: Li}}"


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            ("{name: Second,", f"{{name: Second, id: {APPLICATION},"),
            ("{name: Own,", f"{{name: Own, id: {APPLICATION},"),
            f'the application id "{APPLICATION}" is given twice',
        ),
        (
            ("  - name: idp\n", f"  - name: idp\n    id: {ISSUER}\n"),
            ("  - account: Shared\n", f"  - account: Shared\n{OWN_ISSUER % ISSUER}"),
            f'the trusted token issuer id "{ISSUER}" is given twice',
        ),
        (
            ("{user_name: ana,", f"{{user_name: ana, id: {PERSON},"),
            ("{user_name: own,", f"{{user_name: own, id: {PERSON},"),
            f'the user or group id "{PERSON}" is given twice',
        ),
        (
            ("{user_name: ana,", f"{{user_name: ana, id: {PERSON},"),
            ("{display_name: Team,", f"{{display_name: Team, id: {PERSON},"),
            f'the user or group id "{PERSON}" is given twice',
        ),
    ],
    ids=["applications", "issuers", "users", "a user and a group"],
)
def test_an_id_may_stand_once_in_all_instances(
    first: tuple[str, str], second: tuple[str, str], message: str
) -> None:
    text = GOOD.replace(*first)
    assert mistakes(text) == []
    assert [one.message for one in mistakes(text.replace(*second))] == [message]


@pytest.mark.parametrize(
    ("path", "quotas"),
    [
        ("users", Quotas(users=1)),
        ("groups", Quotas(groups=1)),
        ("permission_sets", Quotas(permission_sets=1)),
        ("applications", Quotas(applications=1)),
    ],
)
def test_what_is_beyond_a_quota_is_told_before_anything_is_made(path: str, quotas: Quotas) -> None:
    more = (
        GOOD.replace("groups:\n", f"  - {ANOTHER_USER}\ngroups:\n")
        .replace("trusted_token", "  - {display_name: Others}\ntrusted_token", 1)
        .replace(
            "account_instances:", "permission_sets: [{name: A}, {name: B}]\naccount_instances:"
        )
    )
    assert mistakes(more) == []
    with pytest.raises(SeedRefused) as refused:
        parse_seed(more.encode(), quotas=quotas)
    (found,) = refused.value.mistakes
    assert (found.path, found.message) == (path, "has 2 entries; at most 1 are allowed")


def test_an_account_has_as_many_policies_as_iam_lets_it_have() -> None:
    one = "        - {name: P%d, document: *allow}\n"
    more = "".join(one % number for number in range(1_500))
    (found,) = mistakes(GOOD.replace("    - {name: Other,", f"{more}    - {{name: Other,"))
    assert found.path == "organization.accounts[0].customer_managed_policies"
    assert found.message == "has 1501 entries; at most 1500 are allowed"
