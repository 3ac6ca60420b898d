"""A SAML response as a person's browser gets it from the portal."""

from tests.fronts.aws.world import World
from tests.support.person import Person, forms_of


def response_of(person: Person, world: World, alias: str, role_name: str) -> str:
    """What the browser would post to the account: the response in base64."""
    page = person.http.get("/start")
    page = person.post_form(page, "/console", account_id=world.account(alias), role_name=role_name)
    (form,) = [form for form in forms_of(page.text) if "SAMLResponse" in form["fields"]]
    response: str = form["fields"]["SAMLResponse"]
    return response


def role_and_provider(world: World, alias: str, role_name: str) -> dict[str, str]:
    """The ARNs that AssumeRoleWithSAML wants."""
    iam = world.server.client(
        "iam", None if alias == "sakura-management" else world.member_administrator(alias)
    )
    roles = [role for role in iam.list_roles()["Roles"] if f"_{role_name}_" in role["RoleName"]]
    (provider,) = iam.list_saml_providers()["SAMLProviderList"]
    return {"RoleArn": roles[0]["Arn"], "PrincipalArn": provider["Arn"]}
