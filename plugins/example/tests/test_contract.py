"""Every example keeps the contract of its kind, on a desk in memory."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from helpdesk_example.action import Escalate
from helpdesk_example.assigner import LeastBusy
from helpdesk_example.channel import Example
from helpdesk_example.condition import HoursOpen
from helpdesk_example.field_type import BusinessNumber
from helpdesk_example.plugin import Rating, Satisfaction
from helpdesk_example.storage import Folder
from helpdesk_example.theme import FOLDER

from helpdesk.sdk.channel import File, Identity, InboundRequest
from helpdesk.sdk.facts import CustomerFacts
from helpdesk.sdk.host import Host
from helpdesk.sdk.testing.action import ActionContract
from helpdesk.sdk.testing.assigner import AssignerContract
from helpdesk.sdk.testing.channel import Carried, ChannelContract
from helpdesk.sdk.testing.condition import ConditionContract
from helpdesk.sdk.testing.field_type import FieldTypeContract
from helpdesk.sdk.testing.kit import HttpCall, Kit
from helpdesk.sdk.testing.plugin import PluginContract
from helpdesk.sdk.testing.storage import StorageContract
from helpdesk.sdk.testing.theme import ThemeContract
from helpdesk.sdk.web import WebRequest

TOKEN = "a peculiar secret"


class TestChannel(ChannelContract):
    """A provider that knows the token."""

    channel = Example
    name = "example"
    settings: ClassVar = {"url": "https://shop.example/", "token": TOKEN}
    has_files = False
    is_verified = True

    def request(self, body: bytes) -> InboundRequest:
        """Bring a body."""
        return InboundRequest(body, {"x-token": TOKEN})

    def inbound(self, text: str, *, external_id: str, sender: Identity, files: Sequence[File] = ()) -> InboundRequest:
        """Bring a message."""
        said = {"id": external_id, "from": sender.value, "name": sender.name, "text": text}
        return self.request(json.dumps(said).encode())

    def carried(self, call: HttpCall) -> Carried:
        """Read a message."""
        return Carried(call.json()["text"])


class TestAction(ActionContract):
    """A chat room to be told."""

    action = Escalate
    name = "example"
    settings: ClassVar = {"url": "https://chat.example/hook"}


class TestCondition(ConditionContract):
    """Needs nothing."""

    condition = HoursOpen
    name = "example"


class TestFieldType(FieldTypeContract):
    """Numbers, right and wrong."""

    field_type = BusinessNumber
    name = "example"
    good = ("120-81-47521", "1208147521")
    bad = ("120-81-47522", "120", "abc", "")


class TestAssigner(AssignerContract):
    """Needs nothing."""

    assigner = LeastBusy
    name = "example"


class TestStorage(StorageContract):
    """The test's own folder."""

    storage = Folder
    name = "example"

    def settings_for(self, kit: Kit) -> Mapping[str, Any]:
        """Keep the files there."""
        return {"folder": str(kit.folder)}


class TestTheme(ThemeContract):
    """Needs nothing."""

    theme = FOLDER
    name = "example"


class TestPlugin(PluginContract):
    """A customer who has said something."""

    plugin = Satisfaction
    name = "example"
    settings: ClassVar = {"survey_token": TOKEN}
    service_settings: ClassVar = {"is_asking": True}
    webhooks: ClassVar = {"survey": WebRequest("POST", "survey", b'{"ticket": 1, "score": 5}', {"x-token": TOKEN})}

    def something_to_show(self, host: Host) -> None:
        """Let there be an average."""
        said = {"ticket_id": 1, "customer_id": None, "score": 5, "rated_at": host.now()}
        Rating.insert(service_id=host.service.id, **said).execute()

    def personal_data(self, host: Host, customer: CustomerFacts) -> None:
        """Let the customer rate a ticket of their own: there is one rating of each."""
        said = {"ticket_id": customer.id, "customer_id": customer.id, "score": 5, "rated_at": host.now()}
        Rating.insert(service_id=host.service.id, **said).execute()
