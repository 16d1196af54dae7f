"""Owns what an email account needs to know. Field names are flat, because a form is generated from them.

Refused here: speaking to a mail server in the clear beyond this machine, unless somebody says so outright.
"""

import re
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr, field_validator, model_validator

from helpdesk.sdk.channel import ChannelSettings
from helpdesk_email.addresses import is_address

LEAST_KEY_BITS = 1024
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Security(StrEnum):
    """How a connection is protected: TLS from its first byte, TLS begun in the clear, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class After(StrEnum):
    """What becomes of a mail on its server once the desk has it."""

    KEEP = "keep"
    MOVE = "move"
    DELETE = "delete"


class Grant(StrEnum):
    """How the account gets its access tokens, if its servers want such in place of a password."""

    NONE = "none"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  # a name
    CLIENT_CREDENTIALS = "client_credentials"


class Mechanism(StrEnum):
    """How a token is said to a mail server."""

    XOAUTH2 = "xoauth2"
    OAUTHBEARER = "oauthbearer"


class EmailSettings(ChannelSettings):
    """One mail address of the desk: how it is read, and how it writes."""

    address: str = Field(description="Mail address of this account; answers come from it and return to it.")
    sender_name: str = Field("", max_length=45, description="Name that people see as the sender.")

    imap_host: str = Field("", description="IMAP server; empty if mail is only handed in by `helpdesk mail ingest`.")
    imap_port: int = Field(993, ge=1, le=65535, description="993 for TLS, 143 for STARTTLS.")
    imap_security: Security = Field(Security.TLS, description="tls, starttls or none.")
    imap_username: str = Field("", description="User name at the IMAP server; empty takes the address.")
    imap_password: SecretStr = Field(SecretStr(""), description="Password at the IMAP server.")
    imap_folders: tuple[str, ...] = Field(("INBOX",), min_length=1, description="Folders that are read.")
    imap_after: After = Field(
        After.KEEP, description="Once a mail is stored: keep it and mark it as read, move it to a folder, or delete it."
    )
    imap_move_to: str = Field("", description="Folder that stored mail is moved to; made if it is not there.")
    max_bytes: int = Field(
        52_428_800, ge=10_240, description="Largest mail that is fetched; of a larger one only the headers are kept."
    )

    smtp_host: str = Field("", description="SMTP server that takes the desk's mail; empty if this account only reads.")
    smtp_port: int = Field(587, ge=1, le=65535, description="587 for STARTTLS, 465 for TLS.")
    smtp_security: Security = Field(Security.STARTTLS, description="tls, starttls or none.")
    smtp_username: str = Field("", description="User name at the SMTP server; empty logs in nobody.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the SMTP server.")

    oauth_grant: Grant = Field(
        Grant.NONE,
        description="How to log in by OAuth: refresh_token with the permission of the mailbox's owner, or"
        " client_credentials with the program's own. A server whose password is set is logged in to by that.",
    )
    oauth_url: str = Field("", description="Address of the provider's token endpoint, by HTTPS.")
    oauth_client_id: str = Field("", description="The program's id at the provider.")
    oauth_client_secret: SecretStr = Field(SecretStr(""), description="The program's secret at the provider, if any.")
    oauth_refresh_token: SecretStr = Field(
        SecretStr(""), description="What the provider gave for the permission; the desk keeps each newer one."
    )
    oauth_scope: str = Field("", description="What to ask for, separated by spaces; empty for what was granted.")
    oauth_mechanism: Mechanism = Field(
        Mechanism.XOAUTH2, description="xoauth2 (Google, Microsoft) or oauthbearer (RFC 7628)."
    )

    dkim_domain: str = Field("", description="Domain that signs outgoing mail by DKIM; empty if your server signs it.")
    dkim_selector: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]*$", description="Name of the key: the DNS has it at NAME._domainkey.DOMAIN."
    )
    dkim_private_key: SecretStr = Field(
        SecretStr(""), description="RSA key that signs, as PEM, of 1,024 bits at least."
    )

    allow_plaintext: bool = Field(
        False, description="Allow `none` as security for a server beyond this machine: passwords and mail can be read."
    )
    ca_file: Path | None = Field(
        None, description="PEM file of a private authority that signed the servers' certificates."
    )
    plus_addressing: bool = Field(
        True, description="Ask for answers at `name+t.TOKEN@domain`, which finds the ticket for certain."
    )
    form_senders: tuple[str, ...] = Field(
        (), max_length=100,
        description="Addresses from which forms of your web site write, such as noreply@shop.example: their mails are"
        " those of the person in Reply-To, unless your own mail server found them forged. Name no address that"
        " others may write from.",
    )  # fmt: skip
    spam_header: str = Field(
        "", pattern=r"^[!-9;-~]*$", description="Header by which your spam filter marks a mail, such as X-Spam-Flag."
    )

    authserv_id: str = Field(
        "", pattern=r"^[!-:<-~]*$",
        description="Name under which your own mail server writes Authentication-Results, such as mx.shop.example; it"
        " must remove such headers that come from outside. Empty: nobody's sender is proven.",
    )  # fmt: skip

    @field_validator("address")
    @classmethod
    def _address_is_usable(cls, address: str) -> str:
        if not is_address(address) or not address.isascii():
            raise ValueError("this is no mail address; write it as name@domain, in ASCII")
        return address

    @field_validator("form_senders")
    @classmethod
    def _forms_are_addresses(cls, senders: tuple[str, ...]) -> tuple[str, ...]:
        wrong = next((sender for sender in senders if not is_address(sender)), None)
        if wrong is not None:
            raise ValueError(f"“{wrong}” is no mail address; write it as name@domain")
        return senders

    @model_validator(mode="after")
    def _is_protected(self) -> Self:
        for name, host, security in (
            ("imap", self.imap_host, self.imap_security),
            ("smtp", self.smtp_host, self.smtp_security),
        ):
            if security is Security.NONE and host and not self.allow_plaintext and not _is_loopback(host):
                raise ValueError(
                    f"{name}_security “none” sends the password and every mail readable over the network; "
                    f"choose tls or starttls, or set allow_plaintext if {host} is reached over a protected line"
                )
        return self

    @model_validator(mode="after")
    def _can_get_tokens(self) -> Self:
        if self.oauth_grant is Grant.NONE:
            return self
        url = urlsplit(self.oauth_url)
        if not url.hostname or (url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname))):
            raise ValueError("oauth_url must be an address that begins with https://")
        if not self.oauth_client_id:
            raise ValueError("oauth_client_id is needed to get tokens")
        wanted = "oauth_refresh_token" if self.oauth_grant is Grant.REFRESH_TOKEN else "oauth_client_secret"
        if not getattr(self, wanted).get_secret_value():
            raise ValueError(f"{wanted} is needed for the grant {self.oauth_grant}")
        return self

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if not self.dkim_domain:
            return self
        if not _DOMAIN.fullmatch(self.dkim_domain) or not self.dkim_selector:
            raise ValueError("to sign, dkim_domain must be a domain and dkim_selector the name of its key")
        try:
            key = load_pem_private_key(self.dkim_private_key.get_secret_value().encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_KEY_BITS:
            raise ValueError(f"dkim_private_key must be an RSA key as PEM of at least {LEAST_KEY_BITS} bits")
        return self

    @model_validator(mode="after")
    def _moves_somewhere(self) -> Self:
        if self.imap_after is After.MOVE and (not self.imap_move_to or self.imap_move_to in self.imap_folders):
            raise ValueError("imap_move_to must name a folder that is not among imap_folders")
        return self

    @property
    def domain(self) -> str:
        """Return the domain of the address."""
        return self.address.rpartition("@")[2].lower()

    @property
    def reads_by_token(self) -> bool:
        """Return whether the IMAP server is logged in to by OAuth."""
        return self.oauth_grant is not Grant.NONE and not self.imap_password.get_secret_value()

    @property
    def sends_by_token(self) -> bool:
        """Return whether the SMTP server is logged in to by OAuth."""
        return self.oauth_grant is not Grant.NONE and not self.smtp_password.get_secret_value()


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
