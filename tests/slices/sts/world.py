"""A member account where alice may use a permission set, and its role stands."""

from dataclasses import dataclass

from genkan.assignments import operations as assignments
from genkan.core.call import Owner, Worker
from genkan.db import jobs
from genkan.iam import roles, saml_providers
from genkan.iam.records import PROVISION_JOB
from genkan.sts.records import AssertionContent, SamlClaims
from tests.slices.assignments import world as base
from tests.support.store import MANAGEMENT, Store

OWNER = Owner(reason="test")
SIGN_IN = "https://signin.aws.amazon.com/saml"


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Alice holds `read_only` in the member account through her group."""

    people: base.World
    role_arn: str
    role_name: str
    provider_arn: str

    def content(self, subject: str = "", session_name: str = "alice") -> AssertionContent:
        """What an assertion for alice says."""
        return AssertionContent(
            account_id=base.MEMBER,
            role_arn=self.role_arn,
            provider_arn=self.provider_arn,
            subject=subject or self.people.alice,
            session_name=session_name,
            duration_seconds=3600,
        )

    def claims(self, **changed: object) -> SamlClaims:
        """The verified claims of such an assertion."""
        members: dict[str, object] = {
            "assertion_id": "urn:test#_1",
            "issuer": "urn:test",
            "audience": "urn:amazon:webservices",
            "recipient": SIGN_IN,
            "subject": self.people.alice,
            "subject_type": "persistent",
            "name_qualifier": "x",
            "roles": ((self.role_arn, self.provider_arn),),
            "session_name": "alice",
            "session_duration": 3600,
            "session_ends_at": None,
            "tags": {},
            "valid_until": 1_800_000_300_000,
        }
        return SamlClaims(**{**members, **changed})  # type: ignore[arg-type]


def provision(store: Store) -> Provisioned:
    """Make the world; the role is made by the very steps that the worker takes."""
    people = base.make_world(store)
    with store.write() as tx:
        base.assign(tx, base.MEMBER, people.read_only, people.group, "GROUP")
    with store.write(OWNER) as tx:
        (job,) = jobs.claim(tx, 1)
    with store.write(Worker(kind=PROVISION_JOB, job_id=job.id, fence=job.fence)) as tx:
        work = assignments.BEGIN_ROLE_WORK.run(tx, **job.payload)
        provider = saml_providers.put_saml_provider(
            tx,
            account_id=base.MEMBER,
            name=work.saml_provider_name,
            saml_metadata_document="<EntityDescriptor/>",
        )
        role = roles.put_role(
            tx,
            account_id=base.MEMBER,
            role_name=work.role_name,
            path=work.role_path,
            max_session_duration=43_200,
            assume_role_policy_document=(
                '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"'
                + provider.arn
                + '"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"],"Condition":'
                '{"StringEquals":{"SAML:aud":"' + SIGN_IN + '"}}}]}'
            ),
        )
        assignments.SETTLE_ROLE_WORK.run(
            tx,
            account_id=job.payload["account_id"],
            permission_set_id=job.payload["permission_set_id"],
            request_id=job.payload["request_id"],
            stands=True,
            content_hash=work.content_hash,
        )
        jobs.finish(tx, job.worker)
    return Provisioned(people, role.arn, role.role_name, provider.arn)


__all__ = ["MANAGEMENT", "OWNER", "Provisioned", "base", "provision"]
