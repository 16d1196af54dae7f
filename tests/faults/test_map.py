"""Where each row of the fault matrix is tested (SECURITY 4.3), as far as it is; attacks have a map of their own.

1   faults/test_web.py::test_each_of_500_tickets_is_made_once_while_web_workers_are_killed
3   faults/test_outbox.py::test_every_mail_survives_twenty_killed_workers
4   faults/test_outbox.py::test_worker_that_is_told_to_end_sends_nothing_twice
5   faults/test_outbox.py::test_worker_that_is_told_to_end_sends_nothing_twice
6   faults/test_outbox.py::test_mail_whose_sender_dies_before_the_mark_comes_again_under_the_same_id
7   faults/test_intake.py::test_each_mail_becomes_one_ticket_though_workers_die
8   faults/test_intake.py::test_each_mail_becomes_one_ticket_though_workers_die
16  faults/test_redis.py::test_work_is_done_while_redis_is_dead
    faults/test_redis.py::test_work_is_done_though_redis_forgot_every_wake_up
    faults/test_redis.py::test_work_is_done_though_redis_takes_no_wake_up_any_more
26  faults/test_plugins.py::test_receiver_that_raises_at_every_signal_holds_up_nothing
27  faults/test_hanging.py::test_receiver_that_hangs_at_every_signal_is_given_up_and_holds_up_nothing
    faults/test_hanging.py::test_channel_that_hangs_as_it_sends_keeps_no_mail_from_going_out
    faults/test_hanging.py::test_channel_that_hangs_as_it_receives_keeps_no_mail_from_coming_in
    chaos/test_hanging.py::test_plugin_that_sleeps_for_ever_in_every_hook_costs_only_itself
28  faults/test_leaks.py::test_worker_begins_anew_and_sends_everything_once
    faults/test_leaks.py::test_run_answers_whoever_connects_while_it_begins_anew
    chaos/test_breaking_out.py::test_desk_that_a_plugin_fills_with_threads_and_files_in_silence_begins_anew
29  faults/test_plugins.py::test_desk_starts_beside_plugins_that_cannot_be_loaded_and_says_why
    chaos/test_refused.py::test_plugin_that_cannot_be_used_is_said_to_be_so_and_the_desk_works_on
30  web/test_webhook_channel.py::test_duplicates_in_any_order_and_signed_anew_an_hour_later_are_one_message_each
31  web/test_webhook_channel.py::test_malformed_message_is_kept_when_it_is_signed_and_turned_away_when_it_is_not
    web/test_webhook_channel.py::test_message_that_is_too_large_is_turned_away_unread
"""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
DEMANDED = {"1", "3", "4", "7", "8", "16", "26", "27", "28", "29", "30", "31"}
LINE = re.compile(r"^(\d+)? +([a-z_/]+\.py)::(test_\w+)$", re.MULTILINE)


def names_in(file: Path) -> set[str]:
    """Return the names of a file's tests."""
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_every_row_that_is_demanded_has_a_test_that_exists() -> None:
    rows = LINE.findall(__doc__ or "")
    assert {row for row, _, _ in rows} - {""} >= DEMANDED
    assert len(rows) == (__doc__ or "").count("::")
    assert [f"{file}::{name}" for _, file, name in rows if name not in names_in(TESTS / file)] == []
