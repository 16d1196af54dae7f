"""Runs an operation by a plan that was compiled once for its document: column by column, not leaf by leaf.

The reference executor (graphql-core's) walks the answer: for each of fifty tickets, for each of its fields, it
looks up the type, the arguments and the resolver again. Here that is done once, when a document is first met,
and kept on the document (documents.py); to run it then means, for each field, to make one *column*: the values
for all rows at once, as a relation by ``@batched`` is loaded anyway.

    documents.py ── a valid document ──▶ plans.py        what is asked, as a tree: fields, types, what answers them
                                            │ once
                                            ▼
    seam.py ──▶ Run (running.py) ──▶ objects.py          rows in, one dict a row out; a column for each field:
                                       ├─ resolvers.py     rows → values: an attribute, a method, a batch
                                       └─ completing.py    values → answers: leaves checked, lists cut, types told apart
                                     places.py           where each value stands in the answer, for errors only

The answer is the reference executor's to the letter: data, errors, their order, paths and messages, and what a
failure below a non-null type takes with it. tests/graphql/compiled holds it to that with operations made at random.

What it does not know it *declines*, and the reference executor answers: introspection, directives other than
``@skip`` and ``@include``, null as a condition, asynchronous resolvers, more shapes of one document than
``plans.MOST_PLANS``. It does so before anything has run; a query alone also when it meets, below an interface or a
union, a value of a type with such a field.

Rules that come with columns: the class of a value alone decides of which type it is; ``info.path`` in a resolver
names the field, not the row; a list is read to its end before its items are completed; what one field is given, such
as an input, is the same object for all rows. And statements: a whole answer takes no more of them than by the
reference. Where a failure takes what is around it along, it may take some more, since a field has been asked of all
rows before the next field of the first one fails.
"""
