"""Where each row of the fault matrix is tested (SECURITY 4.3), as far as it is; attacks have a map of their own.

1    tests/faults/test_web.py::test_each_of_500_tickets_is_made_once_while_web_workers_are_killed
     tests/faults/test_many.py::test_nothing_is_lost_or_done_twice_by_many_processes_of_which_some_are_killed
2    tests/faults/test_disk.py::test_upload_whose_process_is_killed_leaves_nothing_and_may_be_sent_again
3    tests/faults/test_outbox.py::test_every_mail_survives_twenty_killed_workers
4    tests/faults/test_outbox.py::test_worker_that_is_told_to_end_sends_nothing_twice
5    tests/faults/test_outbox.py::test_worker_that_is_told_to_end_sends_nothing_twice
6    tests/faults/test_outbox.py::test_mail_whose_sender_dies_before_the_mark_comes_again_under_the_same_id
7    tests/faults/test_intake.py::test_each_mail_becomes_one_ticket_though_workers_die
8    tests/faults/test_intake.py::test_each_mail_becomes_one_ticket_though_workers_die
9    tests/faults/test_intake.py::test_mailbox_that_is_restored_from_a_backup_makes_no_ticket_twice
     plugins/email/tests/test_mailbox.py::test_renumbered_folder_is_read_again_from_its_start
     plugins/email/tests/test_mailbox.py::test_folder_that_was_put_back_under_its_numbers_is_read_again_and_loses_nothing
10   tests/faults/test_intake.py::test_two_workers_at_one_mailbox_make_each_mail_one_ticket
     plugins/email/tests/test_mailbox_faults.py::test_mail_that_somebody_takes_away_between_two_commands_is_passed_over
11   tests/faults/test_database.py::test_web_and_worker_outlive_a_database_that_dies_restarts_or_breaks_off
     tests/kernel/test_patience.py::test_connection_from_before_a_restart_is_handed_to_nobody
12   tests/faults/test_database.py::test_web_and_worker_outlive_a_database_that_dies_restarts_or_breaks_off
13   tests/faults/test_database.py::test_answer_that_the_database_takes_back_twice_is_given_once
     tests/kernel/test_db.py::test_a_deadlock_is_tried_again_until_both_have_succeeded
     tests/kernel/test_db.py::test_a_serialization_failure_is_tried_again
14   tests/faults/test_database.py::test_mail_stays_in_its_mailbox_while_the_database_takes_nothing_and_the_desk_says_so
     tests/faults/test_disk.py::test_mail_stays_in_its_mailbox_while_sqlite_finds_no_room
15   tests/faults/test_disk.py::test_mail_whose_file_finds_no_room_stays_in_its_mailbox_until_there_is_some
16   tests/faults/test_redis.py::test_work_is_done_while_redis_is_dead
     tests/faults/test_redis.py::test_work_is_done_though_redis_forgot_every_wake_up
     tests/faults/test_redis.py::test_work_is_done_though_redis_takes_no_wake_up_any_more
17   tests/faults/test_redis.py::test_no_request_waits_for_a_redis_that_does_not_answer
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
     plugins/email/tests/test_mailbox_faults.py::test_server_that_hangs_in_the_handshake_is_left_in_time
     plugins/email/tests/test_mailbox_faults.py::test_server_that_hangs_in_idle_is_left_in_time
     plugins/email/tests/test_mailbox_faults.py::test_server_that_hangs_after_a_mail_is_left_in_time_and_has_given_the_mail
23   plugins/email/tests/test_mailbox_faults.py::test_mail_that_always_breaks_is_skipped_and_the_next_one_comes
     plugins/email/tests/test_mailbox_faults.py::test_wrong_size_loses_nothing
     plugins/email/tests/test_mailbox_faults.py::test_numbers_that_are_none_are_told_in_words_and_nothing_is_lost
24   tests/faults/test_poison.py::test_ten_bombs_among_a_hundred_mails_cost_only_themselves
25   tests/bench/test_bench.py::test_flood_of_mail_is_read_whole_while_the_desk_answers
26   tests/faults/test_plugins.py::test_receiver_that_raises_at_every_signal_holds_up_nothing
27   tests/faults/test_hanging.py::test_receiver_that_hangs_at_every_signal_is_given_up_and_holds_up_nothing
     tests/faults/test_hanging.py::test_channel_that_hangs_as_it_sends_keeps_no_mail_from_going_out
     tests/faults/test_hanging.py::test_channel_that_hangs_as_it_receives_keeps_no_mail_from_coming_in
     tests/chaos/test_hanging.py::test_plugin_that_sleeps_for_ever_in_every_hook_costs_only_itself
28   tests/faults/test_leaks.py::test_worker_begins_anew_and_sends_everything_once
     tests/faults/test_leaks.py::test_run_answers_whoever_connects_while_it_begins_anew
     tests/chaos/test_breaking_out.py::test_desk_that_a_plugin_fills_with_threads_and_files_in_silence_begins_anew
29   tests/faults/test_plugins.py::test_desk_starts_beside_plugins_that_cannot_be_loaded_and_says_why
     tests/chaos/test_refused.py::test_plugin_that_cannot_be_used_is_said_to_be_so_and_the_desk_works_on
30   tests/web/test_webhook_channel.py::test_duplicates_in_any_order_and_signed_anew_an_hour_later_are_one_message_each
31   tests/web/test_webhook_channel.py::test_malformed_message_is_kept_when_it_is_signed_and_turned_away_when_it_is_not
     tests/web/test_webhook_channel.py::test_message_that_is_too_large_is_turned_away_unread
33   tests/channels/test_clock.py::test_what_waits_for_another_try_goes_on_waiting_and_is_tried_in_time
     tests/channels/test_clock.py::test_lease_stays_with_its_worker
     tests/hosting/test_completion.py::test_clock_of_the_machine_that_leaps_a_day_completes_nothing_at_once
     tests/hosting/test_completion.py::test_what_a_machine_whose_clock_is_a_day_back_resolves_is_not_completed_at_once
     tests/kernel/test_clock.py::test_leap_ahead_is_not_believed_and_a_step_back_is
34   tests/faults/test_sending.py::test_name_that_is_not_found_lets_mail_wait
     plugins/email/tests/test_mailbox_faults.py::test_name_that_cannot_be_looked_up_now_is_tried_again
     plugins/email/tests/test_tokens.py::test_token_server_whose_name_cannot_be_looked_up_now_is_asked_again_later
35   tests/faults/test_twice.py::test_workers_that_keep_house_at_the_same_moment_do_everything_once
36   tests/releases/test_old_code.py::test_old_code_works_on_the_schema_of_today
     tests/channels/test_restoring.py::test_what_waited_when_the_backup_was_made_is_held_until_people_let_it_go
"""

from tests.house.maps import cases, missing

DEMANDED = {str(row) for row in range(1, 37)} - {"32"}


def test_every_row_that_is_demanded_has_a_test_that_exists() -> None:
    assert cases(__doc__) >= DEMANDED
    assert missing(__doc__) == []
