"""Where each row of the fault matrix is tested that mail has to survive. Source: SECURITY 4.3.

7    tests/faults/test_intake.py::test_each_mail_becomes_one_ticket_though_workers_die
8    tests/faults/test_intake.py::test_each_mail_becomes_one_ticket_though_workers_die
9    tests/faults/test_intake.py::test_mailbox_that_is_restored_from_a_backup_makes_no_ticket_twice
     plugins/email/tests/test_mailbox.py::test_renumbered_folder_is_read_again_from_its_start
10   tests/faults/test_intake.py::test_two_workers_at_one_mailbox_make_each_mail_one_ticket
18   tests/faults/test_sending.py::test_server_that_is_busy_for_a_while_gets_everything_in_its_order
19   tests/faults/test_sending.py::test_one_refused_of_three_costs_the_two_no_second_mail
20   tests/faults/test_sending.py::test_server_that_hangs_after_the_mail_gets_it_again_under_the_same_id
21   tests/faults/test_sending.py::test_server_that_closes_in_the_midst_of_a_mail_gets_it_once_later
     tests/faults/test_sending.py::test_certificate_that_is_not_trusted_lets_mail_wait_until_it_is
     tests/faults/test_sending.py::test_refused_log_in_pauses_the_account_and_no_answer_dies_of_it
     tests/channels/test_sending.py::test_refused_account_knocks_once_and_its_messages_wait
22   tests/faults/test_intake.py::test_server_that_hangs_holds_up_no_other_account
     plugins/email/tests/test_mailbox_faults.py::test_server_that_never_lets_anybody_in_is_left_in_time
     plugins/email/tests/test_mailbox_faults.py::test_server_that_breaks_at_any_command_is_tried_again
23   plugins/email/tests/test_mailbox_faults.py::test_mail_that_always_breaks_is_skipped_and_the_next_one_comes
     plugins/email/tests/test_mailbox_faults.py::test_wrong_size_loses_nothing
33   tests/channels/test_clock.py::test_what_waits_for_another_try_goes_on_waiting_and_is_tried_in_time
     tests/channels/test_clock.py::test_lease_stays_with_its_worker
34   tests/faults/test_sending.py::test_name_that_is_not_found_lets_mail_wait
"""

import ast
import re

from tests.house.tree import ROOT

ROWS = {7, 8, 9, 10, 18, 19, 20, 21, 22, 23, 33, 34}
LINE = re.compile(r"^(\d+)? +([a-z_/]+\.py)::(test_\w+)$", re.MULTILINE)


def names_in(path: str) -> set[str]:
    """Return the names of a file's tests."""
    return {node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)}


def test_every_row_has_a_test_that_exists() -> None:
    lines = LINE.findall(__doc__ or "")
    assert len(lines) == (__doc__ or "").count("::")
    assert {int(row) for row, _, _ in lines if row} == ROWS
    assert [f"{file}::{name}" for _, file, name in lines if name not in names_in(file)] == []
