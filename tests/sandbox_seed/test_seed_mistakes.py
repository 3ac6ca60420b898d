"""Every mistake of a seed file is told, with its place and in plain words, and all at once."""

from collections.abc import Callable

import pytest

from genkan.sandbox.seed_mistakes import MOST_GUESSED, Mistake, SeedRefused
from genkan.sandbox.seed_reader import parse_seed

GOOD = """\
version: 1
settings: {region: eu-west-1, instance_name: corp}
organization:
  management_account: {name: Main, email: main@example.com, id: "111122223333"}
  accounts:
    - {name: Shared, email: shared@example.com}
  units:
    - name: Work
      accounts:
        - name: Prod
          email: prod@example.com
          alias: prod
          customer_managed_policies:
            - name: Readers
              document:
                Version: 2012-10-17
                Statement: {Effect: Allow, Action: "s3:Get*", Resource: "*"}
      units:
        - {name: Empty}
users:
  - user_name: ana
    display_name: Ana
    name: {given_name: Ana, family_name: Silva}
    emails: [{value: ana@example.com}]
    password: Corr3ct-horse
  - user_name: bo
    display_name: Bo
    name: {given_name: Bo, family_name: Li}
groups:
  - display_name: Team
    members: [ana, {user: bo}]
permission_sets:
  - name: Read
    managed_policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
  - name: Data
    customer_managed_policies: [{name: Readers}]
assignments:
  - {group: Team, permission_set: Read, accounts: all}
  - {user: ana, permission_set: Data, accounts: [prod]}
"""


def mistakes(text: str) -> list[Mistake]:
    try:
        parse_seed(text.encode())
    except SeedRefused as refused:
        return list(refused.mistakes)
    return []


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def _with_settings(more: str) -> str:
    return changed("instance_name: corp}", f"instance_name: corp, {more}}}")


def place_of(text: str) -> tuple[int, int]:
    """Line and column of the mark `§`, counted from 1."""
    before = text.partition("§")[0]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_the_example_has_no_mistake() -> None:
    assert mistakes(GOOD) == []


#: What is written instead of what, with a mark `§` where the mistake is, and what it says.
CASES: list[tuple[str, str, str, str]] = [
    # form
    ("version: 1\n", "version: §2\n", "version", "must be 1"),
    ("version: 1\n", "version: §true\n", "version", "must be 1"),
    (
        "region: eu-west-1",
        "§regio: eu-west-1",
        "settings",
        'there is no key "regio" here; did you mean region?',
    ),
    (
        "region: eu-west-1",
        "region: §Ireland",
        "settings.region",
        '"Ireland" must be the name of a Region, such as eu-west-1',
    ),
    (
        'id: "111122223333"',
        "id: §111122223333",
        "organization.management_account.id",
        "a text is expected here, but 111122223333 is a number; in quotes it is a text",
    ),
    (
        'id: "111122223333"',
        'id: §"1111"',
        "organization.management_account.id",
        "has 4 characters; at least 12 are needed",
    ),
    (
        "alias: prod\n",
        "alias: §true\n",
        "organization.units[0].accounts[0].alias",
        "a text is expected here, but true is a truth value; in quotes it is a text",
    ),
    (
        "alias: prod\n",
        "alias:§\n",
        "organization.units[0].accounts[0].alias",
        "a text is expected here, but nothing stands here; leave the key out instead",
    ),
    (
        "alias: prod\n",
        "alias: §Prod\n",
        "organization.units[0].accounts[0].alias",
        '"Prod" must consist of lower-case letters, digits and single hyphens',
    ),
    (
        "email: shared@example.com",
        "email: §shared",
        "organization.accounts[0].email",
        '"shared" must be an e-mail address, such as a@example.com',
    ),
    (
        "{name: Shared, email: shared@example.com}",
        "§{name: Shared}",
        "organization.accounts[0]",
        "email is missing",
    ),
    (
        "{name: Shared, email: shared@example.com}",
        "{name: Shared, email: shared@example.com, colour: §rde}",
        "organization.accounts[0].colour",
        '"rde" is none of darkBlue, green, lightBlue, none, orange, pink, purple, red, teal,'
        " yellow; did you mean red?",
    ),
    (
        "accounts:\n    - {name: Shared, email: shared@example.com}",
        "accounts: §{name: Shared}",
        "organization.accounts",
        "a list is expected here, but this is a mapping",
    ),
    (
        "name: {given_name: Bo, family_name: Li}",
        "name: §Bo Li",
        "users[1].name",
        "a mapping is expected here, but this is a text",
    ),
    (
        "name: {given_name: Bo, family_name: Li}",
        'name: {given_name: Bo, family_name: §""}',
        "users[1].name.family_name",
        "must not be empty",
    ),
    (
        "[{value: ana@example.com}]",
        "[{value: ana@example.com, primary: §yes}]",
        "users[0].emails[0].primary",
        "true or false is expected here, but this is a text",
    ),
    (
        "[{value: ana@example.com}]",
        "§[{value: a@example.com}, {value: b@example.com}]",
        "users[0].emails",
        "has 2 entries; at most 1 are allowed",
    ),
    (
        "accounts: all}",
        "accounts: §prod}",
        "assignments[0].accounts",
        "a list, or the word all, is expected here, but this is a text",
    ),
    (
        "  - user_name: bo\n",
        "  - user_name: §b o\n",
        "users[1].user_name",
        '"b o" must consist of letters, digits and signs, without blanks',
    ),
    # duplicates
    (
        "name: Empty",
        "name: Empty, §name: X",
        "",
        'the key "name" stands in line 19 already',
    ),
    (
        "email: shared@example.com",
        "email: §MAIN@example.com",
        "organization.accounts[0].email",
        'the e-mail address "MAIN@example.com" is given twice',
    ),
    (
        "groups:\n",
        "  - {user_name: §ＡＮＡ, display_name: A, name: {given_name: A, family_name: B}}\n"
        "groups:\n",
        "users[2].user_name",
        'the user name "ＡＮＡ" is given twice',
    ),
    (
        "assignments:\n",
        "  - name: §Read\nassignments:\n",
        "permission_sets[2].name",
        'the permission set "Read" is given twice',
    ),
    (
        "[ana, {user: bo}]",
        "[ana, §{user: ana}]",
        "groups[0].members[1]",
        'the member "ana" is given twice',
    ),
    # references
    (
        "[ana, {user: bo}]",
        "[§an, {user: bo}]",
        "groups[0].members[0]",
        'there is no user "an"; did you mean "ana"?',
    ),
    (
        "group: Team",
        "group: §Teams",
        "assignments[0].group",
        'there is no group "Teams"; did you mean "Team"?',
    ),
    (
        "permission_set: Data",
        "permission_set: §Dta",
        "assignments[1].permission_set",
        'there is no permission set "Dta"; did you mean "Data"?',
    ),
    (
        "accounts: [prod]",
        "accounts: [§prd]",
        "assignments[1].accounts[0]",
        'there is no account "prd"; did you mean "prod"?',
    ),
    (
        "accounts: [prod]",
        "units: [§Wrk]",
        "assignments[1].units[0]",
        'there is no unit "Wrk"; did you mean "Work"?',
    ),
    (
        "accounts: [prod]",
        "units: [§Work/Empty]",
        "assignments[1].units[0]",
        'there is no account in "Work/Empty"',
    ),
    (
        "{user: ana, permission_set: Data, accounts: [prod]}",
        "§{user: ana, permission_set: Data, accounts: []}",
        "assignments[1]",
        "names no account: give accounts or units",
    ),
    (
        "accounts: all}",
        "accounts: all, units: §[Work]}",
        "assignments[0].units",
        "says nothing beside all accounts",
    ),
    (
        "accounts: [prod]",
        "accounts: [prod, §Shared]",
        "assignments[1].accounts[1]",
        'the account "Shared" has no policy "/Readers", to which the permission set "Data" refers',
    ),
    (
        "user: ana, permission_set: Data, accounts: [prod]",
        "group: Team, permission_set: Read, accounts: [§prod]",
        "assignments[1].accounts[0]",
        'this assignment in "Prod" is given twice',
    ),
    (
        "{group: Team, permission_set: Read",
        "§{permission_set: Read",
        "assignments[0]",
        "must name either user or group",
    ),
    (
        "{group: Team, permission_set: Read",
        "§{group: Team, user: ana, permission_set: Read",
        "assignments[0]",
        "must name either user or group",
    ),
    # people
    (
        "password: Corr3ct-horse",
        "password: §horse",
        "users[0].password",
        "the password needs at least 8 characters, an upper-case letter, a digit, a sign such as"
        " ! or -",
    ),
    (
        "groups:\n",
        "groups:\n  - display_name: §awsAdministrators\n",
        "groups[0].display_name",
        '"awsAdministrators" is a reserved name',
    ),
    (
        "groups:\n",
        "  - {user_name: §ADMINISTRATOR, display_name: A, name: {given_name: A, family_name: B}}\n"
        "groups:\n",
        "users[2].user_name",
        '"ADMINISTRATOR" is a reserved name',
    ),
    (
        "    display_name: Bo\n",
        "    display_name: Bo\n    birthdate: §2001-02-30\n",
        "users[1].birthdate",
        "The value of birthdate must be a date in the form YYYY-MM-DD.",
    ),
    # permission sets and policies
    (
        "  - name: Data\n",
        "  - name: Data\n    session_duration: §PT13H\n",
        "permission_sets[1].session_duration",
        '"PT13H" is no duration between PT1H and PT12H',
    ),
    (
        '["arn:aws:iam::aws:policy/ReadOnlyAccess"]',
        '[§"arn:aws:iam::aws:policy/ReadOnlyAcces"]',
        "permission_sets[0].managed_policies[0]",
        'there is no policy of AWS "arn:aws:iam::aws:policy/ReadOnlyAcces"; did you mean'
        ' "arn:aws:iam::aws:policy/ReadOnlyAccess"?',
    ),
    (
        "  - name: Data\n",
        "  - name: Data\n    permissions_boundary: §{}\n",
        "permission_sets[1].permissions_boundary",
        "must name either managed_policy or customer_managed_policy",
    ),
    (
        "  - name: Data\n",
        "  - name: Data\n    id: §ps-00000000/0000000\n",
        "permission_sets[1].id",
        '"ps-00000000/0000000" must look like ps-1234567890abcdef',
    ),
    (
        "  - name: Data\n",
        "  - name: Data\n    tags: §{aws:x: y}\n",
        "permission_sets[1].tags",
        "Tag keys that begin with aws: are reserved.",
    ),
    (
        "  - name: Data\n",
        "  - name: Data\n    tags: {§'a!': y}\n",
        "permission_sets[1].tags.a!",
        '"a!" must consist of letters, digits, blanks and _ . : / = + - @',
    ),
    (
        "{Effect: Allow, ",
        "{Effect: §Alow, ",
        "organization.units[0].accounts[0].customer_managed_policies[0].document"
        ".Statement[0].Effect",
        "Syntax errors in policy: Effect must be Allow or Deny.",
    ),
    (
        "  - name: Data\n",
        '  - name: Data\n    inline_policy: §"{}"\n',
        "permission_sets[1].inline_policy.Version",
        "Policy document must be version 2012-10-17 or greater",
    ),
    (
        "  - name: Data\n",
        "  - name: Data\n    inline_policy: §|\n      {\n       x}\n",
        "permission_sets[1].inline_policy",
        "This policy contains invalid Json: Expecting property name enclosed in double quotes at"
        " line 2, column 2.",
    ),
    (
        "  - name: Data\n",
        "  - name: Data\n    inline_policy: §[a]\n",
        "permission_sets[1].inline_policy",
        "a policy, as a mapping or as its JSON text, is expected here, but this is a list",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "message"), CASES)
def test_a_mistake_is_told_with_its_place_and_alone(
    old: str, new: str, path: str, message: str
) -> None:
    marked = changed(old, new)
    assert marked.count("§") == 1
    assert mistakes(marked.replace("§", "")) == [Mistake(*place_of(marked), message, path)]


def everything_changed() -> str:
    text = GOOD
    for old, new in (
        ("region: eu-west-1", "region: Ireland"),
        ('id: "111122223333"', "id: 1"),
        ("display_name: Bo", "display_nam: Bo"),
        ("group: Team", "group: Teem"),
        ("{Effect: Allow, ", "{Effect: Alow, "),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    found = mistakes(everything_changed())
    assert [one.path for one in found] == [
        "settings.region",
        "organization.management_account.id",
        "organization.units[0].accounts[0].customer_managed_policies[0].document"
        ".Statement[0].Effect",
        "users[1]",
        "users[1]",
        "assignments[0].group",
    ]
    assert {one.message for one in found if one.path == "users[1]"} == {
        'there is no key "display_nam" here; did you mean display_name?',
        "display_name is missing",
    }


def test_mistakes_are_written_as_compilers_write_them() -> None:
    with pytest.raises(SeedRefused) as refused:
        parse_seed(everything_changed().encode(), "org.yaml")
    lines = str(refused.value).splitlines()
    assert lines[0] == (
        'org.yaml:2:20: settings.region: "Ireland" must be the name of a Region, such as eu-west-1'
    )
    assert lines[-1] == "6 mistakes; nothing was made"


def test_hundreds_of_mistakes_are_counted_and_a_hundred_told() -> None:
    text = GOOD + "".join(f"x{number}: 1\n" for number in range(300))
    with pytest.raises(SeedRefused) as refused:
        parse_seed(text.encode())
    assert len(refused.value.mistakes) == 300
    lines = str(refused.value).splitlines()
    assert len(lines) == 102
    assert lines[-2:] == ["… and 200 more", "300 mistakes; nothing was made"]


def test_of_names_that_nothing_bears_the_first_are_guessed_at_and_all_are_told() -> None:
    """Each guess looks at all names: thousands of them would take minutes in a large file."""
    count = MOST_GUESSED + 5
    wrong = ", ".join(f"anna{number}" for number in range(count))
    found = mistakes(changed("[ana, {user: bo}]", f"[{wrong}]"))
    assert [one.message for one in found] == [
        f'there is no user "anna{number}"{guess}'
        for number in range(count)
        for guess in ['; did you mean "ana"?' if number < MOST_GUESSED else ""]
    ]


def test_a_mistake_in_an_anchor_is_told_once() -> None:
    text = changed(
        "permission_set: Data, accounts: [prod]}",
        "permission_set: Data, accounts: &x [prd]}\n"
        "  - {user: bo, permission_set: Data, accounts: *x}",
    )
    assert [one.message for one in mistakes(text)] == [
        'there is no account "prd"; did you mean "prod"?'
    ]


def test_a_reference_to_what_is_wrong_itself_is_no_mistake_of_its_own() -> None:
    text = changed("  - user_name: bo\n", "  - user_nam: bo\n")
    assert {one.path for one in mistakes(text)} == {"users[1]"}


def test_a_password_is_never_shown() -> None:
    text = changed("password: Corr3ct-horse", "password: sesame")
    assert not any("sesame" in one.message for one in mistakes(text))


def test_a_name_that_two_accounts_have_must_be_written_otherwise() -> None:
    text = changed("name: Shared", "name: prod")
    (found,) = mistakes(text)
    assert found.message == '"prod" means 2 accounts; write the alias or the id'


def test_an_id_means_its_account_whatever_others_are_called() -> None:
    text = changed("name: Shared", "name: '111122223333'").replace(
        "accounts: all}", 'accounts: ["111122223333"]}'
    )
    assert mistakes(text) == []


def test_a_unit_is_named_alone_where_one_bears_the_name() -> None:
    assert mistakes(changed("accounts: [prod]", "units: [Work]")) == []
    text = GOOD.replace("- {name: Empty}", "- {name: Work}")
    assert mistakes(text.replace("accounts: [prod]", "units: [Work]")) == []
    twice = text.replace("users:\n", "    - {name: B, units: [{name: Work}]}\nusers:\n", 1)
    assert mistakes(twice.replace("accounts: [prod]", "units: [Work]")) == []
    (found,) = mistakes(
        GOOD.replace("- {name: Empty}", "- {name: Deep}")
        .replace("users:\n", "    - {name: B, units: [{name: Deep}]}\nusers:\n", 1)
        .replace("accounts: [prod]", "units: [Deep]")
    )
    assert found.message == '"Deep" may be "Work/Deep", "B/Deep"; write it in full'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  - name: Data\n", '  - name: Data\n    tags: {{"{}": x}}\n'),
        ('Resource: "*"', 'Resource: "{}"'),
        ("user: ana", 'user: "{}"'),
    ],
    ids=["a key", "in a policy", "a reference"],
)
def test_a_mistake_takes_one_line_and_leaves_the_terminal_alone(old: str, new: str) -> None:
    text = changed(old, new.format("a\\n\\e[31m" + "b" * 1_000))
    with pytest.raises(SeedRefused) as refused:
        parse_seed(text.encode())
    told, counted = str(refused.value).splitlines()
    assert told.isprintable()
    assert len(told) < 700
    assert counted == "1 mistake; nothing was made"


def test_units_belong_to_one_root_even_where_none_is_given() -> None:
    first = changed("- name: Work\n", "- name: Work\n      id: ou-abcd-00000001\n")
    text = first.replace("{name: Empty}", "{name: Empty, id: ou-%s-00000002}")
    assert mistakes(text % "abcd") == []
    (found,) = mistakes(text % "wxyz")
    assert found.message == '"ou-wxyz-00000002" does not belong to the root r-abcd'


LONG_ARN = "arn:aws:s3:::" + "x" * 10_240


def limits() -> list[tuple[str, Callable[[], str], str]]:
    deep = "{name: U}"
    for _ in range(5):
        deep = f"{{name: U, units: [{deep}]}}"
    policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"%s"}}'
    tags = ", ".join(f"k{number}: v" for number in range(51))
    return [
        (
            "units",
            lambda: changed("- {name: Empty}", f"- {deep}"),
            "units nest at most 5 deep",
        ),
        (
            "attached policies",
            lambda: changed(
                "customer_managed_policies: [{name: Readers}]",
                "customer_managed_policies: ["
                + ", ".join(f"{{name: P{number}}}" for number in range(21))
                + "]",
            ).replace("permission_set: Data", "permission_set: Read"),
            "has 21 policies attached; at most 20 are allowed",
        ),
        (
            "an inline policy",
            lambda: changed(
                "  - name: Data\n",
                f"  - name: Data\n    inline_policy: '{policy % LONG_ARN}'\n",
            ),
            "at most 10240 are allowed",
        ),
        (
            "tags",
            lambda: changed("  - name: Data\n", f"  - name: Data\n    tags: {{{tags}}}\n"),
            "A resource has at most 50 tags.",
        ),
        (
            "tags of the instance",
            lambda: _with_settings(f"instance_tags: {{{tags}}}"),
            "A resource has at most 50 tags.",
        ),
        (
            "attributes for access control",
            lambda: _with_settings(f"access_control_attributes: {{{tags}}}"),
            "has 51 attributes; at most 50 are allowed",
        ),
        (
            "one attribute in two cases",
            lambda: _with_settings("access_control_attributes: {Team: x, team: y}"),
            "Keys of access control attributes must be unique, in whatever case.",
        ),
        (
            "an attribute of AWS",
            lambda: _with_settings("access_control_attributes: {'aws:Team': x}"),
            "Keys of access control attributes that begin with aws: are reserved.",
        ),
        (
            "groups of a user",
            lambda: changed(
                "permission_sets:\n",
                "".join(f"  - {{display_name: G{n}, members: [ana]}}\n" for n in range(1000))
                + "permission_sets:\n",
            ),
            '"ana" is in more than 1000 groups',
        ),
    ]


@pytest.mark.parametrize(("what", "text", "message"), limits(), ids=lambda value: str(value)[:20])
def test_a_limit_of_aws_is_told(what: str, text: Callable[[], str], message: str) -> None:
    (found,) = mistakes(text())
    assert found.message.endswith(message)
