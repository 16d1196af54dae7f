"""Tables of a plugin's own: peewee models whose names begin with ``p_<plugin>_``.

A plugin writes its own tables and no others: a statement of a hook that would change a table of the
core, or of another plugin, is refused and takes its transaction back. Keep ids of the desk's things as plain
numbers: a foreign key onto a table of the core would hold its rows back. Beside a plugin ``shop`` none that is
named ``shop_extra`` can be used: its tables could be taken for the other's.

Each table is made by a numbered migration in the plugin's ``migrations`` folder: a file
``0001_first.py`` with ``up(migrator, db)`` and ``down(migrator, db)``, as ``playhouse.migrations`` has it.
What a plugin keeps stays when it is switched off, until ``helpdesk plugin drop-tables NAME`` takes it back.
"""

from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.db import Model, transaction

__all__ = ["EnumColumn", "JsonColumn", "Table", "TimeColumn", "transaction"]


class Table(Model):
    """The parent of a plugin's tables; declare ``id``, and ``Meta.table_name``."""
