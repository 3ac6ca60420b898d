"""The sample organization, as data: what a newcomer sees first."""

from dataclasses import dataclass

INLINE_POLICY = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "BuildAndRun",
      "Effect": "Allow",
      "Action": ["ec2:*", "ecs:*", "lambda:*", "logs:*", "s3:*", "cloudwatch:*"],
      "Resource": "*"
    },
    {
      "Sid": "LookAtIdentityCenter",
      "Effect": "Allow",
      "Action": ["sso:ListInstances", "sso:DescribeInstance", "identitystore:Describe*"],
      "Resource": "*"
    },
    {
      "Sid": "KeepHandsOffIdentities",
      "Effect": "Deny",
      "Action": ["iam:Create*", "iam:Put*", "iam:Attach*"],
      "Resource": "*"
    }
  ]
}"""

ANALYST_POLICY = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ReadTheDataLake",
      "Effect": "Allow",
      "Action": ["s3:Get*", "s3:List*", "athena:*", "glue:Get*"],
      "Resource": "*"
    }
  ]
}"""

ANALYST_POLICY_NAME = "DataLakeReaders"


@dataclass(frozen=True, slots=True)
class Unit:
    """An organizational unit; `parent` is another unit's name, empty for the root."""

    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A member account in the unit `unit`; the management account has none."""

    name: str
    alias: str
    environment: str
    colour: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """A user with the groups it belongs to."""

    user_name: str
    given_name: str
    family_name: str
    display_name: str
    email: str
    groups: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """A permission set with at most one policy of each kind."""

    name: str
    description: str
    duration: str
    managed: str = ""
    inline: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who gets what where: a group's or a user's name, a permission set's, accounts' aliases."""

    principal_type: str
    principal: str
    permission_set: str
    accounts: tuple[str, ...]


MANAGEMENT = Account("Sakura Holdings", "sakura-management", "management", "purple")
UNITS = (
    Unit("Workloads"),
    Unit("Production", "Workloads"),
    Unit("Development", "Workloads"),
    Unit("Security"),
    Unit("Sandbox"),
)
ACCOUNTS = (
    Account("Web Production", "sakura-web-prod", "production", "red", "Production"),
    Account("Data Production", "sakura-data-prod", "production", "orange", "Production"),
    Account("Web Development", "sakura-web-dev", "development", "lightBlue", "Development"),
    Account("Data Development", "sakura-data-dev", "development", "teal", "Development"),
    Account("Log Archive", "sakura-log-archive", "security", "darkBlue", "Security"),
    Account("Security Tooling", "sakura-security", "security", "darkBlue", "Security"),
    Account("Playground", "sakura-playground", "sandbox", "green", "Sandbox"),
)
GROUPS = (
    ("Administrators", "Run the organization and Identity Center"),
    ("Developers", "Build and run the web applications"),
    ("Data Analysts", "Read the data lake"),
    ("Auditors", "Look at everything, change nothing"),
)
USERS = (
    User(
        "hanako",
        "Hanako",
        "Yamada",
        "Hanako Yamada",
        "hanako@sakura.example",
        ("Administrators",),
    ),
    User("alex", "Alex", "Kim", "Alex Kim", "alex@sakura.example", ("Developers",)),
    User("佐藤健", "健", "佐藤", "佐藤 健", "sato@sakura.example", ("Data Analysts",), "ja"),
    User("maria", "Maria", "Rossi", "Maria Rossi", "maria@sakura.example", ("Auditors",)),
    User("ken", "Ken", "Ito", "Ken Ito", "ken@sakura.example"),
)
PERMISSION_SETS = (
    PermissionSet(
        "AdministratorAccess",
        "Full access to services and resources",
        "PT4H",
        managed="arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    PermissionSet(
        "ReadOnlyAccess",
        "Read everything, change nothing",
        "PT8H",
        managed="arn:aws:iam::aws:policy/ReadOnlyAccess",
    ),
    PermissionSet(
        "DeveloperAccess",
        "Build and run applications, no identities",
        "PT8H",
        inline=INLINE_POLICY,
    ),
    PermissionSet(
        "DataAnalyst",
        "Query the data lake",
        "PT8H",
        customer=ANALYST_POLICY_NAME,
    ),
)
ANALYST_ACCOUNTS = ("sakura-data-prod", "sakura-data-dev")
_EVERYWHERE = (MANAGEMENT.alias, *(account.alias for account in ACCOUNTS))
ASSIGNMENTS = (
    Assignment("GROUP", "Administrators", "AdministratorAccess", _EVERYWHERE),
    Assignment("GROUP", "Administrators", "ReadOnlyAccess", _EVERYWHERE),
    Assignment(
        "GROUP",
        "Developers",
        "DeveloperAccess",
        ("sakura-web-prod", "sakura-web-dev", "sakura-playground"),
    ),
    Assignment("GROUP", "Developers", "ReadOnlyAccess", ("sakura-web-prod", "sakura-log-archive")),
    Assignment("GROUP", "Data Analysts", "DataAnalyst", ANALYST_ACCOUNTS),
    Assignment("GROUP", "Auditors", "ReadOnlyAccess", _EVERYWHERE),
    Assignment("USER", "alex", "AdministratorAccess", ("sakura-playground",)),
    Assignment("USER", "ken", "ReadOnlyAccess", ("sakura-playground",)),
)
