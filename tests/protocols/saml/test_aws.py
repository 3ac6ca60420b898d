"""AWS's role attributes: read and written, bounded, never guessed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.protocols.saml.assertion import Attribute
from genkan.protocols.saml.aws import (
    PRINCIPAL_TAG,
    ROLE,
    ROLE_SESSION_NAME,
    SESSION_DURATION,
    SOURCE_IDENTITY,
    TRANSITIVE_TAG_KEYS,
    AwsClaims,
    RolePair,
    aws_attributes,
    name_qualifier,
    read_aws_claims,
    subject_type,
)
from genkan.protocols.saml.names import ATTRIBUTE_URI, NAME_ID_EMAIL, NAME_ID_PERSISTENT
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from tests.protocols.saml.samples import response, verify

ROLE_ARN = (
    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/ap-northeast-1/"
    "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
)
PROVIDER_ARN = "arn:aws:iam::111122223333:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
PAIR = RolePair(ROLE_ARN, PROVIDER_ARN)
CLAIMS = AwsClaims(
    roles=(PAIR,),
    session_name="hanako@example.com",
    session_duration=3_600,
    principal_tags=(("CostCenter", "12 34"), ("部署", "開発: A/B")),
    transitive_tag_keys=("CostCenter",),
    source_identity="hanako",
)


def read(*attributes: Attribute) -> AwsClaims:
    return read_aws_claims(verify(response(attributes=attributes)))


def read_with(name: str, *values: str) -> AwsClaims:
    """The sample's attributes with one of them exchanged or added."""
    kept = tuple(each for each in aws_attributes(CLAIMS) if each.name != name)
    return read(*kept, Attribute(name, values))


def refused_with(name: str, *values: str) -> SamlRefusalKind:
    with pytest.raises(SamlRefusal) as caught:
        read_with(name, *values)
    return caught.value.kind


def test_what_is_written_is_what_is_read() -> None:
    assert read(*aws_attributes(CLAIMS)) == CLAIMS


def test_the_attributes_have_aws_names_and_forms() -> None:
    written = {each.name: each.values for each in aws_attributes(CLAIMS)}
    prefix = "https://aws.amazon.com/SAML/Attributes/"
    assert written == {
        f"{prefix}Role": (f"{ROLE_ARN},{PROVIDER_ARN}",),
        f"{prefix}RoleSessionName": ("hanako@example.com",),
        f"{prefix}SessionDuration": ("3600",),
        f"{prefix}PrincipalTag:CostCenter": ("12 34",),
        f"{prefix}PrincipalTag:部署": ("開発: A/B",),
        f"{prefix}TransitiveTagKeys": ("CostCenter",),
        f"{prefix}SourceIdentity": ("hanako",),
    }
    assert {each.name_format for each in aws_attributes(CLAIMS)} == {ATTRIBUTE_URI}


def test_only_roles_and_a_session_name_are_needed() -> None:
    least = AwsClaims(roles=(PAIR,), session_name="ab")
    assert len(aws_attributes(least)) == 2
    assert read(*aws_attributes(least)) == least


def test_a_role_pair_is_read_in_either_order() -> None:
    assert read_with(ROLE, f"{PROVIDER_ARN},{ROLE_ARN}").roles == (PAIR,)


def test_several_roles_are_kept_in_order_and_once() -> None:
    other = f"{ROLE_ARN}x,{PROVIDER_ARN}"
    claims = read_with(ROLE, other, f"{ROLE_ARN},{PROVIDER_ARN}", other)
    assert claims.roles == (RolePair(ROLE_ARN + "x", PROVIDER_ARN), PAIR)


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_roles_of_other_partitions_are_read(partition: str) -> None:
    role = ROLE_ARN.replace("arn:aws:", f"arn:{partition}:")
    provider = PROVIDER_ARN.replace("arn:aws:", f"arn:{partition}:")
    assert read_with(ROLE, f"{role},{provider}").roles == (RolePair(role, provider),)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ROLE_ARN,
        f"{ROLE_ARN},",
        f"{ROLE_ARN},{ROLE_ARN}",
        f"{PROVIDER_ARN},{PROVIDER_ARN}",
        f"{ROLE_ARN} , {PROVIDER_ARN}",
        f"{ROLE_ARN},{PROVIDER_ARN},{PROVIDER_ARN}",
        f"{ROLE_ARN},{PROVIDER_ARN}\n",
        f"{ROLE_ARN},{PROVIDER_ARN.replace('111122223333', '11112222333')}",
        f"{ROLE_ARN},{PROVIDER_ARN.replace('111122223333', '１１１１２２２２３３３３')}",
        f"{ROLE_ARN.replace(':role/', ':user/')},{PROVIDER_ARN}",
        f"{ROLE_ARN}{'x' * 600},{PROVIDER_ARN}",
    ],
)
def test_a_role_value_that_is_not_a_pair_is_refused(value: str) -> None:
    assert refused_with(ROLE, f"{ROLE_ARN},{PROVIDER_ARN}", value) is SamlRefusalKind.CLAIMS


def test_no_role_is_refused() -> None:
    assert refused_with(ROLE) is SamlRefusalKind.CLAIMS


def test_more_than_300_roles_are_refused() -> None:
    pairs = [f"arn:aws:iam::111122223333:role/r{n},{PROVIDER_ARN}" for n in range(301)]
    assert len(read_with(ROLE, *pairs[:300]).roles) == 300
    assert refused_with(ROLE, *pairs) is SamlRefusalKind.CLAIMS


@pytest.mark.parametrize(
    "name", ["", "a", "x" * 65, "山田", "a b", "a/b", "a:b", "ab\n", "<ab>", "aé"]
)
def test_a_session_name_out_of_bounds_is_refused(name: str) -> None:
    assert refused_with(ROLE_SESSION_NAME, name) is SamlRefusalKind.CLAIMS


@pytest.mark.parametrize("name", ["ab", "x" * 64, "a_+=,.@-"])
def test_a_session_name_within_bounds_is_read(name: str) -> None:
    assert read_with(ROLE_SESSION_NAME, name).session_name == name


@pytest.mark.parametrize("values", [(), ("hanako", "taro")])
def test_a_session_name_is_given_exactly_once(values: tuple[str, ...]) -> None:
    assert refused_with(ROLE_SESSION_NAME, *values) is SamlRefusalKind.CLAIMS


def test_an_attribute_repeated_with_another_value_is_refused() -> None:
    second = Attribute(ROLE_SESSION_NAME, ("administrator",))
    with pytest.raises(SamlRefusal):
        read(*aws_attributes(CLAIMS), second)


@pytest.mark.parametrize(
    "duration", ["899", "43201", "-900", "+900", "900.0", "", "1e3", "９００", " 900", "900000"]
)
def test_a_duration_out_of_bounds_is_refused(duration: str) -> None:
    assert refused_with(SESSION_DURATION, duration) is SamlRefusalKind.CLAIMS


@pytest.mark.parametrize("duration", [900, 43_200])
def test_a_duration_within_bounds_is_read(duration: int) -> None:
    assert read_with(SESSION_DURATION, str(duration)).session_duration == duration


@pytest.mark.parametrize("identity", ["a", "", "a b", "x" * 65, "aws:x"])
def test_a_source_identity_out_of_bounds_is_refused(identity: str) -> None:
    assert refused_with(SOURCE_IDENTITY, identity) is SamlRefusalKind.CLAIMS


@pytest.mark.parametrize(
    "tags",
    [
        (("", "x"),),
        (("k" * 129, "x"),),
        (("k", "v" * 257),),
        (("aws:PrincipalOrgID", "x"),),
        (("AWS:x", "x"),),
        (("k", "a,b"),),
        (("k<", "x"),),
        (("k", "tab\t"),),
        (("Department", "a"), ("department", "b")),
        tuple((f"k{n}", "v") for n in range(51)),
    ],
    ids=lambda tags: str(tags)[:30],
)
def test_session_tags_out_of_bounds_are_neither_written_nor_read(
    tags: tuple[tuple[str, str], ...],
) -> None:
    with pytest.raises(SamlRefusal) as caught:
        aws_attributes(replace(CLAIMS, principal_tags=tags, transitive_tag_keys=()))
    assert caught.value.kind is SamlRefusalKind.CLAIMS
    least = aws_attributes(AwsClaims(roles=(PAIR,), session_name="ab"))
    with pytest.raises(SamlRefusal) as caught:
        read(*least, *(Attribute(PRINCIPAL_TAG + key, (value,)) for key, value in tags))
    assert caught.value.kind is SamlRefusalKind.CLAIMS


@pytest.mark.parametrize("values", [(), ("a", "b")])
def test_a_session_tag_has_exactly_one_value(values: tuple[str, ...]) -> None:
    assert refused_with(PRINCIPAL_TAG + "Team", *values) is SamlRefusalKind.CLAIMS


def test_an_empty_session_tag_value_is_a_value() -> None:
    assert ("Team", "") in read_with(PRINCIPAL_TAG + "Team", "").principal_tags


def test_a_transitive_key_without_its_tag_is_refused() -> None:
    assert refused_with(TRANSITIVE_TAG_KEYS, "Other") is SamlRefusalKind.CLAIMS


@pytest.mark.parametrize(
    "changes",
    [
        {"roles": ()},
        {"roles": (RolePair(PROVIDER_ARN, ROLE_ARN), RolePair("x", "y"))},
        {"session_name": "a b"},
        {"session_duration": 60},
        {"source_identity": "x"},
        {"transitive_tag_keys": ("Other",)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_aws_would_refuse_is_not_written(changes: dict[str, object]) -> None:
    with pytest.raises(SamlRefusal) as caught:
        aws_attributes(replace(CLAIMS, **changes))  # type: ignore[arg-type]
    assert caught.value.kind is SamlRefusalKind.CLAIMS


NAMES = st.from_regex(r"[A-Za-z0-9_+=,.@\-]{2,64}", fullmatch=True)
TAG_TEXT = st.text(
    st.characters(categories=["L", "N", "Zs"], include_characters="_.:/=+-@"), max_size=40
)
TAG_KEYS = TAG_TEXT.filter(lambda key: key and not key.casefold().startswith("aws:"))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    session_name=NAMES,
    session_duration=st.none() | st.integers(900, 43_200),
    tags=st.lists(
        st.tuples(TAG_KEYS, TAG_TEXT), max_size=5, unique_by=lambda tag: tag[0].casefold()
    ),
    source_identity=st.none() | NAMES,
)
def test_any_claims_within_bounds_come_back_unchanged(
    session_name: str,
    session_duration: int | None,
    tags: list[tuple[str, str]],
    source_identity: str | None,
) -> None:
    claims = AwsClaims(
        roles=(PAIR,),
        session_name=session_name,
        session_duration=session_duration,
        principal_tags=tuple(tags),
        transitive_tag_keys=tuple(key for key, _ in tags),
        source_identity=source_identity,
    )
    assert read(*aws_attributes(claims)) == claims


def test_the_name_qualifier_is_the_hash_of_issuer_account_and_provider() -> None:
    # the three strings are AWS's own example in the description of AssumeRoleWithSAML
    expected = hashlib.sha1(b"https://example.com/saml123456789012/MySAMLIdP").digest()
    found = name_qualifier("https://example.com/saml", "123456789012", "MySAMLIdP")
    assert base64.b64decode(found) == expected
    assert len(found) == 28


def test_the_subject_type_is_short_for_saml_2_formats_only() -> None:
    assert subject_type(NAME_ID_PERSISTENT) == "persistent"
    assert subject_type(NAME_ID_EMAIL) == NAME_ID_EMAIL


def test_session_tags_at_their_bounds_are_written_and_read() -> None:
    tags = tuple((f"{number:0128}", "v" * 256) for number in range(50))
    claims = replace(CLAIMS, principal_tags=tags, transitive_tag_keys=())
    assert read(*aws_attributes(claims)) == claims


def test_a_session_tag_key_of_one_character_is_read() -> None:
    assert ("k", "v") in read_with(PRINCIPAL_TAG + "k", "v").principal_tags
