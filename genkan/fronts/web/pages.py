"""What each page needs to know: one dataclass a page, and `Shell`, which every page shares.

This is the contract between routes and templates. A route fills one of these and calls
`Renderer.respond(page, shell)`; a template reads nothing else. Invariants: values are facts, never
HTML and never wording (wording lives in templates, so that it can be translated); times are aware
`datetime`s; a page that lets a form leave this server says where to in `form_targets`.

Fields posted back are named in `urls` and in each page's docstring. All forms also post
`urls.CSRF_FIELD` with `Shell.csrf_token`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from genkan.fronts.web.i18n import Lang

Theme = Literal["auto", "light", "dark"]
"""`auto` follows the browser's `prefers-color-scheme`."""

AccountColor = Literal[
    "none", "pink", "purple", "darkBlue", "lightBlue", "teal", "green", "yellow", "orange", "red"
]
"""AWS's own set (service `uxc`, shape AccountColor)."""

Hidden = tuple[tuple[str, str], ...]
"""Further hidden fields of a form, as (name, value)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is signed in."""

    display_name: str
    user_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxHint:
    """The strip that tells a newcomer whom to sign in as. Sandbox assembly only."""

    users_file: str
    """Where sample users and passwords are written, as a person would type it
    (`…/sandbox.json`)."""
    user_names: tuple[str, ...] = ()
    """A few sample user names, most capable first. Never passwords."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What stands around every page."""

    lang: Lang
    csrf_token: str
    request_id: str
    here: str
    """Path and query at which a GET shows this page again; language and theme links add to it.

    For a page that answers a POST, the nearest GET (the credentials page: its own GET form).
    """
    theme: Theme = "auto"
    person: Person | None = None
    """None: nobody is signed in; the header then offers no portal and no sign-out."""
    instance_name: str | None = None
    """The organization's name as people know it, shown beside the logo."""
    sandbox: SandboxHint | None = None
    """None: not a sandbox, or the person has dismissed the strip (`Preferences.hint`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Base of all pages."""

    template: ClassVar[str]

    @property
    def http_status(self) -> int:
        """The status this page is answered with."""
        return 200

    @property
    def form_targets(self) -> tuple[str, ...]:
        """URLs other than our own at which a form of this page may end, redirects included."""
        return ()


# ── sign-in ───────────────────────────────────────────────────────────────────────────────────────

SignInStep = Literal["user_name", "password"]
SignInProblem = Literal["missing", "wrong", "locked", "busy", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(Page):
    """Who are you? Shown in place of whatever page needs a person; it redirects nowhere.

    Posts `step` (= `step`), `user_name`, `password` (password step), `action` ("continue", or
    "restart" from "use another user name") and `hidden` to `urls.SIGN_IN`.
    """

    template: ClassVar[str] = "sign_in.html"

    step: SignInStep
    user_name: str = ""
    """As typed. Shown again in both steps, whether or not such a user exists."""
    problem: SignInProblem | None = None
    """`missing`: the field was empty · `wrong`: user name and password do not match · `locked`: too
    many attempts · `busy`: no capacity to check a password now · `expired`: the attempt took too
    long."""
    retry_after_seconds: int | None = None
    """Until another attempt makes sense; with `locked` and `busy`."""
    destination: str | None = None
    """Name of the application or client that waits for this sign-in; None for the portal.
    Self-asserted text: shown as a quotation, never as a link."""
    hidden: Hidden = ()
    """What the route needs back: where to continue."""

    @property
    def http_status(self) -> int:
        if self.problem is None:
            return 200
        return {"missing": 400, "expired": 400, "wrong": 403, "locked": 429, "busy": 503}[
            self.problem
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOutPage(Page):
    """You have signed out. Says that keys already issued live on until they expire, as on AWS."""

    template: ClassVar[str] = "signed_out.html"

    reason: Literal["asked", "ended"] = "asked"
    """`asked`: the person signed out · `ended`: the session had ended by itself or was ended."""


# ── portal ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """One permission set that the person holds in an account."""

    role_name: str
    """The permission set's name, which is what AWS's portal calls the role (reference §8.1)."""
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIdentity:
    """The four things that tell accounts apart, wherever one is shown."""

    account_id: str
    """Twelve digits."""
    name: str
    alias: str | None = None
    color: AccountColor = "none"
    environment: str | None = None
    """A word for the colour, so that it is never the only sign, as the organization keeps it
    (`production`); pages say it in the reader's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCard:
    """An account of the portal with the roles that the person holds there (at least one)."""

    account: AccountIdentity
    email: str | None
    roles: tuple[RoleEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPage(Page):
    """Where can I go?

    Each account is one form posting `account_id` and `role_name` to `urls.CONSOLE` or
    `urls.ACCESS_KEYS`. The search field is a GET of `urls.PORTAL` with `q`.
    """

    template: ClassVar[str] = "portal.html"

    accounts: tuple[AccountCard, ...]
    """Those that match `query`, in the order to be shown."""
    total: int
    """How many accounts the person has without the query. 0: nothing is assigned."""
    query: str = ""


# ── credentials ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IssuedCredentials:
    """Temporary credentials, shown once. Has no repr: it must not reach a log or a traceback."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsPage(Page):
    """Access keys of one role, in every form a command line or an SDK takes.

    Without `credentials`, offers the AWS CLI set-up and a button that posts `account_id` and
    `role_name` to `urls.ACCESS_KEYS`.
    """

    template: ClassVar[str] = "credentials.html"

    account: AccountIdentity
    role_name: str
    now: datetime
    start_url: str
    """For `sso_start_url`: the AWS-looking alias where the CLI insists on one (DESIGN §12)."""
    region: str
    """For `sso_region`."""
    endpoints: tuple[tuple[str, str], ...] = ()
    """(service name of the AWS CLI's `[services]` section, endpoint URL), such as
    ("sso_oidc", "https://sso.example.org"); empty when none need overriding."""
    endpoint_url: str | None = None
    """The only place where the role's credentials are good; None: AWS itself."""
    credentials: IssuedCredentials | None = None


# ── an account opened in the browser ──────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlPostPage(Page):
    """Carries a signed SAML response to a service provider (SAML bindings §3.5, HTTP POST).

    The form posts `SAMLResponse` and, if given, `RelayState`; it carries no CSRF token of ours,
    which would tell it to another server.
    """

    template: ClassVar[str] = "saml_post.html"

    destination: str
    """The assertion consumer service: absolute URL, or a path of our own in the sandbox."""
    saml_response: str
    """Base64."""
    relay_state: str | None = None
    account: AccountIdentity | None = None
    role_name: str | None = None
    application_name: str | None = None
    """Instead of `account`: the application's name."""
    redirects_to: tuple[str, ...] = ()
    """Origins that `destination` redirects the browser to, if any: browsers apply `form-action` to
    redirects as well (AWS: `https://*.aws.amazon.com`)."""

    @property
    def form_targets(self) -> tuple[str, ...]:
        own = self.destination.startswith("/")
        return self.redirects_to if own else (self.destination, *self.redirects_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage(Page):
    """Where am I? Genkan's own console of an account: which account, which role, who, until when.

    Posts `account_id` and `role_name` to `urls.ACCOUNT_SIGN_OUT`; when the session has ended, the
    same to `urls.CONSOLE` to open it again.
    """

    template: ClassVar[str] = "account.html"

    account: AccountIdentity
    role_name: str
    user_name: str
    session_arn: str
    """`arn:aws:sts::<account>:assumed-role/<role>/<session name>`."""
    issued_at: datetime
    expires_at: datetime
    now: datetime
    ended: Literal["expired", "revoked"] | None = None
    """`expired`: its time is over · `revoked`: the assignment or the person's access was taken
    away."""


# ── command line: device and authorization code grants ────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCodePage(Page):
    """Enter the code that your terminal shows. Posts `user_code` and `step`="check" to
    `urls.DEVICE`."""

    template: ClassVar[str] = "device_code.html"

    user_code: str = ""
    """As typed, to be corrected."""
    problem: Literal["unknown", "expired", "too_many"] | None = None
    """`unknown`: no such code, or not well-formed · `expired`: ten minutes are over or it was used
    · `too_many`: this address guessed too often."""

    @property
    def http_status(self) -> int:
        if self.problem is None:
            return 200
        return 429 if self.problem == "too_many" else 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfirmPage(Page):
    """Is this the code you see? Stands between a link that carries a code and its consent, so that
    opening a link is never enough. Posts `user_code` and `step`="confirm" to `urls.DEVICE`."""

    template: ClassVar[str] = "device_confirm.html"

    user_code: str
    """`ABCD-EFGH`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage(Page):
    """Allow this program? Names the client, what it asks for in words, and where the answer goes.

    Posts `decision` ("approve" or "deny") and `hidden` to `action`. Denying is as easy as
    approving.
    """

    template: ClassVar[str] = "consent.html"

    action: str
    """`urls.DEVICE_CONSENT` or `urls.AUTHORIZE_CONSENT`."""
    client_name: str
    """Self-asserted at RegisterClient: shown as a quotation, with a warning that nobody checked
    it."""
    scopes: tuple[str, ...]
    """As registered, `sso:account:access`; none at all means the same (reference §0, finding 6)."""
    user_code: str | None = None
    """Device grant: the code confirmed on the page before."""
    redirect_uri: str | None = None
    """Authorization code grant: where the browser goes next; its host and port are shown."""
    lasts_seconds: int | None = None
    """How long the client keeps access at most, if it is known."""
    hidden: Hidden = ()
    """The request that is being consented to, sealed."""

    @property
    def form_targets(self) -> tuple[str, ...]:
        return (self.redirect_uri,) if self.redirect_uri else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOutcomePage(Page):
    """The end of a device grant in the browser; the terminal goes on by itself."""

    template: ClassVar[str] = "device_outcome.html"

    outcome: Literal["approved", "denied", "expired"]
    """`expired`: the code ran out, or was answered, while this page was open."""
    client_name: str | None = None

    @property
    def http_status(self) -> int:
        return 400 if self.outcome == "expired" else 200


# ── errors ────────────────────────────────────────────────────────────────────────────────────────

ErrorStatus = Literal[400, 403, 404, 413, 429, 500, 503]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(Page):
    """Something went wrong: what, what to do, and the request id to quote."""

    template: ClassVar[str] = "error.html"

    status: ErrorStatus
    reason: Literal["form_expired", "not_assigned", "bad_client"] | None = None
    """`form_expired` (403): the CSRF token did not match · `not_assigned` (403): the role is not
    (any more) the person's · `bad_client` (400): an /authorize request that may not be answered by
    a redirect, since its client or redirect URI is not known."""
    retry_after_seconds: int | None = None
    """With 429 and 503."""

    @property
    def http_status(self) -> int:
        return self.status
