"""Every page in every state, with the shells it appears in. Shared by the preview and the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from genkan.fronts.web import urls
from genkan.fronts.web.i18n import Lang
from genkan.fronts.web.pages import (
    AccountCard,
    AccountColor,
    AccountIdentity,
    AccountPage,
    ConsentPage,
    CredentialsPage,
    DeviceCodePage,
    DeviceConfirmPage,
    DeviceOutcomePage,
    ErrorPage,
    IssuedCredentials,
    Page,
    Person,
    PortalPage,
    RoleEntry,
    SamlPostPage,
    SandboxHint,
    Shell,
    SignedOutPage,
    SignInPage,
    Theme,
)

NOW = datetime(2026, 3, 14, 6, 9, 26, tzinfo=UTC)
MIKA = Person(display_name="Mika Sato", user_name="mika.sato")
YAMADA = Person(display_name="山田 太郎", user_name="山田太郎")
HINT = SandboxHint(
    users_file="~/.genkan/sandbox.json", user_names=("mika.sato", "leo.martin", "山田太郎")
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One page in one state."""

    name: str
    page: Page
    here: str
    person: Person | None = None
    sandbox: SandboxHint | None = None

    def shell(self, lang: Lang, theme: Theme = "auto") -> Shell:
        """What stands around it."""
        return Shell(
            lang=lang,
            csrf_token="c5rf-3d0e6b7a9c",
            request_id="7f3c2a51-88e0-4c7e-9a51-0d8a6c1d5b11",
            here=self.here,
            theme=theme,
            person=self.person,
            instance_name="Kaminari Foods",
            sandbox=self.sandbox,
        )


def account(
    number: str, name: str, alias: str | None, color: AccountColor, environment: str | None
) -> AccountIdentity:
    return AccountIdentity(
        account_id=number, name=name, alias=alias, color=color, environment=environment
    )


PRODUCTION = account("211122223333", "Shop", "kaminari-shop", "red", "Production")
STAGING = account("311122223333", "Shop staging", "kaminari-shop-staging", "orange", "Staging")
DATA = account("411122223333", "データ分析基盤", "kaminari-data", "purple", "Production")

ADMIN = RoleEntry(role_name="AdministratorAccess", description="Everything in this account")
READER = RoleEntry(role_name="ReadOnlyAccess", description="Look, but change nothing")
DEVELOPER = RoleEntry(role_name="Developer")

CARDS = (
    AccountCard(
        account=account("111122223333", "Management", "kaminari", "darkBlue", "Management"),
        email="aws@kaminari.example",
        roles=(READER,),
    ),
    AccountCard(account=PRODUCTION, email="aws+shop@kaminari.example", roles=(READER, ADMIN)),
    AccountCard(account=STAGING, email="aws+staging@kaminari.example", roles=(DEVELOPER, ADMIN)),
    AccountCard(account=DATA, email="aws+data@kaminari.example", roles=(READER,)),
    AccountCard(
        account=account("511122223333", "Security", "kaminari-security", "teal", "Security"),
        email="aws+security@kaminari.example",
        roles=(RoleEntry(role_name="SecurityAudit", description="監査に必要な読み取りのみ"),),
    ),
    AccountCard(
        account=account("611122223333", "Playground", None, "green", "Sandbox"),
        email=None,
        roles=(ADMIN,),
    ),
    AccountCard(
        account=account("711122223333", "A" * 50, "b" * 63, "none", None),
        email="a-rather-long-address-for-one-account+archive@kaminari.example",
        roles=(RoleEntry(role_name="R" * 32, description="A description of some length. " * 8),),
    ),
)


def credentials() -> CredentialsPage:
    return CredentialsPage(
        account=PRODUCTION,
        role_name="AdministratorAccess",
        now=NOW,
        start_url="https://d-90667a1b2c.awsapps.com/start",
        region="us-east-1",
        endpoint_url="http://localhost:8080",
        credentials=IssuedCredentials(
            access_key_id="ASIAEXAMPLE234567ABC",
            secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            session_token="IQoJb3JpZ2luX2VjEXAMPLE" + "abcDEF123+/" * 40 + "==",
            expires_at=NOW + timedelta(minutes=59, seconds=40),
        ),
    )


def consent(*, redirect_uri: str | None, user_code: str | None, name: str) -> ConsentPage:
    return ConsentPage(
        action=urls.DEVICE_CONSENT if user_code else urls.AUTHORIZE_CONSENT,
        client_name=name,
        scopes=("sso:account:access",),
        user_code=user_code,
        redirect_uri=redirect_uri,
        lasts_seconds=28800,
        hidden=(("request", "sealed.AAAA-_"),),
    )


def account_page(ended: str | None = None, identity: AccountIdentity = PRODUCTION) -> AccountPage:
    return AccountPage(
        account=identity,
        role_name="AdministratorAccess",
        user_name="mika.sato",
        session_arn=f"arn:aws:sts::{identity.account_id}:assumed-role/"
        "AWSReservedSSO_AdministratorAccess_0123456789abcdef/mika.sato",
        issued_at=NOW - timedelta(minutes=38),
        expires_at=NOW + timedelta(minutes=-3 if ended == "expired" else 202, seconds=30),
        now=NOW,
        ended=ended,  # type: ignore[arg-type]
    )


def _sign_in() -> list[Sample]:
    def sample(name: str, page: SignInPage, sandbox: SandboxHint | None = None) -> Sample:
        return Sample(name=f"sign-in-{name}", page=page, here="/start", sandbox=sandbox)

    hidden = (("continue", "sealed.BBBB"),)
    return [
        sample("user-name", SignInPage(step="user_name", hidden=hidden), HINT),
        sample("user-name-missing", SignInPage(step="user_name", problem="missing")),
        sample("expired", SignInPage(step="user_name", user_name="mika.sato", problem="expired")),
        sample("password", SignInPage(step="password", user_name="mika.sato", hidden=hidden)),
        sample("password-missing", SignInPage(step="password", user_name="x", problem="missing")),
        sample("wrong", SignInPage(step="password", user_name="山田太郎", problem="wrong"), HINT),
        sample(
            "wrong-and-wait",
            SignInPage(
                step="password", user_name="mika.sato", problem="wrong", retry_after_seconds=15
            ),
        ),
        sample(
            "locked",
            SignInPage(
                step="password", user_name="mika.sato", problem="locked", retry_after_seconds=300
            ),
        ),
        sample("locked-later", SignInPage(step="password", user_name="x", problem="locked")),
        sample(
            "busy",
            SignInPage(
                step="password", user_name="mika.sato", problem="busy", retry_after_seconds=2
            ),
        ),
        sample(
            "for-client",
            SignInPage(step="user_name", destination="botocore-client-kaminari"),
        ),
    ]


def _portal() -> list[Sample]:
    def sample(name: str, page: PortalPage, person: Person = MIKA, hint: bool = False) -> Sample:
        here = f"/start?q={page.query}" if page.query else "/start"
        return Sample(
            name=f"portal-{name}",
            page=page,
            here=here,
            person=person,
            sandbox=HINT if hint else None,
        )

    return [
        sample("accounts", PortalPage(accounts=CARDS, total=len(CARDS)), hint=True),
        sample("one", PortalPage(accounts=CARDS[1:2], total=1), YAMADA),
        sample("empty", PortalPage(accounts=(), total=0), YAMADA),
        sample("found", PortalPage(accounts=CARDS[1:3], total=7, query="shop")),
        sample("not-found", PortalPage(accounts=(), total=7, query="<nothing>")),
    ]


def _command_line() -> list[Sample]:
    def sample(name: str, page: Page, here: str = urls.DEVICE, who: Person | None = MIKA) -> Sample:
        return Sample(name=name, page=page, here=here, person=who)

    loopback = "http://127.0.0.1:44029/oauth/callback"
    authorize = "/authorize?response_type=code&client_id=AbC&scopes=sso%3Aaccount%3Aaccess"
    return [
        sample("device-code", DeviceCodePage(), who=None),
        sample("device-code-unknown", DeviceCodePage(user_code="ABCD", problem="unknown")),
        sample("device-code-expired", DeviceCodePage(user_code="ABCD-EFGH", problem="expired")),
        sample("device-code-too-many", DeviceCodePage(problem="too_many")),
        sample("device-confirm", DeviceConfirmPage(user_code="WDJB-MJHT"), who=None),
        sample(
            "device-consent",
            consent(redirect_uri=None, user_code="WDJB-MJHT", name="botocore-client-kaminari"),
        ),
        sample("device-approved", DeviceOutcomePage(outcome="approved", client_name="botocore")),
        sample("device-denied", DeviceOutcomePage(outcome="denied", client_name="botocore")),
        sample("device-outcome-expired", DeviceOutcomePage(outcome="expired"), who=None),
        sample(
            "authorize-consent",
            consent(redirect_uri=loopback, user_code=None, name="botocore-client-kaminari"),
            authorize,
        ),
        sample(
            "authorize-consent-hostile",
            ConsentPage(
                action=urls.AUTHORIZE_CONSENT,
                client_name="<b>Amazon</b> \u202egnp.exe " + "W" * 80,
                scopes=("sso:account:access", "codewhisperer:completions", "made:up<scope>"),
                redirect_uri="https://app.example.org/callback",
            ),
            authorize,
        ),
    ]


def _others() -> list[Sample]:
    keys = "/access-keys?account_id=211122223333&role_name=AdministratorAccess"
    issued = credentials()
    console = "/account?account_id=211122223333&role_name=AdministratorAccess"
    colors: tuple[AccountColor, ...] = ("none", "yellow", "teal", "pink", "lightBlue")
    return [
        Sample(name="signed-out", page=SignedOutPage(), here="/start"),
        Sample(name="session-ended", page=SignedOutPage(reason="ended"), here="/start"),
        Sample(name="credentials", page=issued, here=keys, person=MIKA),
        Sample(
            name="credentials-not-issued",
            page=CredentialsPage(
                account=DATA,
                role_name="ReadOnlyAccess",
                now=NOW,
                start_url=issued.start_url,
                region="eu-west-1",
                endpoints=(
                    ("sso", "https://sso.kaminari.example"),
                    ("sso_oidc", "https://sso.kaminari.example"),
                ),
            ),
            here=keys,
            person=YAMADA,
        ),
        Sample(
            name="saml-post",
            page=SamlPostPage(
                destination="https://signin.aws.amazon.com/saml",
                saml_response="PHNhbWxwOlJlc3BvbnNlLz4=",
                relay_state="",
                account=PRODUCTION,
                role_name="AdministratorAccess",
                redirects_to=("https://*.aws.amazon.com",),
            ),
            here="/start",
            person=MIKA,
        ),
        Sample(
            name="saml-post-application",
            page=SamlPostPage(
                destination="/saml/acs", saml_response="PHg+", application_name="勤怠システム"
            ),
            here="/start",
            person=MIKA,
        ),
        Sample(name="account", page=account_page(), here=console, person=MIKA),
        Sample(name="account-expired", page=account_page("expired"), here=console, person=MIKA),
        Sample(name="account-revoked", page=account_page("revoked"), here=console, person=MIKA),
        *(
            Sample(
                name=f"account-{color}",
                page=account_page(identity=account("811122223333", "検証環境", None, color, None)),
                here=console,
                person=YAMADA,
            )
            for color in colors
        ),
        *(
            Sample(name=f"error-{page.status}{page.reason or ''}", page=page, here="/start")
            for page in (
                ErrorPage(status=400),
                ErrorPage(status=400, reason="bad_client"),
                ErrorPage(status=403),
                ErrorPage(status=403, reason="form_expired"),
                ErrorPage(status=403, reason="not_assigned"),
                ErrorPage(status=404),
                ErrorPage(status=413),
                ErrorPage(status=429, retry_after_seconds=90),
                ErrorPage(status=500),
                ErrorPage(status=503),
            )
        ),
    ]


SAMPLES: tuple[Sample, ...] = (*_sign_in(), *_portal(), *_others(), *_command_line())
