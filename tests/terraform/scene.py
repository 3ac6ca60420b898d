"""The sample organization as a Terraform configuration finds it, and what resources hang on."""

from dataclasses import dataclass

from tests.support.server import Server
from tests.terraform.applications import Application, TrustedTokenIssuer
from tests.terraform.identity_store import Group, User
from tests.terraform.permission_sets import PermissionSet
from tests.terraform.provider import Provider

CUSTOM = "arn:aws:sso::aws:applicationProvider/custom"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
VIEW_ONLY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
SECURITY_AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
#: The accounts whose alias is these have the customer managed policy; the others have none.
WITH_POLICY = "sakura-data-dev"
WITHOUT_POLICY = "sakura-web-dev"
POLICY = {"name": "DataLakeReaders", "path": "/"}


@dataclass(frozen=True)
class Scene:
    """A provider with the administrator's key, and the ids its configuration is about."""

    server: Server
    provider: Provider
    instance_arn: str
    identity_store_id: str

    @property
    def here(self) -> dict[str, str]:
        """The instance as an argument."""
        return {"instance_arn": self.instance_arn}

    @property
    def store(self) -> dict[str, str]:
        """The identity store as an argument."""
        return {"identity_store_id": self.identity_store_id}

    def permission_set(self, name: str = "Base") -> dict[str, str]:
        """A new permission set and its instance as arguments."""
        created = PermissionSet(self.provider).create({"name": name} | self.here)
        return {"permission_set_arn": created.split(",")[0]} | self.here

    def user(self, name: str = "base") -> str:
        """A new user's id."""
        config = {
            "user_name": name,
            "display_name": name,
            "name": {"given_name": name, "family_name": "Base"},
        }
        return User(self.provider).create(config | self.store).split("/")[1]

    def group(self, name: str = "Base") -> str:
        """A new group's id."""
        return Group(self.provider).create({"display_name": name} | self.store).split("/")[1]

    def application(self, name: str = "Base") -> dict[str, str]:
        """A new application as an argument."""
        config = {"name": name, "application_provider_arn": CUSTOM}
        return {"application_arn": Application(self.provider).create(config | self.here)}

    def issuer(self, name: str = "Base") -> str:
        """A new trusted token issuer's ARN."""
        return TrustedTokenIssuer(self.provider).create(issuer(name) | self.here)

    def member(self, alias: str) -> Provider:
        """A provider that has assumed the role in a member account."""
        return Provider(self.server, self.member_keys(alias))

    def member_keys(self, alias: str) -> dict[str, str]:
        """A session of the role that AWS Organizations puts into each member account."""
        answer = self.server.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{self.server.account(alias)}:role/OrganizationAccountAccessRole",
            RoleSessionName="terraform",
        )["Credentials"]
        return {
            "access_key_id": answer["AccessKeyId"],
            "secret_access_key": answer["SecretAccessKey"],
            "session_token": answer["SessionToken"],
        }


def issuer(name: str) -> dict[str, object]:
    """A trusted token issuer's configuration without its instance."""
    return {
        "name": name,
        "trusted_token_issuer_type": "OIDC_JWT",
        "oidc": {
            "claim_attribute_path": "email",
            "identity_store_attribute_path": "emails.value",
            "issuer_url": f"https://{name.lower()}.example.com",
            "jwks_retrieval_option": "OPEN_ID_DISCOVERY",
        },
    }


def allow(*actions: str) -> dict[str, object]:
    """A policy document."""
    statement = {"Sid": "Terraform", "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def set_up(server: Server) -> Scene:
    """The scene in a clean organization."""
    facts = server.facts
    return Scene(server, Provider(server), facts["instance_arn"], facts["identity_store_id"])
