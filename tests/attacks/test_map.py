"""Where each attack case of SECURITY.md is tested; what another folder tests already is not written twice.

B5 asks what an acknowledgement says: there is none yet but the text that a trigger's author writes.

A1   tests/attacks/test_a_markup.py::test_hostile_html_in_a_mail_is_taken_apart
     tests/attacks/test_a_markup.py::test_hostile_html_of_an_agent_is_taken_apart
     tests/attacks/test_a_markup.py::test_browser_runs_and_fetches_nothing_of_it
A2   tests/attacks/test_a_content.py::test_graphql_gives_hostile_text_back_as_the_text_it_is
     tests/attacks/test_a_content.py::test_help_center_shows_hostile_text_as_text
     tests/attacks/test_a_content.py::test_mail_carries_hostile_text_as_a_name_a_subject_and_a_file_name
     tests/helpcenter/test_sandbox.py::test_text_of_a_visitor_is_escaped_and_never_evaluated
A3   tests/graphql/test_uploads.py::test_whatever_a_file_claims_to_be_it_is_a_download
     tests/attacks/test_b_trust.py::test_what_is_packed_stays_packed_and_is_a_download
A5   tests/attacks/test_a_markup.py::test_browser_runs_and_fetches_nothing_of_it
     tests/kernel/test_html.py::test_nothing_runs_loads_or_covers
     tests/kernel/test_html.py::test_text_stays_in_its_place
A6   tests/attacks/test_b_trust.py::test_nothing_that_a_mail_names_is_fetched
     tests/attacks/test_a_markup.py::test_hostile_html_in_a_mail_is_taken_apart
A7   tests/kernel/test_html.py::test_bomb_takes_no_longer_than_a_page
     tests/faults/test_poison.py::test_ten_bombs_among_a_hundred_mails_cost_only_themselves
B1   tests/channels/test_participants.py::test_copied_stranger_is_proposed_and_gets_and_adds_nothing
     tests/channels/test_participants.py::test_stranger_whom_a_forged_customer_copies_in_learns_nothing
B2   tests/channels/test_senders.py::test_address_of_an_agent_without_proof_is_a_stranger_s
     tests/attacks/test_b_answers.py::test_every_client_s_answer_goes_out_whole_and_without_what_it_quotes
     tests/attacks/test_b_trust.py::test_nothing_that_a_stranger_writes_in_quotes_makes_him_an_agent
B3   tests/channels/test_senders.py::test_proven_agent_who_works_here_no_more_answers_nobody_and_the_log_tells_of_it
     tests/channels/test_senders.py::test_proven_agent_of_another_service_answers_nobody
     tests/channels/test_senders.py::test_proven_stranger_takes_part_in_no_ticket
B4   tests/attacks/test_b_trust.py::test_mail_of_a_third_party_enters_no_ticket_by_its_number
B5   tests/attacks/test_b_floods.py::test_sixty_first_inquiry_of_an_hour_from_one_place_is_refused_and_keeps_its_text
     tests/attacks/test_b_floods.py::test_nobody_is_another_by_saying_so
     tests/helpcenter/test_desk.py::test_eleventh_inquiry_of_an_hour_in_one_name_is_refused_and_makes_nothing
     tests/attacks/test_b_loops.py::test_thirty_inquiries_in_the_name_of_a_victim_bring_it_ten_mails
     tests/channels/test_floods.py::test_eleventh_automatic_mail_to_an_address_is_not_sent_and_says_why
     tests/channels/test_floods.py::test_third_with_the_same_subject_is_not_sent_whatever_stands_before_it
     tests/channels/test_floods.py::test_many_at_once_are_never_more_than_allowed
B6   tests/attacks/test_b_loops.py::test_two_desks_that_answer_each_other_fall_silent_after_two
     tests/attacks/test_b_loops.py::test_mail_of_a_machine_of_ours_says_so_and_has_no_sender_and_an_agent_s_does_not
     tests/attacks/test_b_loops.py::test_bounce_of_our_own_answer_opens_no_ticket_and_is_not_answered
     tests/attacks/test_b_loops.py::test_machine_that_writes_first_opens_no_ticket
     tests/attacks/test_b_trust.py::test_forged_report_is_held_and_marks_nobody_released_or_not
B7   tests/attacks/test_b_loops.py::test_machine_that_answers_a_resolved_ticket_does_not_reopen_it
     tests/channels/test_reports.py::test_closed_ticket_stays_closed
     tests/attacks/test_b_loops.py::test_machine_that_hides_reopens_a_ticket_only_as_often_as_it_is_written_to
B8   tests/attacks/test_b_trust.py::test_no_header_makes_a_stranger_somebody_else
B9   tests/attacks/test_b_mail.py::test_name_subject_and_sender_stay_in_their_own_headers
     tests/attacks/test_b_mail.py::test_address_of_two_people_is_refused
     tests/attacks/test_b_mail.py::test_null_character_is_refused_at_the_door
     tests/helpcenter/test_rules.py::test_line_never_breaks_a_header_and_cleaning_twice_changes_nothing
B10  tests/attacks/test_b_loops.py::test_no_answer_ends_its_mail_early_or_begins_another
     tests/attacks/test_b_mail.py::test_no_text_ends_its_mail_or_begins_another
B11  tests/attacks/test_mail_corpus.py::test_no_mail_is_lost_and_none_counts_twice
     tests/channels/test_reading_apart.py::test_killer_is_set_aside_after_its_tries_and_the_next_message_gets_through
     tests/channels/test_reading_apart.py::test_next_message_is_filed_within_seconds_while_a_killer_is_tried_again
B12  tests/attacks/test_b_trust.py::test_what_is_packed_stays_packed_and_is_a_download
     tests/attacks/test_b_trust.py::test_nothing_that_a_mail_names_is_fetched
B13  tests/attacks/test_b_loops.py::test_mails_without_an_id_are_tickets_of_their_own
C1   tests/access/test_matrix.py::test_every_root_field_answers_who_has_its_right_and_refuses_all_others
     tests/access/test_matrix.py::test_every_field_on_the_way_asks_for_its_own_right
     tests/access/test_matrix_scope.py::test_every_answer_is_the_same_whatever_another_service_has
     tests/access/test_matrix_scope.py::test_no_search_finds_a_word_of_another_service
     tests/access/test_matrix_scope.py::test_condition_finds_nothing_by_the_id_of_a_foreign_thing
C2   tests/access/test_matrix_scope.py::test_foreign_id_is_answered_like_one_of_nothing_wherever_an_id_is_taken
     tests/access/test_matrix_scope.py::test_foreign_id_in_the_settings_of_an_action_or_an_assigner_is_one_of_nothing
C3   tests/access/test_matrix_scope.py::test_link_to_a_file_of_another_service_opens_what_a_link_to_nothing_opens
     tests/attacks/test_c_routes.py::test_token_for_one_thing_opens_nothing_else
     tests/graphql/test_uploads.py::test_link_that_was_tampered_with_opens_nothing
     tests/graphql/test_uploads.py::test_link_expires_and_a_new_one_is_given
     tests/graphql/test_uploads.py::test_link_opens_nothing_in_another_service
C6   tests/access/test_matrix.py::test_no_input_of_a_mutation_takes_what_only_the_desk_may_say
     tests/attacks/test_e_errors.py::test_input_that_nobody_asked_for_is_refused
C8   tests/attacks/test_c_routes.py::test_every_route_has_a_rule_and_every_rule_a_route
     tests/attacks/test_c_routes.py::test_desk_does_not_start_with_a_route_that_nobody_has_declared
     tests/attacks/test_c_routes.py::test_stranger_gets_and_changes_nothing_by_any_route_and_method
     tests/attacks/test_c_routes.py::test_every_address_of_a_plugin_has_a_rule_and_lets_no_stranger_in_by_a_webhook
C10  tests/access/test_matrix_rights.py::test_the_rights_of_the_table_are_enough
     tests/access/test_matrix_rights.py::test_none_of_the_rights_of_the_table_can_be_missing
D1   tests/access/test_sessions.py::test_an_unknown_mail_and_a_wrong_password_cost_the_same_statements
     tests/graphql/test_access.py::test_every_wrong_log_in_is_the_same_refusal
D3   tests/graphql/test_access.py::test_every_made_up_token_is_refused
D6   tests/attacks/test_d_addresses.py::test_stranger_cannot_claim_an_address
     tests/attacks/test_d_addresses.py::test_networks_end_where_they_end
     tests/attacks/test_d_addresses.py::test_trusted_proxy_is_believed_as_far_as_it_vouches
     tests/access/test_rules.py::test_the_last_address_before_the_proxies_asks_whatever_stands_before_it
     tests/access/test_rules.py::test_what_is_no_network_is_refused_with_what_to_write
D7   tests/graphql/test_access.py::test_rotated_key_is_refused_at_once
     tests/graphql/test_access.py::test_token_counts_in_its_header_alone
     tests/access/test_authentication.py::test_no_token_reaches_the_log
D8   tests/graphql/test_limits.py::test_fifth_mutation_is_refused_even_from_a_fragment
E1   tests/graphql/test_limits.py::test_aliases_are_counted_after_fragments_are_expanded
     tests/attacks/test_e_cold.py::test_what_grows_as_it_is_expanded_costs_next_to_nothing
E2   tests/graphql/test_limits.py::test_doubled_fragments_are_refused_at_once
     tests/attacks/test_e_cold.py::test_what_grows_as_it_is_expanded_costs_next_to_nothing
E3   tests/graphql/test_limits.py::test_going_round_in_circles_is_too_deep
     tests/attacks/test_e_schema.py::test_circles_of_the_real_schema_are_too_deep
E4   tests/graphql/test_costs.py::test_page_within_page_is_too_costly_and_says_the_price
     tests/attacks/test_e_cold.py::test_what_grows_as_it_is_expanded_costs_next_to_nothing
     tests/graphql/test_connections.py::test_bad_page_is_refused_with_its_code
     tests/attacks/test_e_schema.py::test_page_within_page_of_the_real_schema_is_too_costly
E5   tests/graphql/test_limits.py::test_each_limit_has_its_code
     tests/web/test_graphql.py::test_large_body_is_refused
E6   tests/graphql/test_execution.py::test_anonymous_may_ask_for_typename_only
     tests/graphql/test_execution.py::test_suggestions_are_for_those_who_may_see_the_schema
     tests/attacks/test_e_schema.py::test_stranger_learns_nothing_of_the_schema
     tests/graphql/test_service.py::test_schema_is_given_to_those_who_may_see_it
E7   tests/web/test_graphql.py::test_mutation_by_get_is_refused_and_told_how
     tests/web/test_graphql.py::test_only_json_is_taken_so_that_no_form_can_write
E9   tests/attacks/test_e_errors.py::test_bug_in_a_resolver_is_masked_and_told_to_the_log
     tests/attacks/test_e_errors.py::test_database_that_does_not_answer_is_told_as_such
     tests/attacks/test_e_errors.py::test_what_is_no_value_is_the_senders_error
     tests/attacks/test_e_errors.py::test_no_input_brings_a_server_error
     tests/web/test_graphql.py::test_broken_body_is_the_senders_error
     tests/web/test_graphql.py::test_last_of_two_like_keys_counts
E11  tests/attacks/test_e_literals.py::test_filters_take_every_character_literally
     tests/attacks/test_e_literals.py::test_words_to_search_for_are_no_language
     tests/attacks/test_e_literals.py::test_customers_are_searched_literally
     tests/attacks/test_e_literals.py::test_orders_are_a_closed_list
     tests/kernel/test_conditions.py::test_sql_chooses_exactly_the_rows_that_the_predicate_accepts
E13  tests/attacks/test_e_errors.py::test_what_is_no_number_is_refused
     tests/attacks/test_e_errors.py::test_what_is_no_id_of_a_ticket_finds_none
     tests/graphql/test_nodes.py::test_no_other_spelling_of_a_number_is_an_id
     tests/graphql/test_nodes.py::test_foreign_ids_are_refused_like_missing_ones_in_inputs
F1   tests/kernel/test_http.py::test_every_spelling_of_a_private_address_is_refused
     tests/kernel/test_http.py::test_a_name_that_turns_to_loopback_after_the_check_is_refused
     tests/kernel/test_http.py::test_a_redirect_is_an_answer_and_is_not_followed
F3   tests/web/test_webhook_channel.py::test_replay_makes_no_second_message_and_an_old_one_is_turned_away
     tests/web/test_webhook_channel.py::test_malformed_message_is_kept_when_it_is_signed_and_turned_away_when_it_is_not
     tests/web/test_hooks.py::test_unverified_request_is_refused_and_not_kept
F7   tests/graphql/test_uploads.py::test_name_is_only_a_name
     plugins/email/tests/test_content.py::test_file_names_are_harmless
F11  tests/plugins/test_registry.py::test_installed_channel_is_not_even_imported_until_it_is_enabled
     tests/plugins/test_registry.py::test_both_plugins_of_one_name_are_quarantined
     tests/plugins/test_registry.py::test_plugin_that_ends_the_process_at_import_is_quarantined
     tests/plugins/test_trial.py::test_import_that_does_not_end_is_ended
F12  tests/attacks/test_f_links.py::test_links_of_graphql_begin_with_the_base_url
     tests/attacks/test_f_links.py::test_no_page_and_no_redirect_names_the_host_of_the_request
     tests/attacks/test_f_links.py::test_mail_names_no_host_of_a_request
     tests/web/test_helpcenter.py::test_no_link_is_built_from_the_host_header
R6   tests/graphql/test_tickets.py::test_same_key_makes_one_ticket_one_answer_and_one_note
"""

from pathlib import Path

from tests.house.maps import cases, missing, names_in, rows
from tests.house.tree import ROOT

DEMANDED = {
    "A1", "A2", "A3", "A5", "A6", "A7", *(f"B{number}" for number in range(1, 14)), "C1", "C2", "C3", "C6", "C8",
    "C10", "D6", "E1", "E2", "E3", "E4", "E5",
    "E6", "E9", "E11", "E13", "F1", "F3", "F7", "F11", "F12",
}  # fmt: skip


def test_every_case_that_is_demanded_has_a_test_that_exists() -> None:
    assert cases(__doc__) >= DEMANDED
    assert missing(__doc__) == []


def test_every_attack_of_this_folder_is_on_the_map() -> None:
    named = {name for _, file, name in rows(__doc__) if file.startswith("tests/attacks/")}
    here = {file.name: names_in(str(file.relative_to(ROOT))) for file in Path(__file__).parent.glob("test_[a-z]_*.py")}
    assert [name for name, found in here.items() if not any(one in named for one in found)] == []
