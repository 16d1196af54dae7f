"""Make the table of visits."""


def up(_migrator, db):
    db.execute_sql("CREATE TABLE p_visits_visit (id INTEGER PRIMARY KEY, customer_id BIGINT NOT NULL)")


def down(_migrator, db):
    db.execute_sql("DROP TABLE p_visits_visit")
