"""django-helpdesk, whole, on an SQLite of its own: its REST list and its REST create, by name and password.

``BENCH_FOLDER`` is where its database lies. ``python -m tests.bench.peers.django_helpdesk N`` makes it with N tickets;
``gunicorn tests.bench.peers.django_helpdesk:application`` serves it.
"""

import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

sys.path[:] = [one for one in sys.path if not (Path(one) / "helpdesk" / "kernel").is_dir()]  # our package, named alike

NAME, PASSWORD = "agent", "rain on the harbour"
FOLDER = Path(os.environ["BENCH_FOLDER"])
APPLICATIONS = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites", "humanize")
MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
PRAGMAS = "PRAGMA journal_mode = wal; PRAGMA synchronous = 1; PRAGMA cache_size = -32000"

settings.configure(
    SECRET_KEY="of a benchmark",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    MEDIA_ROOT=str(FOLDER),
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[*(f"django.contrib.{name}" for name in APPLICATIONS), "rest_framework", "helpdesk"],
    MIDDLEWARE=list(MIDDLEWARE),
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # else a request's time is the password's
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "django.db",
            "CONN_MAX_AGE": None,
            "OPTIONS": {"init_command": PRAGMAS, "transaction_mode": "IMMEDIATE"},
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    HELPDESK_ACTIVATE_API_ENDPOINT=True,
    HELPDESK_TEAMS_MODE_ENABLED=False,
    LOGIN_URL="/login/",
)
django.setup()

urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
application = get_wsgi_application()


def make(count: int) -> None:
    """Make the database with so many tickets, of fifty customers, a follow-up each."""
    call_command("migrate", verbosity=0)
    from django.contrib.auth import get_user_model  # models are there once Django is set up
    from helpdesk.models import FollowUp, Queue, Ticket

    user = get_user_model().objects.create_superuser(NAME, "agent@demo.example", PASSWORD)
    queue = Queue.objects.create(title="Orders", slug="orders", allow_public_submission=True)
    made = Ticket.objects.bulk_create(
        Ticket(
            title=f"환불 요청 {place}", queue=queue, description="환불해 주세요. " * 5, assigned_to=user,
            submitter_email=f"c{place % 50}@customer.example",
        )
        for place in range(count)
    )  # fmt: skip
    FollowUp.objects.bulk_create(FollowUp(ticket=one, comment="처리해 드렸습니다.", user=user) for one in made)


if __name__ == "__main__":
    make(int(sys.argv[1]))
