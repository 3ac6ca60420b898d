"""Seed documents without mistakes, of every shape that the format has, for property tests.

Texts are drawn with a liking for what YAML, JSON or a shell could take for something else.
"""

import json
from typing import Any, get_args

from hypothesis import strategies as st
from msgspec import UNSET

from genkan.fronts.web.pages import AccountColor
from genkan.identity_store.folding import fold, is_reserved
from genkan.sandbox.document import (
    Account,
    Assignment,
    Boundary,
    Organization,
    PermissionSet,
    PolicyReference,
    SeedDocument,
    Settings,
    Unit,
)
from genkan.sandbox.document_people import (
    Address,
    Enterprise,
    ExternalId,
    Group,
    Manager,
    Member,
    Name,
    Photo,
    User,
    Value,
)
from genkan.sandbox.seed_names import names_of
from genkan.sandbox.seed_policies import text_of
from genkan.sandbox.seed_rights import references_of
from tests.sandbox_seed.wide_documents import customer_policies, widen

TRICKY = (
    "yes", "no", "true", "null", "~", "1", "007", "1e3", "0o17", "0x1F", "1_000", "12:30:45", ".5",
    "2012-10-17", "=", "<<", "- a", "a: b", "a #b", "#b", "&a", "*a", "!a", "|", ">", "%a", "@a",
    "`a", "'a'", '"a"', "[a]", "{a}", "a,b", "?", "? a", "a\\nb", "佐藤 健", "名前\u3000一",
    "e\u0301",
    "a\nb", "a\n\nb\n", "\ta", "a\t", "...", "---", "𝒜🙂",
)  # fmt: skip
BREAKS = ("\x85", "a\x85b", "a\u2028b", "a\nb\u2029c", " \x85 \u2028", "a\r\nb")
"""Line breaks to a reader of YAML; of what a seed holds only policies can have them."""
_TEXTS = st.characters(
    categories=("L", "M", "S", "N", "P"), max_codepoint=0x2FFF, exclude_characters="\ufeff"
)
_REGIONS = ("us-east-1", "eu-west-1", "ap-northeast-1")


def attributes() -> st.SearchStrategy[str]:
    """What the identity store takes for most attributes."""
    return st.sampled_from(TRICKY) | st.text(
        _TEXTS | st.sampled_from(" \t\n"), min_size=1, max_size=12
    )


def names_without_blanks() -> st.SearchStrategy[str]:
    """User names and external ids."""
    tricky = st.sampled_from([text for text in TRICKY if not any(map(str.isspace, text))])
    return tricky | st.text(_TEXTS, min_size=1, max_size=12)


def account_names() -> st.SearchStrategy[str]:
    """Names of accounts and units: anything but control characters."""
    texts = [text for text in TRICKY if text.isprintable()]
    return st.sampled_from(texts) | st.text(_TEXTS | st.just(" "), min_size=1, max_size=12)


def words(letters: str = "abcXYZ019+=,.@_-") -> st.SearchStrategy[str]:
    """Names of policies and permission sets."""
    return st.text(st.sampled_from(letters), min_size=1, max_size=10)


def optional(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A text, or nothing."""
    return st.just("") | strategy


@st.composite
def policies(draw: st.DrawFn) -> str:
    """The text of a policy, as a mapping would give it or laid out otherwise."""
    json_values = st.sampled_from(TRICKY + BREAKS) | st.text(max_size=8).filter(_is_utf8)
    document: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": draw(st.sampled_from(["Allow", "Deny"])),
                "Action": draw(st.sampled_from(["*", "s3:*", ["s3:Get*", "ec2:Describe*"]])),
                "Resource": "*",
                **draw(
                    st.sampled_from([{}, {"Sid": "One"}])
                    | st.builds(
                        lambda values: {"Condition": {"StringEquals": {"aws:SourceIp": values}}},
                        st.lists(
                            json_values.filter(lambda text: "$" not in text), min_size=1, max_size=3
                        ),
                    )
                ),
            }
        ],
    }
    if draw(st.booleans()):
        return text_of(document, 32_768)
    return json.dumps(document, indent=draw(st.sampled_from([None, 1, 4])))


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _hex(digits: int) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from("0123456789abcdef"), min_size=digits, max_size=digits)


def _ids(kind: int, number: int) -> st.SearchStrategy[str]:
    """A principal's id, another for each kind and number."""
    return _hex(12).map(lambda tail: f"{kind:08x}-{number:04x}-7000-8000-{tail}")


def _values(kind: Any, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.just([]) | st.builds(kind, **members).map(lambda value: [value])


_PRIMARY = st.sampled_from([UNSET, True, False])


@st.composite
def users(draw: st.DrawFn, user_name: str, number: int) -> User:
    """A user; passwords are left to be made up or absent."""
    text = optional(attributes())
    enterprise = Enterprise(
        employee_number=draw(text),
        department=draw(text),
        manager=draw(st.just(UNSET) | st.builds(Manager, value=attributes())),
    )
    email = draw(st.sampled_from([[], [Value()], [Value(value=f"u{number}@example.com")]]))
    return User(
        user_name=user_name,
        display_name=draw(attributes()),
        name=Name(
            given_name=draw(attributes()), family_name=draw(attributes()), middle_name=draw(text)
        ),
        id=draw(_ids(1, number)),
        password=draw(st.sampled_from([None, None, UNSET])),
        status=draw(st.sampled_from(["ENABLED", "DISABLED"])),
        nick_name=draw(text),
        title=draw(text),
        locale=draw(text),
        timezone=draw(text),
        birthdate=draw(st.just("") | st.dates().map(str)),
        emails=email,
        addresses=draw(_values(Address, country=text, postal_code=text, primary=_PRIMARY)),
        phone_numbers=draw(_values(Value, value=text, primary=_PRIMARY)),
        roles=draw(_values(Value, value=text, type=text)),
        photos=draw(_values(Photo, value=attributes(), display=text)),
        enterprise=UNSET if enterprise == Enterprise() else enterprise,
        external_ids=draw(
            _values(ExternalId, issuer=names_without_blanks(), id=st.just(f"external-{number}"))
        ),
    )


@st.composite
def permission_sets(
    draw: st.DrawFn, name: str, number: int, pool: list[PolicyReference]
) -> PermissionSet:
    """A permission set; what it refers to is out of `pool`."""
    aws = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing"]
    boundaries = [Boundary(managed_policy=aws[0])]
    boundaries += [Boundary(customer_managed_policy=reference) for reference in pool]
    return PermissionSet(
        name=name,
        id=f"ps-{number:04x}" + draw(_hex(12)),
        description=draw(st.sampled_from(["", "Grüße", "a\nb", "yes", " x "])),
        session_duration=draw(st.sampled_from(["PT1H", "PT8H", "PT90M"])),
        relay_state=draw(st.sampled_from(["", "https://example.com/?a=b&c=d#e", "null"])),
        managed_policies=draw(st.lists(st.sampled_from(aws), unique=True)),
        customer_managed_policies=draw(
            st.lists(st.sampled_from(pool), unique_by=lambda one: (one.path, one.name), max_size=2)
            if pool
            else st.just([])
        ),
        inline_policy=draw(st.just("") | policies()),
        permissions_boundary=draw(st.just(UNSET) | st.sampled_from(boundaries)),
        tags=draw(st.dictionaries(words("abc_.:/=+-@ "), words("abc "), max_size=2)),
    )


@st.composite
def documents(draw: st.DrawFn) -> SeedDocument:
    """A whole organization with every id given."""
    pool = draw(
        st.lists(
            st.builds(PolicyReference, name=words(), path=st.sampled_from(["/", "/a/b/"])),
            unique_by=lambda one: one.name.lower(),
            max_size=2,
        )
    )
    root = draw(st.text(st.sampled_from("abc019"), min_size=4, max_size=6))
    organization = draw(_organizations(pool, root))
    people = draw(_people())
    in_groups = draw(_groups([user.user_name for user in people]))
    sets = [
        draw(permission_sets(name, number, pool))
        for number, name in enumerate(draw(st.lists(words(), unique=True, max_size=3)))
    ]
    document = SeedDocument(
        settings=Settings(
            region=draw(st.sampled_from(_REGIONS)),
            instance_name=draw(optional(words())),
            instance_alias=draw(st.sampled_from(["", "a", "no", "my-company"])),
            instance_tags=draw(
                st.dictionaries(words("aZ019+=.@_-"), words("aZ019+=.@_-"), max_size=2)
            ),
            access_control_attributes=draw(
                st.just(UNSET)
                | st.dictionaries(
                    st.sampled_from(["Team", "Cost Center", "Rolle", "null"]),
                    st.sampled_from(["${path:title}", "${path:name.familyName}", "", "yes"]),
                )
            ),
            instance_id="ssoins-" + draw(_hex(16)),
            identity_store_id="d-" + draw(_hex(10)),
            organization_id="o-" + draw(_hex(10)),
            root_id=f"r-{root}",
        ),
        organization=organization,
        users=people,
        groups=in_groups,
        permission_sets=sets,
    )
    document.assignments = draw(_assignments(document))
    widen(draw, document, policies())
    return document


@st.composite
def _organizations(draw: st.DrawFn, pool: list[PolicyReference], root: str) -> Organization:
    numbers = st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}")
    ids = draw(st.lists(numbers, unique=True, min_size=5, max_size=5))
    aliases = draw(st.lists(st.sampled_from(["prod", "dev", "null", "abc-1", "123"]), unique=True))
    accounts = [
        Account(
            name=draw(account_names()),
            email=f"account{number}@example.com",
            id=account_id,
            alias=aliases[number] if number < len(aliases) else "",
            environment=draw(st.sampled_from(["", "production", "null"])),
            colour=draw(st.sampled_from(get_args(AccountColor))),
            customer_managed_policies=[
                draw(customer_policies(reference, 10 * number + index, policies()))
                for index, reference in enumerate(pool)
                if draw(st.booleans())
            ],
        )
        for number, account_id in enumerate(ids)
    ]
    unit_names = draw(st.lists(account_names(), unique=True, min_size=3, max_size=3))
    units = [
        Unit(name=name, id=f"ou-{root}-{number:08d}") for number, name in enumerate(unit_names)
    ]
    units[0].units = [units[1]]
    units[1].accounts = [accounts[2]]
    units[2].accounts = [accounts[3]]
    return Organization(
        management_account=accounts[0],
        accounts=[accounts[1], accounts[4]],
        units=[units[0], units[2]],
    )


@st.composite
def _people(draw: st.DrawFn) -> list[User]:
    chosen = draw(
        st.lists(
            names_without_blanks().filter(lambda name: not is_reserved(name)),
            unique_by=fold,
            max_size=3,
        )
    )
    return [draw(users(name, number)) for number, name in enumerate(chosen)]


@st.composite
def _groups(draw: st.DrawFn, user_names: list[str]) -> list[Group]:
    found = []
    for number, name in enumerate(
        draw(
            st.lists(
                attributes().filter(lambda name: not is_reserved(name)), unique_by=fold, max_size=3
            )
        )
    ):
        members = draw(st.lists(st.sampled_from(user_names), unique=True)) if user_names else []
        found.append(
            Group(
                display_name=name,
                id=draw(_ids(2, number)),
                description=draw(optional(attributes())),
                external_ids=draw(
                    _values(
                        ExternalId, issuer=names_without_blanks(), id=st.just(f"group-{number}")
                    )
                ),
                members=[
                    Member(user=member, id=draw(_ids(3 + number, index)))
                    for index, member in enumerate(members)
                ],
            )
        )
    return found


@st.composite
def _assignments(draw: st.DrawFn, document: SeedDocument) -> list[Assignment]:
    accounts = [placed.account for placed in names_of(document).accounts]
    principals = [("user", user.user_name) for user in document.users]
    principals += [("group", group.display_name) for group in document.groups]
    found = []
    for kind, principal in principals:
        for one in document.permission_sets:
            needed = {(reference.path, reference.name) for reference in references_of(one)}
            able = [
                account.id
                for account in accounts
                if needed <= {(held.path, held.name) for held in account.customer_managed_policies}
            ]
            chosen = draw(st.lists(st.sampled_from(able), unique=True, max_size=2)) if able else []
            if chosen:
                assignment = Assignment(permission_set=one.name, accounts=list(chosen))
                setattr(assignment, kind, principal)
                found.append(assignment)
    return found
