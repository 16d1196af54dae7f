"""Which right each field of the schema needs: the one table, of which its descriptions and the README's are made.

What a right allows, and who has it, is written in access/rules.py. This file says, rooms check: tests/access/matrix
asks every field with and without its rights, and fails where this table and what happens are two things. A field
that checks a right is written as ``Type.field``. For types that ``node`` finds, the right stands where each is declared
(ids.py). A decorator on each field lost: nobody reads a table that is spread over thirty files.
"""

from collections.abc import Iterator, Mapping

from graphql import GraphQLObjectType, GraphQLSchema

from helpdesk.graphql import ids

NEEDED: Mapping[str, tuple[str, ...]] = {
    "ticket.read": (
        "Query.ticket", "Query.tickets", "Query.ticketCounts", "Query.actions", "Query.assigners",
        "Query.conditionFields", "Agent.ticketCounts", "AgentGroup.ticketCounts", "Customer.tickets",
        "InboxItem.ticket", "Delivery.ticket", "Delivery.message", "Mutation.ticketRunAction",
    ),
    "ticket.create": ("Mutation.ticketCreate",),
    "ticket.reply": ("Mutation.ticketReply", "Mutation.ticketParticipantAdd", "Mutation.ticketParticipantRemove"),
    "ticket.note": ("Mutation.ticketAddNote",),
    "ticket.take": ("Mutation.ticketAssign",),
    "ticket.set_status": ("Mutation.ticketSetStatus",),
    "ticket.tag": ("Mutation.ticketTag", "Mutation.ticketUntag"),
    "agent.read": (
        "Query.agents", "Query.agentGroups", "Member.agent", "MenuAccess.restrictedAgents",
        "Mutation.viewerChatStateUpdate",
    ),
    "agent.write": (
        "Query.memberSearch", "Query.menuAccess", "Agent.attributes", "Agent.history", "Mutation.agentAdd",
        "Mutation.agentUpdate", "Mutation.agentRemove", "Mutation.agentGroupCreate", "Mutation.agentGroupUpdate",
        "Mutation.agentGroupDelete", "Mutation.agentAllocationUpdate", "Mutation.menuAccessUpdate",
    ),
    "connection_log.read": ("Query.connectionLog",),
    "allocation.write": ("Mutation.viewerAllocationUpdate",),
    "customer.read": ("Query.customer", "Query.customers", "Ticket.customer", "Customer.identities"),
    "customer.write": ("Mutation.customerIdentityRestore",),
    "customer.export": ("Customer.pluginData",),
    "customer.erase": ("Mutation.customerErasePluginData",),
    "channel_account.read": (
        "Query.channelAccounts", "Query.channelDrivers", "ChannelAccount.settings", "ChannelAccount.hookUrl",
        "ChannelAccount.health", "ChannelAccount.sending", "ChannelAccount.state",
    ),
    "channel_account.write": (
        "Mutation.channelAccountCreate", "Mutation.channelAccountUpdate", "Mutation.channelAccountDelete",
        "Mutation.channelAccountTest",
    ),
    "inbox.read": ("Query.inbox", "InboxItem.rawUrl"),
    "inbox.retry": ("Mutation.inboxRetry",),
    "inbox.release": ("Mutation.inboxRelease", "Mutation.inboxDismiss"),
    "delivery.read": ("Query.deliveries", "Message.delivery"),
    "delivery.retry": ("Mutation.deliveryRetry",),
    "service.read": ("Query.service", "Query.fieldTypes", "Query.fieldValueCheck"),
    "service.write": ("Mutation.serviceUpdate",),
    "plugin.read": ("Query.plugins",),
    "plugin.write": (
        "Mutation.pluginEnable", "Mutation.pluginDisable", "Mutation.pluginConfigure", "Mutation.pluginCheck",
    ),
    "plugin.install": ("Mutation.pluginIsolate",),
    "upload.create": ("Mutation.uploadCreate",),
    "open_api.read": ("Query.serviceKeys", "Query.allowedAddresses", "Query.openApiEnabled"),
    "open_api.write": (
        "Mutation.openApiSet", "Mutation.serviceKeyCreate", "Mutation.serviceKeyRotate", "Mutation.serviceKeyRevoke",
        "Mutation.allowedAddressAdd", "Mutation.allowedAddressRemove",
    ),
    "organization.read": ("Query.organization",),
    "organization.write": (
        "Mutation.organizationUpdate", "Mutation.organizationAdministratorAdd",
        "Mutation.organizationAdministratorRemove", "Mutation.serviceCreate", "Mutation.serviceFeatureSet",
        "Mutation.serviceStateSet", "Mutation.serviceCompanyInformationSet", "Mutation.companyInformationCreate",
        "Mutation.companyInformationUpdate", "Mutation.companyInformationDelete", "Mutation.memberDeactivate",
        "Mutation.memberActivate", "Mutation.memberInvite", "Mutation.memberSessionsRevoke",
    ),
}  # fmt: skip
"""A right, and the fields that nobody is answered without it."""

SOMETIMES: Mapping[str, str] = {
    "Message.author": "Without `customer.read` a customer is told by name alone.",
    "Mutation.ticketAssign": "To give a ticket to others, or to take one from them, needs `ticket.assign` too.",
    "Mutation.ticketReply": "The status COMPLETED needs `ticket.complete` too.",
    "Mutation.ticketSetStatus": "The status COMPLETED needs `ticket.complete` too.",
    "Mutation.ticketRunAction": "What the action does needs its own rights.",
    "Mutation.pluginEnable": "For every service it needs `plugin.install` too.",
    "Mutation.pluginDisable": "For every service it needs `plugin.install` too.",
    "Mutation.pluginConfigure": "For every service it needs `plugin.install` too.",
}
"""What some inputs of a field need besides."""

INSTEAD: Mapping[str, str] = {"ticket.take": "ticket.assign"}
"""Rights in whose place another one does."""

ELSEWHERE: Mapping[str, str] = {
    "agent.attributes": "plugins keep them by their Host",
    "callback.assign": "callbacks are to come",
    "ticket.export": "exports are to come",
}
"""Rights that no field takes, and why."""

OPEN: Mapping[str, str] = {
    "Query.viewer": "whoever asks is told who they are, and a stranger nothing",
    "Query.node": "each type has its own right, without which there is nothing to be found",
    "Query.nodes": "each type has its own right, without which there is nothing to be found",
    "Mutation.sessionCreate": "anybody may try to log in",
    "Query.sessions": "whoever has logged in sees their own, and no other",
    "Mutation.sessionRevoke": "whoever has logged in ends their own, and no other",
    "Mutation.passwordChange": "whoever has logged in changes their own, and no other",
    "Mutation.passwordReset": "whoever has the link that was sent to a member may use it, once",
    "Mutation.passwordResetRequest": "anybody may ask, and learns nothing",
    "Mutation.invitationAccept": "whoever has the link that was sent to a member may use it, once",
    "Mutation.sessionDelete": "it ends the session that asks, and no other",
}
"""Root fields that need no right, and why."""

SHOWN: Mapping[str, str] = {
    "Delivery.account": "an account's name is no secret; its settings, its address and its state have their own right",
    "InboxItem.account": "an account's name is no secret; its settings, its address and its state have their own right",
    "Session.agent": "who has logged in is told who they are",
    "MemberSession.member": "who has logged in is told who they are",
    "Ticket.assignee": "who has a ticket is told with it",
    "Ticket.group": "who has a ticket is told with it",
    "Agent.groups": "who has a ticket is told with it",
    "AgentGroup.agents": "who has a ticket is told with it",
    "ConnectionLogEntry.member": "the log says who it was",
    "ConnectionLogEntry.service": "the log says where it was",
    "Query.memberSearch": "who says who works in a service has to find them",
    "Organization.services": "who looks after the organization sees what its services are, and nothing of their work",
    "Service.names": "the help center shows it to everybody",
    "Service.features": "what a service has shows in its help center and in its menus",
    "Service.companyInformation": "the help center shows it to everybody",
    "CompanyInformation.texts": "the help center shows them to everybody",
}
"""Fields that show a type to those without its right, and why."""


def right_of(field: str) -> str | None:
    """Return the right that a field checks, such as ``Query.tickets``; None for one that checks none of its own."""
    return next((right for right, fields in NEEDED.items() if field in fields), None)


def sentence(right: str) -> str:
    """Return how a description tells of a right."""
    return f"Needs the right `{right}`."


def describe(schema: GraphQLSchema) -> None:
    """Have the descriptions of a schema, just built, say which rights it takes."""
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType):
            for field, what in kind.fields.items():
                what.description = " ".join(_parts(f"{name}.{field}", what.description))
    for name, right in ids.rights().items():
        kind = schema.type_map[name]
        kind.description = f"{kind.description} `node` finds it with the right `{right}`."


def _parts(field: str, described: str | None) -> Iterator[str]:
    yield described or ""
    right = right_of(field)
    if right is not None:
        yield sentence(right)
    if field in SOMETIMES:
        yield SOMETIMES[field]
