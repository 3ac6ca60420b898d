"""aws_ssoadmin_application with what belongs to one, and aws_ssoadmin_trusted_token_issuer."""

from typing import Any, ClassVar

from tests.terraform.provider import found
from tests.terraform.resource import Attributes, Resource, read_tags, tag_list, update_tags


class Application(Resource):
    """An application; its id is its ARN. Visibility is set at creation only."""

    type_name = "aws_ssoadmin_application"
    arguments = (
        "name",
        "application_provider_arn",
        "instance_arn",
        "description",
        "status",
        "portal_options",
        "tags",
    )
    defaults: ClassVar[dict[str, Any]] = {"tags": {}}
    optional_computed = ("status",)

    def create(self, config: Attributes) -> str:
        answer = self.provider.sso(
            "create_application",
            ApplicationProviderArn=config["application_provider_arn"],
            InstanceArn=config["instance_arn"],
            Name=config["name"],
            Description=config.get("description"),
            Status=config.get("status"),
            PortalOptions=_portal_options(config, with_visibility=True),
            Tags=tag_list(config.get("tags", {})),
        )
        arn: str = answer["ApplicationArn"]
        return arn

    def read(self, resource_id: str) -> dict[str, Any] | None:
        there = found(lambda: self.provider.sso("describe_application", ApplicationArn=resource_id))
        if there is None:
            return None
        options = there.get("PortalOptions", {})
        sign_in = options.get("SignInOptions")
        return {
            "application_arn": there["ApplicationArn"],
            "application_account": there["ApplicationAccount"],
            "application_provider_arn": there["ApplicationProviderArn"],
            "instance_arn": there["InstanceArn"],
            "name": there["Name"],
            "description": there.get("Description"),
            "status": there["Status"],
            # Without sign-in options the provider says nothing about visibility.
            "portal_options": sign_in
            and {
                "visibility": options["Visibility"],
                "origin": sign_in["Origin"],
                "application_url": sign_in.get("ApplicationUrl"),
            },
            "tags": read_tags(self.provider, there["ApplicationArn"], there["InstanceArn"]),
        }

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        fields = ("name", "description", "status", "portal_options")
        if any(new.get(name) != old.get(name) for name in fields):
            self.provider.sso(
                "update_application",
                ApplicationArn=resource_id,
                Name=new["name"],
                Description=new.get("description"),
                Status=new.get("status"),
                PortalOptions=_portal_options(new, with_visibility=False),
            )
        update_tags(self.provider, resource_id, new["instance_arn"], old, new)

    def delete(self, resource_id: str) -> None:
        found(lambda: self.provider.sso("delete_application", ApplicationArn=resource_id))


def _portal_options(config: Attributes, *, with_visibility: bool) -> dict[str, Any] | None:
    options = config.get("portal_options")
    if not options:
        return None
    sign_in = {"Origin": options["origin"]}
    if options.get("application_url"):
        sign_in["ApplicationUrl"] = options["application_url"]
    visibility = {"Visibility": options["visibility"]} if with_visibility else {}
    return {"SignInOptions": sign_in} | visibility


class _OfApplication(Resource):
    """Something of an application: its id begins with the application's ARN."""

    @staticmethod
    def of(resource_id: str) -> dict[str, str]:
        return {"ApplicationArn": resource_id.split(",")[0]}


class ApplicationAccessScope(_OfApplication):
    """A scope and its targets, which are an ordered list. Ids are `APPLICATION_ARN,SCOPE`."""

    type_name = "aws_ssoadmin_application_access_scope"
    arguments = ("application_arn", "scope", "authorized_targets")

    def create(self, config: Attributes) -> str:
        self.provider.sso(
            "put_application_access_scope",
            ApplicationArn=config["application_arn"],
            Scope=config["scope"],
            AuthorizedTargets=config.get("authorized_targets"),
        )
        return f"{config['application_arn']},{config['scope']}"

    def read(self, resource_id: str) -> dict[str, Any] | None:
        target = self.of(resource_id) | {"Scope": resource_id.split(",")[1]}
        scope = found(lambda: self.provider.sso("get_application_access_scope", **target))
        if scope is None:
            return None
        return {
            "application_arn": target["ApplicationArn"],
            "scope": scope["Scope"],
            "authorized_targets": scope.get("AuthorizedTargets") or None,
        }

    def delete(self, resource_id: str) -> None:
        target = self.of(resource_id) | {"Scope": resource_id.split(",")[1]}
        found(lambda: self.provider.sso("delete_application_access_scope", **target))


class ApplicationAssignment(_OfApplication):
    """Somebody may use it. Ids are `APPLICATION_ARN,PRINCIPAL_ID,PRINCIPAL_TYPE`."""

    type_name = "aws_ssoadmin_application_assignment"
    arguments = ("application_arn", "principal_id", "principal_type")

    @staticmethod
    def of(resource_id: str) -> dict[str, str]:
        parts = ("ApplicationArn", "PrincipalId", "PrincipalType")
        return dict(zip(parts, resource_id.split(","), strict=True))

    def create(self, config: Attributes) -> str:
        resource_id = ",".join(config[name] for name in self.arguments)
        self.provider.sso("create_application_assignment", **self.of(resource_id))
        return resource_id

    def read(self, resource_id: str) -> dict[str, Any] | None:
        there = found(
            lambda: self.provider.sso("describe_application_assignment", **self.of(resource_id))
        )
        if there is None:
            return None
        return {
            "application_arn": there["ApplicationArn"],
            "principal_id": there["PrincipalId"],
            "principal_type": there["PrincipalType"],
        }

    def delete(self, resource_id: str) -> None:
        found(lambda: self.provider.sso("delete_application_assignment", **self.of(resource_id)))


class ApplicationAssignmentConfiguration(_OfApplication):
    """Whether an assignment is required. Deleting puts back that it is."""

    type_name = "aws_ssoadmin_application_assignment_configuration"
    arguments = ("application_arn", "assignment_required")
    stays_after_delete = True

    def create(self, config: Attributes) -> str:
        self._put(config["application_arn"], required=config["assignment_required"])
        arn: str = config["application_arn"]
        return arn

    def read(self, resource_id: str) -> dict[str, Any] | None:
        there = found(
            lambda: self.provider.sso(
                "get_application_assignment_configuration", **self.of(resource_id)
            )
        )
        if there is None:
            return None
        return {"application_arn": resource_id, "assignment_required": there["AssignmentRequired"]}

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        self._put(resource_id, required=new["assignment_required"])

    def delete(self, resource_id: str) -> None:
        found(lambda: self._put(resource_id, required=True))

    def _put(self, arn: str, *, required: bool) -> Any:
        return self.provider.sso(
            "put_application_assignment_configuration",
            ApplicationArn=arn,
            AssignmentRequired=required,
        )


class ApplicationGrant(_OfApplication):
    """A grant of an application. Ids are `APPLICATION_ARN,GRANT_TYPE`."""

    type_name = "aws_ssoadmin_application_grant"
    arguments = ("application_arn", "grant_type", "redirect_uris", "authorized_token_issuers")

    @staticmethod
    def of(resource_id: str) -> dict[str, str]:
        return dict(zip(("ApplicationArn", "GrantType"), resource_id.split(","), strict=True))

    def create(self, config: Attributes) -> str:
        resource_id = f"{config['application_arn']},{config['grant_type']}"
        grant = _grant(config)
        self.provider.sso("put_application_grant", **self.of(resource_id), Grant=grant)
        return resource_id

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        self.create(new)

    def read(self, resource_id: str) -> dict[str, Any] | None:
        target = self.of(resource_id)
        answer = found(lambda: self.provider.sso("get_application_grant", **target))
        if answer is None:
            return None
        grant = answer["Grant"]
        issuers = grant.get("JwtBearer", {}).get("AuthorizedTokenIssuers")
        return {
            "application_arn": target["ApplicationArn"],
            "grant_type": target["GrantType"],
            "redirect_uris": grant.get("AuthorizationCode", {}).get("RedirectUris"),
            "authorized_token_issuers": issuers
            and [
                {"arn": one["TrustedTokenIssuerArn"], "audiences": one["AuthorizedAudiences"]}
                for one in issuers
            ],
        }

    def delete(self, resource_id: str) -> None:
        found(lambda: self.provider.sso("delete_application_grant", **self.of(resource_id)))


def _grant(config: Attributes) -> dict[str, Any]:
    match config["grant_type"]:
        case "authorization_code":
            return {"AuthorizationCode": {"RedirectUris": config["redirect_uris"]}}
        case "refresh_token":
            return {"RefreshToken": {}}
        case "urn:ietf:params:oauth:grant-type:token-exchange":
            return {"TokenExchange": {}}
    issuers = [
        {"TrustedTokenIssuerArn": one["arn"], "AuthorizedAudiences": one["audiences"]}
        for one in config["authorized_token_issuers"]
    ]
    return {"JwtBearer": {"AuthorizedTokenIssuers": issuers}}


_OIDC = {
    "claim_attribute_path": "ClaimAttributePath",
    "identity_store_attribute_path": "IdentityStoreAttributePath",
    "issuer_url": "IssuerUrl",
    "jwks_retrieval_option": "JwksRetrievalOption",
}


class TrustedTokenIssuer(Resource):
    """A trusted token issuer; another issuer URL replaces it.

    The provider reads the instance out of the issuer's ARN.
    """

    type_name = "aws_ssoadmin_trusted_token_issuer"
    arguments = ("name", "instance_arn", "trusted_token_issuer_type", "oidc", "tags")
    defaults: ClassVar[dict[str, Any]] = {"tags": {}}

    def create(self, config: Attributes) -> str:
        answer = self.provider.sso(
            "create_trusted_token_issuer",
            InstanceArn=config["instance_arn"],
            Name=config["name"],
            TrustedTokenIssuerType=config["trusted_token_issuer_type"],
            TrustedTokenIssuerConfiguration=_oidc(config["oidc"]),
            ClientToken=config.get("client_token"),
            Tags=tag_list(config.get("tags", {})),
        )
        arn: str = answer["TrustedTokenIssuerArn"]
        return arn

    def read(self, resource_id: str) -> dict[str, Any] | None:
        there = found(
            lambda: self.provider.sso(
                "describe_trusted_token_issuer", TrustedTokenIssuerArn=resource_id
            )
        )
        if there is None:
            return None
        arn = there["TrustedTokenIssuerArn"]
        instance_arn = f"arn:aws:sso:::instance/{arn.split('/')[1]}"
        oidc = there["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]
        return {
            "arn": arn,
            "instance_arn": instance_arn,
            "name": there["Name"],
            "trusted_token_issuer_type": there["TrustedTokenIssuerType"],
            "oidc": {name: oidc[member] for name, member in _OIDC.items()},
            "tags": read_tags(self.provider, arn, instance_arn),
        }

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        if (new["name"], new["oidc"]) != (old["name"], old["oidc"]):
            changed = {name: value for name, value in new["oidc"].items() if name != "issuer_url"}
            self.provider.sso(
                "update_trusted_token_issuer",
                TrustedTokenIssuerArn=resource_id,
                Name=new["name"],
                TrustedTokenIssuerConfiguration=_oidc(changed),
            )
        update_tags(self.provider, resource_id, new["instance_arn"], old, new)

    def delete(self, resource_id: str) -> None:
        found(
            lambda: self.provider.sso(
                "delete_trusted_token_issuer", TrustedTokenIssuerArn=resource_id
            )
        )


def _oidc(oidc: Attributes) -> dict[str, Any]:
    return {"OidcJwtConfiguration": {_OIDC[name]: value for name, value in oidc.items()}}
