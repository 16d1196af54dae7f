"""The migrations and the models agree, from an empty database, on both databases."""

import importlib
import pkgutil

import peewee
from playhouse.schema_diff import diff_models

import helpdesk
from helpdesk.kernel import db
from helpdesk.kernel.leases import Leased
from helpdesk.kernel.settings import Settings


def _models(parent: type[db.Model] = db.Model) -> list[type[db.Model]]:
    found = []
    for model in parent.__subclasses__():
        if model is not Leased and model.__module__.startswith("helpdesk."):
            found.append(model)
        found += _models(model)
    return found


def _import_all() -> None:
    for module in pkgutil.walk_packages(helpdesk.__path__, "helpdesk."):
        if "migrations." not in module.name:
            importlib.import_module(module.name)


def test_migrations_from_empty_equal_the_models(database: Settings) -> None:
    _import_all()
    difference = diff_models(db.database.obj, _models())
    # SQLite has no GIN, so no model declares it
    unwanted = [index for index in difference.drop_indexes if index.name != "search_entry_terms"]
    difference = difference._replace(drop_indexes=unwanted)
    assert not difference, str(difference)


def test_every_column_can_be_null_exactly_where_the_model_says_so(database: Settings) -> None:
    _import_all()
    for model in _models():
        if getattr(model._meta, "extension_module", None):
            continue
        columns = {column.name: column for column in db.database.get_columns(model._meta.table_name)}
        for field in model._meta.sorted_fields:
            if not isinstance(field, peewee.AutoField):
                assert columns[field.column_name].null == field.null, f"{model.__name__}.{field.name}"


def test_applied_migrations_are_not_applied_again(database: Settings) -> None:
    assert db.migrate() == []
    assert db.pending_migrations() == []
