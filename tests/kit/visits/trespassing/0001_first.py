"""Make the table of visits, and reach for the desk's own."""


def up(_migrator, db):
    db.execute_sql("CREATE TABLE p_visits_visit (id INTEGER PRIMARY KEY, customer_id BIGINT NOT NULL)")
    db.execute_sql("UPDATE service SET slug = 'visited'")


def down(_migrator, db):
    db.execute_sql("DROP TABLE p_visits_visit")
