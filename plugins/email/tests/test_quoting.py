"""What a mail says anew is told apart from what it quotes; in doubt nothing is folded away."""

import pytest
from helpdesk_email.quoting import quoted_from
from hypothesis import given
from hypothesis import strategies as st

MARKED = "> 안녕하세요.\n>\n> 주문 번호를 알려 주세요.\n>> 이전 글"
BARE = "안녕하세요.\n\n주문 번호를 알려 주세요."

GOLDEN = {
    "gmail ko": f"2026년 11월 3일 (화) 오후 3:12, 홍길동 <help@shop.example>님이 작성:\n\n{MARKED}",
    "gmail ko wrapped": f"2026년 11월 3일 (화) 오후 3:12, 홍길동 고객센터\n<help@shop.example>님이\n작성:\n\n{MARKED}",
    "apple ko": f"2026. 11. 3. 오후 3:12, 홍길동 <help@shop.example> 작성:\n\n{MARKED}",
    "apple ko bare": f"2026. 11. 3. 15:12, 홍길동 <help@shop.example> 작성:\n\n{BARE}",
    "thunderbird ko": f"2026-11-03 오후 3:12에 홍길동 이(가) 쓴 글:\n{MARKED}",
    "outlook ko": "________________________________\n보낸 사람: 홍길동 <help@shop.example>\n"
    f"보낸 날짜: 2026년 11월 3일 화요일 오후 3:12\n받는 사람: 김미나 <mina@mail.example>\n제목: 답변: 환불\n\n{BARE}",
    "outlook ko old": "-----원본 메시지-----\n보낸 사람: 홍길동 [mailto:help@shop.example]\n"
    f"보낸 날짜: 2026-11-03 오후 3:12\n받는 사람: mina@mail.example\n제목: 환불\n\n{BARE}",
    "naver": '-----Original Message-----\nFrom: "홍길동"<help@shop.example>\nTo: <mina@naver.example>\nCc:\n'
    f"Sent: 2026-11-03 (화) 15:12:00 (UTC+09:00)\nSubject: Re: 환불\n\n{BARE}",
    "daum": "--------- 원본 메일 ---------\n보낸사람: 홍길동 <help@shop.example>\n받는사람: <mina@daum.example>\n"
    f"날짜: 2026년 11월 03일 화요일, 15시 12분 00초 +0900\n제목: Re: 환불\n\n{BARE}",
    "hanmail": "------- [ 받은 메일 내용 ] -------\n제목 : 환불\n날짜 : 2026년 11월 3일 15:12:00 +0900\n"
    f"보낸이 : 홍길동 <help@shop.example>\n받는이 : mina@hanmail.example\n\n{BARE}",
    "samsung ko": "-------- 원본 이메일 --------\n발신: 홍길동 <help@shop.example>\n"
    "날짜: 26/11/3 오후 3:12 (GMT+09:00)\n"
    f"수신: mina@mail.example\n제목: 환불\n\n{BARE}",
    "gmail en": f"On Tue, Nov 3, 2026 at 3:12 PM Help Desk <help@shop.example> wrote:\n\n{MARKED}",
    "gmail en wrapped": "On Tue, Nov 3, 2026 at 3:12 PM A Help Desk of a Long Name <\n"
    f"help@shop.example> wrote:\n\n{MARKED}",
    "apple en": f"On Nov 3, 2026, at 15:12, Help Desk <help@shop.example> wrote:\n\n{MARKED}",
    "thunderbird en": f"On 03/11/2026 15:12, Help Desk wrote:\n{MARKED}",
    "yahoo": f"On Tuesday, 3 November 2026 at 15:12:00 GMT+9, Help Desk <help@shop.example> wrote:\n\n{BARE}",
    "outlook en": "From: Help Desk <help@shop.example>\nSent: Tuesday, November 3, 2026 3:12 PM\n"
    f"To: Mina <mina@mail.example>\nCc: Jun <jun@mail.example>\nSubject: RE: Refund\n\n{BARE}",
    "outlook phone": "Get Outlook for iOS\n________________________________\n*From:* Help Desk <help@shop.example>\n"
    f"*Sent:* Tuesday, November 3, 2026 3:12 PM\n*To:* Mina\n*Subject:* Re: Refund\n\n{BARE}",
    "gmail de": f"Am Di., 3. Nov. 2026 um 15:12 Uhr schrieb Help Desk <help@shop.example>:\n\n{MARKED}",
    "thunderbird de": f"Am 03.11.2026 um 15:12 schrieb Help Desk:\n{MARKED}",
    "outlook de": "-----Ursprüngliche Nachricht-----\nVon: Help Desk <help@shop.example>\n"
    f"Gesendet: Dienstag, 3. November 2026 15:12\nAn: Mina\nBetreff: Erstattung\n\n{BARE}",
    "gmail fr": f"Le mar. 3 nov. 2026 à 15:12, Help Desk <help@shop.example> a écrit :\n\n{MARKED}",
    "outlook fr": "De : Help Desk <help@shop.example>\nEnvoyé : mardi 3 novembre 2026 15:12\nÀ : Mina\n"
    f"Objet : RE: Remboursement\n\n{BARE}",
    "gmail ja": f"2026年11月3日(火) 15:12 Help Desk <help@shop.example>:\n\n{MARKED}",
    "apple ja": f"2026/11/03 15:12、Help Desk <help@shop.example>のメール:\n\n{MARKED}",
    "outlook ja": "差出人: Help Desk <help@shop.example>\n送信日時: 2026年11月3日 15:12\n宛先: Mina\n件名: RE: 返金\n\n"
    + BARE,
    "thunderbird ja": f"(2026/11/03 15:12), Help Desk wrote:\n{MARKED}",
    "zoho": f"---- On Tue, 03 Nov 2026 15:12:00 +0900 Hong <a@b.example> wrote ---\n\n{BARE}",
    "zoho wrapped": f"---- On Tue, 03 Nov 2026 15:12:00 +0900 Help Desk\n<help@shop.example> wrote ----\n\n{MARKED}",
    "zoho ko": f"---- 2026년 11월 3일 15:12:00 +0900에 홍길동 <help@shop.example>님이 작성 ----\n\n{BARE}",
    "marks alone": MARKED,
}

KEPT = {
    "no quotation": "환불해 주세요.\n\n감사합니다.",
    "answer between the lines": "안녕하세요.\n\nOn Nov 3, 2026, at 15:12, Help <help@shop.example> wrote:\n"
    f"{MARKED}\n\n여기 있습니다.",
    "answer between the lines of zoho": "안녕하세요.\n\n---- On Tue, 03 Nov 2026 Help <help@shop.example> wrote ----\n"
    f"{MARKED}\n\n여기 있습니다.",
    "words between dashes": "주문합니다.\n\n---- 선물 포장 ----\n\n리본을 달아 주세요.",
    "answer among marked lines": f"> 주문 번호는요?\n\n1042번입니다.\n\n{MARKED}\n\n감사합니다.",
    "quotation alone": MARKED,
    "gmail forwarded": "확인 부탁드립니다.\n\n---------- Forwarded message ---------\n"
    f"From: Mina <mina@mail.example>\nDate: 2026년 11월 3일 (화) 오후 3:12\n"
    f"Subject: 환불\nTo: <help@shop.example>\n\n{BARE}",
    "apple forwarded": "봐 주세요.\n\nBegin forwarded message:\n\nFrom: Mina <mina@mail.example>\nSubject: 환불\n"
    f"Date: November 3, 2026\nTo: help@shop.example\n\n{BARE}",
    "naver forwarded": f"봐 주세요.\n\n-----전달된 메일-----\n보낸사람: Mina\n받는사람: Help\n제목: 환불\n\n{BARE}",
    "a letter that tells of another": 'Hello,\n\nOn Tuesday your colleague Kim wrote:\n"We will refund you."\n\n'
    "Nothing has come so far. Where is my money?",
    "a letter that tells of another, in Korean": "안녕하세요.\n\n2026년 11월 3일에 상담원이 보낸 메일:\n환불됩니다.\n\n"
    "아직 못 받았습니다.",
    "a journey": "From: Seoul\nTo: Busan\nDate: 3 November\n\nMay I change the ticket?",
    "a form": "문의합니다.\n\n제목: 환불\n날짜: 11월 3일\n내용: 환불해 주세요.",
    "somebody wrote": "My neighbour wrote:\n\nthe parcel is at the door. On the day I was away.",
    "dashes": "Hello\n-----\nHelp Desk",
}


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize(
    "said", ["네, 1042번입니다. 😀\n감사합니다.", "1042번입니다.", "On it.\n\n2026년 11월 3일까지요."]
)
@pytest.mark.parametrize("between", ["\n\n", "\n"])
def test_quotation_is_found_where_it_begins(name: str, said: str, between: str) -> None:
    text = f"{said}{between}{GOLDEN[name]}\n"
    place = quoted_from(text)
    assert place is not None
    new = text[:place].strip().removesuffix("Get Outlook for iOS").strip()
    assert new == said


@pytest.mark.parametrize("name", KEPT)
def test_doubtful_text_is_kept_whole(name: str) -> None:
    assert quoted_from(KEPT[name]) is None


def test_answers_between_quotations_in_html_keep_the_mail_whole() -> None:
    head = "On Nov 3, 2026, at 15:12, Help wrote:"
    text = f"네.\n\n{head}\n{BARE}"
    inside = f"<p>네.</p><p>{head}</p><blockquote><p>안녕하세요.</p><blockquote>더</blockquote></blockquote>"
    assert quoted_from(text, html=f"{inside}<p>&nbsp;</p>") is not None
    assert quoted_from(text, html=f"{inside}<p>1042번입니다.</p>") is None
    assert quoted_from(text, html=f"{inside}<p>1042번입니다.</p><blockquote>주문</blockquote>") is None


@pytest.mark.parametrize(
    "subject", ["FW: Refund", "Fwd: Refund", "전달: 환불", "WG: Erstattung", "TR : Remboursement", "転送: 返金"]
)
def test_forwarded_mail_is_the_message_itself(subject: str) -> None:
    text = f"확인 부탁드립니다.\n\n{GOLDEN['outlook en']}"
    assert quoted_from(text, subject=subject) is None
    assert quoted_from(text, subject="Re: Refund") is not None


@given(st.lists(st.sampled_from([*GOLDEN.values(), *KEPT.values(), "네.", "", ">", "-----", "On ", "보낸 사람:"])))
def test_place_is_always_inside_the_text_and_something_new_stands_before_it(parts: list[str]) -> None:
    text = "\n".join(parts)
    place = quoted_from(text)
    assert place is None or (0 < place <= len(text) and text[:place].strip())


@pytest.mark.parametrize(
    "line",
    ["On " + "a " * 400 + "wrote", "1." * 490, "> " * 490, "보낸 사람: " + "*" * 900, "-" * 999, "1111 " * 80 + ":"],
)
def test_lines_that_are_made_to_keep_a_pattern_busy_do_not(line: str) -> None:
    assert quoted_from("\n".join(["네.", *[line] * 5_000])) in {None, 2, 3}
