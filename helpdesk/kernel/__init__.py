"""What every room stands on: database, events, jobs, crypto, storage. Knows no domain word.

What grows first, on paper: 100 million tickets and 10,000 requests a second on PostgreSQL
------------------------------------------------------------------------------------------
Measured with ``helpdesk demo --tickets`` unless it says estimate; two cores of a shared machine, PostgreSQL 15.

Bytes. A ticket has 2.1 messages, 7 lines of history and a quarter of a customer. It takes 2.5 kB on SQLite (history
0.78, search 0.76, message 0.50, ticket 0.32, customer 0.16) and 4.5 kB on PostgreSQL with all indexes (history 1.4,
search 1.3, message 0.7, ticket 0.7 of which 0.5 are indexes, customer 0.4): 450 GB at 100 million. An event takes
180 bytes; 100 million tickets in two years are 1 million events a day, 5 GB in the 30 days that are kept
(retention.py, which also says why no table is partitioned). Lists read what is new: 70 GB of tickets and 45 GB of
history's index are what wants memory. One primary with 128 GB and one NVMe disk holds that. Files are not in it.

Requests. Each costs 3.8 ms of a core over WSGI: 10,000 a second are 38 cores, 64 at 60 %, so sixteen machines of
four cores with ``helpdesk serve``. They share nothing but the database (tests/house/test_process_state.py), so they
are added and taken away at will. At eight threads a core they hold 512 connections. The database has some 8 statements
a request, 80,000 a second; at 0.1 ms of a core each (estimate) that is 8 cores, more than one primary should give.

So in this order:

1. The web's cores: more processes, then more machines. Nothing changes.
2. The primary's cores: read replicas, ``HELPDESK_REPLICA_URL`` (several behind one address). Queries go there, all
   that writes does not. What stays is one small statement a query, which asks how new the primary is (replica.py).
3. Rows that everybody writes. A service's tickets are numbered by its row of ``counter``, held from the number to
   the commit, 3 ms: some 300 new tickets a second in one service (estimate), and as many again in the next. And the
   sequencer of the event log is one for the desk: 35,000 events a second, which are 5,000 whole tickets.
4. The queue: a wake-up says which line to drain, at most 100 of a name wait in a process, and a lost one costs
   seconds. One Redis takes 7,000 a second (SPEED 8); a desk's queue is one key, so Redis Cluster would put it on one
   node and help only where many desks share it.
5. Files: content-addressed behind ``helpdesk.storage``; object storage is a plugin, and the database keeps the hash.
6. The primary's disk or writes, at some TB: first a desk of its own for each large organization, which is a URL and
   no code. Then Citus, by ``service_id``.

What is shaped for that: what grows by tickets has ``service_id`` (attachment, customer, customer_identity,
customer_term, event, history, inbox, message, outbox, participant, search_entry, ticket, ticket_count, ticket_tag).
Lists of tickets, customers, inbox and outbox, numbers and counts are found by indexes that begin with it, messages and
history by their ticket. No foreign key goes from one service to another. Ids are opaque outside and numbers are a
service's own, so no sequence goes across. Pages are cursors, so no shard counts what another skips.

What is not, and would be the work: primary keys are ``id`` alone, and Citus wants its column in each; rows.by_ids
looks ids up without a service, which would ask every shard; customer_value and outside_id have no ``service_id``; the
unique keys of inbox, outbox and event positions do not name it. CockroachDB lost: peewee's dialect of it refuses nested
transactions, which ``transaction()`` is made of, and it has no advisory locks, by which migrations and the sequencer
take turns. Nobody has run this on either.
"""
