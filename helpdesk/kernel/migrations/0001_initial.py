"""The first tables of the desk."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Make every table."""

    class Organization(peewee.Model):
        id = peewee.BigAutoField()
        name = peewee.CharField(max_length=200)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "organization"

    class Service(peewee.Model):
        id = peewee.BigAutoField()
        organization = peewee.ForeignKeyField(Organization, backref="+")
        slug = peewee.CharField(max_length=32, unique=True)
        names = peewee.TextField()
        languages = peewee.TextField()
        default_language = peewee.CharField(max_length=10)
        time_zone = peewee.CharField(max_length=64)
        editor_type = peewee.CharField(max_length=32)
        theme = peewee.CharField(max_length=32)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "service"

    class Member(peewee.Model):
        id = peewee.BigAutoField()
        organization = peewee.ForeignKeyField(Organization, backref="+")
        email = peewee.CharField(max_length=254)
        name = peewee.CharField(max_length=100)
        password_hash = peewee.CharField(max_length=255, null=True)
        deactivated_at = peewee.BigIntegerField(null=True)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "member"
            indexes = ((("organization", "email"), True),)

    class Agent(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+")
        member = peewee.ForeignKeyField(Member, backref="+")
        role = peewee.CharField(max_length=32)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "agent"
            indexes = ((("service", "member"), True),)

    class AgentGroup(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+")
        name = peewee.CharField(max_length=100)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "agent_group"
            indexes = ((("service", "name"), True),)

    class AgentSession(peewee.Model):
        id = peewee.BigAutoField()
        agent = peewee.ForeignKeyField(Agent, backref="+")
        token_hash = peewee.CharField(max_length=64, unique=True)
        created_at = peewee.BigIntegerField()
        expires_at = peewee.BigIntegerField()
        revoked_at = peewee.BigIntegerField(null=True)
        address = peewee.CharField(max_length=45)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "agent_session"

    class AllowedAddress(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+")
        network = peewee.CharField(max_length=49)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "allowed_address"
            indexes = ((("service", "network"), True),)

    class Customer(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+")
        number = peewee.BigIntegerField()
        name = peewee.CharField(max_length=200)
        email = peewee.CharField(max_length=254, null=True)
        phone = peewee.CharField(max_length=40, null=True)
        user_key = peewee.CharField(max_length=200, null=True)
        created_at = peewee.BigIntegerField()
        updated_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "customer"
            indexes = (
                (("service", "number"), True),
                (("service", "id"), False),
            )

    class Ticket(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        number = peewee.BigIntegerField()
        subject = peewee.CharField(max_length=255)
        status = peewee.CharField(max_length=32)
        priority = peewee.CharField(max_length=32)
        channel = peewee.CharField(max_length=32)
        account_id = peewee.BigIntegerField(null=True)
        language = peewee.CharField(max_length=10)
        customer = peewee.ForeignKeyField(Customer, backref="+", null=True)
        assignee = peewee.ForeignKeyField(Agent, backref="+", null=True)
        group = peewee.ForeignKeyField(AgentGroup, backref="+", null=True)
        follow_up_of = peewee.ForeignKeyField("self", backref="+", null=True)
        external_ref = peewee.CharField(max_length=200, null=True)
        version = peewee.IntegerField()
        created_at = peewee.BigIntegerField()
        updated_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "ticket"
            indexes = (
                (("service", "number"), True),
                (("service", "external_ref"), True),
                (("service", "updated_at", "id"), False),
                (("service", "created_at", "id"), False),
                (("service", "status", "updated_at", "id"), False),
                (("service", "assignee", "updated_at", "id"), False),
            )

    class Message(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        ticket = peewee.ForeignKeyField(Ticket, backref="+", index=False)
        kind = peewee.CharField(max_length=32)
        author_kind = peewee.CharField(max_length=32)
        author_id = peewee.BigIntegerField(null=True)
        author_name = peewee.CharField(max_length=200)
        body_text = peewee.TextField()
        body_html = peewee.TextField(null=True)
        is_automatic = peewee.BooleanField()
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "message"
            indexes = ((("ticket", "id"), False),)

    class Attachment(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        message = peewee.ForeignKeyField(Message, backref="+", null=True)
        owner = peewee.CharField(max_length=64)
        filename = peewee.CharField(max_length=255)
        content_type = peewee.CharField(max_length=100)
        size = peewee.BigIntegerField(null=True)
        storage_key = peewee.CharField(max_length=64, null=True)
        content_id = peewee.CharField(max_length=255, null=True)
        expires_at = peewee.BigIntegerField(null=True)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "attachment"

    class ChannelAccount(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+")
        driver = peewee.CharField(max_length=64)
        name = peewee.CharField(max_length=100)
        identity_kind = peewee.CharField(max_length=32)
        hook_token = peewee.CharField(max_length=64, unique=True)
        is_enabled = peewee.BooleanField()
        is_primary = peewee.BooleanField()
        settings = peewee.TextField()
        secrets = peewee.TextField()
        version = peewee.IntegerField()
        created_at = peewee.BigIntegerField()
        deleted_at = peewee.BigIntegerField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "channel_account"

    class Counter(peewee.Model):
        name = peewee.CharField(max_length=40)
        service_id = peewee.BigIntegerField()
        value = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "counter"
            primary_key = peewee.CompositeKey("name", "service_id")

    class CustomerIdentity(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+")
        customer = peewee.ForeignKeyField(Customer, backref="+")
        kind = peewee.CharField(max_length=32)
        value = peewee.CharField(max_length=254)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "customer_identity"
            indexes = ((("service", "kind", "value"), True),)

    class CustomerValue(peewee.Model):
        id = peewee.BigAutoField()
        customer = peewee.ForeignKeyField(Customer, backref="+")
        field = peewee.CharField(max_length=32)
        value = peewee.CharField(max_length=254)
        at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "customer_value"

    class Delivery(peewee.Model):
        id = peewee.BigAutoField()
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        account = peewee.ForeignKeyField(ChannelAccount, backref="+", index=False)
        ticket = peewee.ForeignKeyField(Ticket, backref="+")
        message = peewee.ForeignKeyField(Message, backref="+", unique=True)
        key = peewee.CharField(max_length=64, unique=True)
        external_id = peewee.CharField(max_length=255, null=True)
        state = peewee.CharField(max_length=32)
        recipients = peewee.TextField()
        created_at = peewee.BigIntegerField()
        finished_at = peewee.BigIntegerField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "outbox"
            indexes = ((("service", "state", "id"), False),)

    Delivery.add_index(Delivery.index(Delivery.due_at, where=Delivery.due_at.is_null(False), name="outbox_due"))

    class EventRow(peewee.Model):
        id = peewee.BigAutoField()
        position = peewee.BigIntegerField(unique=True, null=True)
        service_id = peewee.BigIntegerField()
        name = peewee.CharField(max_length=64)
        payload = peewee.TextField()
        at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "event"

    EventRow.add_index(EventRow.index(EventRow.id, where=EventRow.position.is_null(True), name="event_unsequenced"))

    class GroupMember(peewee.Model):
        id = peewee.BigAutoField()
        group = peewee.ForeignKeyField(AgentGroup, backref="+")
        agent = peewee.ForeignKeyField(Agent, backref="+")

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "group_member"
            indexes = ((("group", "agent"), True),)

    class HistoryRow(peewee.Model):
        id = peewee.BigAutoField()
        service_id = peewee.BigIntegerField()
        subject = peewee.CharField(max_length=32)
        subject_id = peewee.BigIntegerField()
        name = peewee.CharField(max_length=64)
        actor_kind = peewee.CharField(max_length=32)
        actor_id = peewee.BigIntegerField(null=True)
        actor_name = peewee.CharField(max_length=200)
        changes = peewee.TextField()
        at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "history"
            indexes = ((("subject", "subject_id", "id"), False),)

    class IdempotencyKey(peewee.Model):
        id = peewee.BigAutoField()
        service_id = peewee.BigIntegerField()
        owner = peewee.CharField(max_length=64)
        key = peewee.CharField(max_length=200)
        fingerprint = peewee.CharField(max_length=64)
        result_id = peewee.BigIntegerField(null=True)
        at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "idempotency_key"
            indexes = (
                (("service_id", "owner", "key"), True),
                (("at",), False),
            )

    class InboxRow(peewee.Model):
        id = peewee.BigAutoField()
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        account = peewee.ForeignKeyField(ChannelAccount, backref="+", index=False)
        key = peewee.CharField(max_length=255)
        digest = peewee.CharField(max_length=64)
        storage_key = peewee.CharField(max_length=64)
        size = peewee.BigIntegerField()
        request = peewee.TextField()
        state = peewee.CharField(max_length=32)
        outcome = peewee.CharField(max_length=32, null=True)
        ticket = peewee.ForeignKeyField(Ticket, backref="+", index=False, null=True)
        message = peewee.ForeignKeyField(Message, backref="+", index=False, null=True)
        received_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "inbox"
            indexes = (
                (("account", "key"), True),
                (("account", "digest"), False),
                (("service", "state", "id"), False),
            )

    InboxRow.add_index(InboxRow.index(InboxRow.due_at, where=InboxRow.due_at.is_null(False), name="inbox_due"))

    class Listening(peewee.Model):
        id = peewee.BigAutoField()
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        account = peewee.ForeignKeyField(ChannelAccount, backref="+", unique=True)
        cursor = peewee.TextField()
        last_alive_at = peewee.BigIntegerField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "listening"

    Listening.add_index(Listening.index(Listening.due_at, where=Listening.due_at.is_null(False), name="listening_due"))

    class LoginAttempts(peewee.Model):
        id = peewee.BigAutoField()
        subject = peewee.CharField(max_length=64, unique=True)
        failures = peewee.IntegerField()
        last_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "login_attempts"

    class OpenApi(peewee.Model):
        service = peewee.ForeignKeyField(Service, backref="+", primary_key=True)
        is_enabled = peewee.BooleanField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "open_api"

    class OutsideId(peewee.Model):
        id = peewee.BigAutoField()
        account = peewee.ForeignKeyField(ChannelAccount, backref="+", index=False)
        external_id = peewee.CharField(max_length=255)
        ticket = peewee.ForeignKeyField(Ticket, backref="+")
        message = peewee.ForeignKeyField(Message, backref="+", index=False)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "outside_id"
            indexes = ((("account", "external_id"), True),)

    class ServiceKey(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+")
        name = peewee.CharField(max_length=100)
        token_hash = peewee.CharField(max_length=64, unique=True)
        hint = peewee.CharField(max_length=8)
        created_at = peewee.BigIntegerField()
        revoked_at = peewee.BigIntegerField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "service_key"

    class SubscriberRow(peewee.Model):
        id = peewee.BigAutoField()
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        name = peewee.CharField(max_length=100, unique=True)
        position = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "subscriber"

    db.create_tables(
        [
            Organization,
            Service,
            Member,
            Agent,
            AgentGroup,
            AgentSession,
            AllowedAddress,
            Customer,
            Ticket,
            Message,
            Attachment,
            ChannelAccount,
            Counter,
            CustomerIdentity,
            CustomerValue,
            Delivery,
            EventRow,
            GroupMember,
            HistoryRow,
            IdempotencyKey,
            InboxRow,
            Listening,
            LoginAttempts,
            OpenApi,
            OutsideId,
            ServiceKey,
            SubscriberRow,
        ]
    )
